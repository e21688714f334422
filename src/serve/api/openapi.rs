//! The OpenAPI document (version 3.1) of the API, from the table of endpoints and the schemas of
//! `docs/reference/schema`.

use serde_json::{Map, Value, json};

use super::table::{ENDPOINTS, Endpoint, Kind, Parameter, Takes};

/// The schemas that answers refer to, by name.
const SCHEMAS: [(&str, &str); 25] = [
    ("absent", include_str!("../../../docs/reference/schema/absent.json")),
    ("blame", include_str!("../../../docs/reference/schema/blame.json")),
    ("calendar", include_str!("../../../docs/reference/schema/calendar.json")),
    ("capture", include_str!("../../../docs/reference/schema/capture.json")),
    ("change", include_str!("../../../docs/reference/schema/change.json")),
    ("changes", include_str!("../../../docs/reference/schema/changes.json")),
    ("cite", include_str!("../../../docs/reference/schema/cite.json")),
    ("crawl", include_str!("../../../docs/reference/schema/crawl.json")),
    ("diff", include_str!("../../../docs/reference/schema/diff.json")),
    ("due", include_str!("../../../docs/reference/schema/due.json")),
    ("front", include_str!("../../../docs/reference/schema/front.json")),
    ("history", include_str!("../../../docs/reference/schema/history.json")),
    ("host", include_str!("../../../docs/reference/schema/host.json")),
    ("lookup", include_str!("../../../docs/reference/schema/lookup.json")),
    ("quotations", include_str!("../../../docs/reference/schema/quotations.json")),
    ("quotes", include_str!("../../../docs/reference/schema/quotes.json")),
    ("search", include_str!("../../../docs/reference/schema/search.json")),
    ("show", include_str!("../../../docs/reference/schema/show.json")),
    ("site", include_str!("../../../docs/reference/schema/site.json")),
    ("speaker", include_str!("../../../docs/reference/schema/speaker.json")),
    ("status", include_str!("../../../docs/reference/schema/status.json")),
    ("story", include_str!("../../../docs/reference/schema/story.json")),
    ("timeline", include_str!("../../../docs/reference/schema/timeline.json")),
    ("view", include_str!("../../../docs/reference/schema/view.json")),
    ("when", include_str!("../../../docs/reference/schema/when.json")),
];

/// The document of a server with this root.
pub fn document(root: &str) -> String {
    let paths: Map<String, Value> =
        ENDPOINTS.iter().map(|e| (format!("/api/{}", e.name), path(e))).collect();
    let mut schemas: Map<String, Value> = Map::new();
    for (name, text) in SCHEMAS {
        // Each is JSON; a test reads them all.
        let mut schema: Value = serde_json::from_str(text).unwrap_or_default();
        refer_inside(&mut schema, name);
        schemas.insert(name.to_owned(), schema);
    }
    schemas.insert(
        "refusal".to_owned(),
        json!({
            "type": "object",
            "properties": {"message": {"type": "string"}, "status": {"type": "integer"}},
            "required": ["message", "status"],
        }),
    );
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Pressmark",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The output of `pressmark` on the command line, as JSON. Read-only.",
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": root}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"token": []}],
    });
    format!("{document}\n")
}

fn path(endpoint: &Endpoint) -> Value {
    let schema = json!({"$ref": format!("#/components/schemas/{}", endpoint.schema)});
    let what = match endpoint.kind {
        Kind::Object => "The answer.",
        Kind::Lines => "One object per line, each of the given schema.",
        Kind::File(_) => "The file.",
    };
    let media_type = endpoint.kind.media_type();
    let refusal = |what: &str| {
        json!({
            "description": what,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/refusal"}}},
        })
    };
    // JSON Lines are not one JSON text: the schema is that of each line.
    let content = match endpoint.kind {
        Kind::Object => json!({media_type: {"schema": schema}}),
        Kind::Lines => json!({media_type: {"schema": {"type": "string"}, "x-line-schema": schema}}),
        Kind::File(_) => json!({media_type: {}}),
    };
    let parameters: Vec<Value> = endpoint.parameters.iter().map(parameter).collect();
    json!({
        "get": {
            "operationId": endpoint.name,
            "summary": endpoint.what,
            "parameters": parameters,
            "responses": {
                "200": {"description": what, "content": content},
                "400": refusal("A parameter is missing, unknown or invalid."),
                "404": refusal("The archive does not contain it."),
                "500": refusal("The archive cannot be read."),
                "503": refusal("Too many requests are waiting, or the index is being rebuilt."),
                "504": refusal("The answer took too long."),
            },
        },
    })
}

fn parameter(parameter: &Parameter) -> Value {
    let schema = match parameter.takes {
        Takes::Text | Takes::Time => json!({"type": "string"}),
        Takes::Number(min, max) => json!({"type": "integer", "minimum": min, "maximum": max}),
        Takes::Switch => json!({"type": "boolean"}),
        Takes::Choice(known) => json!({"type": "string", "enum": known}),
    };
    let schema = if parameter.is_list { json!({"type": "array", "items": schema}) } else { schema };
    let mut what = parameter.what.to_owned();
    if parameter.takes == Takes::Time {
        what.push_str(" 1 to 14 digits (a prefix means the whole period), RFC 3339, a date, `yesterday` or `3 days ago`; UTC.");
    }
    let mut out = json!({
        "name": parameter.name,
        "in": "query",
        "required": parameter.is_needed,
        "description": what,
        "schema": schema,
    });
    if parameter.is_list {
        out["explode"] = true.into();
    }
    out
}

/// Makes references to other files references inside the document, and removes fields that name a file.
fn refer_inside(schema: &mut Value, own: &str) {
    match schema {
        Value::Object(map) => {
            map.remove("$schema");
            map.remove("$id");
            for (name, value) in map.iter_mut() {
                match value {
                    Value::String(text) if name == "$ref" => *text = inside(text, own),
                    value => refer_inside(value, own),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| refer_inside(item, own)),
        _ => {}
    }
}

fn inside(reference: &str, own: &str) -> String {
    let (file, pointer) = reference.split_once('#').unwrap_or((reference, ""));
    let name = file.strip_suffix(".json").filter(|name| !name.is_empty()).unwrap_or(own);
    format!("#/components/schemas/{name}{pointer}")
}
