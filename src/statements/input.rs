//! Bytes with their place: which line of the file stands at the reader, how far into it.

use std::io::{self, BufRead, Read};

use super::reason::Reason;

const BUFFER_BYTES: usize = 64 * 1024;
const MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// Why reading stopped: what was asked for in one go is longer than the bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("longer than the bound")]
pub(super) struct BeyondBound;

impl BeyondBound {
    /// What a failure of reading means.
    pub(super) fn reason_of(error: &io::Error) -> Reason {
        let inner = error.get_ref().and_then(|it| it.downcast_ref());
        match inner {
            Some(Self) => Reason::TooLong,
            None => Reason::Unreadable,
        }
    }
}

/// A buffered reader that counts lines and bounds what is read in one go. The mark of UTF-8
/// at the beginning is skipped.
pub(super) struct Input<R> {
    inner: R,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    began: bool,
    place: Place,
    left: usize,
}

/// A place in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// From 1.
    pub line: u64,
    /// Bytes into the line, from 1.
    pub byte: u64,
}

impl<R: Read> Input<R> {
    pub(super) fn new(inner: R) -> Self {
        Self {
            inner,
            buffer: vec![0; BUFFER_BYTES].into_boxed_slice(),
            start: 0,
            end: 0,
            began: false,
            place: Place { line: 1, byte: 1 },
            left: 0,
        }
    }

    /// Where the next byte stands.
    pub(super) const fn place(&self) -> Place {
        self.place
    }

    /// Allows so many more bytes; beyond them reading fails with [`BeyondBound`].
    pub(super) const fn allow(&mut self, bytes: usize) {
        self.left = bytes;
    }

    /// The next line of at most `max` bytes without its end, and its number; `None` at the end
    /// of the file.
    pub(super) fn line(&mut self, max: usize) -> io::Result<Option<(u64, Vec<u8>)>> {
        self.allow(max);
        let number = self.place.line;
        let mut line = Vec::new();
        if self.read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        while line.last().is_some_and(|it| matches!(it, b'\n' | b'\r')) {
            line.pop();
        }
        Ok(Some((number, line)))
    }

    fn refill(&mut self) -> io::Result<()> {
        (self.start, self.end) = (0, self.fill_from(0)?);
        if !self.began {
            self.began = true;
            while self.end < MARK.len() {
                match self.fill_from(self.end)? {
                    0 => break,
                    read => self.end += read,
                }
            }
            if self.buffer[..self.end].starts_with(&MARK) {
                self.start = MARK.len();
                if self.start == self.end {
                    self.end = self.start + self.fill_from(self.start)?;
                }
            }
        }
        Ok(())
    }

    fn fill_from(&mut self, start: usize) -> io::Result<usize> {
        loop {
            match self.inner.read(&mut self.buffer[start..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }
}

impl<R: Read> Read for Input<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(into.len());
        into[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl<R: Read> BufRead for Input<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            self.refill()?;
        }
        if self.start == self.end {
            return Ok(&[]);
        }
        if self.left == 0 {
            return Err(io::Error::other(BeyondBound));
        }
        let end = self.end.min(self.start + self.left);
        Ok(&self.buffer[self.start..end])
    }

    fn consume(&mut self, count: usize) {
        for &byte in &self.buffer[self.start..self.start + count] {
            if byte == b'\n' {
                self.place.line += 1;
                self.place.byte = 1;
            } else {
                self.place.byte += 1;
            }
        }
        self.start += count;
        self.left -= count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_lines_and_bytes_and_skips_the_mark() {
        for text in [&b"\xEF\xBB\xBFab\ncd"[..], b"ab\ncd"] {
            let mut input = Input::new(text);
            input.allow(5);
            let mut into = [0; 4];
            input.read_exact(&mut into).unwrap();
            assert_eq!(&into, b"ab\nc");
            assert_eq!(input.place(), Place { line: 2, byte: 2 });
        }
        let mut input = Input::new(&b"\xEF\xBB\xBF"[..]);
        assert_eq!(input.fill_buf().unwrap(), b"");
    }

    #[test]
    fn what_is_beyond_the_bound_is_not_read() {
        let mut input = Input::new(&b"abcdef"[..]);
        input.allow(4);
        let mut text = String::new();
        let error = input.read_to_string(&mut text).unwrap_err();
        let inner = error.into_inner().unwrap();
        assert_eq!(inner.downcast_ref(), Some(&BeyondBound));
        input.allow(4);
        assert_eq!(input.fill_buf().unwrap(), b"ef");
    }

    #[test]
    fn lines_come_without_their_ends() {
        let mut input = Input::new(&b"ab\r\n\ncd"[..]);
        let mut next = || input.line(10).unwrap();
        assert_eq!(next(), Some((1, b"ab".to_vec())));
        assert_eq!(next(), Some((2, Vec::new())));
        assert_eq!(next(), Some((3, b"cd".to_vec())));
        assert_eq!(next(), None);
        let error = Input::new(&b"abcdef"[..]).line(4).unwrap_err();
        assert_eq!(BeyondBound::reason_of(&error), Reason::TooLong);
    }
}
