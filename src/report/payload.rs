//! Payloads for people: JSON indented token by token, so that every number, key and escape stays as it was sent.

use super::palette::{Palette, Role};
use super::sanitize;
use crate::webhook::json::{Document, Kind};

/// How much of a payload is shown, in bytes, before it is cut.
pub const SHOWN: usize = 16 * 1024;

/// How many lines of a payload are shown before it is cut.
const LINES: usize = 400;

/// The longest text in JSON that is shown in full, in bytes: a picture in base64 would hide all that stands around it.
const LONGEST: usize = 1024;

/// How much is shown of a longer one, in bytes.
const BEGINNING: usize = 512;

/// How deep JSON is indented; what is deeper stands on the line of its container.
const DEPTH: usize = 24;

/// A payload as lines, each safe for a terminal: indented JSON, other text as it is, or a count of binary bytes.
#[must_use]
pub fn render(payload: &[u8], palette: Palette) -> String {
    Rendering { palette, goes_on: false, most: SHOWN }.render(payload)
}

/// The same of a payload of which only the beginning was kept.
#[must_use]
pub fn render_beginning(payload: &[u8], palette: Palette) -> String {
    Rendering { palette, goes_on: true, most: SHOWN }.render(payload)
}

/// The same, and no text is cut.
#[must_use]
pub fn whole(payload: &[u8], palette: Palette) -> String {
    Rendering { palette, goes_on: false, most: usize::MAX }.render(payload)
}

#[derive(Clone, Copy)]
struct Rendering {
    palette: Palette,
    /// Whether there was more of it than there is here.
    goes_on: bool,
    /// How much of it is shown, in bytes.
    most: usize,
}

impl Rendering {
    fn render(self, payload: &[u8]) -> String {
        if payload.is_empty() {
            return self.palette.paint(Role::Faint, "(empty body)");
        }
        let Ok(text) = str::from_utf8(payload) else {
            let start = &payload[..payload.len().min(48)];
            let rest = if payload.len() > start.len() || self.goes_on { "…" } else { "" };
            let more = if self.goes_on { " and more" } else { "" };
            let count = self.palette.paint(Role::Faint, &format!("({} bytes{more}, not UTF-8)", payload.len()));
            return format!("{}{rest} {count}", sanitize::bytes(start));
        };
        if let Ok(document) = Document::parse(payload) {
            return self.json(payload, document);
        }
        let end = if text.len() > self.most { text.floor_char_boundary(self.most) } else { text.len() };
        let end = text[..end].match_indices('\n').nth(self.lines()).map_or(end, |(at, _)| at);
        let mut shown = sanitize::block(text[..end].trim_end_matches('\n')).into_owned();
        self.end(&mut shown, text.len() - end);
        shown
    }

    fn json(self, payload: &[u8], document: Document<'_>) -> String {
        let mut text = String::with_capacity(payload.len().min(self.most) * 2);
        let mut depth = 0_usize;
        let mut lines = 1_usize;
        let mut key_next = false;
        let mut objects = Vec::new();
        let mut tokens = document.tokens().peekable();
        while let Some(token) = tokens.next() {
            let room = if lines > self.lines() { 0 } else { self.most.saturating_sub(text.len()) };
            if room == 0 {
                self.end(&mut text, payload.len() - token.span.start);
                return text;
            }
            let piece = String::from_utf8_lossy(&payload[token.span.clone()]);
            match token.kind {
                Kind::Open => {
                    text.push_str(&piece);
                    depth += 1;
                    objects.push(piece == "{");
                    key_next = piece == "{";
                    let empty = tokens.peek().is_some_and(|next| next.kind == Kind::Close);
                    if !empty {
                        lines += new_line(&mut text, depth);
                    }
                }
                Kind::Close => {
                    depth = depth.saturating_sub(1);
                    objects.pop();
                    if !text.ends_with(['{', '[']) {
                        lines += new_line(&mut text, depth);
                    }
                    text.push_str(&piece);
                }
                Kind::Comma => {
                    text.push(',');
                    key_next = objects.last().copied().unwrap_or(false);
                    lines += new_line(&mut text, depth);
                }
                Kind::Colon => {
                    text.push_str(": ");
                    key_next = false;
                }
                Kind::String => {
                    let role = if key_next { Role::Key } else { Role::Text };
                    self.token(&mut text, &piece, |piece| self.palette.paint(role, piece));
                }
                Kind::Scalar => self.token(&mut text, &piece, str::to_owned),
            }
        }
        self.end(&mut text, 0);
        text
    }

    /// Shows a text or a number, or its beginning and how much more there is.
    fn token(self, text: &mut String, token: &str, paint: impl Fn(&str) -> String) {
        if token.len() <= LONGEST || self.most == usize::MAX {
            text.push_str(&paint(&sanitize::line(token)));
            return;
        }
        let end = token.floor_char_boundary(BEGINNING);
        text.push_str(&paint(&sanitize::line(&token[..end])));
        text.push_str(&self.palette.paint(Role::Faint, &format!("… {} more bytes", token.len() - end)));
    }

    /// How many lines are shown.
    fn lines(self) -> usize {
        if self.most == usize::MAX { usize::MAX } else { LINES }
    }

    /// Says what is not shown, if anything is not: so many bytes of what is here, and perhaps more.
    fn end(self, text: &mut String, left: usize) {
        let words = match (left, self.goes_on) {
            (0, false) => return,
            (0, true) => "… and more".to_owned(),
            (left, false) => format!("… {left} more bytes"),
            (left, true) => format!("… {left} more bytes, and more"),
        };
        text.push('\n');
        text.push_str(&self.palette.paint(Role::Faint, &words));
    }
}

