//! Files and streams read whole, up to a limit: nothing that is read can take all of the memory.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Refuses a directory, and what is no plain file: to open a FIFO would wait for somebody at its other end.
pub fn plain(path: &Path) -> io::Result<()> {
    match std::fs::metadata(path)? {
        found if found.is_file() => Ok(()),
        found if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        _ => Err(io::Error::other("it is not a plain file")),
    }
}

/// What is in a file; an error when it is larger than that many bytes.
pub fn file(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    all(File::open(path)?, limit)
}

/// What comes from a stream to its end; an error when it is more than that many bytes.
pub fn all(stream: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::other(format!("it is larger than {}", size(limit))));
    }
    Ok(bytes)
}

fn size(bytes: u64) -> String {
    const KIB: u64 = 1024;
    const MIB: u64 = 1024 * KIB;
    if bytes.is_multiple_of(MIB) { format!("{} MiB", bytes / MIB) } else { format!("{} KiB", bytes / KIB) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_larger_than_the_limit_is_refused_with_the_limit() {
        assert_eq!(all(&[7; 1024][..], 1024).map(|bytes| bytes.len()).ok(), Some(1024));
        let refused = |length: usize, limit| all(&vec![7; length][..], limit).map_err(|error| error.to_string());
        assert_eq!(refused(1025, 1024), Err("it is larger than 1 KiB".to_owned()));
        assert_eq!(refused(1024 * 1024 + 1, 1024 * 1024), Err("it is larger than 1 MiB".to_owned()));
    }

    #[test]
    fn a_stream_without_an_end_is_refused_as_well() {
        assert!(all(io::repeat(0), 4096).is_err());
    }
}
