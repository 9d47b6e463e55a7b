//! Reads a TOML file key by key and knows where each stands, so that a mistake is told with its line and column.

mod source;

use std::ops::Range;
use std::time::Duration;

use self::source::raw_offset;
pub use self::source::{FileError, Source};
use super::nearest::{nearest, suggestion};
use super::tree::{Entry, Node, Value};

/// A table whose keys are taken one by one. What is left at the [`end`](Table::end) is unknown.
pub struct Table<'a> {
    source: Source<'a>,
    name: String,
    at: usize,
    entries: Vec<Entry<'a>>,
    known: Vec<&'static str>,
}

/// A value and where it stands.
#[derive(Debug, Clone)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Where it stands in the file, in bytes.
    pub span: Range<usize>,
}

/// A key and its text.
pub type Pair = (At<String>, At<String>);

impl<'a> Table<'a> {
    /// The value of a key, taken out.
    fn take(&mut self, key: &'static str) -> Option<Node<'a>> {
        self.known.push(key);
        let place = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.swap_remove(place).node)
    }

    /// A text; an empty one is a mistake.
    pub fn text(&mut self, key: &'static str) -> Result<Option<At<String>>, FileError> {
        let Some(value) = self.take(key) else { return Ok(None) };
        self.as_text(key, &value).map(Some)
    }

    /// A text that must be there.
    pub fn required_text(&mut self, key: &'static str) -> Result<At<String>, FileError> {
        self.text(key)?.ok_or_else(|| self.missing(key))
    }

    /// A list of texts; one text stands for a list of one, and nothing for an empty list.
    pub fn texts(&mut self, key: &'static str) -> Result<Vec<At<String>>, FileError> {
        let Some(value) = self.take(key) else { return Ok(Vec::new()) };
        self.as_texts(key, &value)
    }

    /// A list of lists of texts.
    pub fn text_lists(&mut self, key: &'static str) -> Result<Vec<Vec<At<String>>>, FileError> {
        let Some(value) = self.take(key) else { return Ok(Vec::new()) };
        let Value::List(items) = &value.value else {
            return Err(self.wrong_type(key, &value, "a list of lists"));
        };
        items.iter().map(|item| self.as_texts(key, item)).collect()
    }

    /// A word of a closed list.
    pub fn choice<T: Copy>(&mut self, key: &'static str, words: &[(&str, T)]) -> Result<Option<At<T>>, FileError> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        self.choose(key, &text, words).map(Some)
    }

    /// Words of a closed list.
    pub fn choices<T: Copy>(&mut self, key: &'static str, words: &[(&str, T)]) -> Result<Vec<T>, FileError> {
        let texts = self.texts(key)?;
        texts.iter().map(|text| Ok(self.choose(key, text, words)?.value)).collect()
    }

    /// Yes or no; no when it is not there.
    pub fn flag(&mut self, key: &'static str) -> Result<bool, FileError> {
        let Some(value) = self.take(key) else { return Ok(false) };
        match value.value {
            Value::Flag(flag) => Ok(flag),
            _ => Err(self.wrong_type(key, &value, "true or false")),
        }
    }

    /// A whole number from 1 to 1000.
    pub fn count(&mut self, key: &'static str) -> Result<Option<u32>, FileError> {
        let Some(value) = self.take(key) else { return Ok(None) };
        let number = match &value.value {
            Value::Number(number) => number.parse().ok(),
            _ => None,
        };
        match number {
            Some(number @ 1..=1000) => Ok(Some(number)),
            _ => Err(self.wrong_type(key, &value, "a whole number from 1 to 1000")),
        }
    }

    /// A share from `1%` to `100%`.
    pub fn percentage(&mut self, key: &'static str) -> Result<Option<u8>, FileError> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        let number = text.value.strip_suffix('%').and_then(|number| number.parse().ok());
        match number {
            Some(number @ 1..=100) => Ok(Some(number)),
            _ => {
                let message = format!("`{}` must be a share from 1% to 100%", self.full_name(key));
                Err(self.error(&text.span, message, Some(format!("write {key} = \"50%\""))))
            }
        }
    }

    /// A duration, such as `300s`, `5m` or `1h 30m`.
    pub fn duration(&mut self, key: &'static str) -> Result<Option<Duration>, FileError> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        self.as_duration(key, &text).map(Some)
    }

    /// A list of durations.
    pub fn durations(&mut self, key: &'static str) -> Result<Vec<Duration>, FileError> {
        let texts = self.texts(key)?;
        texts.iter().map(|text| self.as_duration(key, text)).collect()
    }

