//! The machine that a pickle is a program for, restricted to data: it builds numbers, texts, tuples, lists, dictionaries, storages and
//! tensors, and calls nothing.
//!
//! Values live in one list and refer to each other by place, so that neither depth nor cycles cost anything. Each instruction makes at most one
//! value of bounded size, so memory grows with the length of the program, which is bounded too, and with nothing that it claims.

use crate::TorchError;
use crate::names::{Global, shown};
use crate::tensor::{MAX_RANK, Storage, View};
use std::collections::HashMap;

/// A value of the machine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Global(Global),
    /// An object, by its place in [`Loaded::objects`].
    Object(usize),
}

/// What a program builds.
#[derive(Debug, PartialEq)]
pub enum Object {
    Text(String),
    Bytes,
    Tuple(Vec<Value>),
    List(Vec<Value>),
    Dict(Vec<(Value, Value)>),
    Set,
    Storage(Storage),
    Tensor(View),
}

/// What a program has built.
pub struct Loaded {
    pub objects: Vec<Object>,
    /// What it leaves behind.
    pub result: Value,
}

impl Loaded {
    /// The object that a value is.
    pub fn object(&self, value: Value) -> Option<&Object> {
        match value {
            Value::Object(place) => self.objects.get(place),
            _ => None,
        }
    }

    /// The text that a value is.
    pub fn text(&self, value: Value) -> Option<&str> {
        match self.object(value) {
            Some(Object::Text(text)) => Some(text),
            _ => None,
        }
    }
}

/// The most instructions of a program; a state dict of a hundred thousand tensors has half as many.
const INSTRUCTIONS: usize = 1 << 23;

/// The most objects that a program may make.
const OBJECTS: usize = 1 << 21;

/// Runs a program to its end.
///
/// # Errors
/// When it is cut off, takes what is not there, or has an instruction or a name that tensors do not need.
pub fn run(program: &[u8]) -> Result<Loaded, TorchError> {
    let mut machine = Machine { rest: program, stack: vec![], marks: vec![], memo: HashMap::new(), objects: vec![] };
    for _ in 0..INSTRUCTIONS {
        let [instruction] = machine.take()?;
        if instruction == b'.' {
            let result = machine.pop()?;
            return Ok(Loaded { objects: machine.objects, result });
        }
        machine.step(instruction)?;
        if machine.objects.len() > OBJECTS {
            break;
        }
    }
    Err(broken("its pickle is longer than that of any state dict"))
}

struct Machine<'a> {
    rest: &'a [u8],
    stack: Vec<Value>,
    /// Heights of the stack: a mark is no value.
    marks: Vec<usize>,
    memo: HashMap<u32, Value>,
    objects: Vec<Object>,
}

