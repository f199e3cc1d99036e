//! JSON Schemas (draft 2020-12) of what a vendor writes: the lines of an upper tester, the profile.
//!
//! Built from the types and tables that do the reading, so that they cannot promise anything else.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::{
    Edition, ICS, IXIT, Kind,
    call::{Hello, HelloParams, NoParams, PROTOCOL, ResetParams},
    role::Role,
};
use crate::upper::{Act, SETTINGS, Sight};

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Schema of one line of the upper tester's protocol, in either direction.
///
/// Each method stands under `$defs/request` with its parameters; `x-result` beside them is the schema of its result.
#[must_use]
pub fn upper_tester() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let hello = reference::<Hello>(&mut generator);
    let sight = reference::<Sight>(&mut generator);
    let handles = json!({ "$ref": "#/$defs/Handles" });

    let mut methods = vec![
        method("hello", "Begin.", inline::<HelloParams>(&mut generator), &hello),
        method(
            "idle",
            "Answer once all input so far is handled and nothing is queued; sound and pictures that flow do not count.",
            inline::<NoParams>(&mut generator),
            &json!({}),
        ),
        method(
            "reset",
            "Bring a user back to the state after its start: not registered, nothing stored or queued, settings as provisioned before the run.",
            inline::<ResetParams>(&mut generator),
            &json!({}),
        ),
        method("stop", "End.", inline::<NoParams>(&mut generator), &json!({})),
    ];
    methods.extend(acts(&mut generator).into_iter().map(|(name, params)| {
        let description = params.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
        method(&name, &description, params, &handles)
    }));

    let mut definitions = generator.take_definitions(true);
    definitions.insert("request".to_owned(), json!({ "description": "From the harness.", "oneOf": methods }));
    definitions.insert("response".to_owned(), response(&hello, &handles));
    definitions.insert("notification".to_owned(), notification(&sight));
    definitions.insert(
        "Handles".to_owned(),
        json!({
            "description": "The product took the user's input. Handles by name, such as `message`: opaque text.",
            "type": "object",
            "additionalProperties": { "type": "string" },
        }),
    );
    json!({
        "$schema": DRAFT,
        "title": format!("Upper tester of cpmspec, protocol {PROTOCOL}"),
        "description": "JSON-RPC 2.0, one object per line, UTF-8, 1 MiB at most. The harness calls, the adapter answers and tells.",
        "oneOf": [{ "$ref": "#/$defs/request" }, { "$ref": "#/$defs/response" }, { "$ref": "#/$defs/notification" }],
        "$defs": definitions,
    })
}

/// Schema of a profile. It is a little wider than the reader, which also looks into the values.
#[must_use]
pub fn profile() -> Value {
    let text = json!({ "type": "string", "minLength": 1 });
    let ics: Map<_, _> = ICS
        .iter()
        .map(|(name, claim)| ((*name).to_owned(), json!({ "description": claim, "enum": [true, false, "yes", "no"], "default": false })))
        .collect();
    let ixit: Map<_, _> = IXIT
        .iter()
        .map(|key| {
            let numeric = matches!(key.kind, Kind::Duration | Kind::Number);
            let kind = if numeric { json!(["string", "number"]) } else { json!("string") };
            (key.name.to_owned(), json!({ "description": key.what, "type": kind, "default": key.default }))
        })
        .collect();
    let transport = json!({ "enum": ["udp", "tcp"] });
    json!({
        "$schema": DRAFT,
        "title": "Profile of a system under test for cpmspec",
        "type": "object",
        "required": ["name", "role", "upper tester", "ics"],
        "additionalProperties": false,
        "properties": {
            "name": { "description": "Name of the product, with its version.", "type": "string", "minLength": 1 },
            "role": { "description": "What it is.", "enum": Role::ALL.map(Role::name) },
            "edition": {
                "description": "The edition of CPM that it implements.",
                "enum": Edition::ALL.map(Edition::name),
                "default": Edition::Two.name(),
            },
            "reach": {
                "description": "How its signalling is reached.",
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "sip": {
                        "description": "Transports that it speaks; the suite runs over each.",
                        "oneOf": [transport, { "type": "array", "items": transport, "minItems": 1, "uniqueItems": true }],
                        "default": ["udp", "tcp"],
                    },
                    "core": {
                        "description": "IP address and port where the fake core listens; port 0: any.",
                        "type": "string",
                        "default": "127.0.0.1:0",
                    },
                    "home": { "description": "Home domain of the SUT's user.", "type": "string" },
                    "listens": { "description": "IP address and port where a server listens, if its adapter does not say.", "type": "string" },
                },
            },
            "upper tester": {
                "description": "The adapter through which the SUT's user acts.",
                "oneOf": [
                    { "const": "embedded" },
                    {
                        "type": "object",
                        "additionalProperties": false,
                        "required": ["stdio"],
                        "properties": {
                            "stdio": {
                                "description": "A program and its arguments; run without a shell.",
                                "type": "array",
                                "items": { "type": "string" },
                                "minItems": 1,
                            },
                        },
                    },
                    {
                        "type": "object",
                        "additionalProperties": false,
                        "required": ["tcp"],
                        "properties": { "tcp": { "description": "host:port where it listens.", "type": "string" } },
                    },
                ],
            },
            "ics": {
                "description": "What the product supports; an item that is not listed counts as no.",
                "type": "object",
                "additionalProperties": false,
                "properties": ics,
            },
            "ixit": {
                "description": "What the tester needs to know.",
                "type": "object",
                "additionalProperties": false,
                "properties": ixit,
            },
            "users": {
                "description": "How many users can be tested at a time.",
                "type": "integer",
                "minimum": 1,
                "maximum": u16::MAX,
                "default": 1,
            },
            "waivers": {
                "description": "Expected fails, kept out of the exit status.",
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["id", "reason", "owner", "until"],
                    "additionalProperties": false,
                    "properties": {
                        "id": text,
                        "reason": text,
                        "owner": text,
                        "until": { "description": "Last day on which it holds.", "type": "string", "format": "date" },
                    },
                },
            },
        },
    })
}

