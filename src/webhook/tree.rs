//! What a TOML file says, as a tree in which everything knows its place; read from the file, or from a digest of it.
//!
//! A digest is made when the program is built (`build.rs` uses this file, too), so that a start need not parse the
//! embedded files again. It holds the tree in its own order, numbers as four bytes, the lowest first:
//!
//! ```text
//! table   t start end count, then for each entry: key-start key-end, key as length and bytes, node
//! list    l start end count, then its nodes
//! text    s start end length bytes      number  n start end length bytes
//! flag    y start end, or f start end   others  o start end
//! ```

use std::borrow::Cow;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value and where it stands in the file, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node<'a> {
    /// Where it stands.
    pub span: Range<usize>,
    /// What it is.
    pub value: Value<'a>,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// A text.
    Text(Cow<'a, str>),
    /// A whole number, as it is written.
    Number(Cow<'a, str>),
    /// Yes or no.
    Flag(bool),
    /// A list.
    List(Vec<Node<'a>>),
    /// A table, its entries in the order of their keys.
    Table(Vec<Entry<'a>>),
    /// Something that no file of ours has: a date, or a number with a fraction.
    Other,
}

/// A key of a table, and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The key.
    pub key: Cow<'a, str>,
    /// Where the key stands.
    pub span: Range<usize>,
    /// The value.
    pub node: Node<'a>,
}

/// Where a text is no TOML, in bytes, and why.
pub type NoToml = (usize, String);

/// Reads TOML.
pub fn parse(text: &str) -> Result<Vec<Entry<'_>>, NoToml> {
    match DeTable::parse(text) {
        Ok(table) => Ok(entries(table.into_inner())),
        // The parser's message may have lines of its own; the first says what is wrong.
        Err(error) => Err((error.span().map_or(0, |span| span.start), error.message().replace('\n', ", "))),
    }
}

fn entries(table: DeTable<'_>) -> Vec<Entry<'_>> {
    table.into_iter().map(|(key, value)| Entry { span: key.span(), key: key.into_inner(), node: node(value) }).collect()
}

fn node(value: Spanned<DeValue<'_>>) -> Node<'_> {
    let span = value.span();
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(text),
        DeValue::Integer(number) => Value::Number(Cow::Owned(number.as_str().to_owned())),
        DeValue::Boolean(flag) => Value::Flag(flag),
        DeValue::Array(items) => Value::List(items.into_iter().map(node).collect()),
        DeValue::Table(table) => Value::Table(entries(table)),
        DeValue::Float(_) | DeValue::Datetime(_) => Value::Other,
    };
    Node { span, value }
}

/// The digest of a file's entries; `None` of a file that is too large for one.
#[must_use]
pub fn digest(entries: &[Entry<'_>]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    write_entries(entries, &mut bytes)?;
    Some(bytes)
}

fn write_entries(entries: &[Entry<'_>], bytes: &mut Vec<u8>) -> Option<()> {
    write_number(entries.len(), bytes)?;
    for entry in entries {
        write_span(&entry.span, bytes)?;
        write_text(&entry.key, bytes)?;
        write_node(&entry.node, bytes)?;
    }
    Some(())
}

fn write_node(node: &Node<'_>, bytes: &mut Vec<u8>) -> Option<()> {
    bytes.push(match node.value {
        Value::Text(_) => b's',
        Value::Number(_) => b'n',
        Value::Flag(true) => b'y',
        Value::Flag(false) => b'f',
        Value::List(_) => b'l',
        Value::Table(_) => b't',
        Value::Other => b'o',
    });
    write_span(&node.span, bytes)?;
    match &node.value {
        Value::Text(text) | Value::Number(text) => write_text(text, bytes),
        Value::Flag(_) | Value::Other => Some(()),
        Value::List(items) => {
            write_number(items.len(), bytes)?;
            items.iter().try_for_each(|item| write_node(item, bytes))
        }
        Value::Table(entries) => write_entries(entries, bytes),
    }
}

fn write_text(text: &str, bytes: &mut Vec<u8>) -> Option<()> {
    write_number(text.len(), bytes)?;
    bytes.extend_from_slice(text.as_bytes());
    Some(())
}

fn write_span(span: &Range<usize>, bytes: &mut Vec<u8>) -> Option<()> {
    write_number(span.start, bytes)?;
    write_number(span.end, bytes)
}

fn write_number(number: usize, bytes: &mut Vec<u8>) -> Option<()> {
    bytes.extend_from_slice(&u32::try_from(number).ok()?.to_le_bytes());
    Some(())
}

/// Reads a digest; `None` of bytes that are none.
#[must_use]
pub fn undigest(bytes: &[u8]) -> Option<Vec<Entry<'_>>> {
    let mut reader = Reader { rest: bytes };
    let entries = reader.entries()?;
    reader.rest.is_empty().then_some(entries)
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn entries(&mut self) -> Option<Vec<Entry<'a>>> {
        self.items(|reader| {
            let span = reader.span()?;
            let key = Cow::Borrowed(reader.text()?);
            Some(Entry { key, span, node: reader.node()? })
        })
    }

    /// So many items as a number says, one after the other.
    fn items<T>(&mut self, item: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.number()?;
        // A number that is none of ours takes no room: each item takes a byte at least.
        let mut items = Vec::with_capacity(count.min(self.rest.len()));
        for _ in 0..count {
            items.push(item(self)?);
        }
        Some(items)
    }

    fn node(&mut self) -> Option<Node<'a>> {
        let (kind, rest) = self.rest.split_first()?;
        self.rest = rest;
        let span = self.span()?;
        let value = match kind {
            b's' => Value::Text(Cow::Borrowed(self.text()?)),
            b'n' => Value::Number(Cow::Borrowed(self.text()?)),
            b'y' => Value::Flag(true),
            b'f' => Value::Flag(false),
            b'l' => Value::List(self.items(Self::node)?),
            b't' => Value::Table(self.entries()?),
            b'o' => Value::Other,
            _ => return None,
        };
        Some(Node { span, value })
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = self.number()?;
        let (text, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        str::from_utf8(text).ok()
    }

    fn span(&mut self) -> Option<Range<usize>> {
        Some(self.number()?..self.number()?)
    }

    fn number(&mut self) -> Option<usize> {
        let (number, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        usize::try_from(u32::from_le_bytes(*number)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "a = \"x\\u00e9\"\nb = [1, \"two\", true, false]\n[c.d]\ne = 1.5\n[[f]]\ng = ''\n[[f]]\n";

    #[test]
    fn a_digest_says_what_the_file_says() {
        let entries = parse(TEXT).expect("TOML");
        let digest = digest(&entries).expect("a small file");
        assert_eq!(undigest(&digest), Some(entries));
    }

    #[test]
    fn what_is_no_digest_is_nothing() {
        let digest = digest(&parse(TEXT).expect("TOML")).expect("a small file");
        for end in 0..digest.len() {
            assert_eq!(undigest(&digest[..end]), None, "{end}");
        }
        assert_eq!(undigest(&[&digest[..], b"x"].concat()), None);
        assert_eq!(undigest(&[0xff; 64]), None);
    }
}
