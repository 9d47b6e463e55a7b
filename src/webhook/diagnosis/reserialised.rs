//! JSON written again, as the serialisers of common languages write it: token by token, at any depth.

use std::cmp::Ordering;
use std::ops::Range;

use super::literal::{plain, scalar, string, whole_number};
use super::remedy::Family;
use crate::webhook::json::{Document, Kind};

/// How JSON is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Style {
    pub(super) spacing: Spacing,
    pub(super) order: Order,
    pub(super) strings: Strings,
    pub(super) slash: bool,
    pub(super) html: Html,
    pub(super) numbers: Numbers,
}

/// The white space between tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spacing {
    /// What stands behind a comma, and behind a colon.
    Inline(&'static str, &'static str),
    /// A member a line, indented by this.
    Indented(&'static str),
    /// As it is.
    Kept,
}

/// The order of members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// As they are, equal names included.
    Kept,
    /// As they are; of equal names the first place with the last value, as in most dictionaries.
    Once,
    /// The same, with names that are whole numbers before all others, as JavaScript objects have them.
    NumbersFirst,
    /// By name.
    Sorted,
}

/// How strings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strings {
    /// As they are.
    Kept,
    /// With no more escapes than needed.
    Plain,
    /// With `\u00e9` for all that is not ASCII.
    Escaped,
    /// With `\u00E9` for it.
    UpperEscaped,
}

/// Which characters that mean something in HTML are escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Html {
    /// None.
    None,
    /// `<`, `>`, `&`, U+2028 and U+2029, as Go and Rails do.
    Angles,
    /// Quotes, `+` and the backtick as well, as .NET does.
    Quotes,
}

/// How numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbers {
    /// As they are.
    Kept,
    /// As JavaScript writes them: `1.0` as `1`, `1.10` as `1.1`, `1e2` as `100`.
    JavaScript,
    /// As Python writes them: `1.10` as `1.1`, `1e2` as `100.0`.
    Python,
}

const COMPACT: Spacing = Spacing::Inline("", "");
const PYTHON: Spacing = Spacing::Inline(" ", " ");

const fn style(spacing: Spacing, order: Order, strings: Strings, numbers: Numbers) -> Style {
    Style { spacing, order, strings, slash: false, html: Html::None, numbers }
}

const fn slashed(style: Style) -> Style {
    Style { slash: true, ..style }
}

const fn html(style: Style, html: Html) -> Style {
    Style { html, ..style }
}