    /// A table inside this one; an empty one when it is not there.
    pub fn table(&mut self, key: &'static str) -> Result<Table<'a>, FileError> {
        let Some(value) = self.take(key) else {
            let name = self.full_name(key);
            return Ok(Self { source: self.source, name, at: self.at, entries: Vec::new(), known: Vec::new() });
        };
        self.as_table(key, value)
    }

    /// A list of tables; an empty one when it is not there.
    pub fn tables(&mut self, key: &'static str) -> Result<Vec<Table<'a>>, FileError> {
        let Some(value) = self.take(key) else { return Ok(Vec::new()) };
        match value.value {
            Value::List(items) => items.into_iter().map(|item| self.as_table(key, item)).collect(),
            _ => Err(self.wrong_type(key, &value, "a list of tables")),
        }
    }

    /// All keys and their texts, whatever the keys are called, in the order of the file.
    pub fn into_texts(mut self) -> Result<Vec<Pair>, FileError> {
        let entries = self.take_all();
        let pairs = entries.into_iter().map(|Entry { key, span, node }| {
            let text = self.as_text(&key, &node)?;
            Ok((At { span, value: key.into_owned() }, text))
        });
        pairs.collect()
    }

    /// All keys and their tables, whatever the keys are called, in the order of the file.
    pub fn into_tables(mut self) -> Result<Vec<(At<String>, Table<'a>)>, FileError> {
        let entries = self.take_all();
        let tables = entries.into_iter().map(|Entry { key, span, node }| {
            let table = self.as_table(&key, node)?;
            Ok((At { span, value: key.into_owned() }, table))
        });
        tables.collect()
    }

    /// All that was not taken yet, in the order of the file.
    fn take_all(&mut self) -> Vec<Entry<'a>> {
        let mut entries = std::mem::take(&mut self.entries);
        entries.sort_unstable_by_key(|entry| entry.span.start);
        entries
    }

    /// Where a key stands that was not taken yet.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<Range<usize>> {
        self.entries.iter().find(|entry| entry.key == name).map(|entry| entry.span.clone())
    }

    /// Says of the first key that was not taken that nobody knows it.
    pub fn end(self) -> Result<(), FileError> {
        let Some(entry) = self.entries.iter().min_by_key(|entry| entry.span.start) else { return Ok(()) };
        Err(self.unknown(entry.span.start, &entry.key, self.known.iter().copied()))
    }

    /// An error about the value at `span`.
    #[must_use]
    pub fn error(&self, span: &Range<usize>, message: String, hint: Option<String>) -> FileError {
        self.source.error(span.start, message, hint)
    }

    /// The line of the value at `span`, counted from 1.
    #[must_use]
    pub fn line(&self, span: &Range<usize>) -> usize {
        self.source.position(span.start).0
    }

    /// An error about an offset inside the text value at `span`, counted in the text without quotes and escapes.
    #[must_use]
    pub fn error_within(&self, span: &Range<usize>, offset: usize, message: String, hint: Option<String>) -> FileError {
        let raw = self.source.text.get(span.clone()).unwrap_or_default();
        self.source.error(span.start + raw_offset(raw, offset), message, hint)
    }

    /// An error about something that this table lacks.
    #[must_use]
    pub fn missing(&self, key: &str) -> FileError {
        if let Some(error) = self.mistyped(key) {
            return error;
        }
        self.source.error(self.at, format!("`{}` is missing", self.full_name(key)), Some(format!("add it: {key} = …")))
    }

    /// Refuses every key but these, before any of them is read.
    pub fn allow(&self, known: &[&str]) -> Result<(), FileError> {
        let strangers = self.entries.iter().filter(|entry| !known.contains(&entry.key.as_ref()));
        let Some(entry) = strangers.min_by_key(|entry| entry.span.start) else { return Ok(()) };
        Err(self.unknown(entry.span.start, &entry.key, known.iter().copied()))
    }

