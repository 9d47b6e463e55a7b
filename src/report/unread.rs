//! What to do where nobody reads any more: go on, for the output is not all that a command is for.

use std::io::{self, Write};

/// Writes until its reader has gone, and from then on to nowhere: what is to be sent is sent all the same.
pub struct WhileRead<W>(Option<W>);

impl<W: Write> Write for WhileRead<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(writer) = &mut self.0 else { return Ok(bytes.len()) };
        let written = writer.write(bytes);
        self.unless_gone(written, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let Some(writer) = &mut self.0 else { return Ok(()) };
        let flushed = writer.flush();
        self.unless_gone(flushed, ())
    }
}

impl<W> WhileRead<W> {
    /// Writes to that.
    pub fn new(writer: W) -> Self {
        Self(Some(writer))
    }

    fn unless_gone<T>(&mut self, result: io::Result<T>, gone: T) -> io::Result<T> {
        match result {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.0 = None;
                Ok(gone)
            }
            result => result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes so many bytes, and is gone then; or is full.
    struct Reader(usize, io::ErrorKind);

    impl Write for Reader {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(self.1)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_has_gone_is_no_failure_and_a_full_disk_is_one() {
        let mut gone = WhileRead::new(Reader(3, io::ErrorKind::BrokenPipe));
        assert!(gone.write_all(b"abc").is_ok() && gone.write_all(b"d").is_ok() && gone.write_all(b"e").is_ok());
        assert!(gone.flush().is_ok());
        let mut full = WhileRead::new(Reader(3, io::ErrorKind::StorageFull));
        assert!(full.write_all(b"abc").is_ok() && full.write_all(b"d").is_err());
    }
}
