//! The committed API document is the served one, and complete.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use phocho::http::openapi::{document, to_yaml};
use serde_json::Value;

#[test]
fn the_committed_document_is_the_programs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.yaml");
    let committed = fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == to_yaml(&document()),
        "openapi.yaml is out of date; refresh it: cargo run -- openapi > openapi.yaml"
    );
}

/// Follows one reference inside the document.
fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(target) => document
            .pointer(target.trim_start_matches('#'))
            .expect(target),
        None => value,
    }
}

/// Whether a body's content shows an example, itself or in its schema; a list or page of
/// things does when the thing does.
fn shows_example(document: &Value, content: &Value) -> bool {
    let has = |value: &Value| {
        ["example", "examples"]
            .iter()
            .any(|key| !value[*key].is_null())
    };
    let schema = resolve(document, &content["schema"]);
    let inner = [&schema["items"], &schema["properties"]["data"]["items"]];
    has(content) || has(schema) || inner.iter().any(|inner| has(resolve(document, inner)))
}

#[test]
fn every_operation_is_summed_up_tagged_exemplified_and_says_how_it_refuses() {
    let document = serde_json::to_value(document()).unwrap();
    let tags: BTreeSet<_> = document["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| &tag["name"])
        .map(Value::to_string)
        .collect();
    let mut ids = BTreeSet::new();
    let mut faults = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let mut demand = |holds: bool, what: &str| {
                if !holds {
                    faults.push(format!("{method} {path}: {what}"));
                }
            };
            demand(
                operation["summary"]
                    .as_str()
                    .is_some_and(|text| !text.is_empty()),
                "summary",
            );
            let known = |tag: &Value| tags.contains(&tag.to_string());
            let tag = operation["tags"]
                .as_array()
                .is_some_and(|named| named.len() == 1 && named.iter().all(known));
            demand(tag, "one tag that the document lists");
            demand(
                ids.insert(operation["operationId"].to_string()),
                "its own operationId",
            );
            let responses = operation["responses"].as_object().unwrap();
            for status in ["429", "500", "503"] {
                let response = resolve(&document, &responses[status]);
                demand(
                    response["content"]["application/problem+json"].is_object(),
                    status,
                );
            }
            if !operation["requestBody"].is_null() {
                let json = &operation["requestBody"]["content"]["application/json"];
                demand(
                    json.is_null() || shows_example(&document, json),
                    "example of its body",
                );
            }
            for (status, response) in responses
                .iter()
                .filter(|(status, _)| status.starts_with('2'))
            {
                let json = &resolve(&document, response)["content"]["application/json"];
                demand(
                    json.is_null() || shows_example(&document, json),
                    &format!("example of {status}"),
                );
            }
        }
    }
    assert!(ids.len() >= 2, "operations were found");
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn the_document_has_no_empty_licence_or_contact() {
    let document = serde_json::to_value(document()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["license"]["name"], "MIT OR Apache-2.0");
    assert!(document["info"]["contact"].is_null());
    assert!(document["components"]["securitySchemes"]["bearer"].is_object());
}
