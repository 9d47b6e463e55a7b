//! What is worth knowing beside the answer. The decision to say it is the commands'; the words are here.

use std::fmt;

/// Something to know that is no failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// There is no target, so that the program receives the delivery itself.
    InProcess {
        /// The providers whose published test secret is used on both sides.
        test_secrets: Vec<String>,
    },
    /// The provider's published test secret is used.
    TestSecret {
        /// The provider.
        scheme: String,
        /// Where another secret would be read from.
        variable: String,
    },
    /// White space stands around a secret.
    SecretWhitespace {
        /// Where the secret came from.
        name: String,
    },
    /// A secret does not begin as the provider's secrets do.
    SecretPrefix {
        /// Where the secret came from.
        name: String,
        /// What it should begin with.
        prefix: String,
    },
    /// A header of one's own replaces one that the signature needs.
    HeaderReplaced {
        /// Its name.
        name: String,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InProcess { test_secrets } => {
                f.write_str("no --to, so wh receives this itself")?;
                if !test_secrets.is_empty() {
                    write!(f, ", with the public test secret of {}", test_secrets.join(", "))?;
                }
                f.write_str("; --to localhost:3000 sends it to your app")
            }
            Self::TestSecret { scheme, variable } => {
                write!(f, "signed with the public test secret of {scheme}; {variable} takes yours")
            }
            Self::SecretWhitespace { name } => {
                write!(f, "the secret from {name} has white space around it, which becomes part of the key")
            }
            Self::SecretPrefix { name, prefix } => {
                write!(f, "the secret from {name} does not begin with `{prefix}`, as this provider's secrets do")
            }
            Self::HeaderReplaced { name } => {
                write!(f, "your `{name}` replaces the one that the signature needs")
            }
        }
    }
}
