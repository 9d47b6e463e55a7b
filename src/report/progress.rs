//! How far a run is, for someone who watches: a line on stderr that is drawn over. The only place that knows `indicatif`.

use std::io::{self, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use terminal_size::terminal_size_of;

use super::Progress;
use super::layout::width;
use super::palette::{Palette, Role};

/// A line that says how far a run is, while there is anything to say.
pub struct Meter {
    bar: Option<ProgressBar>,
    /// Whether the bar has its cells, for which a narrow terminal has no room.
    has_cells: bool,
    palette: Palette,
    line: Line,
}

impl Meter {
    /// A meter that is not drawn yet; so many columns there are where the terminal does not say it.
    #[must_use]
    pub fn new(palette: Palette, columns: Option<usize>) -> Self {
        let columns = columns.and_then(|columns| u16::try_from(columns).ok()).unwrap_or(80);
        Self { bar: None, has_cells: false, palette, line: Line { columns } }
    }

    /// Draws it, or draws it anew, as wide as the terminal is by now. Only for where stderr is a terminal.
    pub fn show(&mut self, progress: &Progress) {
        let (has_cells, text) = fitted(pieces(progress, self.palette), self.line.width().into());
        if has_cells != self.has_cells {
            self.clear();
        }
        let bar = self.bar.take().unwrap_or_else(|| {
            let form = if has_cells { "{bar:24} {msg}" } else { "{msg}" };
            let style = ProgressStyle::with_template(form).unwrap_or_else(|_| ProgressStyle::default_bar());
            let target = ProgressDrawTarget::term_like(Box::new(self.line));
            let bar = ProgressBar::with_draw_target(Some(progress.all as u64), target);
            bar.with_style(style.progress_chars("━╸─"))
        });
        bar.set_position(progress.done as u64);
        bar.set_message(text);
        (self.bar, self.has_cells) = (Some(bar), has_cells);
    }

    /// Takes it off the screen, so that something else can be written there; says whether it was there.
    pub fn clear(&mut self) -> bool {
        let bar = self.bar.take();
        if let Some(bar) = &bar {
            bar.finish_and_clear();
        }
        bar.is_some()
    }
}

/// How many columns are left free: a terminal shows `^C` where the cursor is, and would go to the next line for it.
const ROOM: u16 = 4;

/// The line of the terminal that is drawn over.
#[derive(Debug, Clone, Copy)]
struct Line {
    /// How many columns there are where the terminal does not say it.
    columns: u16,
}

impl Line {
    fn write(text: &str) -> io::Result<()> {
        io::stderr().write_all(text.as_bytes())
    }

    /// A movement of the cursor (ECMA-48, CUU to CUB).
    fn step(count: usize, direction: char) -> io::Result<()> {
        if count == 0 { Ok(()) } else { Self::write(&format!("\x1b[{count}{direction}")) }
    }
}

impl TermLike for Line {
    /// Asked anew for each drawing: whoever looks on may make the window smaller.
    fn width(&self) -> u16 {
        let columns = terminal_size_of(io::stderr()).map_or(self.columns, |(width, _)| width.0);
        columns.saturating_sub(ROOM).max(1)
    }

    fn move_cursor_up(&self, count: usize) -> io::Result<()> {
        Self::step(count, 'A')
    }

    fn move_cursor_down(&self, count: usize) -> io::Result<()> {
        Self::step(count, 'B')
    }

    fn move_cursor_right(&self, count: usize) -> io::Result<()> {
        Self::step(count, 'C')
    }

    fn move_cursor_left(&self, count: usize) -> io::Result<()> {
        Self::step(count, 'D')
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        Self::write(&format!("{text}\n"))
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        Self::write(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        Self::write("\r\x1b[2K")
    }

    fn flush(&self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// The cells of the bar, with the space behind them.
const CELLS: usize = 25;

/// A part of the line.
struct Piece {
    text: String,
    /// When it goes where there is too little room: the lowest first. What has none stays.
    rank: Option<u8>,
}

impl Piece {
    fn new(text: impl Into<String>, rank: impl Into<Option<u8>>) -> Self {
        Self { text: text.into(), rank: rank.into() }
    }
}

/// What there is to say, whole: `640/1000  3200/s  2 not accepted  0:01 left`, or `attempt 2 in 0:57`.
fn pieces(progress: &Progress, palette: Palette) -> (bool, Vec<Piece>) {
    let Progress { counted, done, all, bad, elapsed, .. } = *progress;
    if !counted {
        return (false, countdown(progress, None));
    }
    let mut pieces = vec![Piece::new(format!("{done}/{all}"), None)];
    let seconds = elapsed.as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "it is shown to the digit")]
    let (done_so_far, to_do) = (done as f64, all.saturating_sub(done) as f64);
    if done > 0 && seconds > 0.0 {
        pieces.push(Piece::new(format!("  {:.0}/s", done_so_far / seconds), 1));
    }
    if bad > 0 {
        pieces.push(Piece::new(palette.paint(Role::Bad, &format!("  {bad} not accepted")), 5));
    }
    if progress.left.is_some() {
        pieces.push(Piece::new("  ", 4));
        pieces.extend(countdown(progress, Some(4)));
    } else if done > 0 {
        let left = Duration::try_from_secs_f64(seconds * to_do / done_so_far).unwrap_or_default();
        pieces.push(Piece::new(format!("  {} left", clock(left)), 4));
    }
    (true, pieces)
}

/// `attempt 2 in 0:57 (4 deliveries wait)`
fn countdown(progress: &Progress, rank: Option<u8>) -> Vec<Piece> {
    let attempt = progress.attempt.map_or_else(|| "next".to_owned(), |number| format!("attempt {number}"));
    // A second that has begun is still to be waited for.
    let left = progress.left.unwrap_or_default() + Duration::from_millis(999);
    let mut pieces = vec![Piece::new(format!("{attempt} "), 3), Piece::new(format!("in {}", clock(left)), rank)];
    if progress.waiting > 1 {
        pieces.push(Piece::new(format!(" ({} deliveries wait)", progress.waiting), 2));
    }
    pieces
}

/// As much of it as there is room for: whether the cells of the bar are shown, and the text.
fn fitted((cells, mut pieces): (bool, Vec<Piece>), room: usize) -> (bool, String) {
    let needed = |pieces: &[Piece]| pieces.iter().map(|piece| width(&piece.text)).sum::<usize>();
    if cells && CELLS + needed(&pieces) <= room {
        return (true, pieces.into_iter().map(|piece| piece.text).collect());
    }
    while needed(&pieces) > room
        && let Some(lowest) = pieces.iter().filter_map(|piece| piece.rank).min()
    {
        pieces.retain(|piece| piece.rank != Some(lowest));
    }
    let over = needed(&pieces) > room;
    let text: String = pieces.into_iter().map(|piece| piece.text).collect();
    // What is left has no colours.
    (false, if over { text.chars().take(room).collect() } else { text })
}

/// `0:57`, `12:05`, `3:00:00`.
fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(progress: &Progress, room: usize) -> (bool, String) {
        fitted(pieces(progress, Palette::new(false)), room)
    }

    fn progress() -> Progress {
        Progress {
            counted: true,
            done: 640,
            all: 1000,
            bad: 2,
            elapsed: Duration::from_secs(64),
            ..Progress::default()
        }
    }

    #[test]
    fn a_bar_tells_count_rate_failures_and_time_left() {
        assert_eq!(line(&progress(), 80), (true, "640/1000  10/s  2 not accepted  0:36 left".to_owned()));
        let begun = Progress { counted: true, all: 1000, ..Progress::default() };
        assert_eq!(line(&begun, 80), (true, "0/1000".to_owned()));
    }

    #[test]
    fn a_countdown_tells_which_attempt_comes_when() {
        let left = Some(Duration::from_millis(56_100));
        let progress = Progress { left, attempt: Some(2), waiting: 1, ..Progress::default() };
        assert_eq!(line(&progress, 80), (false, "attempt 2 in 0:57".to_owned()));
        let several = Progress { left: Some(Duration::from_hours(3)), attempt: Some(9), waiting: 4, ..progress };
        assert_eq!(line(&several, 80), (false, "attempt 9 in 3:00:00 (4 deliveries wait)".to_owned()));
    }

    #[test]
    fn where_there_is_little_room_the_cells_go_first_and_the_count_stays() {
        let waiting = Progress { left: Some(Duration::from_secs(57)), attempt: Some(2), waiting: 4, ..progress() };
        for (room, expected) in [
            (76, "640/1000  10/s  2 not accepted  attempt 2 in 0:57 (4 deliveries wait)"),
            (60, "640/1000  2 not accepted  attempt 2 in 0:57"),
            (46, "640/1000  2 not accepted  attempt 2 in 0:57"),
            (40, "640/1000  2 not accepted  in 0:57"),
            (26, "640/1000  2 not accepted"),
            (10, "640/1000"),
            (3, "640"),
        ] {
            assert_eq!(line(&waiting, room), (false, expected.to_owned()), "{room}");
        }
        let alone = Progress { counted: false, ..waiting };
        assert_eq!(line(&alone, 20).1, "attempt 2 in 0:57");
        assert_eq!(line(&alone, 8).1, "in 0:57");
        for progress in [progress(), waiting, alone] {
            for room in 1..120 {
                let (cells, text) = line(&progress, room);
                assert!(width(&text) + if cells { CELLS } else { 0 } <= room, "{room}: {text}");
            }
        }
    }
}
