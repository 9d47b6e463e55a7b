//! `Path`: the way to a value inside a JSON document.

use std::fmt;

/// How many steps a path may have: a document is walked through once for each.
const MOST_STEPS: usize = 256;

/// The way to a value inside a JSON document, from the outside in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path {
    steps: Vec<Step>,
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// A member of an object, or an item of an array by its index: `items.0`, `/items/0`.
    Name(String),
    /// An item of an array and nothing else: `items[0]`; `-` is the place behind the last.
    Index(String),
}

impl Step {
    /// The name or the index.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Name(text) | Self::Index(text) => text,
        }
    }
}

impl Path {
    /// Reads a JSON pointer (`/data/slotId`, RFC 6901) or the dotted form (`data.slotId`, `items.0.id`, `items[0].id`).
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let steps = match text.strip_prefix('/') {
            Some(pointer) => pointer_steps(pointer),
            None => dotted_steps(text),
        };
        let error = |reason| PathError { path: text.to_owned(), reason };
        let steps = steps.map_err(error)?;
        if steps.len() > MOST_STEPS {
            return Err(PathError {
                path: format!("{}…", &text[..text.floor_char_boundary(40)]),
                reason: "it has more than 256 steps",
            });
        }
        Ok(Self { steps })
    }

    /// The steps.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    pub(super) fn from_steps(steps: &[Step]) -> Self {
        Self { steps: steps.to_vec() }
    }
}

fn pointer_steps(pointer: &str) -> Result<Vec<Step>, &'static str> {
    let mut tildes = pointer.split('~').skip(1);
    if tildes.any(|behind| !behind.starts_with(['0', '1'])) {
        return Err("a `~` stands for itself as `~0` only");
    }
    Ok(pointer.split('/').map(|step| Step::Name(step.replace("~1", "/").replace("~0", "~"))).collect())
}

fn dotted_steps(text: &str) -> Result<Vec<Step>, &'static str> {
    let mut steps = Vec::new();
    for (place, piece) in text.split('.').enumerate() {
        let (name, mut brackets) = piece.split_at(piece.find('[').unwrap_or(piece.len()));
        if name.contains(']') {
            return Err("a `]` stands behind `[` and an index only");
        }
        // The document itself may be an array: `[0].id`.
        if name.is_empty() && (place > 0 || brackets.is_empty()) {
            return Err("a name in it is empty");
        }
        if !name.is_empty() {
            steps.push(Step::Name(name.to_owned()));
        }
        while !brackets.is_empty() {
            let inner = brackets.strip_prefix('[').and_then(|rest| rest.split_once(']'));
            let (index, rest) = inner.ok_or("an index stands between `[` and `]`, and then comes `.` or `[`")?;
            if index != "-" && (index.is_empty() || !index.bytes().all(|byte| byte.is_ascii_digit())) {
                return Err("an index in brackets is a number, or `-` for the place behind the last");
            }
            steps.push(Step::Index(index.to_owned()));
            brackets = rest;
        }
    }
    Ok(steps)
}

impl fmt::Display for Path {
    /// The dotted form, or the pointer where a name has a dot of its own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let awkward = |text: &str| text.is_empty() || text.contains(['.', '/', '[', ']']);
        if self.steps.iter().any(|step| awkward(step.text())) {
            for step in &self.steps {
                write!(f, "/{}", step.text().replace('~', "~0").replace('/', "~1"))?;
            }
            return Ok(());
        }
        for (place, step) in self.steps.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Name(name) if place == 0 => f.write_str(name)?,
                Step::Name(name) => write!(f, ".{name}")?,
            }
        }
        Ok(())
    }
}

/// A path that leads nowhere.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{path}` is no path: {reason}")]
pub struct PathError {
    /// What was given.
    pub path: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_pointer_or_dots_and_brackets() {
        for (text, shown) in [
            ("data.slotId", "data.slotId"),
            ("items[0].id", "items[0].id"),
            ("items[0][-]", "items[0][-]"),
            ("[0].id", "[0].id"),
            ("items.0", "items.0"),
            ("/a/b", "a.b"),
            ("/a.b/c", "/a.b/c"),
            ("/a~1b", "/a~1b"),
        ] {
            assert_eq!(Path::parse(text).map(|path| path.to_string()).as_deref(), Ok(shown), "{text}");
        }
    }

    #[test]
    fn what_is_nearly_a_path_is_refused() {
        let deep = "a.".repeat(256) + "a";
        for text in
            ["", ".", "a.", ".a", "a..b", "a]b", "a[0", "a[", "a[]", "a[x]", "a[0]b", "a.[0]", "a[0]]", "/a~2b", &deep]
        {
            assert!(Path::parse(text).is_err(), "{text}");
        }
        assert!(Path::parse(&deep[2..]).is_ok());
    }
}
