//! JSON documents of the program, as all tests read them: each keeps its published schema, and says nothing that is not in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Value, json};

/// By the name that documents call them by, without `portolan.` and version.
static SCHEMAS: LazyLock<BTreeMap<String, Validator>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    fs::read_dir(folder).unwrap().map(|entry| schema(&entry.unwrap().path())).collect()
});

fn schema(path: &Path) -> (String, Validator) {
    let mut schema = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    close(&mut schema);
    (path.file_stem().unwrap().to_str().unwrap().to_owned(), jsonschema::validator_for(&schema).unwrap())
}

/// Takes its openness from a schema: what it does not name becomes wrong.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if object.contains_key("properties") && !object.contains_key("additionalProperties") {
                object.insert("additionalProperties".to_owned(), json!(false));
            }
            object.values_mut().for_each(close);
        }
        Value::Array(schemas) => schemas.iter_mut().for_each(close),
        _ => {}
    }
}

/// Which schema it keeps, or how it breaks that. Flow records have other people's names, and do not say what they are.
pub(crate) fn check(document: &Value) -> Result<&str, String> {
    let first = if document.is_array() { &document[0] } else { document };
    let name = match first["schema"].as_str() {
        Some(name) => name.strip_prefix("portolan.").and_then(|name| name.strip_suffix("/1")),
        None => first["network"].is_object().then_some("flow"),
    };
    let (name, schema) = name.and_then(|name| Some((name, SCHEMAS.get(name)?))).ok_or("it has no schema")?;
    match schema.iter_errors(document).next() {
        Some(error) => Err(format!("{name}, {}: {error}", error.instance_path())),
        None => Ok(name),
    }
}

/// The document that the text is.
pub(crate) fn json(text: &(impl AsRef<[u8]> + ?Sized)) -> Value {
    let document = serde_json::from_slice(text.as_ref()).unwrap();
    check(&document).unwrap();
    document
}
