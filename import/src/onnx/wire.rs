//! The wire format of protocol buffers: a message is a list of numbered fields. Nothing is copied, and a field that is longer than what is
//! left of its message is an error before it is looked at.

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub enum Field<'a> {
    Varint(u64),
    Fixed64([u8; 8]),
    Fixed32([u8; 4]),
    /// A text, bytes, a message, or packed numbers.
    Bytes(&'a [u8]),
}

/// A message is cut off, or no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// Calls `each` with the number and the content of every field of a message.
pub fn fields<'a>(mut message: &'a [u8], mut each: impl FnMut(u32, Field<'a>) -> Result<(), Malformed>) -> Result<(), Malformed> {
    while !message.is_empty() {
        let key = varint(&mut message)?;
        let number = u32::try_from(key >> 3).ok().filter(|n| *n > 0).ok_or(Malformed)?;
        let field = match key & 7 {
            0 => Field::Varint(varint(&mut message)?),
            1 => Field::Fixed64(take(&mut message)?),
            2 => {
                let length = usize::try_from(varint(&mut message)?).map_err(|_| Malformed)?;
                let (head, rest) = message.split_at_checked(length).ok_or(Malformed)?;
                message = rest;
                Field::Bytes(head)
            }
            5 => Field::Fixed32(take(&mut message)?),
            _ => return Err(Malformed),
        };
        each(number, field)?;
    }
    Ok(())
}

fn varint(rest: &mut &[u8]) -> Result<u64, Malformed> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let [byte] = take(rest)?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(Malformed)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Malformed> {
    let (head, tail) = rest.split_first_chunk().ok_or(Malformed)?;
    *rest = tail;
    Ok(*head)
}

impl<'a> Field<'a> {
    /// A text of valid UTF-8.
    pub fn text(self) -> Result<&'a str, Malformed> {
        core::str::from_utf8(self.bytes()?).map_err(|_| Malformed)
    }

    pub fn bytes(self) -> Result<&'a [u8], Malformed> {
        if let Field::Bytes(bytes) = self { Ok(bytes) } else { Err(Malformed) }
    }

    pub fn integer(self) -> Result<i64, Malformed> {
        if let Field::Varint(value) = self { Ok(value.cast_signed()) } else { Err(Malformed) }
    }

    pub fn float(self) -> Result<f32, Malformed> {
        if let Field::Fixed32(bytes) = self { Ok(f32::from_le_bytes(bytes)) } else { Err(Malformed) }
    }

    /// Adds one integer, or all of a packed field.
    pub fn integers(self, to: &mut Vec<i64>) -> Result<(), Malformed> {
        match self {
            Field::Varint(value) => to.push(value.cast_signed()),
            Field::Bytes(mut packed) => {
                while !packed.is_empty() {
                    to.push(varint(&mut packed)?.cast_signed());
                }
            }
            _ => return Err(Malformed),
        }
        Ok(())
    }

    /// Adds one float, or all of a packed field.
    pub fn floats(self, to: &mut Vec<f32>) -> Result<(), Malformed> {
        match self {
            Field::Fixed32(bytes) => to.push(f32::from_le_bytes(bytes)),
            Field::Bytes(packed) => {
                let (all, []) = packed.as_chunks() else { return Err(Malformed) };
                to.extend(all.iter().map(|b| f32::from_le_bytes(*b)));
            }
            _ => return Err(Malformed),
        }
        Ok(())
    }

    /// Adds one double, or all of a packed field, as floats.
    pub fn doubles(self, to: &mut Vec<f32>) -> Result<(), Malformed> {
        match self {
            Field::Fixed64(bytes) => to.push(f64::from_le_bytes(bytes) as f32),
            Field::Bytes(packed) => {
                let (all, []) = packed.as_chunks() else { return Err(Malformed) };
                to.extend(all.iter().map(|b| f64::from_le_bytes(*b) as f32));
            }
            _ => return Err(Malformed),
        }
        Ok(())
    }
}
