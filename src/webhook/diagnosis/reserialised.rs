//! JSON written again in another style: token by token, at any depth.

use std::cmp::Ordering;
use std::ops::Range;

use super::literal::{plain, scalar, string, whole_number};
use super::style::{Order, Spacing, Style};
use crate::webhook::json::{Document, Kind};

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