impl<'a> Machine<'a> {
    fn step(&mut self, instruction: u8) -> Result<(), TorchError> {
        match instruction {
            0x80 => {
                let [version] = self.take()?;
                if !(2..=5).contains(&version) {
                    return Err(broken("its pickle is of an unknown version"));
                }
            }
            0x95 => _ = self.take::<8>()?, // a frame is a hint for readers of streams
            b'(' => self.marks.push(self.stack.len()),
            b'0' => _ = self.pop()?,
            b'1' => _ = self.marked()?,
            b'2' => {
                let top = self.pop()?;
                self.stack.extend([top, top]);
            }
            b'N' => self.stack.push(Value::None),
            0x88 => self.stack.push(Value::Bool(true)),
            0x89 => self.stack.push(Value::Bool(false)),
            b'J' | b'K' | b'M' | 0x8a | 0x8b | b'G' => self.number(instruction)?,
            b'X' | 0x8c | 0x8d | b'U' | b'T' | b'B' | b'C' | 0x8e => self.text(instruction)?,
            b')' | b't' | 0x85..=0x87 | b']' | b'l' | b'}' | b'd' | 0x8f | 0x91 => self.collection(instruction)?,
            b'a' | b'e' | b's' | b'u' | 0x90 => self.fill(instruction)?,
            b'q' | b'r' | 0x94 | b'h' | b'j' => self.remember(instruction)?,
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.stack.push(Value::Global(Global::named(module, name)?));
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let global = match (self.text_of(module), self.text_of(name)) {
                    (Some(module), Some(name)) => Global::named(module, name)?,
                    _ => return Err(broken("a name of its pickle is no text")),
                };
                self.stack.push(Value::Global(global));
            }
            b'Q' => self.storage()?,
            b'R' => self.call()?,
            b'b' => {
                // the state of a dictionary or a parameter is its attributes, such as `_metadata`: they hold no weights
                self.pop()?;
                let Some(Value::Object(_)) = self.stack.last() else { return Err(broken("a state belongs to no object")) };
            }
            other => return Err(TorchError::object(format!("an instruction of pickle that makes other objects (0x{other:02x})"))),
        }
        Ok(())
    }

    fn number(&mut self, instruction: u8) -> Result<(), TorchError> {
        let value = match instruction {
            b'J' => Value::Int(i32::from_le_bytes(self.take()?).into()),
            b'K' => Value::Int(self.take::<1>()?[0].into()),
            b'M' => Value::Int(u16::from_le_bytes(self.take()?).into()),
            b'G' => Value::Float(f64::from_be_bytes(self.take()?)),
            _ => {
                let length = if instruction == 0x8a { self.take::<1>()?[0].into() } else { u32::from_le_bytes(self.take()?) as usize };
                let bytes = self.bytes(length)?;
                let sign = if bytes.last().is_some_and(|b| b & 0x80 != 0) { 0xff } else { 0 };
                let mut word = [sign; 8];
                match word.get_mut(..bytes.len()) {
                    Some(low) => {
                        low.copy_from_slice(bytes);
                        Value::Int(i64::from_le_bytes(word))
                    }
                    None => Value::None, // the state of a generator, perhaps: no size and no stride is that large
                }
            }
        };
        self.stack.push(value);
        Ok(())
    }

    fn text(&mut self, instruction: u8) -> Result<(), TorchError> {
        let length = match instruction {
            0x8c | b'U' | b'C' => usize::from(self.take::<1>()?[0]),
            b'X' | b'T' | b'B' => u32::from_le_bytes(self.take()?) as usize,
            _ => usize::try_from(u64::from_le_bytes(self.take()?)).map_err(|_| cut())?,
        };
        let bytes = self.bytes(length)?;
        let object = match instruction {
            b'X' | 0x8c | 0x8d | b'U' | b'T' => {
                Object::Text(core::str::from_utf8(bytes).map_err(|_| broken("a text of its pickle is no UTF-8"))?.to_owned())
            }
            _ => Object::Bytes,
        };
        self.make(object);
        Ok(())
    }

    fn collection(&mut self, instruction: u8) -> Result<(), TorchError> {
        let object = match instruction {
            b')' => Object::Tuple(vec![]),
            b't' => Object::Tuple(self.marked()?),
            0x85..=0x87 => {
                let from = self.stack.len().checked_sub(usize::from(instruction - 0x84)).filter(|from| *from >= self.floor());
                Object::Tuple(self.stack.split_off(from.ok_or_else(empty)?))
            }
            b']' => Object::List(vec![]),
            b'l' => Object::List(self.marked()?),
            b'}' => Object::Dict(vec![]),
            b'd' => Object::Dict(pairs(&self.marked()?)?),
            0x8f => Object::Set,
            _ => {
                self.marked()?;
                Object::Set
            }
        };
        self.make(object);
        Ok(())
    }

    /// Adds to the list, the dictionary or the set below.
    fn fill(&mut self, instruction: u8) -> Result<(), TorchError> {
        let added = match instruction {
            b'a' => vec![self.pop()?],
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                vec![key, value]
            }
            _ => self.marked()?,
        };
        let place = match self.stack.last() {
            Some(Value::Object(place)) => *place,
            _ => return Err(broken("something is added to no collection")),
        };
        match (instruction, self.objects.get_mut(place)) {
            (b'a' | b'e', Some(Object::List(list))) => list.extend(added),
            (b's' | b'u', Some(Object::Dict(dict))) => dict.extend(pairs(&added)?),
            (0x90, Some(Object::Set)) => {}
            _ => return Err(broken("something is added to no collection")),
        }
        Ok(())
    }

    fn remember(&mut self, instruction: u8) -> Result<(), TorchError> {
        let index = match instruction {
            b'q' | b'h' => self.take::<1>()?[0].into(),
            0x94 => u32::try_from(self.memo.len()).map_err(|_| broken("its pickle is too long"))?,
            _ => u32::from_le_bytes(self.take()?),
        };
        if matches!(instruction, b'h' | b'j') {
            let value = self.memo.get(&index).ok_or_else(|| broken("its pickle recalls what it has not kept"))?;
            self.stack.push(*value);
        } else {
            let top = *self.stack.last().filter(|_| self.stack.len() > self.floor()).ok_or_else(empty)?;
            self.memo.insert(index, top);
        }
        Ok(())
    }

    /// `('storage', type, key, device, length)`.
    fn storage(&mut self) -> Result<(), TorchError> {
        let id = self.pop()?;
        let storage = match self.tuple(id) {
            Some([tag, Value::Global(Global::Storage(numbers)), key, _, Value::Int(length)]) if self.text_of(*tag) == Some("storage") => {
                let length = usize::try_from(*length).map_err(|_| broken("a storage has less than no elements"))?;
                let key =
                    self.text_of(*key).filter(|k| k.len() <= 64).ok_or_else(|| broken("a storage has no name, or a long one"))?.to_owned();
                Storage { numbers: *numbers, key, length }
            }
            _ => return Err(TorchError::object("a storage of another kind than those of tensors")),
        };
        self.make(Object::Storage(storage));
        Ok(())
    }

    fn call(&mut self) -> Result<(), TorchError> {
        let (arguments, function) = (self.pop()?, self.pop()?);
        let given =
            self.tuple(arguments).filter(|a| a.len() <= 8).ok_or_else(|| broken("a function has no arguments, or too many"))?.to_vec();
        let value = match (function, given.as_slice()) {
            (Value::Global(Global::OrderedDict), []) => self.made(Object::Dict(vec![])),
            (Value::Global(Global::Size), [sizes]) => *sizes,
            (Value::Global(Global::Parameter), [data, ..]) if matches!(self.at(*data), Some(Object::Tensor(_))) => *data,
            (Value::Global(Global::Tensor), [storage, Value::Int(offset), shape, strides, ..]) => {
                let Some(Object::Storage(storage)) = self.at(*storage) else { return Err(broken("a tensor is no view of a storage")) };
                let (shape, strides) = (self.integers(*shape)?, self.integers(*strides)?);
                let view = View::new(storage.clone(), *offset, &shape, &strides)?;
                self.made(Object::Tensor(view))
            }
            (Value::Global(_), _) => return Err(broken("a tensor or a dictionary is made of other things than PyTorch writes")),
            _ => return Err(TorchError::object("a call of something that is no function")),
        };
        self.stack.push(value);
        Ok(())
    }

    fn integers(&self, value: Value) -> Result<Vec<i64>, TorchError> {
        let all = self
            .tuple(value)
            .filter(|t| t.len() <= MAX_RANK)
            .and_then(|t| t.iter().map(|v| if let Value::Int(n) = v { Some(*n) } else { None }).collect());
        all.ok_or_else(|| broken("the shape or the strides of a tensor are no tuple of up to 16 integers"))
    }

    fn at(&self, value: Value) -> Option<&Object> {
        if let Value::Object(place) = value { self.objects.get(place) } else { None }
    }

    fn tuple(&self, value: Value) -> Option<&[Value]> {
        if let Some(Object::Tuple(all)) = self.at(value) { Some(all) } else { None }
    }

    fn text_of(&self, value: Value) -> Option<&str> {
        if let Some(Object::Text(text)) = self.at(value) { Some(text) } else { None }
    }

    fn made(&mut self, object: Object) -> Value {
        self.objects.push(object);
        Value::Object(self.objects.len() - 1)
    }

    fn make(&mut self, object: Object) {
        let value = self.made(object);
        self.stack.push(value);
    }

    /// The height of the stack below which a mark forbids to take.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn pop(&mut self) -> Result<Value, TorchError> {
        if self.stack.len() <= self.floor() {
            return Err(empty());
        }
        self.stack.pop().ok_or_else(empty)
    }

    /// Everything above the last mark, and the mark is gone.
    fn marked(&mut self) -> Result<Vec<Value>, TorchError> {
        let from = self.marks.pop().ok_or_else(empty)?;
        Ok(self.stack.split_off(from))
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], TorchError> {
        let (head, rest) = self.rest.split_first_chunk().ok_or_else(cut)?;
        self.rest = rest;
        Ok(*head)
    }

    fn bytes(&mut self, length: usize) -> Result<&'a [u8], TorchError> {
        let (head, rest) = self.rest.split_at_checked(length).ok_or_else(cut)?;
        self.rest = rest;
        Ok(head)
    }

    fn line(&mut self) -> Result<&'a str, TorchError> {
        let end = self.rest.iter().take(1024).position(|b| *b == b'\n').ok_or_else(|| broken("a name of its pickle has no end"))?;
        let text = self.bytes(end + 1)?;
        core::str::from_utf8(&text[..end]).map_err(|_| broken("a name of its pickle is no UTF-8"))
    }
}

