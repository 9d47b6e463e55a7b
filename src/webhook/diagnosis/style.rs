//! How JSON can be written: white space, order, strings, numbers.

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
