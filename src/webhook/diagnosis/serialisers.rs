//! How the serialisers of common languages write JSON.

use super::remedy::Family;
use super::style::{Html, Numbers, Order, Spacing, Strings, Style};

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

/// A way to write JSON, whose it is, and what is told of it.
pub(super) type Serialiser = (Style, Family, &'static str);

/// The serialisers that people use, the likeliest first.
pub(super) const ALL: [Serialiser; 36] = {
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
        (style(Indented("  "), Kept, Strings::Kept, Same), Family::Tool, "with an indent of 2 spaces"),
        (style(Indented("    "), Kept, Strings::Kept, Same), Family::Tool, "with an indent of 4 spaces"),
        (
            style(Indented("  "), NumbersFirst, Plain, Js),
            Family::JavaScript,
            "as `JSON.stringify(JSON.parse(body), null, 2)` writes it",
        ),
        (style(COMPACT, Sorted, Strings::Kept, Same), Family::Any, "compact, with its keys sorted"),
        (style(PYTHON, Sorted, Escaped, Py), Family::Python, "as `json.dumps(..., sort_keys=True)` writes it"),
        (
            slashed(style(COMPACT, Once, Escaped, Py)),
            Family::Php,
            "as `json_encode(json_decode($body))` writes it (`\\/` for `/`)",
        ),
        (
            style(COMPACT, Once, Plain, Py),
            Family::Python,
            "compact, as `json.dumps(..., separators=(',', ':'), ensure_ascii=False)` writes it",
        ),
        (
            style(Indented("    "), NumbersFirst, Plain, Js),
            Family::JavaScript,
            "as `JSON.stringify(JSON.parse(body), null, 4)` writes it",
        ),
        (style(Indented("  "), Once, Escaped, Py), Family::Python, "as `json.dumps(..., indent=2)` writes it"),
        (style(Indented("    "), Once, Escaped, Py), Family::Python, "as `json.dumps(..., indent=4)` writes it"),
        (style(Indented("\t"), Once, Plain, Same), Family::Tool, "with an indent of a tab"),
        (
            style(COMPACT, Sorted, Plain, Js),
            Family::JavaScript,
            "compact, with its keys sorted and its numbers as JavaScript writes them",
        ),
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

/// The likeliest, which are tried before all else.
pub(super) fn likeliest() -> &'static [Serialiser] {
    &ALL[..12]
}

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
