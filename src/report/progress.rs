//! How far a run is, for someone who watches: a line on stderr that is drawn over. The only place that knows `indicatif`.

use std::io::{self, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

use super::Progress;
use super::palette::{Palette, Role};

/// A line that says how far a run is, while there is anything to say.
pub struct Meter {
    bar: Option<ProgressBar>,
    palette: Palette,
    columns: u16,
}

impl Meter {
    /// A meter that is not drawn yet.
    #[must_use]
    pub fn new(palette: Palette, columns: Option<usize>) -> Self {
        let columns = columns.and_then(|columns| u16::try_from(columns).ok()).unwrap_or(80);
        Self { bar: None, palette, columns }
    }

    /// Draws it, or draws it anew. Only for where stderr is a terminal.
    pub fn show(&mut self, progress: &Progress) {
        let bar = self.bar.get_or_insert_with(|| {
            let form = if progress.counted { "{bar:24} {msg}" } else { "{msg}" };
            let style = ProgressStyle::with_template(form).unwrap_or_else(|_| ProgressStyle::default_bar());
            let line = Line { columns: self.columns.saturating_sub(ROOM).max(1) };
            let target = ProgressDrawTarget::term_like(Box::new(line));
            let bar = ProgressBar::with_draw_target(Some(progress.all as u64), target);
            bar.with_style(style.progress_chars("━╸─"))
        });
        bar.set_position(progress.done as u64);
        bar.set_message(if progress.counted { counted(progress, self.palette) } else { countdown(progress) });
    }

    /// Takes it off the screen, so that something else can be written there.
    pub fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

/// How many columns are left free: a terminal shows `^C` where the cursor is, and would go to the next line for it.
const ROOM: u16 = 4;

/// The line of the terminal that is drawn over.
#[derive(Debug)]
struct Line {
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
    fn width(&self) -> u16 {
        self.columns
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

/// `640/1000  3200/s  2 not accepted  0:01 left`
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
    fn a_countdown_tells_which_attempt_comes_when() {
        let left = Some(Duration::from_millis(56_100));
        let progress = Progress { left, attempt: Some(2), waiting: 1, ..Progress::default() };
        assert_eq!(countdown(&progress), "attempt 2 in 0:57");
        let several = Progress { left: Some(Duration::from_hours(3)), attempt: Some(9), waiting: 4, ..progress };
        assert_eq!(countdown(&several), "attempt 9 in 3:00:00 (4 deliveries wait)");
    }
}
