//! Pictures of 8 bits a channel, grey or red, green and blue: read from binary PGM and PPM files (Netpbm), written as PNG files.

use crate::error::{Error, Result};
use std::path::Path;

/// A picture, row by row, the channels of a pixel next to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The pixels of a row.
    pub width: usize,
    /// The rows.
    pub height: usize,
    /// 1 for grey, 3 for red, green and blue.
    pub channels: usize,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Picture {
    /// Channels, rows, columns instead of rows, columns, channels, as networks take them; 0 to 255.
    pub fn planes(&self) -> Vec<f32> {
        (0..self.channels).flat_map(|c| self.bytes.iter().skip(c).step_by(self.channels).map(|b| f32::from(*b))).collect()
    }
}

/// Reads a binary PGM or PPM file, `P5` or `P6`, of 8 bits a channel.
///
/// # Errors
/// When the file cannot be read, has another form, or has not as many bytes as its header announces.
pub fn read(path: impl AsRef<Path>) -> Result<Picture> {
    let path = path.as_ref();
    let bytes = std::fs::read(path).map_err(|e| Error::new(path, format!("cannot be read: {e}")))?;
    netpbm(&bytes).map_err(|message| Error::new(path, message))
}

/// A picture from the bytes of a file: magic number, width, height and the largest value, each behind white space, then one white space and the pixels.
fn netpbm(bytes: &[u8]) -> Result<Picture, String> {
    let form = || "is no binary PGM or PPM file of 8 bits a channel (P5 or P6)".to_owned();
    let (mut at, mut words) = (0, Vec::new());
    while words.len() < 4 {
        let start = at + bytes[at..].iter().position(|b| !b.is_ascii_whitespace()).ok_or_else(form)?;
        let length = bytes[start..].iter().position(u8::is_ascii_whitespace).ok_or_else(form)?;
        words.push(std::str::from_utf8(&bytes[start..start + length]).map_err(|_| form())?);
        at = start + length;
    }
    let number = |k: usize| words[k].parse::<usize>().ok().filter(|n| (1..=1 << 16).contains(n)).ok_or_else(form);
    let channels = match words[0] {
        "P5" => 1,
        "P6" => 3,
        _ => return Err(form()),
    };
    let (width, height) = (number(1)?, number(2)?);
    if number(3)? != 255 {
        return Err(form());
    }
    let pixels = &bytes[at + 1..];
    if pixels.len() != width * height * channels {
        return Err(format!("announces {width} by {height} pixels of {channels} channels, but has {} bytes of them", pixels.len()));
    }
    Ok(Picture { width, height, channels, bytes: pixels.to_vec() })
}

/// Writes a PNG file, without compression; a file is never left half written.
///
/// # Errors
/// When the file cannot be written, there are other than 1 or 3 channels, or the number of bytes is not that of the picture.
pub fn write_png(picture: &Picture, path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    let failed = |e: &dyn core::fmt::Display| Error::new(path, format!("cannot be written: {e}"));
    let bytes = png(picture).map_err(|message| failed(&message))?;
    let partial = path.with_extension("partial");
    std::fs::write(&partial, bytes).and_then(|()| std::fs::rename(&partial, path)).map_err(|e| failed(&e))
}

/// The most bytes of a block that deflate stores as they are.
const STORED: usize = 0xffff;

