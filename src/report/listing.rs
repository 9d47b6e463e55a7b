//! The records of a log as a table: one a line, in columns that fit the terminal.
//!
//! ```text
//! TIME      WAY  ANSWER        SCHEME  EVENT           TRY  TOOK   ID
//! 10:00:00  in   401 mismatch  wpg     slot.submitted       3 ms   msg_2Lk9…
//! 10:00:07  out  503           wpg     slot.submitted    2  12 ms  msg_2Lk9…
//! ```

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::human::elapsed;
use super::palette::{Palette, Role};
use super::sanitize;
use crate::webhook::record::{Direction, Entry};

/// What stands between two columns.
const GAP: usize = 2;

/// How narrow a column of names may become before others go.
const NARROW: usize = 10;

/// How much wider a column becomes than it must, once lines of it were shown: so that its title need not be shown often.
const SPARE: usize = 3;

/// From how many columns on there is room for dates in full.
const BROAD: usize = 90;

const TITLES: [&str; COLUMNS] = ["TIME", "WAY", "ANSWER", "SCHEME", "EVENT", "TRY", "TOOK", "ID"];
const COLUMNS: usize = 8;
const TIME: usize = 0;
const ANSWER: usize = 2;
const SCHEME: usize = 3;
const EVENT: usize = 4;
const TRY: usize = 5;
const TOOK: usize = 6;
const ID: usize = 7;

/// The columns of a table, as wide as the lines so far need them.
#[derive(Debug)]
pub struct Table {
    /// What they need.
    needed: [usize; COLUMNS],
    /// What they get.
    widths: [usize; COLUMNS],
    /// How wide the terminal is, if that is known.
    columns: Option<usize>,
    /// Whether lines of it were shown.
    begun: bool,
    /// How a time is written.
    form: &'static str,
    zone: TimeZone,
}

impl Table {
    /// A table for lines like these, on a terminal of so many columns, if that is known.
    #[must_use]
    pub fn new(entries: &[Entry], now: Timestamp, zone: TimeZone, columns: Option<usize>) -> Self {
        let today = now.to_zoned(zone.clone()).date();
        let other_day = |at: Timestamp| at.to_zoned(zone.clone()).date() != today;
        let dates = entries.iter().filter_map(|entry| entry.at).any(other_day);
        let form = match (dates, columns) {
            (false, _) => "%H:%M:%S",
            (true, Some(..BROAD)) => "%m-%d %H:%M",
            (true, _) => "%Y-%m-%d %H:%M:%S",
        };
        let needed = TITLES.map(str::len);
        let mut table = Self { needed, widths: needed, columns, form, zone, begun: false };
        table.widen(entries);
        table.begun = true;
        table
    }

    /// Makes room for lines like these, too; whether the columns are others than before.
    pub fn widen(&mut self, entries: &[Entry]) -> bool {
        let before = self.widths;
        for entry in entries {
            let cells = self.cells(entry);
            for (column, (width, cell)) in self.needed.iter_mut().zip(cells).enumerate() {
                let needed = cell.chars().count().min(sanitize::NAME);
                // Nothing stands behind the last one, which may be of any length. What grows once may grow again.
                let spare = if self.begun && column != ID { SPARE } else { 0 };
                if needed > *width {
                    *width = needed + spare;
                }
            }
        }
        self.widths = self.needed;
        if let Some(columns) = self.columns {
            self.fit(columns);
        }
        (0..COLUMNS).any(|column| column != ID && self.widths[column] != before[column])
    }

    /// Makes the table narrower, first where it costs least. What is then cut off shows that it is.
    fn fit(&mut self, columns: usize) {
        // An event tells more of its provider than half of an event does.
        let least =
            [(EVENT, 2 * NARROW), (ID, 2 * NARROW), (SCHEME, 0), (ANSWER, NARROW), (EVENT, NARROW), (ID, NARROW)];
        for (column, least) in least {
            let over = self.width().saturating_sub(columns);
            let width = self.widths[column];
            // A column of which nothing needs to be left goes as a whole.
            let left = if least == 0 && over > 0 { 0 } else { width.saturating_sub(over) };
            self.widths[column] = left.max(least.min(width));
        }
        for column in [TOOK, TRY, TIME] {
            if self.width() > columns {
                self.widths[column] = 0;
            }
        }
    }

    fn width(&self) -> usize {
        let shown = self.widths.iter().filter(|width| **width > 0);
        shown.map(|width| width + GAP).sum::<usize>().saturating_sub(GAP)
    }

    /// The titles of the columns.
    #[must_use]
    pub fn head(&self, palette: Palette) -> String {
        self.line(TITLES.map(|title| (title.to_owned(), Role::Faint)), palette)
    }

    /// A record's line.
    #[must_use]
    pub fn row(&self, entry: &Entry, palette: Palette) -> String {
        let answer = if entry.is_good() && entry.trouble.is_none() { Role::Good } else { Role::Bad };
        let roles = [Some(Role::Faint), None, Some(answer), None, Some(Role::Name), None, None, Some(Role::Faint)];
        let mut roles = roles.into_iter();
        let cells = self.cells(entry).map(|cell| (cell, roles.next().flatten()));
        let mut line = String::new();
        for (column, (cell, role)) in cells.into_iter().enumerate() {
            self.put(&mut line, column, &cell, role, palette);
        }
        line
    }

