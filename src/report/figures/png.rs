//! Grey images as PNG in base64: the form in which an SVG can contain them.

use std::io::Write as _;

use flate2::{Compression, Crc, write::ZlibEncoder};

const TO_MEMORY: &str = "writing to memory does not fail";

/// The PNG of an image of this width whose pixels are `grey`, row by row; 0 is black.
pub(super) fn base64(width: usize, grey: &[u8]) -> String {
    let height = grey.len().checked_div(width).unwrap_or_default();
    let mut header = [four_bytes(width), four_bytes(height)].concat();
    // 8 bits of grey, compression 0 and filters 0 (PNG has no others), rows in order.
    header.extend([8, 0, 0, 0, 0]);
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut file, *b"IHDR", &header);
    chunk(&mut file, *b"IDAT", &deflated(width, grey));
    chunk(&mut file, *b"IEND", &[]);
    encode(&file)
}

fn chunk(file: &mut Vec<u8>, name: [u8; 4], data: &[u8]) {
    let mut crc = Crc::new();
    crc.update(&name);
    crc.update(data);
    file.extend(four_bytes(data.len()));
    file.extend(name);
    file.extend(data);
    file.extend(crc.sum().to_be_bytes());
}

fn four_bytes(count: usize) -> [u8; 4] {
    u32::try_from(count).expect("images in a report are small").to_be_bytes()
}

/// Each row begins with a 0, which says that it is not filtered.
fn deflated(width: usize, grey: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    for row in grey.chunks_exact(width.max(1)) {
        encoder.write_all(&[0]).and_then(|()| encoder.write_all(row)).expect(TO_MEMORY);
    }
    encoder.finish().expect(TO_MEMORY)
}

fn encode(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits = three.iter().fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        let bits = bits << (8 * (3 - three.len()));
        for digit in 0..4 {
            let index = bits >> (18 - 6 * digit) & 63;
            text.push(if digit <= three.len() { char::from(DIGITS[index]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_rfc_4648() {
        for (bytes, text) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(encode(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn an_empty_image_is_encoded() {
        assert!(base64(0, &[]).starts_with("iVBORw0KGgo"));
    }
}