fn pairs(flat: &[Value]) -> Result<Vec<(Value, Value)>, TorchError> {
    let (pairs, []) = flat.as_chunks() else { return Err(broken("a key of a dictionary has no value")) };
    Ok(pairs.iter().map(|[key, value]| (*key, *value)).collect())
}

fn broken(what: &str) -> TorchError {
    TorchError::damaged(what)
}

fn cut() -> TorchError {
    broken("its pickle is cut off")
}

fn empty() -> TorchError {
    broken("its pickle takes what is not there")
}

/// For errors: what kind of thing a value is, in words.
pub fn kind(loaded: &Loaded, value: Value) -> String {
    match value {
        Value::None => "nothing".into(),
        Value::Bool(_) => "a truth value".into(),
        Value::Int(_) | Value::Float(_) => "a number".into(),
        Value::Global(_) => "a type".into(),
        Value::Object(_) => match loaded.object(value) {
            Some(Object::Text(text)) => format!("the text \"{}\"", shown(text)),
            Some(Object::Tuple(all)) => format!("a tuple of {}", all.len()),
            Some(Object::List(all)) => format!("a list of {}", all.len()),
            Some(Object::Dict(all)) => format!("a dictionary of {}", all.len()),
            Some(Object::Tensor(_)) => "a tensor".into(),
            Some(Object::Storage(_)) => "a storage".into(),
            Some(Object::Bytes | Object::Set) | None => "bytes or a set".into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    const SMALL: &[u8] = b"\x80\x02ccollections\nOrderedDict\nq\x00)Rq\x01(X\x01\x00\x00\x00wq\x02ctorch._utils\n_rebuild_tensor_v2\nq\x03((X\x07\x00\x00\x00storageq\x04ctorch\nFloatStorage\nq\x05X\x01\x00\x00\x000q\x06X\x03\x00\x00\x00cpuq\x07K\x04tq\x08QK\x00K\x02K\x02\x86q\tK\x02K\x01\x86q\n\x89h\x00)Rq\x0btq\x0cRq\ru}q\x0eX\t\x00\x00\x00_metadataq\x0fh\x00)Rq\x10sb.";

    #[test]
    fn a_state_dict_is_built() {
        let loaded = run(SMALL).unwrap();
        let Some(Object::Dict(entries)) = loaded.object(loaded.result) else { panic!("no dictionary") };
        assert_eq!(entries.len(), 1);
        assert_eq!(loaded.text(entries[0].0), Some("w"));
        assert_eq!(kind(&loaded, entries[0].1), "a tensor");
    }

    #[test]
    fn programs_that_call_are_refused_by_name() {
        let error = |program: &[u8]| run(program).err().unwrap().to_string();
        assert!(error(b"\x80\x02cposix\nsystem\nX\x02\x00\x00\x00id\x85R.").contains("holds `posix.system`"));
        assert!(error(b"\x80\x04\x8c\x02os\x8c\x06system\x93.").contains("holds `os.system`"));
        assert!(error(b"\x80\x02c__builtin__\neval\n.").contains("`__builtin__.eval`"));
        assert!(error(b"\x80\x02(iposix\nsystem\n.").contains("instruction of pickle"));
        assert!(error(b"\x80\x02ctorch\nSize\n)\x81.").contains("instruction of pickle"));
        assert!(error(b"\x80\x02\x82\x01.").contains("instruction of pickle"));
    }

    #[test]
    fn programs_that_make_no_sense_are_refused() {
        for program in [
            &b"."[..],
            b"",
            b"\x80\x02(.",
            b"t.",
            b"(0.",
            b"Kt",
            b"]K\x01s.",
            b"}(K\x01u.",
            b"h\x00.",
            b"R.",
            b")Q.",
            b"\x80\x09.",
            b"N\x8b\xff\xff\xff\xff.",
        ] {
            assert!(run(program).is_err(), "{program:?}");
        }
        for cut in 0..SMALL.len() {
            assert!(run(&SMALL[..cut]).is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn views_beyond_their_storage_are_refused() {
        let change = |from: &[u8], to: &[u8]| {
            let at = SMALL.windows(from.len()).position(|w| w == from).unwrap();
            run(&[&SMALL[..at], to, &SMALL[at + from.len()..]].concat()).err().map(|e| e.to_string()).unwrap_or_default()
        };
        let outside = "reaches beyond its storage of 4 elements";
        assert!(change(b"QK\x00K\x02", b"QK\x01K\x02").contains(outside));
        assert!(change(b"QK\x00K\x02", b"QJ\xff\xff\xff\xffK\x02").contains(outside));
        assert!(change(b"\x86q\tK\x02K\x01", b"\x86q\tK\x03K\x01").contains(outside));
        assert!(change(b"\x86q\tK\x02K\x01", b"\x86q\t\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7fK\x01").contains(outside));
        assert!(change(b"QK\x00K\x02K\x02\x86", b"QK\x00K\x02\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x86").contains(outside));
        assert!(change(b"QK\x00K\x02K\x02\x86", b"QK\x00K\x02\x85").contains("other numbers of dimensions"));
    }

    #[test]
    fn damaged_programs_never_panic() {
        let seed = 20_261_128;
        let mut rng = StdRng::seed_from_u64(seed);
        for _ in 0..20_000 {
            let mut program = SMALL.to_vec();
            for _ in 0..rng.random_range(1..6) {
                let at = rng.random_range(0..program.len());
                program[at] = rng.random();
            }
            if let Ok(loaded) = run(&program) {
                let _ = crate::checkpoint::state_dict(&loaded);
            }
        }
    }
}
