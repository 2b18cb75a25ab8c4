//! gzip as it is found: several members, zeros after the last, gzip in gzip.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::bufread::GzDecoder;

/// gzip in gzip comes from a server that packs what is packed already.
const MAX_DEPTH: usize = 3;

/// Input that may pass without a byte of output: members and blocks that hold nothing, which a few
/// bytes of another gzip make by the gigabyte.
const MAX_IDLE: usize = 1 << 20;

/// Zeros after the last member: the rest of a tape's or a disk's block.
const MAX_PADDING: usize = 64 << 20;

/// What `reader` has, unpacked if it is gzip, as its first two bytes say.
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
    Err(wrong(&format!("is gzip in gzip, more than {MAX_DEPTH} deep")))
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// The members of a gzip file, one after the other.
struct Members<R> {
    state: State<R>,
}

enum State<R> {
    Between(Idle<R>),
    Within(GzDecoder<Idle<R>>),
    /// At the end, or after an error.
    Done,
}

impl<R: Read> Members<R> {
    fn new(reader: R) -> Self {
        let input = Idle { reader: BufReader::with_capacity(1 << 15, reader), left: MAX_IDLE };
        // The first member begins here, as its two bytes said.
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
                        decoder.get_mut().left = MAX_IDLE;
                        self.state = State::Within(decoder);
                        return Ok(count);
                    }
                    self.state = State::Between(decoder.into_inner());
                }
            }
        }
    }
}

/// What follows a member: another, zeros to the end, or nothing.
fn next_member<R: Read>(mut input: Idle<R>) -> io::Result<State<R>> {
    let mut padding = 0;
    loop {
        let available = input.fill_buf()?;
        match available.first() {
            None => return Ok(State::Done),
            Some(0) if padding < MAX_PADDING => {
                let zeros = available.iter().take_while(|&&byte| byte == 0).count();
                padding += zeros;
                input.consume(zeros);
                input.left = MAX_IDLE;
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

/// Input, of which only so much may be consumed until something came of it.
struct Idle<R> {
    reader: BufReader<R>,
    left: usize,
}

impl<R: Read> Read for Idle<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: Read> BufRead for Idle<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Err(wrong("has gzip data of which nothing comes, byte after byte"));
        }
        self.reader.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.left = self.left.saturating_sub(count);
        self.reader.consume(count);
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)] // of bytes made here
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
    fn what_is_damaged_or_followed_by_something_else_is_refused() {
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
    fn gzip_of_which_nothing_comes_is_given_up() {
        // A stored block of no bytes, again and again; and members of no bytes.
        let empty_blocks = [&gzip(b"")[..10], &b"\0\0\0\xff\xff".repeat(1 << 19)].concat();
        let empty_members = gzip(b"").repeat(1 << 16);
        for packed in [empty_blocks, empty_members] {
            let error = read(&gzip(&packed)).unwrap_err();
            assert!(error.to_string().contains("nothing comes"), "{error}");
        }
        let endless = Cursor::new(gzip(b"")).chain(io::repeat(0));
        let error = unpacked(Box::new(endless)).map(drop).unwrap_err();
        assert!(error.to_string().contains("nor padding"), "{error}");
    }
}