/// The bytes of a PNG file (W3C, "Portable Network Graphics", third edition): a header, the rows in blocks that deflate leaves as they are, an end.
fn png(picture: &Picture) -> Result<Vec<u8>, String> {
    let colour = match picture.channels {
        1 => 0,
        3 => 2,
        n => return Err(format!("{n} channels; 1 or 3 are possible")),
    };
    let row = picture.width * picture.channels;
    if row == 0 || picture.bytes.len() != row * picture.height {
        return Err(format!(
            "{} bytes for {} by {} pixels of {} channels",
            picture.bytes.len(),
            picture.width,
            picture.height,
            picture.channels
        ));
    }
    // each row begins with the number of its filter: none
    let rows: Vec<u8> = picture.bytes.chunks(row).flat_map(|row| [0].into_iter().chain(row.iter().copied())).collect();
    let mut stream = vec![0x78, 0x01];
    let blocks = rows.len().div_ceil(STORED);
    for (i, block) in rows.chunks(STORED).enumerate() {
        let length = block.len() as u16;
        stream.push(u8::from(i + 1 == blocks));
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend_from_slice(block);
    }
    stream.extend(adler32(&rows).to_be_bytes());
    let mut header = Vec::new();
    header.extend((picture.width as u32).to_be_bytes());
    header.extend((picture.height as u32).to_be_bytes());
    header.extend([8, colour, 0, 0, 0]);
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, data) in [(b"IHDR", &header), (b"IDAT", &stream), (b"IEND", &Vec::new())] {
        file.extend((data.len() as u32).to_be_bytes());
        let from = file.len();
        file.extend_from_slice(name);
        file.extend_from_slice(data);
        let check = crc32(&file[from..]);
        file.extend(check.to_be_bytes());
    }
    Ok(file)
}

/// The checksum of a chunk.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), |c, _| if c & 1 == 1 { 0xedb8_8320 ^ (c >> 1) } else { c >> 1 });
    !bytes.iter().fold(!0, step)
}

/// The checksum of what deflate holds.
fn adler32(bytes: &[u8]) -> u32 {
    let (a, b) = bytes.iter().fold((1u32, 0u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (a + b) % 65_521)
    });
    b << 16 | a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_the_pixels_that_it_announces() {
        let picture = netpbm(b"P6\n2 1\n255\n\x01\x02\x03\x04\x05\x06").unwrap();
        assert_eq!(picture, Picture { width: 2, height: 1, channels: 3, bytes: vec![1, 2, 3, 4, 5, 6] });
        assert_eq!(picture.planes(), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0], "planes come one after the other");
        assert_eq!(netpbm(b"P5 1 2 255 \x20\x0a").unwrap().bytes, [32, 10], "white space may be pixels");
        for wrong in
            ["", "P5", "P5 2 2 255", "P4 1 1 255 a", "P5 0 1 255 a", "P5 1 1 65535 aa", "P5 x 1 255 a", "P5 99999999999999999999 9 255 a"]
        {
            assert!(netpbm(wrong.as_bytes()).unwrap_err().contains("is no binary PGM or PPM file"), "{wrong}");
        }
        let error = netpbm(b"P5 2 2 255 abc").unwrap_err();
        assert_eq!(error, "announces 2 by 2 pixels of 1 channels, but has 3 bytes of them");
        assert!(read("none.pgm").unwrap_err().to_string().contains("none.pgm: cannot be read"));
    }

    #[test]
    fn a_png_file_is_the_one_of_the_standard() {
        // what Pillow 13 reads as a row of black and white
        let file = png(&Picture { width: 2, height: 1, channels: 1, bytes: vec![0, 255] }).unwrap();
        assert_eq!(file[..8], *b"\x89PNG\r\n\x1a\n");
        assert_eq!(file[8..33], *b"\0\0\0\rIHDR\0\0\0\x02\0\0\0\x01\x08\0\0\0\0\xd1\x49\x20\x56");
        assert_eq!(
            file[33..],
            *b"\0\0\0\x0eIDAT\x78\x01\x01\x03\0\xfc\xff\0\0\xff\x01\x02\x01\0\xb7\x01\x2e\xf7\0\0\0\0IEND\xae\x42\x60\x82"
        );
        let large = Picture { width: 300, height: 400, channels: 3, bytes: (0..360_000).map(|i| (i * 31 % 251) as u8).collect() };
        assert_eq!(png(&large).unwrap().len(), 8 + 12 + 13 + 12 + 2 + 4 + 6 * 5 + 400 * 901 + 12, "six blocks");
        let error = png(&Picture { channels: 2, ..large.clone() }).unwrap_err();
        assert!(error.contains("2 channels; 1 or 3 are possible"), "{error}");
        assert!(png(&Picture { height: 399, ..large }).unwrap_err().contains("360000 bytes for 300 by 399 pixels"));
    }

    #[test]
    fn a_checksum_is_the_usual_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
    }
}
