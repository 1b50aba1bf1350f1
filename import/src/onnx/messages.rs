//! The messages of ONNX (`onnx.proto`), as far as a network of tensors needs them. Graphs inside of attributes are noticed and not read.

use super::wire::{Field, Malformed, fields};

/// `ModelProto`.
#[derive(Debug, Default)]
pub struct Model<'a> {
    pub ir_version: i64,
    pub producer: &'a str,
    pub producer_version: &'a str,
    /// Domains and the versions of their operators.
    pub opsets: Vec<(&'a str, i64)>,
    pub graph: Option<Graph<'a>>,
    /// Whether it brings operators of its own.
    pub functions: bool,
}

/// `GraphProto`.
#[derive(Debug, Default)]
pub struct Graph<'a> {
    pub nodes: Vec<Node<'a>>,
    pub initializers: Vec<Tensor<'a>>,
    pub sparse: bool,
    pub inputs: Vec<ValueInfo<'a>>,
    pub outputs: Vec<ValueInfo<'a>>,
}

/// `NodeProto`.
#[derive(Debug, Default)]
pub struct Node<'a> {
    pub name: &'a str,
    pub operator: &'a str,
    pub domain: &'a str,
    pub inputs: Vec<&'a str>,
    pub outputs: Vec<&'a str>,
    pub attributes: Vec<Attribute<'a>>,
}

/// `AttributeProto`; which of the values counts follows from who asks.
#[derive(Debug, Default)]
pub struct Attribute<'a> {
    pub name: &'a str,
    pub float: Option<f32>,
    pub integer: Option<i64>,
    pub text: Option<&'a [u8]>,
    pub tensor: Option<Box<Tensor<'a>>>,
    pub floats: Vec<f32>,
    pub integers: Vec<i64>,
    /// Whether it holds a graph: a branch or a loop.
    pub graph: bool,
}

/// `TensorProto`.
#[derive(Clone, Debug, Default)]
pub struct Tensor<'a> {
    pub name: &'a str,
    pub dims: Vec<i64>,
    /// `TensorProto.DataType`.
    pub kind: i64,
    pub raw: Option<&'a [u8]>,
    pub floats: Vec<f32>,
    pub integers: Vec<i64>,
    /// Keys and values of where the data is, if it is in another file.
    pub external: Vec<(&'a str, &'a str)>,
    pub is_external: bool,
}

/// `ValueInfoProto` of a tensor.
#[derive(Debug, Default)]
pub struct ValueInfo<'a> {
    pub name: &'a str,
    pub kind: i64,
    /// Its dimensions, `None` where they are not known; without a shape, nothing.
    pub dims: Option<Vec<Option<i64>>>,
}

/// The most nodes, and initialisers, of a network; a message takes more memory than bytes of the file, so a file could ask for too many.
const NODES: usize = 1 << 16;
/// The most inputs or outputs of a node.
const MANY: usize = 1 << 10;
/// The most attributes, axes, outputs of a network.
const FEW: usize = 64;

fn push<T>(all: &mut Vec<T>, one: T, most: usize) -> Result<(), Malformed> {
    if all.len() >= most {
        return Err(Malformed);
    }
    all.push(one);
    Ok(())
}

impl<'a> Model<'a> {
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut model = Self::default();
        fields(bytes, |number, field| {
            match number {
                1 => model.ir_version = field.integer()?,
                2 => model.producer = field.text()?,
                3 => model.producer_version = field.text()?,
                7 => model.graph = Some(Graph::decode(field.bytes()?)?),
                8 => push(&mut model.opsets, opset(field.bytes()?)?, FEW)?,
                25 => model.functions = true,
                _ => {}
            }
            Ok(())
        })?;
        Ok(model)
    }
}

fn opset(bytes: &[u8]) -> Result<(&str, i64), Malformed> {
    let mut set = ("", 0);
    fields(bytes, |number, field| {
        match number {
            1 => set.0 = field.text()?,
            2 => set.1 = field.integer()?,
            _ => {}
        }
        Ok(())
    })?;
    Ok(set)
}

