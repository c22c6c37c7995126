//! The published document at work: what is checked, matched and given out by it, made once at the start.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::http::Method;
use actix_web::web::Bytes;
use serde_json::{Map, Value, json};
use utoipa::IntoParams;
use utoipa::openapi::path::ParameterIn;

use crate::openapi::{METHODS, request_bodies};
use crate::problem::{FaultBody, Problem};
use crate::reply::content_tag;
use crate::schema::{Checker, short};

/// Where the interface begins.
pub const PREFIX: &str = "/api/v1";
/// The version of the interface, in the document and on every reply.
pub const API_VERSION: &str = "1.0.0-alpha.1";

/// The published document at work.
#[derive(Debug)]
pub struct Contract {
    published: Bytes,
    etag: String,
    schemas: Map<String, Value>,
    bodies: HashMap<String, Checker>,
    queries: Mutex<HashMap<TypeId, Arc<QueryKeys>>>,
    paths: Vec<PathRow>,
}

/// One path of the document.
#[derive(Debug)]
struct PathRow {
    segments: Vec<Segment>,
    /// The methods it has, and whether each knows any query key.
    methods: Vec<(Method, bool)>,
}

#[derive(Debug)]
enum Segment {
    Fixed(String),
    Any,
}

impl PathRow {
    fn fits(&self, path: &str) -> bool {
        let mut parts = path.split('/').skip(1);
        let fits = self.segments.iter().all(|segment| match (segment, parts.next()) {
            (Segment::Fixed(name), Some(part)) => name == part,
            (Segment::Any, Some(part)) => !part.is_empty(),
            (_, None) => false,
        });
        fits && parts.next().is_none()
    }
}

impl Contract {
    /// Compiles what the document publishes.
    ///
    /// # Errors
    /// The schema that cannot be compiled, for the log.
    pub(crate) fn new(document: Value) -> Result<Self, String> {
        let published = Bytes::from(document.to_string());
        let part = |pointer: &str| {
            document
                .pointer(pointer)
                .and_then(Value::as_object)
                .cloned()
                .unwrap_or_default()
        };
        let (schemas, paths) = (part("/components/schemas"), part("/paths"));
        let mut bodies = HashMap::new();
        for name in request_bodies(&paths) {
            let schema = json!({"$ref": format!("#/components/schemas/{name}")});
            let checker = Checker::compile(schema, &schemas).map_err(|error| format!("schema {name}: {error}"))?;
            bodies.insert(name, checker);
        }
        Ok(Self {
            etag: content_tag(&published),
            published,
            schemas,
            bodies,
            queries: Mutex::default(),
            paths: paths.iter().map(|(path, item)| path_row(path, item)).collect(),
        })
    }

    /// The document's text and its ETag.
    pub fn published(&self) -> (&Bytes, &str) {
        (&self.published, &self.etag)
    }

    /// The checker of a request body, by the name of its schema.
    pub(crate) fn body(&self, name: &str) -> Option<&Checker> {
        self.bodies.get(name)
    }

    /// The query keys of `T`, compiled when first asked for.
    ///
    /// # Errors
    /// What is wrong with their schemas, for the log.
    pub(crate) fn query<T: IntoParams + 'static>(&self) -> Result<Arc<QueryKeys>, String> {
        let mut queries = self.queries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keys) = queries.get(&TypeId::of::<T>()) {
            return Ok(Arc::clone(keys));
        }
        let keys = Arc::new(QueryKeys::compile::<T>(&self.schemas)?);
        queries.insert(TypeId::of::<T>(), Arc::clone(&keys));
        Ok(keys)
    }

    /// The methods of a path as `Allow` lists them; none where there is no such path.
    pub(crate) fn allow(&self, path: &str) -> Option<String> {
        let mut methods: Vec<&str> = self
            .rows(path)
            .flat_map(|row| &row.methods)
            .map(|(method, _)| method.as_str())
            .collect();
        if methods.is_empty() {
            return None;
        }
        if methods.contains(&"GET") {
            methods.push("HEAD");
        }
        methods.push("OPTIONS");
        methods.sort_unstable();
        methods.dedup();
        Some(methods.join(", "))
    }

    /// Refuses query keys of an operation that knows none.
    pub(crate) fn refuse_query_keys(&self, path: &str, method: &Method, query: &str) -> Option<Problem> {
        let mut known = self
            .rows(path)
            .flat_map(|row| &row.methods)
            .filter(|(named, _)| named == method)
            .map(|(_, keys)| *keys)
            .peekable();
        known.peek()?;
        if known.any(|keys| keys) {
            return None;
        }
        let faults: Vec<_> = pairs(query)
            .iter()
            .map(|(name, _)| query_fault(name, "unknown_field", "this operation has no query keys"))
            .collect();
        (!faults.is_empty()).then(|| Problem::invalid(faults))
    }

    fn rows(&self, path: &str) -> impl Iterator<Item = &PathRow> {
        self.paths.iter().filter(move |row| row.fits(path))
    }
}

