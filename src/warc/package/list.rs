//! `datapackage.json` as it is read: the files that it lists, and nothing else of it.
//!
//! A package may come from anyone. What is not needed is read past and takes no memory, whatever it
//! is, and of what is needed there is at most so much.

use std::fmt;

use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The most files of a list that are kept, and the most bytes of their paths and digests.
const LISTED_MAX: usize = 100_000;
const LISTED_BYTES_MAX: usize = 8 << 20;

/// What `datapackage.json` says of a file.
pub(super) struct Stated {
    pub(super) hash: Option<String>,
    pub(super) bytes: Option<u64>,
}

/// `datapackage-digest.json`; what else is in it is for who checks the signature.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Digest {
    pub(super) hash: Option<String>,
}

/// The files that `datapackage.json` lists.
#[derive(Default)]
pub(super) struct Listed {
    pub(super) resources: Vec<(String, Stated)>,
    /// Resources without a path.
    pub(super) nameless: u64,
    /// Resources beyond the bounds.
    pub(super) left_out: u64,
}

impl<'de> Deserialize<'de> for Listed {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(ListVisitor)
    }
}

struct ListVisitor;

impl<'de> Visitor<'de> for ListVisitor {
    type Value = Listed;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with resources")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Listed, A::Error> {
        let mut listed = Listed::default();
        while let Some(key) = map.next_key::<String>()? {
            if key == "resources" {
                listed = map.next_value::<Resources>()?.0;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(listed)
    }
}

struct Resources(Listed);

impl<'de> Deserialize<'de> for Resources {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ResourcesVisitor)
    }
}

struct ResourcesVisitor;

impl<'de> Visitor<'de> for ResourcesVisitor {
    type Value = Resources;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of resources")
    }

    fn visit_unit<E>(self) -> Result<Resources, E> {
        Ok(Resources(Listed::default()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Resources, A::Error> {
        let (mut listed, mut kept) = (Listed::default(), 0);
        while let Some(resource) = seq.next_element::<Resource>()? {
            let Resource { path: Some(path), hash, bytes } = resource else {
                listed.nameless += 1;
                continue;
            };
            kept += path.len() + hash.as_ref().map_or(0, String::len);
            if listed.resources.len() >= LISTED_MAX || kept > LISTED_BYTES_MAX {
                listed.left_out += 1;
            } else {
                listed.resources.push((path, Stated { hash, bytes }));
            }
        }
        Ok(Resources(listed))
    }
}

/// One of them. Fields of other kinds than they should be are taken for missing.
#[derive(Default)]
struct Resource {
    path: Option<String>,
    hash: Option<String>,
    bytes: Option<u64>,
}

impl<'de> Deserialize<'de> for Resource {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ScalarVisitor { fields: true }).map(|value| value.resource)
    }
}

/// A value of which little is kept: a text, a number, or some fields of an object.
#[derive(Default)]
struct Value {
    text: Option<String>,
    number: Option<u64>,
    resource: Resource,
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ScalarVisitor { fields: false })
    }
}

/// Takes any value; of an object its fields where they are wanted.
struct ScalarVisitor {
    fields: bool,
}

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value { text: Some(text.to_owned()), ..Value::default() })
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value { number: Some(number), ..Value::default() })
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value, E> {
        Ok(Value::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        Ok(Value::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value, E> {
        Ok(Value::default())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut resource = Resource::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "path" if self.fields => resource.path = map.next_value::<Value>()?.text,
                "hash" if self.fields => resource.hash = map.next_value::<Value>()?.text,
                "bytes" if self.fields => resource.bytes = map.next_value::<Value>()?.number,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Value { resource, ..Value::default() })
    }
}
