//! Roles to colours. The only place that knows `colored`.

use colored::Colorize as _;

/// What a piece of text is for; the palette says how that looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// An accepted delivery, a valid signature.
    Good,
    /// A refused delivery, an invalid signature, the word `error`.
    Bad,
    /// Something to know that is no failure.
    Notice,
    /// The name that a line is about.
    Name,
    /// A heading.
    Heading,
    /// What is needed less often: ids, times.
    Faint,
    /// A member's name in JSON, a header's name.
    Key,
    /// A string in JSON.
    Text,
}

/// Colours, or none.
#[derive(Debug, Clone, Copy)]
pub struct Palette {
    colours: bool,
}

impl Palette {
    /// A palette with colours or without.
    #[must_use]
    pub fn new(colours: bool) -> Self {
        if colours {
            // The library would look at the terminal again; that has been decided by who made this palette.
            colored::control::set_override(true);
        }
        Self { colours }
    }

    /// The text as its role looks.
    #[must_use]
    pub fn paint(self, role: Role, text: &str) -> String {
        if !self.colours {
            return text.to_owned();
        }
        let painted = match role {
            Role::Good | Role::Text => text.green(),
            Role::Bad => text.red().bold(),
            Role::Notice => text.yellow(),
            Role::Name => text.bold(),
            Role::Heading => text.bold().underline(),
            Role::Faint => text.dimmed(),
            Role::Key => text.cyan(),
        };
        painted.to_string()
    }
}