/// What an HTML page says: its text, without tags, styles and scripts, on one line.
#[must_use]
pub fn text_of_html(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        text.push(' ');
        let tag = &rest[at..];
        let name: String = tag[1..].chars().take_while(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
        let end = match name.as_str() {
            "head" | "style" | "script" => tag.to_lowercase().find(&format!("</{name}")).unwrap_or(0),
            _ => 0,
        };
        // Lower case may be longer than its capital; a place that is none there is not taken for one here.
        let tag = tag.get(end..).unwrap_or(tag);
        rest = tag.find('>').map_or("", |end| &tag[end + 1..]);
    }
    text.push_str(rest);
    let words = text.replace("&nbsp;", " ");
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    // The ampersand comes last: what it makes is text, and no other entity.
    ENTITIES.iter().fold(words, |text, (entity, character)| text.replace(entity, character))
}

/// What stands for characters that mean something in HTML, as frameworks write it.
const ENTITIES: [(&str, &str); 6] =
    [("&quot;", "\""), ("&#39;", "'"), ("&#x27;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")];

/// Begins a line, if it is not too deep for one of its own; says how many that are.
fn new_line(text: &mut String, depth: usize) -> usize {
    if depth > DEPTH {
        return 0;
    }
    text.push('\n');
    text.extend(std::iter::repeat_n("  ", depth));
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(payload: &[u8]) -> String {
        render(payload, Palette::new(false))
    }

    #[test]
    fn json_is_indented_and_every_token_stays_as_sent() {
        let shown = plain(br#"{"a":1.10,"a":-0,"u":"\u00e9\/","n":1e400,"l":[],"o":{"x":[1,{}]}}"#);
        let expected = "{\n  \"a\": 1.10,\n  \"a\": -0,\n  \"u\": \"\\u00e9\\/\",\n  \"n\": 1e400,\n  \"l\": [],\n  \"o\": {\n    \"x\": [\n      1,\n      {}\n    ]\n  }\n}";
        assert_eq!(shown, expected);
    }

    #[test]
    fn ten_thousand_levels_are_shown_without_ten_thousand_indents() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let shown = plain(deep.as_bytes());
        assert!(shown.len() < 2 * deep.len(), "{}", shown.len());
    }

    #[test]
    fn an_html_page_is_its_text() {
        let page = "<!DOCTYPE html><html><head><title>Error</title><style>a > b {}</style></head>\n<body><pre>Cannot POST /x<br>\n now</pre></body>";
        assert_eq!(text_of_html(page), "Cannot POST /x now");
        assert_eq!(text_of_html("a < b <"), "a");
        let error = "TypeError: The &quot;key&quot; of &#39;x&#39;<br> &nbsp; &nbsp;at &lt;anonymous&gt; &amp;lt;";
        assert_eq!(text_of_html(error), "TypeError: The \"key\" of 'x' at <anonymous> &lt;");
    }

    #[test]
    fn other_text_stays_and_binary_is_counted() {
        assert_eq!(plain(b"a=1&b=\x1b[2J\n"), "a=1&b=\\u{1b}[2J");
        assert_eq!(plain(b"\xff\xfe"), "\\xff\\xfe (2 bytes, not UTF-8)");
        assert_eq!(plain(b""), "(empty body)");
    }

    #[test]
    fn a_long_text_is_cut_and_what_stands_around_it_is_shown() {
        let long = "é".repeat(2_500_000);
        let payload = format!("{{\"a\":\"{long}\",\"b\":1}}");
        let shown = |text: &str| format!("{{\n  \"a\": \"{text},\n  \"b\": 1\n}}");
        let beginning = "é".repeat(255);
        assert_eq!(plain(payload.as_bytes()), shown(&format!("{beginning}… 4999491 more bytes")));
        assert!(whole(payload.as_bytes(), Palette::new(false)) == shown(&format!("{long}\"")));
        let digits = plain("1".repeat(2000).as_bytes());
        assert_eq!(digits, format!("{}… 1488 more bytes", "1".repeat(512)));
        let longest = format!("\"{}\"", "x".repeat(1022));
        assert_eq!(plain(longest.as_bytes()), longest);
    }

    #[test]
    fn a_payload_of_many_lines_is_cut_with_a_count_and_whole_where_that_is_asked_for() {
        let list = format!("[{}1]", "1,".repeat(1000));
        for payload in [list, "x\n".repeat(1000)] {
            let shown = plain(payload.as_bytes());
            assert!((LINES..LINES + 3).contains(&shown.lines().count()), "{}", shown.lines().count());
            assert!(shown.ends_with(" more bytes"), "{shown}");
            assert!(whole(payload.as_bytes(), Palette::new(false)).lines().count() >= 1000);
        }
    }

    #[test]
    fn a_long_payload_is_cut_with_a_count() {
        let shown = plain("x".repeat(SHOWN + 5).as_bytes());
        assert!(shown.ends_with("\n… 5 more bytes"), "{}", &shown[SHOWN - 5..]);
        let list = format!("[{}1]", "1,".repeat(SHOWN));
        assert!(plain(list.as_bytes()).contains("more bytes"));
        let beginning = |text: &str| render_beginning(text.as_bytes(), Palette::new(false));
        assert_eq!(beginning("abc"), "abc\n… and more");
        assert!(beginning(&"x".repeat(SHOWN + 5)).ends_with("x\n… 5 more bytes, and more"));
    }
}