/// The serialisers that people use, the likeliest first: how they write, whose they are, what is told of them.
pub(super) const SERIALISERS: [(Style, Family, &str); 36] = {
    use Numbers::{JavaScript as Js, Kept as Same, Python as Py};
    use Order::{Kept, NumbersFirst, Once, Sorted};
    use Spacing::Indented;
    use Strings::{Escaped, Plain, UpperEscaped};
    let as_is = Spacing::Kept;
    [
        (style(COMPACT, Kept, Strings::Kept, Same), Family::JavaScript, "compact, without white space"),
        (
            style(COMPACT, NumbersFirst, Plain, Js),
            Family::JavaScript,
            "as `JSON.stringify(JSON.parse(body))` writes it",
        ),
        (
            style(PYTHON, Kept, Strings::Kept, Same),
            Family::Python,
            "with a space behind each comma and colon, as `json.dumps` writes it",
        ),
        (style(PYTHON, Once, Escaped, Py), Family::Python, "as `json.dumps(json.loads(body))` writes it"),
        (style(PYTHON, Once, Plain, Py), Family::Python, "as `json.dumps(..., ensure_ascii=False)` writes it"),
        (style(COMPACT, Once, Escaped, Py), Family::Python, "as `json.dumps(..., separators=(',', ':'))` writes it"),
        (
            style(COMPACT, Once, Plain, Py),
            Family::Python,
            "compact, as `json.dumps(..., separators=(',', ':'), ensure_ascii=False)` writes it",
        ),
        (style(Indented("  "), Kept, Strings::Kept, Same), Family::Tool, "with an indent of 2 spaces"),
        (style(Indented("    "), Kept, Strings::Kept, Same), Family::Tool, "with an indent of 4 spaces"),
        (
            style(Indented("  "), NumbersFirst, Plain, Js),
            Family::JavaScript,
            "as `JSON.stringify(JSON.parse(body), null, 2)` writes it",
        ),
        (
            style(Indented("    "), NumbersFirst, Plain, Js),
            Family::JavaScript,
            "as `JSON.stringify(JSON.parse(body), null, 4)` writes it",
        ),
        (style(Indented("  "), Once, Escaped, Py), Family::Python, "as `json.dumps(..., indent=2)` writes it"),
        (style(Indented("    "), Once, Escaped, Py), Family::Python, "as `json.dumps(..., indent=4)` writes it"),
        (style(Indented("\t"), Once, Plain, Same), Family::Tool, "with an indent of a tab"),
        (style(COMPACT, Sorted, Strings::Kept, Same), Family::Any, "compact, with its keys sorted"),
        (
            style(COMPACT, Sorted, Plain, Js),
            Family::JavaScript,
            "compact, with its keys sorted and its numbers as JavaScript writes them",
        ),
        (style(PYTHON, Sorted, Escaped, Py), Family::Python, "as `json.dumps(..., sort_keys=True)` writes it"),
        (
            style(COMPACT, Sorted, Escaped, Py),
            Family::Python,
            "as `json.dumps(..., sort_keys=True, separators=(',', ':'))` writes it",
        ),
        (
            style(PYTHON, Sorted, Plain, Py),
            Family::Python,
            "as `json.dumps(..., sort_keys=True, ensure_ascii=False)` writes it",
        ),
        (
            slashed(style(COMPACT, Once, Escaped, Py)),
            Family::Php,
            "as `json_encode(json_decode($body))` writes it (`\\/` for `/`)",
        ),
        (slashed(style(COMPACT, Kept, Strings::Kept, Same)), Family::Php, "compact, with `\\/` for `/`"),
        (
            slashed(style(COMPACT, Once, Plain, Py)),
            Family::Php,
            "as `json_encode(..., JSON_UNESCAPED_UNICODE)` writes it",
        ),
        (
            slashed(style(Indented("    "), Once, Escaped, Py)),
            Family::Php,
            "as `json_encode(..., JSON_PRETTY_PRINT)` writes it",
        ),
        (
            html(style(COMPACT, Once, Plain, Same), Html::Angles),
            Family::Ruby,
            "as Rails' `to_json` writes it (`\\u0026` for `&`)",
        ),
        (
            html(style(COMPACT, Sorted, Plain, Js), Html::Angles),
            Family::Go,
            "as Go's `json.Marshal` of a map writes it (keys sorted, `\\u0026` for `&`)",
        ),
        (
            html(style(COMPACT, Once, UpperEscaped, Same), Html::Quotes),
            Family::DotNet,
            "as `JsonSerializer.Serialize` writes it",
        ),
        (
            html(style(Indented("  "), Once, UpperEscaped, Same), Html::Quotes),
            Family::DotNet,
            "as `JsonSerializer.Serialize` writes it with `WriteIndented`",
        ),
        (style(COMPACT, Once, Plain, Same), Family::Java, "compact, with no more escapes than needed"),
        (
            style(Indented("  "), Sorted, Plain, Same),
            Family::Tool,
            "with its keys sorted and an indent of 2 spaces, as `jq -S` writes it",
        ),
        (style(Indented("  "), Kept, Plain, Js), Family::Tool, "with an indent of 2 spaces, as `jq` writes it"),
        (slashed(style(as_is, Kept, Strings::Kept, Same)), Family::Php, "with `\\/` for `/`"),
        (
            style(as_is, Kept, Plain, Same),
            Family::Any,
            "with no more escapes than needed (`é` for `\\u00e9`, `/` for `\\/`)",
        ),
        (style(as_is, Kept, Escaped, Same), Family::Python, "with `\\u00e9` for `é` and the like"),
        (style(as_is, Kept, UpperEscaped, Same), Family::DotNet, "with `\\u00E9` for `é` and the like"),
        (
            style(as_is, Kept, Strings::Kept, Js),
            Family::JavaScript,
            "with its numbers as JavaScript writes them (`1.1` for `1.10`, `1` for `1.0`)",
        ),
        (
            style(as_is, Kept, Strings::Kept, Py),
            Family::Python,
            "with its numbers as Python writes them (`100.0` for `1e2`)",
        ),
    ]
};

/// Every other combination, for what no serialiser above writes.
pub(super) fn others() -> impl Iterator<Item = Style> {
    let spacings = [
        COMPACT,
        PYTHON,
        Spacing::Indented("  "),
        Spacing::Indented("    "),
        Spacing::Indented("\t"),
        Spacing::Inline(" ", ""),
        Spacing::Inline("", " "),
        Spacing::Kept,
    ];
    let strings = [Strings::Kept, Strings::Plain, Strings::Escaped, Strings::UpperEscaped];
    let numbers = [Numbers::Kept, Numbers::JavaScript, Numbers::Python];
    spacings.into_iter().flat_map(move |spacing| {
        [Order::Kept, Order::Once, Order::Sorted].into_iter().flat_map(move |order| {
            strings.into_iter().flat_map(move |strings| {
                numbers.into_iter().flat_map(move |numbers| {
                    [false, true].into_iter().flat_map(move |slash| {
                        [Html::None, Html::Angles, Html::Quotes].into_iter().map(move |html| Style {
                            spacing,
                            order,
                            strings,
                            slash,
                            html,
                            numbers,
                        })
                    })
                })
            })
        })
    })
}

