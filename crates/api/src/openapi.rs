//! The OpenAPI document: what the routes say of themselves, and what holds for all of them, added in one walk.
//!
//! Handlers declare what is special; the walk adds the headers of every reply, the problems that follow from what an
//! operation takes, conditional reads, closed request bodies and the read-only fields a PUT may send back.

use std::sync::LazyLock;

use actix_web::App;
use serde_json::{Map, Value, json};
use utoipa::{PartialSchema, ToSchema};
use utoipa_actix_web::AppExt;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::contract::{API_VERSION, PREFIX};
use crate::docs;
use crate::problem::{FaultBody, Kind, MEDIA_TYPE, ProblemBody};

mod bodies;
mod codes;

pub(crate) use bodies::request_bodies;

/// A function that registers routes.
pub type Routes = fn(&mut ServiceConfig<'_>);

/// The methods an operation can have, as the document spells them.
pub(crate) const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

const DESCRIPTION: &str = "The European Migration Network asks, answers, compares and publishes ad-hoc queries here.

What can be changed has a `version`, which its `ETag` begins with: where an operation takes `If-Match`, it has to come, and is \
told again by the reply. `actions` says what the caller may do with a thing now. A POST may bring an `Idempotency-Key`, and its repetition gets the same reply. Errors are problems (RFC 9457) with a \
stable `code` and all faults at once. Unknown fields and query keys are refused; read-only fields sent back are \
ignored. Times are RFC 3339 in UTC; deadlines are days in Brussels. Lists go on through `Link: rel=\"next\"`.

## Changes
- 1.0.0-alpha.1: the first draft. Until 1.0.0 anything may change; afterwards v1 only grows.";

const TAGS: [(&str, &str); 8] = [
    ("session", "Signing in and out, and what belongs to oneself"),
    ("network", "Offices, users, topics and calendars"),
    ("queries", "Queries from draft to withdrawal"),
    ("responses", "Drafting, submitting and amending responses"),
    ("contributions", "Drafts of experts outside, by link"),
    ("compilations", "Editions, comparison, summaries and publication"),
    ("archive", "Published queries and their feed"),
    ("operation", "Health, audit and this document"),
];

/// What is replied, a thing of each kind: written by `openapi/examples` from what the demonstration replies.
static EXAMPLES: LazyLock<Map<String, Value>> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../openapi/examples.json")).unwrap_or_default());

/// What is read again and again, and compared by its ETag.
const COMPARED: [&str; 4] = [
    "application/json",
    "text/calendar",
    "application/atom+xml",
    "application/vnd.oasis.opendocument.text",
];

/// The document of these routes.
pub(crate) fn document_of(routes: Routes) -> Value {
    let (_, mut api) = App::new()
        .into_utoipa_app()
        .service(utoipa_actix_web::scope(PREFIX).configure(|config| {
            config.service(docs::get_openapi);
            routes(config);
        }))
        .split_for_parts();
    let mut schemas = vec![
        (ProblemBody::name().into_owned(), ProblemBody::schema()),
        (FaultBody::name().into_owned(), FaultBody::schema()),
    ];
    ProblemBody::schemas(&mut schemas);
    let components = api.components.get_or_insert_default();
    components.schemas.extend(schemas);
    let mut document = json!(api);
    finish(&mut document);
    document
}

fn finish(document: &mut Value) {
    let mut schemas = take(document, &["components", "schemas"]);
    let paths = take(document, &["paths"]);
    let all = schemas.clone();
    schemas
        .values_mut()
        .for_each(|schema| bodies::merge_all_of(schema, &all));
    bodies::close_request_bodies(&paths, &mut schemas);
    bodies::mark_read_only(&paths, &mut schemas);
    let paths: Map<String, Value> = paths
        .into_iter()
        .map(|(path, mut item)| {
            for method in METHODS {
                if let Some(operation) = item.get_mut(method).and_then(Value::as_object_mut) {
                    finish_operation(method, operation, &schemas);
                }
            }
            match path.strip_prefix(PREFIX) {
                Some(below) => (below.to_owned(), item),
                None => {
                    item["servers"] = json!([{"url": "/"}]);
                    (path, item)
                }
            }
        })
        .collect();
    *document = json!({
        "openapi": document["openapi"],
        "info": {
            "title": "Ad-hoc query exchange",
            "description": DESCRIPTION,
            "version": API_VERSION,
            "contact": {
                "name": "European Migration Network",
                "url": "https://home-affairs.ec.europa.eu/networks/european-migration-network-emn_en",
            },
            "license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
        },
        "servers": [{"url": PREFIX, "description": "This server"}],
        "tags": TAGS.map(|(name, description)| json!({"name": name, "description": description})),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "headers": headers(),
            "responses": problems(),
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "The access token of a session, good for ten minutes (`/session`); or the token of a program, which begins with `ahq_`: of a service account (`/offices/{code}/service-accounts`) or of a user (`/me/tokens`), for what its scopes allow, until its last day or until it is revoked.",
                },
            },
        },
    });
}

