//! Text laid out for a terminal: lines break at spaces and nowhere else, so that names, flags and URLs stay whole, and
//! what goes on below stands behind an indent. The only place that knows `textwrap`.

use std::borrow::Cow;

use textwrap::core::{Word, display_width};
use textwrap::{Options, WordSeparator, WordSplitter};

/// Beside something, prose in fewer columns than this is harder to read than below it.
const ROOM: usize = 24;

/// Narrower than this, nothing is laid out: it would be one word a line.
const NARROWEST: usize = 20;

/// How wide the place is that text goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    columns: Option<usize>,
}

impl Page {
    /// A terminal of so many columns; none where nobody looks at it, such as a file, where each line stays one line.
    #[must_use]
    pub fn new(columns: Option<usize>) -> Self {
        Self { columns: columns.map(|columns| columns.max(NARROWEST)) }
    }

    /// How many columns there are.
    #[must_use]
    pub const fn columns(self) -> Option<usize> {
        self.columns
    }

    /// A line, which goes on below behind so many spaces. Colours take no room.
    #[must_use]
    pub fn line(self, text: &str, indent: usize) -> Cow<'_, str> {
        match self.columns {
            Some(columns) if display_width(text) > columns => wrap(text, columns, "", &" ".repeat(indent)).into(),
            _ => text.into(),
        }
    }

    /// Text behind its head, such as a name; its further lines stand below the first. Where there is too little room
    /// beside the head, the text stands below it, behind `below` spaces.
    #[must_use]
    pub fn beside(self, head: &str, text: &str, below: usize) -> String {
        let start = display_width(head);
        let Some(columns) = self.columns.filter(|columns| start + display_width(text) > *columns) else {
            return format!("{head}{text}");
        };
        let room = columns.saturating_sub(start);
        let longest = text.split(' ').map(display_width).max().unwrap_or_default();
        // A name that is too long to stand beside the head may still fit below it.
        if room >= ROOM && !(room + 1..=columns.saturating_sub(below)).contains(&longest) {
            return wrap(text, columns, head, &" ".repeat(start));
        }
        let indent = " ".repeat(below);
        format!("{}\n{}", head.trim_end(), wrap(text, columns, &indent, &indent))
    }

    /// Something to copy, such as a command, behind its head: it is never broken, and stands on a line of its own where
    /// it does not fit beside the head.
    #[must_use]
    pub fn whole(self, head: &str, text: &str) -> String {
        match self.columns {
            Some(columns) if display_width(head) + display_width(text) > columns => {
                format!("{}\n{text}", head.trim_end())
            }
            _ => format!("{head}{text}"),
        }
    }
}

/// How many columns a text takes; colours take none.
#[must_use]
pub fn width(text: &str) -> usize {
    display_width(text)
}

fn wrap(text: &str, columns: usize, first: &str, further: &str) -> String {
    let options = Options::new(columns)
        .initial_indent(first)
        .subsequent_indent(further)
        .break_words(false)
        .word_splitter(WordSplitter::NoHyphenation)
        .word_separator(WordSeparator::Custom(pieces));
    textwrap::wrap(text, options).join("\n")
}

/// What a line is put together from: words, and numbers with their unit.
fn pieces(line: &str) -> Box<dyn Iterator<Item = Word<'_>> + '_> {
    let mut ends = line.match_indices(' ').map(|(at, _)| at + 1).filter(|at| breaks(line, *at)).chain([line.len()]);
    let mut start = 0;
    Box::new(std::iter::from_fn(move || {
        let end = ends.find(|end| *end > start)?;
        let piece = Word::from(&line[start..end]);
        start = end;
        Some(piece)
    }))
}

/// What stays with the number before it.
const UNITS: [&str; 11] = ["µs", "ms", "s", "min", "h", "d", "%", "byte", "bytes", "KiB", "MiB"];

/// How long a piece of code between backticks may be to stay on one line.
const CODE: usize = 24;

/// Whether a place is within a short piece of code, such as `wh replay`.
fn is_in_code(line: &str, at: usize) -> bool {
    let (before, after) = line.split_at(at);
    let (Some(start), Some(end)) = (before.rfind('`'), after.find('`')) else { return false };
    before.matches('`').count() % 2 == 1 && at - start + end <= CODE
}

/// Whether a line may end at a place behind a space.
fn breaks(line: &str, at: usize) -> bool {
    let after = line[at..].split(' ').next().unwrap_or_default();
    let unit = after.trim_end_matches(|character: char| !character.is_alphanumeric());
    // The spaces between two words stay together, at the end of a line.
    let is_inside = line[at..].starts_with(' ');
    let number = line[..at - 1].ends_with(|character: char| character.is_ascii_digit());
    let is_length = number && UNITS.contains(&unit);
    !(is_inside || is_length || is_in_code(line, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn page(columns: usize) -> Page {
        Page { columns: Some(columns) }
    }

    #[test]
    fn lines_break_at_spaces_only() {
        let text = "faults are signed-empty-timestamp,wrong-version and membership.went_valid";
        let lines = "faults are\n  signed-empty-timestamp,wrong-version\n  and membership.went_valid";
        assert_eq!(page(40).line(text, 2), lines);
        let url = "see https://example.com/a-very-long/path-that/is-wider_than/all-of-it";
        assert_eq!(page(30).line(url, 4), "see\n    https://example.com/a-very-long/path-that/is-wider_than/all-of-it");
    }

    #[test]
    fn a_number_stays_with_its_unit() {
        assert_eq!(page(24).line("it took a long time (12 ms)", 0), "it took a long time\n(12 ms)");
        assert_eq!(page(24).line("at most it tolerates 300 s of it", 0), "at most it tolerates\n300 s of it");
        assert_eq!(page(24).line("sign afresh, and (`wh replay` does)", 0), "sign afresh, and\n(`wh replay` does)");
    }

    #[test]
    fn text_stands_beside_its_head_or_below_it() {
        assert_eq!(page(40).beside("  name  ", "one two three", 4), "  name  one two three");
        assert_eq!(
            page(40).beside("  name  ", "one two three four five six seven", 4),
            "  name  one two three four five six\n        seven"
        );
        let head = "  a-name-that-is-long   ";
        assert_eq!(
            page(40).beside(head, "one two three four five six seven", 4),
            "  a-name-that-is-long\n    one two three four five six seven"
        );
    }

    #[test]
    fn nothing_is_broken_where_nobody_looks() {
        let text = "word ".repeat(60);
        assert_eq!(Page::new(None).line(&text, 4), text);
        assert_eq!(Page::new(None).beside("head  ", &text, 4), format!("head  {text}"));
    }

    #[test]
    fn colours_take_no_room() {
        let text = "\u{1b}[31mone two three\u{1b}[0m four five";
        assert_eq!(page(24).line(text, 2), text);
    }
}