/// A JSON text as a tree of spans: no call goes deeper than another, so that no depth is too much.
pub(super) struct Tree<'a> {
    text: &'a [u8],
    nodes: Vec<Node>,
    root: usize,
}

#[derive(Debug)]
enum Node {
    String(Range<usize>),
    Scalar(Range<usize>),
    Object(Vec<(Range<usize>, usize)>),
    Array(Vec<usize>),
}

/// A container that is being read or written: its node, and where in it we are.
struct Frame {
    node: usize,
    name: Option<Range<usize>>,
}

impl<'a> Tree<'a> {
    /// Reads a text; nothing if it is not JSON, or only a bare value that no serialiser would change.
    pub(super) fn read(text: &'a [u8]) -> Option<Self> {
        let document = Document::parse(text).ok()?;
        let mut nodes: Vec<Node> = Vec::new();
        let mut open: Vec<Frame> = Vec::new();
        let mut root = None;
        for token in document.tokens() {
            let node = match token.kind {
                Kind::Open if text[token.span.start] == b'{' => Node::Object(Vec::new()),
                Kind::Open => Node::Array(Vec::new()),
                Kind::Close => {
                    open.pop();
                    continue;
                }
                Kind::Colon | Kind::Comma => continue,
                Kind::String => {
                    if let Some(frame) = open.last_mut()
                        && frame.name.is_none()
                        && matches!(nodes[frame.node], Node::Object(_))
                    {
                        frame.name = Some(token.span);
                        continue;
                    }
                    Node::String(token.span)
                }
                Kind::Scalar => Node::Scalar(token.span),
            };
            let index = nodes.len();
            let container = matches!(node, Node::Object(_) | Node::Array(_));
            nodes.push(node);
            match open.last_mut() {
                None => root = root.or(Some(index)),
                Some(frame) => match (&mut nodes[frame.node], frame.name.take()) {
                    (Node::Object(members), Some(name)) => members.push((name, index)),
                    (Node::Array(items), None) => items.push(index),
                    _ => return None,
                },
            }
            if container {
                open.push(Frame { node: index, name: None });
            }
        }
        Some(Self { text, nodes, root: root? })
    }

    /// Writes it in a style; nothing when that is longer than `limit`.
    pub(super) fn write(&self, style: Style, limit: usize) -> Option<Vec<u8>> {
        if style.spacing == Spacing::Kept {
            return self.write_kept(style, limit);
        }
        let mut writer = Writer { tree: self, style, out: Vec::with_capacity(self.text.len()), open: Vec::new() };
        let mut open: Vec<std::vec::IntoIter<(Option<Range<usize>>, usize)>> = Vec::new();
        let mut next = Some(self.root);
        loop {
            if writer.out.len() > limit {
                return None;
            }
            if let Some(index) = next.take()
                && let Some(members) = writer.begin(index)
            {
                open.push(members.into_iter());
                continue;
            }
            let Some(members) = open.last_mut() else { return Some(writer.out) };
            let Some((name, index)) = members.next() else {
                open.pop();
                writer.end();
                continue;
            };
            writer.member(name);
            next = Some(index);
        }
    }

    /// Writes it with its own white space.
    fn write_kept(&self, style: Style, limit: usize) -> Option<Vec<u8>> {
        if style.order != Order::Kept {
            return None;
        }
        let mut out = Vec::with_capacity(self.text.len());
        let mut at = 0;
        for token in Document::parse(self.text).ok()?.tokens() {
            out.extend_from_slice(&self.text[at..token.span.start]);
            let text = &self.text[token.span.clone()];
            match token.kind {
                Kind::String => string(text, style, &mut out),
                Kind::Scalar => scalar(text, style.numbers, &mut out),
                Kind::Open | Kind::Close | Kind::Colon | Kind::Comma => out.extend_from_slice(text),
            }
            at = token.span.end;
            if out.len() > limit {
                return None;
            }
        }
        out.extend_from_slice(&self.text[at..]);
        Some(out)
    }

