//! Changes to a JSON text: a value put in or taken out, and every other byte left as it was.

use std::borrow::Cow;
use std::ops::Range;

use super::document::{Document, Member};
use super::path::{Path, Step};
use crate::webhook::nearest::nearest;

/// A JSON text that was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The text as it is now.
    pub text: Vec<u8>,
    /// Whether something stands there that was not there before.
    pub added: bool,
}

impl Document<'_> {
    /// The text with the value at `path` replaced, or added where its parents allow it.
    pub fn set(&self, path: &Path, value: &str) -> Result<Change, EditError> {
        let mut span = self.whole().unwrap_or(0..self.text.len());
        let mut steps = path.steps().iter().enumerate();
        let missing = steps.find_map(|(place, step)| match self.step(&span, step) {
            Some(found) => {
                span = found;
                None
            }
            None => Some((place, step)),
        });
        let Some((place, step)) = missing else {
            return Ok(Change { text: self.splice(span, value), added: false });
        };
        let parent_path = || Path::from_steps(&path.steps()[..place]);
        let inner = nested(path, place + 1, value)?;
        let item = match (self.text[span.start], step) {
            (b'{', Step::Name(name)) => format!("{}:{inner}", quoted(name)),
            (b'{', Step::Index(index)) => {
                return Err(EditError::NotAnArray { path: parent_path(), index: index.clone() });
            }
            (b'[', Step::Name(index) | Step::Index(index)) => {
                let length = self.members(&span).count();
                if index != "-" && index.parse() != Ok(length) {
                    return Err(EditError::BadIndex { path: parent_path(), index: index.clone(), length });
                }
                inner
            }
            _ => return Err(EditError::NotAContainer { path: parent_path(), step: step.text().to_owned() }),
        };
        // What is added stands right behind the last member.
        let last = self.members(&span).last().map(|member| member.whole.end);
        let (at, separator) = last.map_or((span.end - 1, ""), |end| (end, ","));
        Ok(Change { text: self.splice(at..at, &format!("{separator}{item}")), added: true })
    }

    /// The text without the member or item at `path`; of equal keys, all.
    pub fn unset(&self, path: &Path) -> Result<Vec<u8>, EditError> {
        let Some((last, parents)) = path.steps().split_last() else {
            return Err(EditError::WholeDocument);
        };
        let missing = || EditError::NotFound { path: path.clone(), nearest: self.nearest_name(path) };
        let parent = self.locate(&Path::from_steps(parents)).ok_or_else(missing)?;
        if self.step(&parent, last).is_none() {
            return Err(missing());
        }
        // Each member is kept with its own bytes; only the commas between them are written anew.
        let mut text = self.text[..=parent.start].to_vec();
        let kept = self.members(&parent).filter(|member: &Member| !member.is(last));
        for (index, member) in kept.enumerate() {
            if index > 0 {
                text.push(b',');
            }
            text.extend_from_slice(&self.text[member.whole]);
        }
        text.extend_from_slice(&self.text[parent.end - 1..]);
        Ok(text)
    }

    /// The name most like the last one of a path, beside it.
    #[must_use]
    pub fn nearest_name(&self, path: &Path) -> Option<String> {
        let (last, parents) = path.steps().split_last()?;
        let span = self.locate(&Path::from_steps(parents))?;
        let names: Vec<Cow<'_, str>> = self.members(&span).map(|member| member.name()).collect();
        nearest(last.text(), names.iter().map(Cow::as_ref)).map(str::to_owned)
    }

    fn splice(&self, span: Range<usize>, value: &str) -> Vec<u8> {
        [&self.text[..span.start], value.as_bytes(), &self.text[span.end..]].concat()
    }
}

/// A value inside of what leads to it from a step of the path: `a.b.c=1` in `{}` is `{"a":{"b":{"c":1}}}`.
fn nested(path: &Path, from: usize, value: &str) -> Result<String, EditError> {
    let mut inner = value.to_owned();
    for (place, step) in path.steps().iter().enumerate().skip(from).rev() {
        inner = match step {
            Step::Name(name) => format!("{{{}:{inner}}}", quoted(name)),
            Step::Index(index) if index == "0" || index == "-" => format!("[{inner}]"),
            Step::Index(index) => {
                let path = Path::from_steps(&path.steps()[..place]);
                return Err(EditError::BadIndex { path, index: index.clone(), length: 0 });
            }
        };
    }
    Ok(inner)
}

fn quoted(name: &str) -> String {
    serde_json::Value::from(name).to_string()
}

/// Why a document could not be changed as asked.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EditError {
    /// A step below a string, a number, a boolean or null.
    #[error("{} is neither an object nor an array, so it has no `{step}`", described(path))]
    NotAContainer {
        /// What has no members.
        path: Path,
        /// What was looked for in it.
        step: String,
    },
    /// An index in brackets, into an object.
    #[error("{} is an object and no array, so it has no `[{index}]`", described(path))]
    NotAnArray {
        /// The object.
        path: Path,
        /// What was given as index.
        index: String,
    },
    /// A step into an array that is no index of it, nor the next one.
    #[error("{} is an array of {length}, so `{index}` is no place in it", described(path))]
    BadIndex {
        /// The array.
        path: Path,
        /// What was given as index.
        index: String,
        /// How many items it has.
        length: usize,
    },
    /// Nothing stands there.
    #[error("the payload has no `{path}`")]
    NotFound {
        /// What was looked for.
        path: Path,
        /// A name like it that is there.
        nearest: Option<String>,
    },
    /// The path of the document itself.
    #[error("the payload as a whole cannot be taken out")]
    WholeDocument,
}

