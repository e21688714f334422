//! `datapackage.json` as it is read: the files that it lists, one after the other, and nothing else of it.
//!
//! A package may come from anyone. What is not needed is read past and takes no memory, whatever it
//! is; each file is handed on as it comes, and none is kept here. Texts are bounded by
//! [`super::json`], the number of files by nothing.

use std::fmt;
use std::io::{BufReader, Read};

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::json::Bounded;

/// `datapackage-digest.json`; the rest of it is used where the signature is checked.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Digest {
    hash: Option<String>,
}

/// The digest that `datapackage-digest.json` states; none where it states none, or cannot be read.
pub(super) fn read_digest(input: impl Read) -> Option<String> {
    let input = BufReader::new(Bounded::new(input));
    serde_json::from_reader(input).ok().and_then(|Digest { hash }| hash)
}

/// Hands on each resource that `datapackage.json` lists, as it comes.
///
/// # Errors
/// When it cannot be read, or is not an object with a list of resources; those before the place were
/// handed on.
pub(super) fn read_list(
    input: impl Read,
    each: &mut dyn FnMut(Resource),
) -> Result<(), serde_json::Error> {
    let input = BufReader::new(Bounded::new(input));
    let mut json = serde_json::Deserializer::from_reader(input);
    List { each }.deserialize(&mut json)?;
    json.end()
}

/// The whole of `datapackage.json`.
struct List<'e> {
    each: &'e mut dyn FnMut(Resource),
}

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with resources")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key == "resources" {
                map.next_value_seed(Resources { each: &mut *self.each })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// Its `resources`.
struct Resources<'e> {
    each: &'e mut dyn FnMut(Resource),
}

impl<'de> DeserializeSeed<'de> for Resources<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Resources<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of resources")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(resource) = seq.next_element::<Resource>()? {
            (self.each)(resource);
        }
        Ok(())
    }
}

/// One of them. Fields of other kinds than they should be are taken for missing.
#[derive(Default)]
pub(super) struct Resource {
    pub(super) path: Option<String>,
    pub(super) hash: Option<String>,
    pub(super) bytes: Option<u64>,
}

impl<'de> Deserialize<'de> for Resource {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
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
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
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