fn path_row(path: &str, item: &Value) -> PathRow {
    let elsewhere = item.get("servers").is_some();
    let path = if elsewhere {
        path.to_owned()
    } else {
        format!("{PREFIX}{path}")
    };
    let segments = path
        .split('/')
        .skip(1)
        .map(|part| {
            if part.starts_with('{') {
                Segment::Any
            } else {
                Segment::Fixed(part.to_owned())
            }
        })
        .collect();
    let methods = METHODS
        .into_iter()
        .filter_map(|name| {
            let operation = item.get(name)?;
            let method = Method::from_bytes(name.to_ascii_uppercase().as_bytes()).ok()?;
            let parameters = operation.get("parameters").and_then(Value::as_array);
            let keys = parameters.is_some_and(|all| all.iter().any(|parameter| parameter["in"] == "query"));
            Some((method, keys))
        })
        .collect();
    PathRow { segments, methods }
}

/// The query keys one operation knows.
#[derive(Debug)]
pub(crate) struct QueryKeys {
    checker: Checker,
    names: Vec<String>,
}

impl QueryKeys {
    fn compile<T: IntoParams>(schemas: &Map<String, Value>) -> Result<Self, String> {
        let (mut properties, mut required) = (Map::new(), Vec::new());
        for parameter in T::into_params(|| Some(ParameterIn::Query)) {
            let parameter = json!(parameter);
            if parameter["in"] != "query" {
                continue;
            }
            let name = parameter["name"].as_str().unwrap_or_default().to_owned();
            if parameter["required"] == true {
                required.push(name.clone());
            }
            properties.insert(name, parameter["schema"].clone());
        }
        let names = properties.keys().cloned().collect();
        let schema = json!({
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        });
        Ok(Self {
            checker: Checker::compile(schema, schemas)?,
            names,
        })
    }

    /// The keys as a JSON object of the types the schema names.
    ///
    /// # Errors
    /// All faults, each at `/query/<key>`.
    pub(crate) fn read(&self, query: &str) -> Result<Value, Problem> {
        let (mut object, mut faults) = (Map::new(), Vec::new());
        for (name, text) in pairs(query) {
            let schema = &self.checker.root()["properties"][&name];
            if schema.is_null() {
                let known = if self.names.is_empty() {
                    "none".to_owned()
                } else {
                    self.names.join(", ")
                };
                let detail = format!("is not a query key here; known are: {known}");
                faults.push(query_fault(&name, "unknown_field", detail));
            } else if object.contains_key(&name) {
                let detail = "comes twice; several values go into one key, with commas";
                faults.push(query_fault(&name, "not_unique", detail));
            } else {
                let value = self.typed(&text, schema);
                object.insert(name, value);
            }
        }
        let mut value = Value::Object(object);
        faults.extend(self.checker.check(&mut value).into_iter().map(|fault| FaultBody {
            pointer: format!("/query{}", fault.pointer),
            ..fault
        }));
        if faults.is_empty() {
            Ok(value)
        } else {
            Err(Problem::invalid(faults))
        }
    }

    /// The text as the type its schema names; text that is none of it stays text, and fails the check.
    fn typed(&self, text: &str, schema: &Value) -> Value {
        let schema = self.checker.resolve(schema);
        let is = |name: &str| match &schema["type"] {
            Value::String(kind) => kind == name,
            Value::Array(kinds) => kinds.iter().any(|kind| kind == name),
            _ => false,
        };
        let as_text = || Value::from(text);
        if is("integer") {
            text.parse::<i64>().map_or_else(|_| as_text(), Value::from)
        } else if is("number") {
            text.parse::<f64>().map_or_else(|_| as_text(), Value::from)
        } else if is("boolean") {
            text.parse::<bool>().map_or_else(|_| as_text(), Value::from)
        } else if is("array") {
            let items = text.split(',').filter(|item| !item.is_empty());
            items.map(|item| self.typed(item, &schema["items"])).collect()
        } else {
            as_text()
        }
    }
}

fn query_fault(name: &str, code: &'static str, detail: impl Into<String>) -> FaultBody {
    FaultBody {
        pointer: format!("/query/{}", short(name).replace('~', "~0").replace('/', "~1")),
        code: code.into(),
        detail: detail.into(),
    }
}

/// The keys and values of a query, decoded, in their order.
pub(crate) fn pairs(query: &str) -> Vec<(String, String)> {
    actix_web::web::Query::<Vec<(String, String)>>::from_query(query)
        .map(actix_web::web::Query::into_inner)
        .unwrap_or_default()
}