fn described(path: &Path) -> String {
    if path.steps().is_empty() { "the payload".to_owned() } else { format!("`{path}`") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Path {
        Path::parse(text).expect("a path")
    }

    fn set(text: &str, at: &str, value: &str) -> Result<String, EditError> {
        let changed = Document::parse(text.as_bytes()).expect("JSON").set(&path(at), value)?.text;
        Document::parse(&changed).expect("an edit of JSON is JSON");
        Ok(String::from_utf8(changed).expect("UTF-8"))
    }

    fn unset(text: &str, at: &str) -> Result<String, EditError> {
        let changed = Document::parse(text.as_bytes()).expect("JSON").unset(&path(at))?;
        Document::parse(&changed).expect("an edit of JSON is JSON");
        Ok(String::from_utf8(changed).expect("UTF-8"))
    }

    #[test]
    fn set_changes_the_value_and_nothing_else() {
        let text = "{ \"a\" : 1.10,\n \"b\": {\"x\": [1, 2]}, \"n\":1e400, \"a2\":\"\\u00e9\" }";
        assert_eq!(set(text, "b.x.1", "true").as_deref(), Ok(text.replace("[1, 2]", "[1, true]").as_str()));
        assert_eq!(set(text, "a", "\"z\"").as_deref(), Ok(text.replace("1.10", "\"z\"").as_str()));
    }

    #[test]
    fn set_adds_what_is_not_there() {
        assert_eq!(set("{}", "a.b", "1").as_deref(), Ok("{\"a\":{\"b\":1}}"));
        assert_eq!(set("{\"a\":1 }", "b", "2").as_deref(), Ok("{\"a\":1,\"b\":2 }"));
        assert_eq!(set("[1]", "1", "2").as_deref(), Ok("[1,2]"));
        assert_eq!(set("{\"l\":[]}", "l.-", "2").as_deref(), Ok("{\"l\":[2]}"));
    }

    #[test]
    fn set_refuses_what_has_no_place() {
        let index = EditError::BadIndex { path: path("l"), index: "7".into(), length: 1 };
        assert_eq!(set("{\"l\":[0]}", "l.7", "2"), Err(index));
        assert_eq!(set("{\"a\":5}", "a.b", "2"), Err(EditError::NotAContainer { path: path("a"), step: "b".into() }));
    }

    #[test]
    fn unset_takes_a_member_out_and_keeps_the_others_bytes() {
        assert_eq!(unset("{\"a\":1.10,\"b\":-0 , \"c\":3}", "b").as_deref(), Ok("{\"a\":1.10,\"c\":3}"));
        assert_eq!(unset("{\"a\":1,\"a\":2}", "a").as_deref(), Ok("{}"));
        assert_eq!(unset("{\"l\":[1,2,3]}", "l.0").as_deref(), Ok("{\"l\":[2,3]}"));
    }

    #[test]
    fn unset_of_a_name_that_is_not_there_suggests_one() {
        let error = EditError::NotFound { path: path("data.slotid"), nearest: Some("slotId".into()) };
        assert_eq!(unset("{\"data\":{\"slotId\":1}}", "data.slotid"), Err(error));
    }

    #[test]
    fn an_index_in_brackets_is_for_arrays() {
        let object = |at: &str| EditError::NotAnArray { path: path(at), index: "0".into() };
        assert_eq!(set("{\"data\":{}}", "data[0]", "1"), Err(object("data")));
        assert_eq!(set("{\"data\":{\"0\":1}}", "data[0].x", "1"), Err(object("data")));
        assert_eq!(set("{\"data\":{\"0\":1}}", "data.0", "2").as_deref(), Ok("{\"data\":{\"0\":2}}"));
        assert_eq!(set("[{\"id\":1}]", "[0].id", "2").as_deref(), Ok("[{\"id\":2}]"));
        assert_eq!(set("{}", "a[0].b", "1").as_deref(), Ok("{\"a\":[{\"b\":1}]}"));
        assert!(set("{}", "a[3]", "1").is_err());
        assert!(unset("{\"data\":{\"0\":1}}", "data[0]").is_err());
    }

    #[test]
    fn a_name_that_is_no_text_is_nobody_elses() {
        let text = "{\"\\ud800\":1}";
        assert_eq!(set(text, "/", "2").as_deref(), Ok("{\"\\ud800\":1,\"\":2}"));
        assert_eq!(set(text, "/\\ud800", "2").as_deref(), Ok("{\"\\ud800\":2}"));
    }

    #[test]
    fn what_was_not_there_before_is_known() {
        let document = Document::parse(b"{\"data\":{\"slotId\":1}}").expect("JSON");
        assert_eq!(document.set(&path("data.slotid"), "2").map(|change| change.added), Ok(true));
        assert_eq!(document.set(&path("data.slotId"), "2").map(|change| change.added), Ok(false));
        assert_eq!(document.nearest_name(&path("data.slotid")).as_deref(), Some("slotId"));
    }
}
