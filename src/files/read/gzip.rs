//! Reading gzip files as they occur: with several members, padded with zeros, or gzipped repeatedly.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::bufread::GzDecoder;

/// How many times a file may be gzipped. Servers that compress files which are compressed already
/// produce such files.
const MAX_DEPTH: usize = 3;

/// Number of bytes that may be consumed without output. Empty members and blocks give no output, and a
/// small gzip of gzip can expand to gigabytes of them.
const MAX_IDLE: usize = 1 << 20;

/// Number of zeros accepted after the last member, as padding to the block size of a tape or disk.
const MAX_PADDING: usize = 64 << 20;

/// The bytes of `reader`, unpacked if it is gzip, which its first two bytes tell.
pub(super) fn unpacked(reader: Box<dyn Read>) -> io::Result<Box<dyn Read>> {
    let mut reader = reader;
    for _ in 0..=MAX_DEPTH {
        let mut start = Vec::new();
        reader.by_ref().take(2).read_to_end(&mut start)?;
        let gzipped = start == [0x1f, 0x8b];
        let whole = Cursor::new(start).chain(reader);
        if !gzipped {
            return Ok(Box::new(whole));
        }
        reader = Box::new(Members::new(whole));
    }
    Err(wrong(&format!("is gzipped more than {MAX_DEPTH} times")))
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// A reader of the concatenated members of a gzip file.
struct Members<R> {
    state: State<R>,
}

enum State<R> {
    /// After a member.
    Between(Input<R>),
    /// Within a member.
    Within(GzDecoder<Input<R>>),
    /// At the end, or after an error.
    Done,
}

impl<R: Read> Members<R> {
    fn new(reader: R) -> Self {
        let reader = BufReader::with_capacity(1 << 15, reader);
        let input = Input { reader, idle_left: MAX_IDLE };
        // The caller has recognised the start of the first member.
        Self { state: State::Within(GzDecoder::new(input)) }
    }
}

impl<R: Read> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match std::mem::replace(&mut self.state, State::Done) {
                State::Done => return Ok(0),
                State::Between(input) => self.state = next_member(input)?,
                State::Within(mut decoder) => {
                    let count = decoder.read(buffer)?;
                    if count > 0 || buffer.is_empty() {
                        decoder.get_mut().idle_left = MAX_IDLE;
                        self.state = State::Within(decoder);
                        return Ok(count);
                    }
                    self.state = State::Between(decoder.into_inner());
                }
            }
        }
    }
}

/// The state after a member: the next member, or the end, possibly after padding with zeros.
fn next_member<R: Read>(mut input: Input<R>) -> io::Result<State<R>> {
    let mut padding = 0;
    loop {
        let available = input.fill_buf()?;
        match available.first() {
            None => return Ok(State::Done),
            Some(0) if padding < MAX_PADDING => {
                let zeros = available.iter().take_while(|&&byte| byte == 0).count();
                padding += zeros;
                input.consume(zeros);
                input.idle_left = MAX_IDLE;
            }
            Some(0x1f) if padding == 0 => return Ok(State::Within(GzDecoder::new(input))),
            Some(_) => {
                return Err(wrong(
                    "has bytes after its gzip data that are neither gzip nor padding",
                ));
            }
        }
    }
}

/// Input of which a limited amount may be consumed before it gives output.
struct Input<R> {
    reader: BufReader<R>,
    /// Number of bytes that may still be consumed without output.
    idle_left: usize,
}

impl<R: Read> Read for Input<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: Read> BufRead for Input<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.idle_left == 0 {
            return Err(wrong("has a long stretch of gzip data that unpacks to nothing"));
        }
        self.reader.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.idle_left = self.idle_left.saturating_sub(count);
        self.reader.consume(count);
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)] // of bytes made by the tests
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut found = Vec::new();
        unpacked(Box::new(Cursor::new(bytes.to_vec())))?.read_to_end(&mut found)?;
        Ok(found)
    }

    #[test]
    fn members_padding_and_gzip_in_gzip_are_read() {
        let (a, b) = (gzip(b"one, "), gzip(b"two"));
        let zeros = vec![0; 100_000];
        for (packed, expected) in [
            (b"plain".to_vec(), &b"plain"[..]),
            (vec![], b""),
            (b"\x1f".to_vec(), b"\x1f"),
            (a.clone(), b"one, "),
            ([&a[..], &b].concat(), b"one, two"),
            ([&a[..], &gzip(b""), &b].concat(), b"one, two"),
            ([&a[..], &b, &zeros].concat(), b"one, two"),
            (gzip(&[&a[..], &b, &zeros].concat()), b"one, two"),
            ([&gzip(&gzip(&b))[..], &zeros].concat(), b"two"),
        ] {
            assert_eq!(read(&packed).unwrap(), expected);
        }
    }

    #[test]
    fn damaged_gzip_and_gzip_followed_by_other_bytes_is_refused() {
        let a = gzip(b"one");
        let mut checksum = a.clone();
        checksum[a.len() - 6] ^= 1;
        for packed in [
            a[..a.len() - 1].to_vec(),
            checksum,
            [&a[..], b"more"].concat(),
            [&a[..], &[0; 512], b"more"].concat(),
            [&a[..], &[0; 512], &a].concat(),
            [&a[..], b"\x1f"].concat(),
            gzip(&[&a[..], b"more"].concat()),
            gzip(&a[..a.len() - 1]),
            gzip(&gzip(&gzip(&a))),
        ] {
            assert!(read(&packed).is_err());
        }
    }

    #[test]
    fn gzip_that_unpacks_to_nothing_is_refused() {
        // Many empty stored blocks, and many empty members.
        let empty_blocks = [&gzip(b"")[..10], &b"\0\0\0\xff\xff".repeat(1 << 19)].concat();
        let empty_members = gzip(b"").repeat(1 << 16);
        for packed in [empty_blocks, empty_members] {
            let error = read(&gzip(&packed)).unwrap_err();
            assert!(error.to_string().contains("unpacks to nothing"), "{error}");
        }
        let endless = Cursor::new(gzip(b"")).chain(io::repeat(0));
        let error = unpacked(Box::new(endless)).map(drop).unwrap_err();
        assert!(error.to_string().contains("nor padding"), "{error}");
    }
}