    fn unknown<'k>(&self, at: usize, name: &str, known: impl Iterator<Item = &'k str> + Clone) -> FileError {
        let place = if self.name.is_empty() { String::new() } else { format!(" in [{}]", self.name) };
        let all = known.clone();
        let hint = suggestion(name, known, || format!("known here: {}", all.collect::<Vec<_>>().join(", ")));
        self.source.error(at, format!("unknown key `{name}`{place}"), Some(hint))
    }

    /// What is not there may be there under a name that is nearly right.
    fn mistyped(&self, key: &str) -> Option<FileError> {
        let near = self
            .entries
            .iter()
            .filter(|entry| nearest(&entry.key, [key]).is_some() && !self.known.contains(&entry.key.as_ref()));
        let entry = near.min_by_key(|entry| entry.span.start)?;
        Some(self.unknown(entry.span.start, &entry.key, std::iter::once(key)))
    }

    fn full_name(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    fn wrong_type(&self, key: &str, value: &Node<'_>, wanted: &str) -> FileError {
        let name = self.full_name(key);
        let form = match wanted {
            "a table" => format!("[{name}] above what belongs to it"),
            "a list of tables" => format!("[[{name}]] above each of them"),
            "a text in quotes" => format!("{key} = \"…\""),
            "a list of texts" => format!("{key} = [\"…\", \"…\"]"),
            "a list of lists" => format!("{key} = [[\"…\"], [\"…\"]]"),
            "true or false" => format!("{key} = true, or leave it out"),
            _ => format!("{key} = 3, without quotes"),
        };
        self.source.error(value.span.start, format!("`{name}` must be {wanted}"), Some(format!("write {form}")))
    }

    fn as_text(&self, key: &str, value: &Node<'_>) -> Result<At<String>, FileError> {
        match &value.value {
            Value::Text(text) if text.is_empty() => Err(self.error(
                &value.span,
                format!("`{}` is empty", self.full_name(key)),
                Some("put something between the quotes, or take the line out".to_owned()),
            )),
            Value::Text(text) => Ok(At { value: text.as_ref().to_owned(), span: value.span.clone() }),
            _ => Err(self.wrong_type(key, value, "a text in quotes")),
        }
    }

    fn as_texts(&self, key: &str, value: &Node<'_>) -> Result<Vec<At<String>>, FileError> {
        match &value.value {
            Value::List(items) => items.iter().map(|item| self.as_text(key, item)).collect(),
            Value::Text(_) => Ok(vec![self.as_text(key, value)?]),
            _ => Err(self.wrong_type(key, value, "a list of texts")),
        }
    }

    fn as_table(&self, key: &str, value: Node<'a>) -> Result<Table<'a>, FileError> {
        match value.value {
            Value::Table(entries) => {
                let name = self.full_name(key);
                Ok(Table { source: self.source, name, at: value.span.start, entries, known: Vec::new() })
            }
            _ => Err(self.wrong_type(key, &value, "a table")),
        }
    }

    /// The duration that a text says.
    pub fn as_duration(&self, key: &str, text: &At<String>) -> Result<Duration, FileError> {
        let duration: Option<jiff::SignedDuration> = text.value.parse().ok();
        duration.and_then(|duration| Duration::try_from(duration).ok()).ok_or_else(|| {
            let message = format!("`{}` is no duration: `{}`", self.full_name(key), text.value);
            self.error(
                &text.span,
                message,
                Some("write a number and a unit, such as \"300s\", \"5m\" or \"2h\"".into()),
            )
        })
    }

    fn choose<T: Copy>(&self, key: &str, text: &At<String>, words: &[(&str, T)]) -> Result<At<T>, FileError> {
        match words.iter().find(|(word, _)| *word == text.value) {
            Some((_, value)) => Ok(At { value: *value, span: text.span.clone() }),
            None => {
                let names = || words.iter().map(|(word, _)| *word);
                let all = || format!("it is one of {}", names().collect::<Vec<_>>().join(", "));
                let hint = suggestion(&text.value, names(), all);
                let message = format!("unknown {} `{}`", key.replace('-', " "), text.value);
                Err(self.error(&text.span, message, Some(hint)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Table<'_> {
        Source { path: "x.toml", text }.table().expect("TOML")
    }

    #[test]
    fn an_unknown_key_is_told_with_its_place_and_the_nearest() {
        let mut outer = table("title = \"é\"\n[signature]\n  algoritm = \"x\"\n");
        let mut inner = outer.table("signature").expect("a table");
        assert!(inner.text("algorithm").expect("nothing").is_none());
        let error = inner.end().expect_err("a slip");
        assert_eq!(error.to_string(), "x.toml:3:3: unknown key `algoritm` in [signature]");
        assert_eq!(error.hint.as_deref(), Some("did you mean `algorithm`?"));
    }

    #[test]
    fn a_wrong_word_is_told_with_the_nearest() {
        let error =
            table("algorithm = \"hmac-sha265\"").choice("algorithm", &[("hmac-sha256", 1)]).expect_err("a slip");
        assert_eq!(error.to_string(), "x.toml:1:13: unknown algorithm `hmac-sha265`");
        assert_eq!(error.hint.as_deref(), Some("did you mean `hmac-sha256`?"));
    }

    #[test]
    fn values_of_another_type_are_refused() {
        assert!(table("a = 1").text("a").is_err());
        assert!(table("a = \"\"").text("a").is_err());
        assert!(table("a = 0").count("a").is_err());
        assert!(table("a = \"5 apples\"").duration("a").is_err());
        assert!(table("a = \"-5s\"").duration("a").is_err());
        assert_eq!(table("a = \"1h 30m\"").duration("a").ok().flatten(), Some(Duration::from_mins(90)));
    }
}