impl<'a> Graph<'a> {
    fn decode(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut graph = Self::default();
        fields(bytes, |number, field| {
            match number {
                1 => push(&mut graph.nodes, Node::decode(field.bytes()?)?, NODES)?,
                5 => push(&mut graph.initializers, Tensor::decode(field.bytes()?)?, NODES)?,
                11 => push(&mut graph.inputs, ValueInfo::decode(field.bytes()?)?, NODES)?,
                12 => push(&mut graph.outputs, ValueInfo::decode(field.bytes()?)?, FEW)?,
                15 => graph.sparse = true,
                _ => {}
            }
            Ok(())
        })?;
        Ok(graph)
    }
}

impl<'a> Node<'a> {
    fn decode(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut node = Self::default();
        fields(bytes, |number, field| {
            match number {
                1 => push(&mut node.inputs, field.text()?, MANY)?,
                2 => push(&mut node.outputs, field.text()?, MANY)?,
                3 => node.name = field.text()?,
                4 => node.operator = field.text()?,
                5 => push(&mut node.attributes, Attribute::decode(field.bytes()?)?, FEW)?,
                7 => node.domain = field.text()?,
                _ => {}
            }
            Ok(())
        })?;
        Ok(node)
    }

    /// The attribute with this name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute<'a>> {
        self.attributes.iter().find(|a| a.name == name)
    }
}

impl<'a> Attribute<'a> {
    fn decode(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut attribute = Self::default();
        fields(bytes, |number, field| {
            match number {
                1 => attribute.name = field.text()?,
                2 => attribute.float = Some(field.float()?),
                3 => attribute.integer = Some(field.integer()?),
                4 => attribute.text = Some(field.bytes()?),
                5 => attribute.tensor = Some(Box::new(Tensor::decode(field.bytes()?)?)),
                6 | 11 => attribute.graph = true,
                7 => field.floats(&mut attribute.floats)?,
                8 => field.integers(&mut attribute.integers)?,
                _ => {}
            }
            Ok(())
        })?;
        Ok(attribute)
    }
}

impl<'a> Tensor<'a> {
    fn decode(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut tensor = Self::default();
        fields(bytes, |number, field| {
            match number {
                1 => field.integers(&mut tensor.dims)?,
                2 => tensor.kind = field.integer()?,
                4 => field.floats(&mut tensor.floats)?,
                5 | 7 | 11 => field.integers(&mut tensor.integers)?,
                8 => tensor.name = field.text()?,
                9 => tensor.raw = Some(field.bytes()?),
                10 => field.doubles(&mut tensor.floats)?,
                13 => push(&mut tensor.external, entry(field.bytes()?)?, FEW)?,
                14 => tensor.is_external = field.integer()? == 1,
                _ => {}
            }
            Ok(())
        })?;
        Ok(tensor)
    }
}

fn entry(bytes: &[u8]) -> Result<(&str, &str), Malformed> {
    let mut entry = ("", "");
    fields(bytes, |number, field| {
        match number {
            1 => entry.0 = field.text()?,
            2 => entry.1 = field.text()?,
            _ => {}
        }
        Ok(())
    })?;
    Ok(entry)
}

impl<'a> ValueInfo<'a> {
    fn decode(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut info = Self::default();
        fields(bytes, |number, field| {
            match number {
                1 => info.name = field.text()?,
                // the type, of which tensors are the first kind
                2 => inner(field, 1, |tensor| {
                    fields(tensor, |number, field| {
                        match number {
                            1 => info.kind = field.integer()?,
                            2 => {
                                let mut dims = vec![];
                                inner(field, 1, |dim| push(&mut dims, dimension(dim)?, FEW))?;
                                info.dims = Some(dims);
                            }
                            _ => {}
                        }
                        Ok(())
                    })
                })?,
                _ => {}
            }
            Ok(())
        })?;
        Ok(info)
    }
}

/// The messages with one number inside of a field.
fn inner<'a>(field: Field<'a>, wanted: u32, mut each: impl FnMut(&'a [u8]) -> Result<(), Malformed>) -> Result<(), Malformed> {
    fields(field.bytes()?, |number, field| if number == wanted { each(field.bytes()?) } else { Ok(()) })
}

fn dimension(bytes: &[u8]) -> Result<Option<i64>, Malformed> {
    let mut size = None;
    fields(bytes, |number, field| {
        if number == 1 {
            size = Some(field.integer()?);
        }
        Ok(())
    })?;
    Ok(size)
}
