//! What to do about a cause, in the words of the framework that is known to cause it.

/// Who wrote the bytes that were signed, as far as their style tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// `JSON.stringify`, and so Express and Next.js.
    JavaScript,
    /// `json.dumps`, and so Flask, Django and FastAPI.
    Python,
    /// `json_encode`, and so Laravel and Symfony.
    Php,
    /// `encoding/json`.
    Go,
    /// `to_json`, and so Rails.
    Ruby,
    /// `System.Text.Json`, and so ASP.NET.
    DotNet,
    /// Jackson, and so Spring.
    Java,
    /// `jq`, an editor, a pretty-printer.
    Tool,
    /// Any of them.
    Any,
}

impl Family {
    /// How to get at the bytes that were sent.
    pub(super) const fn raw_body(self) -> &'static str {
        match self {
            Self::JavaScript => {
                "verify the raw body, not `JSON.stringify(req.body)`: in Express put `express.raw({ type: '*/*' })` on \
                 this route, before `express.json()`; in Next.js read `await request.text()`, or in the pages router \
                 set `bodyParser: false` and read the stream"
            }
            Self::Python => {
                "verify the raw body, not `json.dumps(...)` of the parsed one: `request.get_data()` in Flask, \
                 `request.body` in Django, `await request.body()` in FastAPI; when signing, send the very bytes that \
                 were signed (`data=body`, not `json=...`)"
            }
            Self::Php => {
                "verify the raw body, not `json_encode(...)` of the parsed one: `file_get_contents('php://input')`, in \
                 Laravel and Symfony `$request->getContent()`"
            }
            Self::Go => {
                "verify what `io.ReadAll(r.Body)` gave, before `json.Unmarshal`, not what `json.Marshal` writes of it"
            }
            Self::Ruby => {
                "verify the raw body, not `to_json` of the parsed one: `request.raw_post` in Rails, \
                 `request.body.read` in Sinatra"
            }
            Self::DotNet => {
                "verify the bytes of `Request.Body` (call `EnableBuffering()` first), not what `JsonSerializer` writes \
                 of the bound model"
            }
            Self::Java => {
                "verify the raw body, not what the mapper writes of the object: `@RequestBody byte[]` in Spring, \
                 before any mapping"
            }
            Self::Tool => {
                "keep the body as it was sent: do not format or save it again (`jq`, an editor) between signing and \
                 verifying, and send it with `curl --data-binary @file`"
            }
            Self::Any => {
                "verify and sign the bytes on the wire, before anything parses or converts them: `express.raw()` in \
                 Express, `await request.text()` in Next.js, `request.get_data()` in Flask, `request.body` in Django, \
                 `request.raw_post` in Rails, `php://input` in PHP, the `Bytes` extractor in axum"
            }
        }
    }
}

/// For a body that lost or gained a final line break.
pub(super) const NEWLINE: &str = "sign and send the same bytes: an editor, `echo` or a here-document adds a line break \
    (`printf '%s'` does not), and `curl -d @file` drops them (`--data-binary @file` does not)";

/// For line endings.
pub(super) const LINE_ENDINGS: &str = "keep the body binary on its way: `git` with `core.autocrlf`, text-mode files on \
    Windows and `curl -d @file` change line endings (`--data-binary @file` and `open(path, 'rb')` do not)";

/// For a byte order mark.
pub(super) const BOM: &str = "write the body as UTF-8 without a byte order mark (`utf8NoBOM` in PowerShell, \
    `new UTF8Encoding(false)` in .NET, `utf-8` instead of `utf-8-sig` in Python), and read it as bytes";

/// For character sets.
pub(super) const CHARSET: &str = "keep the body as bytes: pass a Buffer, `bytes` or `byte[]` to the HMAC, and where a \
    string must be used, encode and decode it as UTF-8 on both sides";

/// For base64.
pub(super) const BASE64: &str = "sign and verify the same form of the body: behind AWS API Gateway and other gateways a \
    body with `isBase64Encoded: true` must be decoded before it is verified";

/// For compression.
pub(super) const GZIP: &str = "verify before the body is decompressed, or have the sender sign what it sends: \
    a proxy or a body parser that inflates (`inflate: false` in Express's parsers) must stand behind the check";

/// For forms.
pub(super) const FORM: &str = "verify the raw form body, before it is decoded: `express.raw({ type: '*/*' })` before \
    `express.urlencoded()`, `request.get_data(parse_form_data=False)` in Flask, `php://input` instead of `$_POST`; or \
    have the sender send `application/json`";

/// For a payload inside something else.
pub(super) const ENVELOPE: &str = "take the body out of what wraps it before verifying: in AWS Lambda it is \
    `event.body`, and what a queue or a relay delivers is its message, not its envelope";

/// For a body that had been read before.
pub(super) const EMPTY: &str = "read the body once and keep its bytes: a stream that a parser has read gives nothing \
    the second time (`express.json()` before the handler, `r.Body` in Go, `request.body.read` in Rack without `rewind`)";

/// For white space around a secret.
pub(super) const SECRET_WHITESPACE: &str = "store the secret without white space around it: `printf '%s'` instead of \
    `echo`, `.trim()` what is read from a file, and look at what the dashboard or the CI variable holds";

/// For quotes around a secret.
pub(super) const SECRET_QUOTES: &str = "store the secret without quotes: `docker --env-file`, Compose lists and some \
    dashboards keep quotes as part of the value";
