//! A folder for a provider of one's own, with all that a provider needs, so that every command knows it at once.

use std::fs;
use std::path::{Path, PathBuf};

use super::project::quoted;
use super::{Draft, Plan};
use crate::cli::SharedArgs;
use crate::commands::arguments::Mistake;
use crate::context::Context;
use crate::error::Error;
use crate::settings::file::SettingsFile;
use crate::settings::{PROJECT_FILE, Preview};
use crate::webhook::catalogue::{Catalogue, CatalogueError};
use crate::webhook::provider::title_case;
use crate::webhook::table::Source;

/// Where providers of one's own are kept, when nothing says where.
const FOLDER: &str = "providers";

/// Reads a name for a provider: it becomes that of a folder, of a header and of an environment variable.
pub(super) fn name(text: &str) -> Result<String, Mistake> {
    let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let begins = text.starts_with(|first: char| first.is_ascii_lowercase());
    if begins && text.bytes().all(good) && text.len() <= 64 {
        return Ok(text.to_owned());
    }
    let message = format!("`{text}` is no name for a provider");
    Err(Mistake { message, hint: "write small letters, digits and `-`, with a letter in front" })
}

/// The files of a new provider, and the line in `wh.toml` by which commands find it.
pub(super) fn plan(name: &str, shared: &SharedArgs, context: &Context) -> Result<Plan, Error> {
    if Catalogue::embedded().names().any(|known| known == name) {
        return Err(Error::usage(format!("there is a built-in scheme `{name}`"), "choose another name"));
    }
    let set = Preview::new(shared, context)?.catalogue;
    let catalogue = set.clone().unwrap_or_else(|| PathBuf::from(FOLDER));
    let folder = catalogue.join(name);
    let file = |path: &str, text: &str| Draft {
        path: folder.join(path),
        text: text.replace("__name__", name).replace("__Name__", &title_case(name)),
        agreed: false,
    };
    let mut drafts = vec![
        file("provider.toml", PROVIDER),
        file("events/example.created.json", EVENT),
        file("events/example.created@minimal.json", VARIANT),
    ];
    if set.is_none() && !shared.settings.no_config {
        drafts.push(with_catalogue()?);
    }
    let next = [
        format!("wh schemes {name}"),
        format!("wh send {name}/example.created"),
        format!("edit {}", folder.join("provider.toml").display()),
    ];
    Ok(Plan { drafts, shown: false, next: next.to_vec() })
}

/// `wh.toml` with the folder of providers in it: a line behind the comment that it opens with.
fn with_catalogue() -> Result<Draft, Error> {
    let path = Path::new(PROJECT_FILE);
    let there = match fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        read => read.map_err(|reason| Error::File { path: format!("./{PROJECT_FILE}"), reason })?,
    };
    let line = format!("# Providers of our own, a folder each.\ncatalogue = {}\n", quoted(FOLDER));
    let at = there.find("\n\n").filter(|_| there.starts_with('#')).map_or(0, |at| at + 2);
    // The first paragraph is a comment if all of its lines are.
    let at = if there[..at].lines().all(|line| line.is_empty() || line.starts_with('#')) { at } else { 0 };
    let (before, behind) = there.split_at(at);
    let gap = if behind.is_empty() { "" } else { "\n" };
    let text = format!("{before}{line}{gap}{behind}");
    SettingsFile::read(Source { path: "./wh.toml", text: &text }).map_err(CatalogueError::File)?;
    Ok(Draft { path: path.to_owned(), text, agreed: true })
}

const EVENT: &str = r#"{
  "type": "example.created",
  "id": "{{id}}",
  "createdAt": "{{time}}",
  "data": {
    "object": "obj_{{alnum:12}}",
    "amount": 4999,
    "note": "{{unix}}, {{uuid}} and {{hex:8}} are made anew for each delivery"
  }
}
"#;

const VARIANT: &str = r#"{
  "type": "example.created",
  "id": "{{id}}",
  "createdAt": "{{time}}",
  "data": {}
}
"#;

const PROVIDER: &str = r#"# A provider for wh. `wh schemes __name__` tells how this file is understood, and a slip is told with its line and
# the nearest word. What is commented out shows what else can be said.

title = "__Name__"
about = "What it does, in a line"
documentation = "https://__name__.example/webhooks"
# readings = ["Where the documentation is silent, and how it is read here"]
# weaknesses = ["What the scheme, or the provider's own sample code, leaves open"]

# How a request is built.
[request]
path = "/webhooks/__name__"              # in the provider's own guide
# method = "POST"
# content-type = "application/json"
# headers = { "__Name__-Event" = "{event}", "__Name__-Delivery" = "{id}" }

# Where things stand: a JSON pointer into the payload, or the name of a header.
[event]
type = "/type"
id = "/id"
id-form = "evt_{{alnum:24}}"             # how a fresh id looks
# deduplicate = [["/id"]]                # what tells an event from its duplicate

[secret]
test = "__name___test_secret"            # public: signs what stays on this machine, until you give your own
# encoding = "base64"                    # what the key is decoded from: text (as it is), hex, base64, base64url
# prefix = "whsec_"                      # what secrets begin with

[signature]
algorithm = "hmac-sha256"                # or another HMAC, a plain hash (sha256), or token
content = "{timestamp}.{body}"           # what is signed
encoding = "hex"                         # or base64, base64url
# also-accepts = ["base64"]
# version = "v1"

[[signature.headers]]
name = "__Name__-Signature"
value = "t={timestamp},v1={signature}"
separator = ","                          # it is a list, and any v1 may match
# optional = true

[timestamp]
# unit = "milliseconds"
tolerance-past = "5m"
# tolerance-future = "5m"

# How it is delivered.
[delivery]
timeout = "10s"
# success = ["2xx"]
attempts = 3
backoff = ["1m", "5m"]
retry = ["network", "5xx"]
# retry-after = true
# disable-after = 100
# after-last-attempt = "An email to the owner"

# What is sent, each with a file events/<type>.json; <type>@<variant>.json is another example of it.
[events]
"example.created" = "Something was created"
"#;
