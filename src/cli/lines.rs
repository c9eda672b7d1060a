//! Filters: one line in, one line out, in order, for as long as the input lasts.

use std::io::{self, BufRead, BufReader, Read, Write};

/// The longest line that is read, in bytes without its end.
pub const MAX_LINE: usize = 1 << 20;

/// A line longer than [`MAX_LINE`]; the rest of it was skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineTooLong;

/// Answers every line of `input` on one line of `output`.
///
/// Answers leave before the filter waits for more input, so a caller can converse with it,
/// and memory stays bounded however long the input is.
pub fn answer_each<Answer: serde::Serialize>(
    mut input: BufReader<impl Read>,
    mut output: impl Write,
    mut answer: impl FnMut(Result<&[u8], LineTooLong>) -> Answer,
) -> io::Result<()> {
    let mut line = Vec::with_capacity(1024);
    while let Some(read) = read_line(&mut input, &mut output, &mut line)? {
        let answer = answer(read.map(|()| line.as_slice()));
        serde_json::to_writer(&mut output, &answer)?;
        output.write_all(b"\n")?;
    }
    output.flush()
}

/// Reads one line without its end; `None` at the end of the input.
fn read_line(
    input: &mut BufReader<impl Read>,
    output: &mut impl Write,
    line: &mut Vec<u8>,
) -> io::Result<Option<Result<(), LineTooLong>>> {
    line.clear();
    let mut length = 0;
    let mut begun = false;
    loop {
        if input.buffer().is_empty() {
            // The next look at the input may wait for whoever reads our answers.
            output.flush()?;
        }
        let available = match input.fill_buf() {
            Ok(available) => available,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let end = available.iter().position(|&byte| byte == b'\n');
        let piece = &available[..end.unwrap_or(available.len())];
        begun |= !available.is_empty();
        length += piece.len();
        if length <= MAX_LINE {
            line.extend_from_slice(piece);
        }
        let used = piece.len() + usize::from(end.is_some());
        let ended = end.is_some() || available.is_empty();
        input.consume(used);
        if ended {
            let too_long = length > MAX_LINE;
            return Ok(begun.then_some(if too_long { Err(LineTooLong) } else { Ok(()) }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers each line with its length, or with -1 when it is too long.
    fn lengths(input: &[u8]) -> String {
        let mut output = Vec::new();
        answer_each(BufReader::with_capacity(7, input), &mut output, |line| {
            line.map_or(-1, |line| i64::try_from(line.len()).unwrap())
        })
        .unwrap();
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn every_line_has_an_answer_in_order() {
        for (name, input, wanted) in [
            ("nothing", "", ""),
            ("one line", "abc\n", "3\n"),
            ("no end of line", "abc\nabcdefghijkl", "3\n12\n"),
            ("blank lines", "\n\na", "0\n0\n1\n"),
        ] {
            assert_eq!(lengths(input.as_bytes()), wanted, "{name}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_skipped_whole() {
        let mut input = vec![b'x'; MAX_LINE];
        input.push(b'\n');
        input.extend(vec![b'x'; 3 * MAX_LINE]);
        input.extend(b"\nend");
        assert_eq!(lengths(&input), format!("{MAX_LINE}\n-1\n3\n"));
    }

    /// Gives one line, and the next only after the answer to the first was flushed.
    struct Conversation<'a> {
        flushed: &'a std::cell::Cell<bool>,
        asked: usize,
    }

    impl Read for Conversation<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            assert!(
                self.asked == 0 || self.flushed.replace(false),
                "an answer was held back"
            );
            self.asked += 1;
            if self.asked > 3 {
                return Ok(0);
            }
            buffer[..2].copy_from_slice(b"a\n");
            Ok(2)
        }
    }

    struct Flushed<'a>(&'a std::cell::Cell<bool>);

    impl Write for Flushed<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            self.0.set(true);
            Ok(())
        }
    }

    #[test]
    fn an_answer_leaves_before_the_next_question_is_awaited() {
        let flushed = std::cell::Cell::new(false);
        let input = Conversation {
            flushed: &flushed,
            asked: 0,
        };
        answer_each(BufReader::new(input), Flushed(&flushed), |_| 1).unwrap();
    }
}
