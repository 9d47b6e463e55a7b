//! A stream of lines as blocks of whole ones, in bounded memory: blocks can be worked on side by side.

use std::io::{self, Read};

use memchr::{memchr, memrchr};

use super::LARGEST;

/// How much is read at a time.
const STEP: usize = 256 * 1024;

/// A stream of lines.
pub struct Blocks {
    reader: Box<dyn Read + Send>,
    /// What was read and belongs to the next block.
    carry: Vec<u8>,
    end: bool,
    largest: usize,
}

/// Lines out of the middle of a file, in a buffer that is used again.
#[derive(Debug, Default)]
pub struct Block {
    /// As long as it ever had to be: what stands in it is written over.
    buffer: Vec<u8>,
    length: usize,
    left_out: Option<u64>,
}

impl Block {
    /// Whole lines; the last one of a file may lack its line break.
    #[must_use]
    pub fn lines(&self) -> &[u8] {
        &self.buffer[..self.length]
    }

    /// How long the line behind them is, when that was too long to be read.
    #[must_use]
    pub fn left_out(&self) -> Option<u64> {
        self.left_out
    }

    /// Begins anew, with what was read before.
    fn begin(&mut self, carry: &mut Vec<u8>) {
        (self.length, self.left_out) = (carry.len(), None);
        self.make_room(0);
        self.buffer[..carry.len()].copy_from_slice(carry);
        carry.clear();
    }

    /// Leaves a line out, and gives the room back that it took.
    fn leave_out(&mut self, length: u64) {
        (self.length, self.left_out) = (0, Some(length));
        self.buffer.truncate(STEP);
        self.buffer.shrink_to_fit();
    }

    /// Room for so many bytes behind those that it has.
    fn make_room(&mut self, more: usize) -> &mut [u8] {
        if self.buffer.len() < self.length + more {
            self.buffer.resize(self.length + more, 0);
        }
        &mut self.buffer[self.length..]
    }
}

impl Blocks {
    pub(super) fn new(reader: Box<dyn Read + Send>, head: Vec<u8>) -> Self {
        Self { reader, carry: head, end: false, largest: LARGEST }
    }

    /// Fills a block with the next lines, as many as one reading yields; false when there are none any more.
    pub fn next(&mut self, block: &mut Block) -> io::Result<bool> {
        block.begin(&mut self.carry);
        let mut seen = 0;
        loop {
            let lines = block.lines();
            if let Some(at) = memrchr(b'\n', &lines[seen..]) {
                let end = seen + at + 1;
                self.carry.extend_from_slice(&lines[end..]);
                block.length = end;
                return Ok(true);
            }
            if self.end {
                return Ok(block.length > 0);
            }
            if block.length > self.largest {
                block.leave_out(self.skip_line(block.length as u64)?);
                return Ok(true);
            }
            seen = block.length;
            match self.reader.read(&mut block.make_room(STEP)[..STEP]) {
                Ok(0) => self.end = true,
                Ok(read) => block.length += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Passes over the rest of a line; says how long all of it is.
    fn skip_line(&mut self, mut length: u64) -> io::Result<u64> {
        let mut chunk = vec![0; STEP];
        loop {
            let read = match self.reader.read(&mut chunk) {
                Ok(0) => {
                    self.end = true;
                    return Ok(length);
                }
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            match memchr(b'\n', &chunk[..read]) {
                Some(at) => {
                    self.carry.extend_from_slice(&chunk[at + 1..read]);
                    return Ok(length + at as u64);
                }
                None => length += read as u64,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Yields a text in pieces of that size.
    struct Pieces(Vec<u8>, usize);

    impl Read for Pieces {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(self.0.len()).min(buffer.len());
            buffer[..length].copy_from_slice(&self.0[..length]);
            self.0.drain(..length);
            Ok(length)
        }
    }

    fn read(text: &str, piece: usize, head: usize, largest: usize) -> (Vec<String>, Vec<u64>) {
        let (head, rest) = text.as_bytes().split_at(head);
        let mut blocks = Blocks::new(Box::new(Pieces(rest.to_vec(), piece)), head.to_vec());
        blocks.largest = largest;
        let (mut lines, mut left_out) = (Vec::new(), Vec::new());
        let mut block = Block::default();
        while blocks.next(&mut block).expect("nothing fails") {
            let text = str::from_utf8(block.lines()).expect("whole lines");
            lines.extend(text.split_inclusive('\n').map(str::to_owned));
            left_out.extend(block.left_out());
        }
        (lines, left_out)
    }

    #[test]
    fn lines_stay_whole_however_they_come() {
        let text = "one\n\ntwo\r\nZo\u{eb}\nthe last, without its end";
        let expected: Vec<&str> = text.split_inclusive('\n').collect();
        for piece in 1..text.len() {
            for head in [0, 1, 4, 5] {
                assert_eq!(read(text, piece, head, 100).0, expected, "{piece} {head}");
                let ended = format!("{text}\n");
                assert_eq!(read(&ended, piece, head, 100).0.concat(), ended, "{piece} {head}");
            }
        }
        assert!(read("", 1, 0, 100).0.is_empty());
    }

    #[test]
    fn a_line_that_is_too_long_is_left_out_and_the_rest_goes_on() {
        let long = "x".repeat(50);
        let text = format!("one\n{long}\ntwo\n{long}");
        for piece in 1..20 {
            let (lines, left_out) = read(&text, piece, 0, 20);
            assert_eq!((lines.concat().as_str(), left_out.as_slice()), ("one\ntwo\n", &[50, 50][..]), "{piece}");
        }
    }
}
