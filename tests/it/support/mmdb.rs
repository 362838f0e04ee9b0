//! Small MMDB files (format 2.0, IPv4, 24-bit records), written from the format's description.

/// A value.
#[derive(Clone, Debug)]
pub enum V {
    Text(String),
    Number(u32),
    Map(Vec<(String, V)>),
    List(Vec<V>),
}

impl V {
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    pub fn map<const N: usize>(pairs: [(&str, V); N]) -> Self {
        Self::Map(pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
    }

    pub fn list<const N: usize>(items: [V; N]) -> Self {
        Self::List(items.into())
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Text(text) => {
                control(out, 2, text.len());
                out.extend_from_slice(text.as_bytes());
            }
            Self::Number(number) => {
                let bytes = number.to_be_bytes();
                let bytes = &bytes[(number.leading_zeros() / 8) as usize..];
                control(out, 6, bytes.len());
                out.extend_from_slice(bytes);
            }
            Self::Map(pairs) => {
                control(out, 7, pairs.len());
                for (key, value) in pairs {
                    V::text(key).write(out);
                    value.write(out);
                }
            }
            Self::List(items) => {
                control(out, 11, items.len());
                for item in items {
                    item.write(out);
                }
            }
        }
    }
}

/// The control byte: type and size; types above 7 take a second one.
fn control(out: &mut Vec<u8>, kind: u8, size: usize) {
    let small = u8::try_from(size.min(29)).expect("below 30");
    out.push(if kind > 7 { small } else { kind << 5 | small });
    if kind > 7 {
        out.push(kind - 7);
    }
    if size >= 29 {
        out.push(u8::try_from(size - 29).expect("test texts are short"));
    }
}

/// A file that knows these /24 networks.
pub fn write(kind: &str, networks: &[([u8; 3], V)]) -> Vec<u8> {
    // Nodes of the search tree: left and right; `None` nothing found, otherwise a node or a value.
    #[derive(Clone, Copy)]
    enum To {
        Nothing,
        Node(usize),
        Data(usize),
    }
    let mut nodes = vec![[To::Nothing; 2]];
    let mut data = Vec::new();
    for (network, value) in networks {
        let at = data.len();
        value.write(&mut data);
        let mut node = 0;
        for bit in 0..24 {
            let side = usize::from(network[bit / 8] >> (7 - bit % 8) & 1);
            if bit == 23 {
                nodes[node][side] = To::Data(at);
            } else {
                node = match nodes[node][side] {
                    To::Node(next) => next,
                    _ => {
                        nodes.push([To::Nothing; 2]);
                        let next = nodes.len() - 1;
                        nodes[node][side] = To::Node(next);
                        next
                    }
                };
            }
        }
    }
    let mut out = Vec::new();
    for to in nodes.iter().flatten() {
        let record = match to {
            To::Nothing => nodes.len(),
            To::Node(node) => *node,
            To::Data(at) => nodes.len() + 16 + at,
        };
        out.extend_from_slice(&u32::try_from(record).expect("small").to_be_bytes()[1..]);
    }
    out.extend_from_slice(&[0; 16]);
    out.extend_from_slice(&data);
    out.extend_from_slice(b"\xab\xcd\xefMaxMind.com");
    // Widths of the format: uint16 is type 5, uint64 type 9; readers take what fits.
    let mut meta = Vec::new();
    control(&mut meta, 7, 9);
    let number = |meta: &mut Vec<u8>, key: &str, kind: u8, value: u32| {
        V::text(key).write(meta);
        let bytes = value.to_be_bytes();
        let bytes = &bytes[(value.leading_zeros() / 8) as usize..];
        control(meta, kind, bytes.len());
        meta.extend_from_slice(bytes);
    };
    number(&mut meta, "binary_format_major_version", 5, 2);
    number(&mut meta, "binary_format_minor_version", 5, 0);
    number(&mut meta, "build_epoch", 9, 1_763_000_000);
    number(&mut meta, "ip_version", 5, 4);
    number(
        &mut meta,
        "node_count",
        6,
        u32::try_from(nodes.len()).expect("small"),
    );
    number(&mut meta, "record_size", 5, 24);
    for (key, value) in [
        ("database_type", V::text(kind)),
        ("languages", V::list([V::text("en")])),
        ("description", V::map([("en", V::text("made for a test"))])),
    ] {
        V::text(key).write(&mut meta);
        value.write(&mut meta);
    }
    out.extend_from_slice(&meta);
    out
}
