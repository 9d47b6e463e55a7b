//! How far a run is, for someone who watches: a line on stderr that is drawn over.

use std::io::{self, Write as _};
use std::time::Duration;

use super::Progress;
use super::layout::width;
use super::palette::{Palette, Role};

/// A line that says how far a run is, while there is anything to say.
pub struct Meter {
    drawn: bool,
    palette: Palette,
    columns: usize,
}

impl Meter {
    /// A meter that is not drawn yet.
    #[must_use]
    pub fn new(palette: Palette, columns: Option<usize>) -> Self {
        Self { drawn: false, palette, columns: columns.unwrap_or(80).saturating_sub(ROOM) }
    }

    /// Draws it, or draws it anew. Only for where stderr is a terminal.
    pub fn show(&mut self, progress: &Progress) {
        self.drawn = true;
        draw(&self.line(progress));
    }

    /// Takes it off the screen, so that something else can be written there.
    pub fn clear(&mut self) {
        if std::mem::take(&mut self.drawn) {
            draw("");
        }
    }

    /// What is shown: as much as there is room for in one line, which alone can be drawn over.
    fn line(&self, progress: &Progress) -> String {
        let Progress { done, all, .. } = *progress;
        let lines = if progress.counted {
            let text = counted(progress, self.palette);
            [format!("{} {text}", bar(done, all)), text, format!("{done}/{all}")]
        } else {
            let text = countdown(progress);
            [text.clone(), text.split(" (").next().unwrap_or_default().to_owned(), String::new()]
        };
        lines.into_iter().find(|line| width(line) <= self.columns).unwrap_or_default()
    }
}

/// How many columns are left free: a terminal shows `^C` where the cursor is, and would go to the next line for it.
const ROOM: usize = 4;

/// How many columns the bar takes.
const BAR: usize = 24;

/// Writes over what stands in the line of the cursor (ECMA-48, EL). What cannot be shown stops nothing.
fn draw(line: &str) {
    let mut errors = io::stderr().lock();
    let _ = errors.write_all(format!("\r\x1b[2K{line}").as_bytes()).and_then(|()| errors.flush());
}

/// `━━━━━━━━╸───────────────`
fn bar(done: usize, all: usize) -> String {
    let filled = (done.min(all) * BAR).checked_div(all).unwrap_or(BAR);
    let head = usize::from(done > 0 && filled < BAR);
    ["━".repeat(filled), "╸".repeat(head), "─".repeat(BAR - filled - head)].concat()
}

/// `640/1000  3200/s  2 bad  0:01 left`
fn counted(progress: &Progress, palette: Palette) -> String {
    let Progress { done, all, bad, elapsed, .. } = *progress;
    let mut text = format!("{done}/{all}");
    let seconds = elapsed.as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "it is shown to the digit")]
    let (done_so_far, to_do) = (done as f64, all.saturating_sub(done) as f64);
    if done > 0 && seconds > 0.0 {
        text.push_str(&format!("  {:.0}/s", done_so_far / seconds));
    }
    if bad > 0 {
        text.push_str(&palette.paint(Role::Bad, &format!("  {bad} not accepted")));
    }
    if progress.left.is_some() {
        text.push_str(&format!("  {}", countdown(progress)));
    } else if done > 0 {
        let left = Duration::try_from_secs_f64(seconds * to_do / done_so_far).unwrap_or_default();
        text.push_str(&format!("  {} left", clock(left)));
    }
    text
}

/// `attempt 2 in 0:57`
fn countdown(progress: &Progress) -> String {
    let attempt = progress.attempt.map_or_else(|| "next".to_owned(), |number| format!("attempt {number}"));
    let others = match progress.waiting {
        0 | 1 => String::new(),
        waiting => format!(" ({waiting} deliveries wait)"),
    };
    // A second that has begun is still to be waited for.
    let left = progress.left.unwrap_or_default() + Duration::from_millis(999);
    format!("{attempt} in {}{others}", clock(left))
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

    #[test]
    fn a_bar_tells_count_rate_failures_and_time_left() {
        let progress = Progress {
            counted: true,
            done: 640,
            all: 1000,
            bad: 2,
            elapsed: Duration::from_secs(64),
            ..Progress::default()
        };
        assert_eq!(counted(&progress, Palette::new(false)), "640/1000  10/s  2 not accepted  0:36 left");
        let begun = Progress { counted: true, all: 1000, ..Progress::default() };
        assert_eq!(counted(&begun, Palette::new(false)), "0/1000");
    }

    #[test]
    fn a_bar_is_as_long_as_what_is_done() {
        assert_eq!(bar(0, 1000), "─".repeat(24));
        assert_eq!(bar(1, 1000), format!("╸{}", "─".repeat(23)));
        assert_eq!(bar(500, 1000), format!("{}╸{}", "━".repeat(12), "─".repeat(11)));
        assert_eq!(bar(1000, 1000), "━".repeat(24));
        assert_eq!(bar(0, 0), "━".repeat(24));
    }

    #[test]
    fn a_line_that_is_too_long_for_the_terminal_loses_the_bar_then_the_rest() {
        let elapsed = Duration::from_secs(10);
        let progress = Progress { counted: true, done: 640, all: 1000, elapsed, ..Progress::default() };
        let line = |columns| Meter::new(Palette::new(true), Some(columns)).line(&progress);
        assert_eq!(line(80), "━━━━━━━━━━━━━━━╸──────── 640/1000  64/s  0:05 left");
        assert_eq!(line(40), "640/1000  64/s  0:05 left");
        assert_eq!(line(20), "640/1000");
        assert_eq!(line(5), "");
    }

    #[test]
    fn a_countdown_tells_which_attempt_comes_when() {
        let left = Some(Duration::from_millis(56_100));
        let progress = Progress { left, attempt: Some(2), waiting: 1, ..Progress::default() };
        assert_eq!(countdown(&progress), "attempt 2 in 0:57");
        let several = Progress { left: Some(Duration::from_hours(3)), attempt: Some(9), waiting: 4, ..progress };
        assert_eq!(countdown(&several), "attempt 9 in 3:00:00 (4 deliveries wait)");
    }
}
