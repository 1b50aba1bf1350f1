//! Small networks as bytes of ONNX, right or wrong in any way.

/// A message of protocol buffers that grows.
#[derive(Clone, Default)]
pub struct Message(pub Vec<u8>);

impl Message {
    pub fn number(mut self, field: u32, value: i64) -> Self {
        self.varint(u64::from(field) << 3);
        self.varint(value.cast_unsigned());
        self
    }

    pub fn bytes(mut self, field: u32, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        self.varint(u64::from(field) << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend(bytes);
        self
    }

    pub fn float(mut self, field: u32, value: f32) -> Self {
        self.varint(u64::from(field) << 3 | 5);
        self.0.extend(value.to_le_bytes());
        self
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

impl AsRef<[u8]> for Message {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// A network before it is written.
#[derive(Clone)]
pub struct Net {
    pub format: i64,
    pub opset: i64,
    pub graph: Message,
}

/// The value of an attribute.
pub enum Is<'a> {
    Number(i64),
    Numbers(&'a [i64]),
    Float(f32),
    Text(&'a str),
    /// A graph, which only branches and loops have.
    Graph,
}

impl Net {
    /// With an input `x` of these sizes, the first one the samples (-1: any), and an output `y`.
    pub fn new(sizes: &[i64]) -> Self {
        Self { format: 8, opset: 17, graph: Message::default() }.input("x", 1, sizes).output("y")
    }

    pub fn input(mut self, name: &str, kind: i64, sizes: &[i64]) -> Self {
        let dims = sizes.iter().fold(Message::default(), |all, n| {
            all.bytes(1, if *n < 0 { Message::default().bytes(2, "n") } else { Message::default().number(1, *n) })
        });
        let tensor = Message::default().number(1, kind).bytes(2, dims);
        self.graph = self.graph.bytes(11, Message::default().bytes(1, name).bytes(2, Message::default().bytes(1, tensor)));
        self
    }

    pub fn output(mut self, name: &str) -> Self {
        self.graph = self.graph.bytes(12, Message::default().bytes(1, name));
        self
    }

    pub fn node(self, operator: &str, inputs: &[&str], outputs: &[&str], attributes: &[(&str, Is)]) -> Self {
        self.node_of("", operator, inputs, outputs, attributes)
    }

    pub fn node_of(mut self, domain: &str, operator: &str, inputs: &[&str], outputs: &[&str], attributes: &[(&str, Is)]) -> Self {
        let mut node = inputs.iter().fold(Message::default(), |node, name| node.bytes(1, name));
        node = outputs.iter().fold(node, |node, name| node.bytes(2, name));
        node = node.bytes(3, format!("the_{}", operator.to_lowercase())).bytes(4, operator).bytes(7, domain);
        for (name, value) in attributes {
            let attribute = Message::default().bytes(1, name);
            node = node.bytes(
                5,
                match value {
                    Is::Number(n) => attribute.number(3, *n).number(20, 2),
                    Is::Numbers(all) => all.iter().fold(attribute, |a, n| a.number(8, *n)).number(20, 7),
                    Is::Float(f) => attribute.float(2, *f).number(20, 1),
                    Is::Text(text) => attribute.bytes(4, text).number(20, 3),
                    Is::Graph => attribute.bytes(6, "").number(20, 5),
                },
            );
        }
        self.graph = self.graph.bytes(1, node);
        self
    }

    /// A weight of floats.
    pub fn weight(self, name: &str, dims: &[i64], values: &[f32]) -> Self {
        let raw: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.stored(tensor(name, dims, 1).bytes(9, raw))
    }

    /// A weight of whole numbers.
    pub fn sizes(self, name: &str, values: &[i64]) -> Self {
        let raw: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.stored(tensor(name, &[values.len() as i64], 7).bytes(9, raw))
    }

    pub fn stored(mut self, tensor: Message) -> Self {
        self.graph = self.graph.bytes(5, tensor);
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let opset = Message::default().bytes(1, "").number(2, self.opset);
        Message::default().number(1, self.format).bytes(2, "a test").bytes(7, &self.graph).bytes(8, opset).0
    }
}

/// The beginning of a stored tensor: its name, dimensions and type.
pub fn tensor(name: &str, dims: &[i64], kind: i64) -> Message {
    dims.iter().fold(Message::default(), |t, n| t.number(1, *n)).number(2, kind).bytes(8, name)
}

/// A tensor in another file.
pub fn beside(name: &str, dims: &[i64], entries: &[(&str, &str)]) -> Message {
    entries
        .iter()
        .fold(tensor(name, dims, 1), |t, (key, value)| t.bytes(13, Message::default().bytes(1, key).bytes(2, value)))
        .number(14, 1)
}