    /// The members of an object in the order of a style.
    fn ordered(&self, members: &[(Range<usize>, usize)], order: Order) -> Vec<(Option<Range<usize>>, usize)> {
        let named = |(name, node): &(Range<usize>, usize)| (Some(name.clone()), *node);
        if order == Order::Kept {
            return members.iter().map(named).collect();
        }
        let mut keyed: Vec<(Vec<u8>, usize, usize)> = members
            .iter()
            .enumerate()
            .map(|(index, (name, _))| (plain(&self.text[name.clone()]), index, index))
            .collect();
        // Equal names come together, in order: the place of the first, the value of the last.
        keyed.sort();
        keyed.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            if same {
                kept.2 = later.2;
            }
            same
        });
        match order {
            Order::Sorted => {}
            Order::Kept | Order::Once => keyed.sort_by_key(|(_, place, _)| *place),
            Order::NumbersFirst => keyed.sort_by(|one, other| match (whole_number(&one.0), whole_number(&other.0)) {
                (Some(one), Some(other)) => one.cmp(&other),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => one.1.cmp(&other.1),
            }),
        }
        keyed.into_iter().map(|(_, place, value)| (Some(members[place].0.clone()), members[value].1)).collect()
    }
}

struct Writer<'t, 'a> {
    tree: &'t Tree<'a>,
    style: Style,
    out: Vec<u8>,
    /// What closes each container that is open.
    open: Vec<u8>,
}

impl Writer<'_, '_> {
    /// Writes a value, or the beginning of a container: then its members are due.
    fn begin(&mut self, index: usize) -> Option<Vec<(Option<Range<usize>>, usize)>> {
        let (members, close) = match &self.tree.nodes[index] {
            Node::String(span) => {
                string(&self.tree.text[span.clone()], self.style, &mut self.out);
                return None;
            }
            Node::Scalar(span) => {
                scalar(&self.tree.text[span.clone()], self.style.numbers, &mut self.out);
                return None;
            }
            Node::Object(members) => {
                self.out.push(b'{');
                (self.tree.ordered(members, self.style.order), b'}')
            }
            Node::Array(items) => {
                self.out.push(b'[');
                (items.iter().map(|item| (None, *item)).collect(), b']')
            }
        };
        if members.is_empty() {
            self.out.push(close);
            return None;
        }
        self.open.push(close);
        Some(members)
    }

    /// Writes what stands before a member.
    fn member(&mut self, name: Option<Range<usize>>) {
        let first = matches!(self.out.last(), Some(b'{' | b'['));
        if !first {
            self.out.push(b',');
        }
        match self.style.spacing {
            Spacing::Indented(_) => self.break_line(),
            Spacing::Inline(comma, _) if !first => self.out.extend_from_slice(comma.as_bytes()),
            Spacing::Inline(..) | Spacing::Kept => {}
        }
        if let Some(name) = name {
            string(&self.tree.text[name], self.style, &mut self.out);
            let colon = match self.style.spacing {
                Spacing::Inline(_, colon) => colon,
                Spacing::Indented(_) => " ",
                Spacing::Kept => "",
            };
            self.out.push(b':');
            self.out.extend_from_slice(colon.as_bytes());
        }
    }

    fn end(&mut self) {
        let Some(close) = self.open.pop() else { return };
        if let Spacing::Indented(_) = self.style.spacing {
            self.break_line();
        }
        self.out.push(close);
    }

    fn break_line(&mut self) {
        self.out.push(b'\n');
        if let Spacing::Indented(indent) = self.style.spacing {
            for _ in 0..self.open.len() {
                self.out.extend_from_slice(indent.as_bytes());
            }
        }
    }
}

impl Style {
    /// What it does, in words.
    pub(super) fn describe(self) -> String {
        let mut words = vec![match self.spacing {
            Spacing::Inline("", "") => "compact",
            Spacing::Inline(" ", " ") => "with a space behind each comma and colon",
            Spacing::Inline(_, "") => "with a space behind each comma",
            Spacing::Inline(..) => "with a space behind each colon",
            Spacing::Indented("\t") => "with an indent of a tab",
            Spacing::Indented("  ") => "with an indent of 2 spaces",
            Spacing::Indented(_) => "with an indent of 4 spaces",
            Spacing::Kept => "with its own white space",
        }];
        match self.order {
            Order::Sorted => words.push("keys sorted"),
            Order::Kept | Order::Once | Order::NumbersFirst => {}
        }
        match self.strings {
            Strings::Kept => {}
            Strings::Plain => words.push("no more escapes than needed"),
            Strings::Escaped => words.push("`\\u00e9` for `é`"),
            Strings::UpperEscaped => words.push("`\\u00E9` for `é`"),
        }
        if self.slash {
            words.push("`\\/` for `/`");
        }
        match self.html {
            Html::None => {}
            Html::Angles => words.push("`\\u0026` for `&`"),
            Html::Quotes => words.push("`\\u0026` for `&` and `\\u0027` for `'`"),
        }
        match self.numbers {
            Numbers::Kept => {}
            Numbers::JavaScript => words.push("numbers as JavaScript writes them"),
            Numbers::Python => words.push("numbers as Python writes them"),
        }
        words.join(", ")
    }
}