fn take(document: &mut Value, path: &[&str]) -> Map<String, Value> {
    let mut place = document;
    for name in path {
        place = &mut place[*name];
    }
    match place.take() {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

/// The headers that replies refer to.
fn headers() -> Value {
    json!({
        "ApiVersion": {"description": "The version of the interface", "schema": {"type": "string"}, "example": API_VERSION},
        "RequestId": {"description": "The id of the request", "schema": {"type": "string", "format": "uuid"}},
        "ETag": {"description": "The version of the thing and a hash of this representation", "schema": {"type": "string"}},
        "Location": {"description": "Where the new thing is, or the list it stands in; none where it has no address", "schema": {"type": "string", "format": "uri-reference"}},
        "Link": {"description": "Where to go on: `next` page, `successor-version`", "schema": {"type": "string"}},
        "RetryAfter": {"description": "After how many seconds to come back", "schema": {"type": "integer", "minimum": 0}},
        "WwwAuthenticate": {"description": "How to sign in (RFC 6750)", "schema": {"type": "string"}},
    })
}

/// The problems an operation can give without saying so itself: status, name, and the kind its example shows.
const PROBLEMS: [(&str, &str, Kind, &str); 15] = [
    (
        "400",
        "BadRequest",
        Kind::InvalidInput,
        "The input has faults; `errors` names all of them",
    ),
    (
        "401",
        "Unauthorized",
        Kind::BadToken,
        "Nobody is signed in, or the token is not good",
    ),
    (
        "403",
        "Forbidden",
        Kind::Forbidden,
        "Seen, but not allowed; the code says by which rule",
    ),
    ("404", "NotFound", Kind::NotFound, "Not there, or not for this caller"),
    (
        "406",
        "NotAcceptable",
        Kind::NotAcceptable,
        "None of the media types asked for",
    ),
    (
        "409",
        "Conflict",
        Kind::Conflict,
        "Not in this position; the code says why",
    ),
    ("410", "Gone", Kind::Replaced, "Replaced; `Link` leads to the successor"),
    ("412", "Stale", Kind::Stale, "Changed in the meantime"),
    ("413", "TooLarge", Kind::TooLarge, "The body is too large"),
    (
        "415",
        "UnsupportedMediaType",
        Kind::UnsupportedMediaType,
        "The body is not of a media type read here",
    ),
    ("428", "IfMatchMissing", Kind::IfMatchMissing, "A change needs If-Match"),
    ("429", "TooMany", Kind::TooMany, "Too many attempts"),
    ("500", "Internal", Kind::Internal, "Something went wrong here"),
    ("503", "Busy", Kind::Busy, "Too much at once; come back in a moment"),
    ("507", "Full", Kind::Full, "No room left to write; nothing was kept"),
];

fn problem_content(kind: Kind) -> Value {
    let mut example = json!({
        "type": format!("urn:ahq:problem:{}", kind.code()),
        "title": kind.title(),
        "status": kind.status().as_u16(),
        "detail": kind.title(),
        "code": kind.code(),
        "requestId": "0190c1c5-9f1e-7d8b-b9a4-0c8f6d3f8a55",
    });
    if kind == Kind::InvalidInput {
        example["detail"] = "One field is wrong; `errors` names it.".into();
        example["errors"] = json!([
            {"pointer": "/title", "code": "too_long", "detail": "may have at most 400 characters"}
        ]);
    }
    let reference = format!("#/components/schemas/{}", ProblemBody::name());
    json!({MEDIA_TYPE: {"schema": {"$ref": reference}, "example": example}})
}

fn common_headers() -> Value {
    json!({
        "API-Version": {"$ref": "#/components/headers/ApiVersion"},
        "X-Request-Id": {"$ref": "#/components/headers/RequestId"},
    })
}

fn problem_headers(status: &str) -> Value {
    let mut headers = common_headers();
    match status {
        "401" => headers["WWW-Authenticate"] = json!({"$ref": "#/components/headers/WwwAuthenticate"}),
        "410" => headers["Link"] = json!({"$ref": "#/components/headers/Link"}),
        "429" | "503" | "507" => headers["Retry-After"] = json!({"$ref": "#/components/headers/RetryAfter"}),
        _ => {}
    }
    headers
}

fn problems() -> Map<String, Value> {
    PROBLEMS
        .into_iter()
        .filter(|(status, ..)| *status != "410")
        .map(|(status, name, kind, description)| {
            let content = problem_content(kind);
            let description = match kind {
                Kind::Forbidden => format!("{description}: {}", codes::listed(&codes::FORBIDDEN)),
                Kind::Conflict => format!("{description}: {}", codes::listed(&codes::CONFLICT)),
                _ => description.to_owned(),
            };
            let response = json!({"description": description, "headers": problem_headers(status), "content": content});
            (name.to_owned(), response)
        })
        .collect()
}

/// Adds to one operation what follows from what it takes and gives.
fn finish_operation(method: &str, operation: &mut Map<String, Value>, schemas: &Map<String, Value>) {
    let read = method == "get";
    let empty = Vec::new();
    let parameters = operation.get("parameters").and_then(Value::as_array).unwrap_or(&empty);
    let has = |place: &str, name: Option<&str>| {
        parameters
            .iter()
            .any(|parameter| parameter["in"] == place && name.is_none_or(|name| parameter["name"] == name))
    };
    let (in_path, if_match) = (has("path", None), has("header", Some("If-Match")));
    let body = method == "post" || operation.contains_key("requestBody");
    let signed_in = operation
        .get("security")
        .and_then(Value::as_array)
        .is_some_and(|any| any.iter().any(|one| one.as_object().is_some_and(|one| !one.is_empty())));
    let responses = operation.get("responses").and_then(Value::as_object);
    let shown = responses.and_then(|responses| responses.get("200")?.get("content")?.as_object());
    let negotiated = shown.is_some_and(|content| content.len() > 1);
    let conditional =
        read && shown.is_some_and(|content| COMPARED.iter().any(|media_type| content.contains_key(*media_type)));

    // Query keys are refused where none are known, so any operation can have a wrong one.
    let mut statuses = vec!["400", "429", "500", "503"];
    let follows = [
        ("401", signed_in),
        ("403", signed_in),
        ("404", in_path),
        ("406", negotiated),
        ("409", !read),
        ("412", if_match),
        ("413", body),
        ("415", body),
        ("428", if_match),
        ("507", !read),
    ];
    statuses.extend(
        follows
            .into_iter()
            .filter(|(_, applies)| *applies)
            .map(|(status, _)| status),
    );

    if !signed_in {
        // An empty list; generators of clients take one empty requirement for a need to sign in.
        operation.insert("security".to_owned(), json!([]));
    }
    if conditional {
        let parameter = json!({
            "name": "If-None-Match",
            "in": "header",
            "required": false,
            "description": "An ETag the caller has: 304 when it is still this one.",
            "schema": {"type": "string"},
        });
        push(operation, "parameters", parameter);
    }
    if let Some(parameters) = operation.get_mut("parameters").and_then(Value::as_array_mut) {
        for parameter in parameters.iter_mut().filter(|parameter| parameter["in"] == "query") {
            if parameter["schema"]["type"] == "array" {
                parameter["style"] = "form".into();
                parameter["explode"] = false.into();
            }
        }
    }
    let responses = operation.entry("responses").or_insert_with(|| json!({}));
    if conditional {
        responses["200"]["headers"]["ETag"] = json!({"$ref": "#/components/headers/ETag"});
        responses["304"] = json!({
            "description": "Not changed",
            "headers": {"ETag": {"$ref": "#/components/headers/ETag"}},
        });
    }
    for status in ["200", "201"] {
        let told = responses[status]["content"]["application/json"]["schema"]["$ref"].as_str();
        let Some(name) = told
            .and_then(|reference| reference.rsplit('/').next())
            .map(str::to_owned)
        else {
            continue;
        };
        if has_version(&name, schemas) {
            responses[status]["headers"]["ETag"] = json!({"$ref": "#/components/headers/ETag"});
        }
        if let Some(example) = EXAMPLES.get(&name) {
            responses[status]["content"]["application/json"]["example"] = example.clone();
        }
    }
    if let Some(made) = responses.get_mut("201") {
        made["headers"]["Location"] = json!({"$ref": "#/components/headers/Location"});
    }
    for (status, name, kind, _) in PROBLEMS {
        match responses.get_mut(status) {
            Some(own) if own.get("content").is_none() => {
                own["content"] = problem_content(kind);
                own["headers"] = problem_headers(status);
            }
            None if statuses.contains(&status) => {
                responses[status] = json!({"$ref": format!("#/components/responses/{name}")});
            }
            _ => {}
        }
    }
    for response in responses.as_object_mut().into_iter().flat_map(Map::values_mut) {
        if response.get("$ref").is_some() {
            continue;
        }
        for (name, header) in common_headers().as_object().into_iter().flatten() {
            response["headers"][name] = header.clone();
        }
    }
}

/// Whether a thing of this schema, or one of those it may be, has a version.
fn has_version(name: &str, schemas: &Map<String, Value>) -> bool {
    let Some(schema) = schemas.get(name) else {
        return false;
    };
    let mut kinds = schema["oneOf"].as_array().into_iter().flatten();
    schema["properties"].get("version").is_some()
        || kinds.any(|kind| {
            let name = kind["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
            name.is_some_and(|name| has_version(name, schemas))
        })
}

fn push(operation: &mut Map<String, Value>, list: &str, entry: Value) {
    if let Some(entries) = operation.entry(list).or_insert_with(|| json!([])).as_array_mut() {
        entries.push(entry);
    }
}

#[cfg(test)]
#[path = "openapi_tests.rs"]
pub(crate) mod tests;
