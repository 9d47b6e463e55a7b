//! `texts`: values at several paths of a text, found in the same pass that says whether it is JSON.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::document::{BYTE_ORDER_MARK, Document};
use super::path::{Path, Step};

/// The values at some paths, each as [`Document::find_text`] has it; the error is that of a text that is not JSON.
pub fn texts<'a>(text: &'a [u8], paths: &[&Path]) -> Result<Vec<Option<Cow<'a, str>>>, serde_json::Error> {
    let mut found = vec![None; paths.len()];
    let wanted: Vec<Wanted<'_>> = paths.iter().enumerate().map(|(slot, path)| (slot, path.steps())).collect();
    let mut parser = serde_json::Deserializer::from_slice(text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text));
    let read = Value { wanted: &wanted, found: &mut found }.deserialize(&mut parser);
    if read.and_then(|()| parser.end()).is_ok() {
        return Ok(found);
    }
    // Not JSON, or something in it that the parser does not hand over as it stands, such as `1.10`.
    let document = Document::parse(text)?;
    Ok(paths.iter().map(|path| document.find_text(path)).collect())
}

/// What is looked for inside a value: where it is put, and the steps that lead to it from here.
type Wanted<'p> = (usize, &'p [Step]);

/// What is looked for inside the member of that name.
fn behind<'p>((slot, steps): &Wanted<'p>, name: &str) -> Option<Wanted<'p>> {
    match steps {
        [Step::Name(first), rest @ ..] if first == name => Some((*slot, rest)),
        _ => None,
    }
}

/// A value, in which something is looked for.
struct Value<'p, 'f, 'a> {
    wanted: &'p [Wanted<'p>],
    found: &'f mut [Option<Cow<'a, str>>],
}

impl<'a> Value<'_, '_, 'a> {
    /// The value is this one.
    fn is(self, text: Option<&Cow<'a, str>>) {
        for (slot, steps) in self.wanted {
            // Of two members with one name the last counts, even where nothing is found in it.
            self.found[*slot] = text.filter(|_| steps.is_empty()).cloned();
        }
    }
}

impl<'a> DeserializeSeed<'a> for Value<'_, '_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Value<'_, '_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that is told as it stands")
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<(), E> {
        self.is(Some(&Cow::Borrowed(text)));
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.is(Some(&Cow::Owned(text.to_owned())));
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.is(Some(&Cow::Borrowed(if value { "true" } else { "false" })));
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.is(Some(&Cow::Owned(value.to_string())));
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.is(Some(&Cow::Owned(value.to_string())));
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.is(None);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut items: A) -> Result<(), A::Error> {
        if self.wanted.iter().any(|(_, steps)| !steps.is_empty()) {
            return Err(A::Error::custom("an item may be meant"));
        }
        self.is(None);
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'a>>(self, mut members: A) -> Result<(), A::Error> {
        let Self { wanted, found } = self;
        Value { wanted, found: &mut *found }.is(None);
        while let Some(Name(name)) = members.next_key()? {
            // Most members lead nowhere.
            if !wanted.iter().any(|wanted| behind(wanted, &name).is_some()) {
                members.next_value::<IgnoredAny>()?;
                continue;
            }
            let wanted: Vec<Wanted<'_>> = wanted.iter().filter_map(|wanted| behind(wanted, &name)).collect();
            members.next_value_seed(Value { wanted: &wanted, found: &mut *found })?;
        }
        Ok(())
    }
}

/// A member's name.
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_in_one_pass_is_what_is_found_in_a_document() {
        let paths =
            ["a", "a.b", "a.b.c", "a.0", "a[0]", "b", "é", "a.a", "0"].map(|path| Path::parse(path).expect("a path"));
        let paths: Vec<&Path> = paths.iter().collect();
        let mut random = fastrand::Rng::with_seed(5);
        let (mut found, mut refused) = (0, 0);
        for _ in 0..50_000 {
            let mut text = value(&mut random, 0);
            if random.u8(..) < 50 {
                // A character more or less, as it may be on the way.
                let at = text.floor_char_boundary(random.usize(..text.len()));
                text.replace_range(
                    at..text.ceil_char_boundary(at + 1),
                    random.choice(["", "}", "\"", ",", "1"]).expect("one"),
                );
            }
            let expected = Document::parse(text.as_bytes()).ok();
            let expected =
                expected.map(|document| paths.iter().map(|path| document.find_text(path)).collect::<Vec<_>>());
            let read = texts(text.as_bytes(), &paths).ok();
            assert_eq!(read, expected, "{text}");
            found += usize::from(read.is_some_and(|read| read.iter().any(Option::is_some)));
            refused += usize::from(expected.is_none());
        }
        assert!(found > 10_000 && refused > 1000, "{found} found, {refused} refused");
    }

    /// Any value, in which names come up again.
    fn value(random: &mut fastrand::Rng, depth: usize) -> String {
        const NAMES: [&str; 7] = ["a", "b", "c", "\\u0061", "é", "0", "\\ud800"];
        const SCALARS: [&str; 16] = [
            "1",
            "1.10",
            "-0",
            "-7",
            "1e400",
            "18446744073709551616",
            "true",
            "false",
            "null",
            r#""x""#,
            r#""\n\"""#,
            r#""""#,
            r#""é""#,
            r#""\ud800""#,
            "\"\u{7f}\"",
            "0",
        ];
        let count = random.usize(..5);
        match random.u8(..8) {
            _ if depth == 0 => {}
            kind if kind < 4 || depth > 3 => return (*random.choice(&SCALARS).expect("one")).to_owned(),
            4 => {
                let items: Vec<String> = (0..count).map(|_| value(random, depth + 1)).collect();
                return format!("[{}]", items.join(", "));
            }
            _ => {}
        }
        let mut member = || format!("\"{}\": {}", random.choice(NAMES).expect("one"), value(random, depth + 1));
        let members: Vec<String> = (0..count).map(|_| member()).collect();
        format!("{{{}}}", members.join(","))
    }

    #[test]
    fn depth_and_broken_text_are_a_documents_matter() {
        let path = Path::parse("a").expect("a path");
        let deep = format!("{{\"b\":{}{},\"a\":\"x\"}}", "[".repeat(5000), "]".repeat(5000));
        assert_eq!(texts(deep.as_bytes(), &[&path]).expect("JSON"), [Some(Cow::Borrowed("x"))]);
        assert_eq!(texts(b"\xEF\xBB\xBF{\"a\":\"\xff\"}", &[&path]).expect("JSON, of a kind"), [None]);
        assert!(texts(b"{\"a\":\"x\"} {}", &[&path]).is_err());
    }
}
