//! A validator for the part of JSON Schema (draft 2020-12) that `docs/reference/schema` uses. An unknown
//! keyword is an error, so that no schema has an unchecked statement. Stricter than
//! the draft in one respect: a property that no schema describes is an error too, since the test looks for
//! undocumented output.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

/// The schemas of a directory, by file name.
pub struct Schemas(BTreeMap<String, Value>);

impl Schemas {
    pub fn read(dir: &Path) -> Self {
        let mut all = BTreeMap::new();
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let schema: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            assert_eq!(schema["$id"], name.as_str());
            assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
            all.insert(name, schema);
        }
        Self(all)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The errors of `value` by the schema of that file name.
    pub fn problems(&self, name: &str, value: &Value) -> Vec<String> {
        let mut problems = Vec::new();
        let schema = self.0.get(name).unwrap_or_else(|| panic!("no schema {name}"));
        self.check(name, schema, value, "", &mut problems);
        problems
    }

    /// The texts of a list in the schema of that file name.
    pub fn words_of(&self, name: &str, pointer: &str) -> Vec<&str> {
        let list = self.0[name].pointer(pointer).unwrap().as_array().unwrap();
        list.iter().map(|word| word.as_str().unwrap()).collect()
    }

    /// The properties that the schema of that file name describes and that none of these values has.
    pub fn unwritten(&self, name: &str, values: &[Value]) -> Vec<String> {
        let mut missing = Vec::new();
        let values: Vec<&Value> = values.iter().collect();
        self.look_for(name, &self.0[name], &values, "", &mut missing);
        missing
    }

    fn look_for(
        &self,
        file: &str,
        schema: &Value,
        values: &[&Value],
        at: &str,
        missing: &mut Vec<String>,
    ) {
        for (name, inner) in
            schema.get("properties").and_then(Value::as_object).into_iter().flatten()
        {
            let place = format!("{at}/{name}");
            let found: Vec<&Value> = values.iter().filter_map(|value| value.get(name)).collect();
            if found.is_empty() {
                missing.push(place);
            } else {
                self.look_for(file, inner, &found, &place, missing);
            }
        }
        if let Some(inner) = schema.get("items") {
            let items: Vec<&Value> =
                values.iter().filter_map(|value| value.as_array()).flatten().collect();
            self.look_for(file, inner, &items, at, missing);
        }
        for inner in schema.get("anyOf").and_then(Value::as_array).into_iter().flatten() {
            let is_of = |value: &&&Value| {
                let mut problems = Vec::new();
                self.check(file, inner, value, at, &mut problems);
                problems.is_empty()
            };
            let fitting: Vec<&Value> = values.iter().filter(is_of).copied().collect();
            self.look_for(file, inner, &fitting, at, missing);
        }
        if let Some(target) = schema.get("$ref") {
            let (file, inner) = self.resolve(file, target.as_str().unwrap());
            self.look_for(file, inner, values, at, missing);
        }
    }

    fn resolve<'a>(&'a self, here: &'a str, target: &'a str) -> (&'a str, &'a Value) {
        let (file, pointer) = target.split_once('#').unwrap_or((target, ""));
        let file = if file.is_empty() { here } else { file };
        let schema = self.0.get(file).and_then(|schema| schema.pointer(pointer));
        (file, schema.unwrap_or_else(|| panic!("{here}: {target} leads nowhere")))
    }

    fn check(&self, file: &str, schema: &Value, value: &Value, at: &str, out: &mut Vec<String>) {
        for (keyword, rule) in schema.as_object().unwrap() {
            let ok = match keyword.as_str() {
                "$schema" | "$id" | "$defs" | "title" | "description" => true,
                "type" => is_of_type(rule, value),
                "enum" => rule.as_array().unwrap().contains(value),
                "minimum" => value.as_f64().is_none_or(|n| n >= rule.as_f64().unwrap()),
                "maximum" => value.as_f64().is_none_or(|n| n <= rule.as_f64().unwrap()),
                "minItems" => {
                    value.as_array().is_none_or(|a| a.len() as u64 >= rule.as_u64().unwrap())
                }
                "maxItems" => {
                    value.as_array().is_none_or(|a| a.len() as u64 <= rule.as_u64().unwrap())
                }
                "pattern" => value.as_str().is_none_or(|text| {
                    regex::Regex::new(rule.as_str().unwrap()).unwrap().is_match(text)
                }),
                "format" => value.as_str().is_none_or(|text| is_of_format(rule, text)),
                "required" => {
                    // A value that is not an object has no required properties.
                    let is_object = value.is_object();
                    let names = rule.as_array().unwrap().iter().map(|name| name.as_str().unwrap());
                    for missing in names.filter(|name| is_object && value.get(name).is_none()) {
                        out.push(format!("{at}/{missing} is missing"));
                    }
                    true
                }
                "properties" | "additionalProperties" => {
                    // Both together, at the first of the two.
                    if keyword == "properties" || schema.get("properties").is_none() {
                        self.check_properties(file, schema, value, at, out);
                    }
                    true
                }
                "items" => {
                    for (n, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.check(file, rule, item, &format!("{at}/{n}"), out);
                    }
                    true
                }
                "anyOf" => rule.as_array().unwrap().iter().any(|schema| {
                    let mut inner = Vec::new();
                    self.check(file, schema, value, at, &mut inner);
                    inner.is_empty()
                }),
                "$ref" => {
                    let (file, schema) = self.resolve(file, rule.as_str().unwrap());
                    self.check(file, schema, value, at, out);
                    true
                }
                other => panic!("{file}: the keyword {other} is not known here"),
            };
            if !ok {
                out.push(format!("{at}: {value} against {keyword} {rule}"));
            }
        }
    }

    fn check_properties(
        &self,
        file: &str,
        schema: &Value,
        value: &Value,
        at: &str,
        out: &mut Vec<String>,
    ) {
        for (name, inner) in value.as_object().into_iter().flatten() {
            let place = format!("{at}/{name}");
            let known = schema.get("properties").and_then(|all| all.get(name));
            match known.or_else(|| schema.get("additionalProperties")) {
                Some(schema) => self.check(file, schema, inner, &place, out),
                None => out.push(format!("{place} is not described")),
            }
        }
    }
}

fn is_of_type(rule: &Value, value: &Value) -> bool {
    let is = |name: &Value| match name.as_str().unwrap() {
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        other => panic!("no such type: {other}"),
    };
    rule.as_array().map_or_else(|| is(rule), |all| all.iter().any(is))
}

fn is_of_format(rule: &Value, text: &str) -> bool {
    match rule.as_str().unwrap() {
        "date-time" => pressmark::base::Timestamp::parse(text).is_some() && text.contains('T'),
        "uri" => url::Url::parse(text).is_ok(),
        other => panic!("no such format: {other}"),
    }
}