    fn line(&self, cells: [(String, Role); COLUMNS], palette: Palette) -> String {
        let mut line = String::new();
        for (column, (cell, role)) in cells.into_iter().enumerate() {
            self.put(&mut line, column, &cell, Some(role), palette);
        }
        line
    }

    /// Puts a cell at the end of a line, in its role, cut or filled up to its width. The last one ends the line as it is.
    fn put(&self, line: &mut String, column: usize, cell: &str, role: Option<Role>, palette: Palette) {
        let width = self.widths[column];
        if width == 0 {
            return;
        }
        let length = cell.chars().count();
        let shown =
            if length > width { cell.chars().take(width - 1).chain(['…']).collect() } else { cell.to_owned() };
        let filling = " ".repeat(width.saturating_sub(length));
        let painted = role.map_or_else(|| shown.clone(), |role| palette.paint(role, &shown));
        match column {
            // A number stands at the right of its column.
            TRY => line.push_str(&format!("{filling}{painted}{}", " ".repeat(GAP))),
            ID => line.push_str(&painted),
            _ => line.push_str(&format!("{painted}{filling}{}", " ".repeat(GAP))),
        }
    }

    fn cells(&self, entry: &Entry) -> [String; COLUMNS] {
        let time = entry.at.map(|at| at.to_zoned(self.zone.clone()).strftime(self.form).to_string());
        let way = match entry.direction {
            Direction::Received => "in",
            Direction::Sent => "out",
        };
        let answer = match (entry.status, &entry.trouble) {
            (Some(status), None) => status.to_string(),
            (Some(status), Some(trouble)) => format!("{status} {trouble}"),
            (None, Some(trouble)) => trouble.clone(),
            (None, None) => "none".to_owned(),
        };
        [
            time.unwrap_or_default(),
            way.to_owned(),
            sanitize::name(&answer).into_owned(),
            sanitize::name(entry.scheme.as_deref().unwrap_or("?")).into_owned(),
            sanitize::name(&entry.event).into_owned(),
            entry.attempt.map(|attempt| attempt.to_string()).unwrap_or_default(),
            entry.duration.map(elapsed).unwrap_or_default(),
            sanitize::name(&entry.id).into_owned(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn entries() -> Vec<Entry> {
        let at = "2026-11-21T10:00:00Z".parse().ok();
        let event = "SUBSCRIPTION_PAYMENT_CREATED@free_spins".to_owned();
        let id = "msg_2Lk9a7b6c5d4e3f2g1h0".to_owned();
        let duration = Some(Duration::from_millis(3));
        let trouble = Some("ambiguous-header".to_owned());
        let received = Entry {
            at,
            direction: Direction::Received,
            scheme: Some("gamepush".to_owned()),
            event,
            id,
            status: Some(401),
            trouble,
            attempt: None,
            duration,
        };
        let trouble = Some("timeout".to_owned());
        let attempt = Some(12);
        let sent =
            Entry { direction: Direction::Sent, status: None, trouble, attempt, duration: None, ..received.clone() };
        vec![received, sent]
    }

    fn shown(columns: Option<usize>) -> Vec<String> {
        let entries = entries();
        let now = "2026-11-22T10:00:00Z".parse().expect("a time");
        let table = Table::new(&entries, now, TimeZone::UTC, columns);
        let palette = Palette::new(false);
        let rows = entries.iter().map(|entry| table.row(entry, palette));
        std::iter::once(table.head(palette)).chain(rows).collect()
    }

    #[test]
    fn columns_stand_below_their_titles() {
        let lines = shown(None);
        for (title, cells) in
            [("ANSWER", ["401 ambiguous-header", "timeout"]), ("EVENT", ["SUBSCRIPTION", "SUBSCRIPTION"])]
        {
            let at = lines[0].find(title).expect("a title");
            for (line, cell) in lines[1..].iter().zip(cells) {
                assert!(line[at..].starts_with(cell), "{title}: {line}");
            }
        }
        assert!(lines[1].ends_with("  msg_2Lk9a7b6c5d4e3f2g1h0"), "{lines:?}");
        assert!(lines[2].contains("   12  "), "{lines:?}");
    }

    #[test]
    fn later_lines_that_are_longer_get_room() {
        let mut entries = entries();
        let short = Entry { event: "a.b".to_owned(), ..entries.swap_remove(0) };
        let now = "2026-11-22T10:00:00Z".parse().expect("a time");
        let mut table = Table::new(std::slice::from_ref(&short), now, TimeZone::UTC, None);
        assert!(table.widen(&entries), "the columns are others");
        assert!(!table.widen(&entries) && !table.widen(&[short]), "now there is room");
        let row = table.row(&entries[0], Palette::new(false));
        assert!(row.contains("SUBSCRIPTION_PAYMENT_CREATED@free_spins  "), "{row}");
    }

    #[test]
    fn a_line_is_as_wide_as_the_terminal_at_most() {
        for columns in 40..160 {
            for line in shown(Some(columns)) {
                assert!(line.chars().count() <= columns, "{columns}: {line}");
                assert!(
                    line.contains("msg_2Lk9a…") || line.contains("msg_2Lk9a7") || line.contains("ID"),
                    "{columns}: {line}"
                );
            }
        }
    }
}