fn reference<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().to_value()
}

fn inline<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    T::json_schema(generator).to_value()
}

/// Each act with the schema of its parameters: the schema of the type, without the tag that becomes the method.
fn acts(generator: &mut SchemaGenerator) -> Vec<(String, Value)> {
    let mut act = inline::<Act>(generator);
    let Some(Value::Array(variants)) = act.get_mut("oneOf").map(Value::take) else { return Vec::new() };
    variants.into_iter().filter_map(parameters).collect()
}

fn parameters(mut variant: Value) -> Option<(String, Value)> {
    let properties = variant.get_mut("properties")?.as_object_mut()?;
    let name = properties.remove("act")?.get("const")?.as_str()?.to_owned();
    if let Some(setting) = properties.get_mut("setting").and_then(Value::as_object_mut) {
        let settings: Vec<_> = SETTINGS.iter().map(|(name, value)| json!({ "const": name, "description": value })).collect();
        setting.insert("oneOf".to_owned(), Value::Array(settings));
    }
    if let Some(required) = variant.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|name| name != "act");
    }
    Some((name, variant))
}

fn method(name: &str, description: &str, params: Value, result: &Value) -> Value {
    json!({
        "title": name,
        "description": description,
        "type": "object",
        "required": ["jsonrpc", "id", "method", "params"],
        "properties": {
            "jsonrpc": { "const": "2.0" },
            "id": { "type": "integer", "minimum": 0 },
            "method": { "const": name },
            "params": params,
        },
        "x-result": result,
    })
}

fn response(hello: &Value, handles: &Value) -> Value {
    json!({
        "description": "From the adapter, one per request.",
        "type": "object",
        "required": ["jsonrpc", "id"],
        "properties": {
            "jsonrpc": { "const": "2.0" },
            "id": { "type": ["integer", "null"], "minimum": 0 },
            "result": { "anyOf": [hello, handles, { "type": "null" }] },
            "error": {
                "description": "1: the product refused. 2: not now. 3: unknown handle. -32601: no such method. -32602: bad parameter.",
                "type": "object",
                "required": ["code", "message"],
                "properties": { "code": { "type": "integer" }, "message": { "type": "string" } },
            },
        },
        "not": { "required": ["method"] },
        "oneOf": [{ "required": ["result"] }, { "required": ["error"] }],
    })
}

fn notification(sight: &Value) -> Value {
    json!({
        "description": "From the adapter: what the user sees.",
        "type": "object",
        "required": ["jsonrpc", "method", "params"],
        "properties": { "jsonrpc": { "const": "2.0" }, "method": { "const": "sight" }, "params": sight },
        "not": { "required": ["id"] },
    })
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::{
        sut::{UpperTester, call, rpc::Message, template},
        upper::{Answer, ReceivedMessage},
        yaml,
    };

    fn accepts(schema: &jsonschema::Validator, line: &str) -> bool {
        schema.is_valid(&serde_json::from_str(line).expect("JSON"))
    }

    #[test]
    fn the_schema_takes_what_both_sides_write() {
        let schema = jsonschema::validator_for(&upper_tester()).expect("a schema");
        for call in call::tests::calls() {
            let line = Message::Request(call.request(1)).line();
            assert!(accepts(&schema, &line), "{line}");
        }
        for answer in [Answer::Taken([("message".into(), "m1".into())].into()), Answer::Refused("no".into()), Answer::NoSuchAct] {
            let line = call::response(1, &answer).line();
            assert!(accepts(&schema, &line), "{line}");
        }
        let sight = Sight::MessageReceived(ReceivedMessage { message: "m1".into(), text: Some("hi".into()), ..Default::default() });
        assert!(accepts(&schema, &call::notification(&sight).line()));
    }

    #[test]
    fn the_schema_refuses_what_either_side_refuses() {
        let schema = jsonschema::validator_for(&upper_tester()).expect("a schema");
        for line in [
            r#"{"jsonrpc":"2.0","id":1,"method":"fly","params":{}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"register","params":{"to":"moon"}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"send-message","params":{"text":"hi"}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"configure","params":{"setting":"colour","value":"red"}}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{"message":17}}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":""}}"#,
            r#"{"jsonrpc":"2.0","method":"sight","params":{"sight":"ufo"}}"#,
            r#"{"id":1,"result":{}}"#,
            "[]",
        ] {
            assert!(!accepts(&schema, line), "{line}");
        }
    }

    #[test]
    fn every_method_stands_in_the_schema() {
        let schema = upper_tester();
        let methods = schema["$defs"]["request"]["oneOf"].as_array().expect("methods");
        let names: Vec<_> = methods.iter().filter_map(|method| method["title"].as_str()).collect();
        assert_eq!(names.get(..4), Some(["hello", "idle", "reset", "stop"].as_slice()));
        assert_eq!(names.get(4..), Some(Act::NAMES));
    }

    #[test]
    fn the_template_fits_the_schema_of_the_profile() {
        let schema = jsonschema::validator_for(&profile()).expect("a schema");
        let text = template("Acme", Role::ImServerB2bua, &UpperTester::Stdio(vec!["./acme".into()]));
        let value: Value = yaml::from_str("new.yaml", &text).expect("YAML");
        assert!(schema.is_valid(&value), "{:?}", schema.validate(&value).err());
        assert!(!schema.is_valid(&json!({ "name": "Acme", "role": "cpm-client", "upper tester": "embedded" })));
    }
}
