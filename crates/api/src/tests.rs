//! The foundation at work on a small resource of its own, through actix.

mod demo;

use std::sync::Arc;

use actix_web::http::header::HeaderMap;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, web};
use ahq_domain::clock::{Clock, Instant, Randomness};
use ahq_domain::id::{SessionId, UserId};
use ahq_exchange::keys::ServerKeys;
use chrono::DateTime;
use serde_json::{Value, json};

use crate::Api;
use crate::token::TokenKeys;

fn now() -> Instant {
    DateTime::from_timestamp(1_796_000_000, 0).unwrap()
}

fn api() -> web::Data<Api> {
    let keys = ServerKeys::generate(&Randomness::new(|bytes| bytes.fill(1)));
    let tokens = TokenKeys::new(Arc::new(keys), "https://ahq.test", "ahq");
    web::Data::new(Api::with_routes(demo::described, tokens, Clock::new(now), [3; 32]).unwrap())
}

struct Got {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Got {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Status and code of a problem, which must have the common form.
    fn problem(&self) -> (u16, &str) {
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{}",
            self.body
        );
        assert_eq!(self.body["status"], self.status);
        assert_eq!(self.header("cache-control"), Some("no-store"));
        assert!(self.header("api-version").is_some());
        (self.status, self.body["code"].as_str().unwrap())
    }

    fn faults(&self) -> Vec<String> {
        let fault = |fault: &Value| {
            format!(
                "{} {}",
                fault["pointer"].as_str().unwrap(),
                fault["code"].as_str().unwrap()
            )
        };
        self.body["errors"].as_array().unwrap().iter().map(fault).collect()
    }
}

async fn send(request: TestRequest) -> Got {
    let app = init_service(App::new().configure(crate::mount_routes(api(), demo::served))).await;
    let response = call_service(&app, request.to_request()).await;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = read_body(response).await;
    Got {
        status,
        headers,
        body: serde_json::from_slice(&bytes).unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&bytes))),
    }
}

fn get(path: &str) -> TestRequest {
    TestRequest::get().uri(path)
}

fn post(path: &str, body: impl Into<web::Bytes>) -> TestRequest {
    TestRequest::post()
        .uri(path)
        .insert_header(("content-type", "application/json"))
        .set_payload(body)
}

fn bearer() -> (&'static str, String) {
    let randomness = Randomness::new(|bytes| bytes.fill(5));
    let (user, session) = (UserId::new(now(), &randomness), SessionId::new(now(), &randomness));
    let token = api().tokens().issue(user, session, now(), &randomness).unwrap();
    ("authorization", format!("Bearer {token}"))
}

#[actix_web::test]
async fn a_thing_is_read_with_its_etag_and_not_twice() {
    let got = send(get("/api/v1/things/1")).await;
    assert_eq!((got.status, &got.body["name"]), (200, &json!("one")));
    let etag = got.header("etag").unwrap().to_owned();
    assert!(etag.starts_with("\"v7-"));
    assert_eq!(got.header("cache-control"), Some("private, no-cache"));
    assert_eq!(got.header("content-type"), Some("application/json"));
    let again = send(get("/api/v1/things/1").insert_header(("if-none-match", etag.as_str()))).await;
    assert_eq!((again.status, again.header("etag")), (304, Some(etag.as_str())));
    assert_eq!(again.header("cache-control"), Some("private, no-cache"));
    assert_eq!(again.body, "");
}

#[actix_web::test]
async fn what_is_not_there_is_404_in_one_form() {
    for (path, code) in [
        ("/api/v1/things/9", "not_found"),
        ("/api/v1/things/x", "not_found"),
        ("/api/v1/things/1%00", "not_found"),
        ("/api/v1/things/", "unknown_path"),
        ("/api/v1/things/1/", "unknown_path"),
        ("/api/v1/nothing", "unknown_path"),
        ("/api/v1", "unknown_path"),
        ("/docs/nothing", "unknown_path"),
    ] {
        assert_eq!(send(get(path)).await.problem(), (404, code), "{path}");
    }
}

#[actix_web::test]
async fn a_wrong_method_hears_which_would_do() {
    let got = send(TestRequest::patch().uri("/api/v1/things/1")).await;
    assert_eq!(got.problem(), (405, "method_not_allowed"));
    assert_eq!(got.header("allow"), Some("GET, HEAD, OPTIONS, PUT"));
    let got = send(
        TestRequest::default()
            .method(actix_web::http::Method::OPTIONS)
            .uri("/api/v1/things"),
    )
    .await;
    assert_eq!(
        (got.status, got.header("allow")),
        (204, Some("GET, HEAD, OPTIONS, POST"))
    );
    assert_eq!(
        send(TestRequest::delete().uri("/api/v1/nothing")).await.problem(),
        (404, "unknown_path")
    );
}

#[actix_web::test]
async fn query_keys_are_checked_all_at_once() {
    let got = send(get(
        "/api/v1/things?limit=0&sort=up&statu=x&limit=5&draft=maybe&status=open,shut",
    ))
    .await;
    assert_eq!(got.problem(), (400, "invalid_input"));
    let mut faults = got.faults();
    faults.sort();
    assert_eq!(
        faults,
        [
            "/query/draft wrong_type",
            "/query/limit not_unique",
            "/query/limit out_of_range",
            "/query/sort not_one_of",
            "/query/statu unknown_field",
            "/query/status/1 not_one_of",
        ]
    );
    let got = send(get("/api/v1/things?limit=101")).await;
    assert_eq!(got.body["errors"][0]["detail"], "must be at most 100");
    assert_eq!(
        send(get("/api/v1/things?title=%00")).await.faults(),
        ["/query/title bad_character"]
    );
    assert_eq!(
        send(get("/api/v1/things/1?x=1")).await.faults(),
        ["/query/x unknown_field"]
    );
    assert_eq!(
        send(get("/api/v1/things?status=open,closed&draft=true&title="))
            .await
            .status,
        200
    );
}

#[actix_web::test]
async fn a_list_goes_on_through_its_link() {
    let first = send(get("/api/v1/things?limit=2&sort=-name")).await;
    assert_eq!(first.body["items"], json!([1, 2]));
    let link = first.header("link").unwrap();
    let next = &link[1..link.find('>').unwrap()];
    assert!(link.ends_with("; rel=\"next\""));
    let second = send(get(next)).await;
    assert_eq!((&second.body["items"], second.header("link")), (&json!([3]), None));
    let other = send(get(&next.replace("sort=-name", "sort=name"))).await;
    assert_eq!(other.problem(), (400, "bad_cursor"));
}

#[actix_web::test]
async fn a_body_is_refused_with_all_its_faults() {
    let got = send(post(
        "/api/v1/things",
        r#"{"name": "", "colour": 1, "shape": {"kind": "round", "radius": "x", "y": 0}}"#,
    ))
    .await;
    assert_eq!(got.problem(), (400, "invalid_input"));
    let mut faults = got.faults();
    faults.sort();
    assert_eq!(
        faults,
        [
            "/colour unknown_field",
            "/name too_short",
            "/shape/radius wrong_type",
            "/shape/y unknown_field"
        ]
    );
    let shape = send(post(
        "/api/v1/things",
        r#"{"name": "a", "shape": {"kind": "boxed", "width": 1, "z": 1}}"#,
    ))
    .await;
    assert_eq!(shape.faults(), ["/shape/z unknown_field"]);
}

#[actix_web::test]
async fn bodies_that_cannot_be_read_say_why() {
    let got = send(post("/api/v1/things", "{\"name\": \n oops}")).await;
    assert_eq!(got.problem(), (400, "malformed_json"));
    assert!(
        got.body["detail"].as_str().unwrap().contains("line 2 column 2"),
        "{}",
        got.body
    );
    assert_eq!(
        send(post("/api/v1/things", "")).await.problem(),
        (400, "malformed_json")
    );
    assert_eq!(
        send(post("/api/v1/things", r#"{"name":"a","name":"b"}"#))
            .await
            .problem(),
        (400, "malformed_json")
    );

    let large = format!("{{\"name\": \"{}\"}}", "x".repeat(crate::extract::MOST_BYTES));
    assert_eq!(send(post("/api/v1/things", large)).await.problem(), (413, "too_large"));

    for kind in [
        "text/plain",
        "application/xml",
        "application/jsonx",
        "application/+json",
    ] {
        let got = send(post("/api/v1/things", "{}").insert_header(("content-type", kind))).await;
        assert_eq!(got.problem(), (415, "unsupported_media_type"), "{kind}");
        assert_eq!(got.header("accept"), Some("application/json"));
    }
    let bare = TestRequest::post().uri("/api/v1/things").set_payload("{}");
    assert_eq!(send(bare).await.problem(), (415, "unsupported_media_type"));
    let squeezed = post("/api/v1/things", "{}").insert_header(("content-encoding", "gzip"));
    assert_eq!(send(squeezed).await.problem(), (415, "unsupported_media_type"));
    for kind in [
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/merge-patch+json",
    ] {
        let got = send(post("/api/v1/things", "{}").insert_header(("content-type", kind))).await;
        assert_eq!(got.faults(), ["/name missing_field"], "{kind}");
    }
}

#[actix_web::test]
async fn a_post_gives_its_place_and_its_replay_key() {
    let request = post("/api/v1/things?dryRun=true", r#"{"name": "a", "size": 1.0}"#).insert_header(bearer());
    let got = send(request.insert_header(("idempotency-key", "\"k 1\""))).await;
    assert_eq!(got.problem(), (400, "bad_idempotency_key"));

    let made = |key: &str, body: &'static str| {
        send(
            post("/api/v1/things?dryRun=true", body)
                .insert_header(bearer())
                .insert_header(("idempotency-key", key.to_owned())),
        )
    };
    let got = made("\"k1\"", r#"{"name": "a", "size": 1.0}"#).await;
    assert_eq!((got.status, got.header("location")), (201, Some("/api/v1/things/4")));
    assert!(got.header("etag").unwrap().starts_with("\"v1-"));
    assert_eq!(got.header("cache-control"), Some("no-store"));
    assert_eq!(got.body["replay"], "k1 POST /api/v1/things?dryRun=true");
    let same = made("k1", r#"{"name": "a", "size": 1.0}"#).await;
    assert_eq!(same.body["bodyHash"], got.body["bodyHash"]);
    let other = made("k1", r#"{"name": "b"}"#).await;
    assert_ne!(other.body["bodyHash"], got.body["bodyHash"]);
}

#[actix_web::test]
async fn an_operation_without_fields_takes_no_body() {
    let launch =
        |body: &'static str| send(post("/api/v1/things/1/launch", body).insert_header(("if-match", "\"v7-0\"")));
    for body in ["", " \n", "{}"] {
        assert_eq!(launch(body).await.status, 204, "{body:?}");
    }
    assert_eq!(launch("{\"a\": 1}").await.faults(), ["/a unknown_field"]);
    assert_eq!(launch("[]").await.faults(), [" wrong_type"]);
    assert_eq!(launch("{").await.problem(), (400, "malformed_json"));
    let bare = TestRequest::post()
        .uri("/api/v1/things/1/launch")
        .insert_header(("if-match", "\"v7-0\""));
    assert_eq!(send(bare).await.status, 204);
}

#[actix_web::test]
async fn a_change_names_its_version_and_may_send_back_what_was_read() {
    let read = send(get("/api/v1/things/1")).await;
    let put = |etag: Option<&str>, body: &Value| {
        let mut request = TestRequest::put()
            .uri("/api/v1/things/1")
            .insert_header(("content-type", "application/json"))
            .set_payload(body.to_string());
        if let Some(etag) = etag {
            request = request.insert_header(("if-match", etag.to_owned()));
        }
        send(request)
    };
    let etag = read.header("etag");
    let mut body = read.body.clone();
    body["name"] = "new".into();
    let got = put(etag, &body).await;
    assert_eq!((got.status, &got.body["name"]), (200, &json!("new")), "{}", got.body);
    body["surprise"] = 1.into();
    assert_eq!(put(etag, &body).await.faults(), ["/surprise unknown_field"]);
    assert_eq!(put(None, &read.body).await.problem(), (428, "if_match_missing"));
    assert_eq!(put(Some("*"), &read.body).await.problem(), (428, "if_match_missing"));
    assert_eq!(put(Some("\"v6-0\""), &read.body).await.problem(), (412, "stale"));
    assert_eq!(put(Some("W/\"v7-0\""), &read.body).await.problem(), (412, "stale"));
}

#[actix_web::test]
async fn a_bad_authorization_is_never_anonymous() {
    let (name, good) = bearer();
    let who = |value: &str| send(get("/api/v1/whoami").insert_header((name, value.to_owned())));
    assert_eq!(send(get("/api/v1/whoami")).await.body, "nobody");
    assert_eq!(who(&good).await.body, "session");
    assert_eq!(who(&good.replace("Bearer", "bearer")).await.body, "session");
    for bad in [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Basic YTpi",
        &good[7..],
        &format!("{good}x"),
    ] {
        let got = who(bad).await;
        assert_eq!(got.problem(), (401, "bad_token"), "{bad}");
        assert_eq!(got.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
    }
    let twice = get("/api/v1/whoami")
        .append_header((name, good.clone()))
        .append_header((name, good));
    assert_eq!(send(twice).await.problem(), (401, "bad_token"));
}

#[actix_web::test]
async fn a_fault_of_the_program_tells_nothing() {
    let got = send(get("/api/v1/broken")).await;
    assert_eq!(got.problem(), (500, "internal"));
    assert!(!got.body.to_string().contains("secret"), "{}", got.body);
}

#[actix_web::test]
async fn the_request_id_is_the_servers() {
    let app = App::new()
        .configure(crate::mount_routes(api(), demo::served))
        .wrap(tracing_actix_web::TracingLogger::default());
    let app = init_service(app).await;
    let response = call_service(&app, get("/api/v1/nothing").to_request()).await;
    let id = response
        .headers()
        .get("x-request-id")
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    let body: Value = serde_json::from_slice(&read_body(response).await).unwrap();
    assert_eq!(body["requestId"], id);
    assert_eq!(uuid::Uuid::parse_str(&id).unwrap().to_string(), id);
}

#[actix_web::test]
async fn the_document_is_open_to_all() {
    let got = send(get("/api/v1/openapi.json")).await;
    assert_eq!((got.status, &got.body["openapi"]), (200, &json!("3.1.0")));
    assert_eq!(got.header("access-control-allow-origin"), Some("*"));
    let etag = got.header("etag").unwrap();
    let again = send(get("/api/v1/openapi.json").insert_header(("if-none-match", etag))).await;
    assert_eq!(
        (again.status, again.header("access-control-allow-origin")),
        (304, Some("*"))
    );
}

#[actix_web::test]
async fn swagger_ui_comes_from_the_binary() {
    let root = send(get("/docs")).await;
    assert_eq!((root.status, root.header("location")), (308, Some("/docs/")));
    let page = send(get("/docs/")).await;
    assert_eq!(
        (page.status, page.header("content-type")),
        (200, Some("text/html; charset=utf-8"))
    );
    assert!(
        page.header("content-security-policy")
            .unwrap()
            .contains("script-src 'self';")
    );
    let text = page.body.as_str().unwrap();
    assert!(!text.contains("http://") && !text.contains("https://"), "{text}");
    assert!(!text.contains("<style") && !text.contains("<script>"), "{text}");
    let start = send(get("/docs/swagger-initializer.js")).await;
    let text = start.body.as_str().unwrap();
    assert!(
        text.contains("/api/v1/openapi.json") && text.contains("\"validatorUrl\": \"none\""),
        "{text}"
    );
}

#[actix_web::test]
async fn the_demo_document_says_what_follows() {
    let document = crate::openapi::document_of(demo::described);
    crate::openapi::tests::is_complete(&document);
    let put = &document["paths"]["/things/{id}"]["put"];
    let statuses =
        |operation: &Value| -> Vec<String> { operation["responses"].as_object().unwrap().keys().cloned().collect() };
    assert_eq!(
        statuses(put),
        [
            "200", "400", "401", "403", "404", "409", "412", "413", "415", "428", "429", "500", "503", "507"
        ]
    );
    let list = &document["paths"]["/things"]["get"];
    assert_eq!(statuses(list), ["200", "304", "400", "429", "500", "503"]);
    let status = list["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["name"] == "status")
        .unwrap();
    assert_eq!((&status["style"], &status["explode"]), (&json!("form"), &json!(false)));
    let made = &document["paths"]["/things"]["post"]["responses"]["201"]["headers"];
    assert!(made.get("Location").is_some() && made.get("API-Version").is_some());
    let body = &document["components"]["schemas"]["ThingBody"];
    assert_eq!(body["additionalProperties"], false);
    assert_eq!(body["properties"]["version"]["readOnly"], true);
    assert!(body["properties"]["name"].get("readOnly").is_none());
    assert_eq!(
        document["components"]["schemas"]["Thing"].get("additionalProperties"),
        None
    );
}

/// Over a real connection: the length is said, the body is not sent.
#[actix_web::test]
async fn head_is_get_without_its_body() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let api = api();
    let server =
        actix_web::HttpServer::new(move || App::new().configure(crate::mount_routes(api.clone(), demo::served)))
            .workers(1)
            .disable_signals()
            .bind(("127.0.0.1", 0))
            .unwrap();
    let address = server.addrs()[0];
    let running = server.run();
    let handle = running.handle();
    tokio::spawn(running);
    let ask = |method: &'static str| async move {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let request = format!("{method} /api/v1/things/1 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let mut lines: Vec<_> = head
            .lines()
            .filter(|line| !line.starts_with("date"))
            .map(str::to_owned)
            .collect();
        lines.sort();
        (lines, body.to_owned())
    };
    let (get, head) = (ask("GET").await, ask("HEAD").await);
    assert_eq!(get.0, head.0);
    assert!(get.0.contains(&format!("content-length: {}", get.1.len())), "{get:?}");
    assert_eq!(head.1, "");
    handle.stop(false).await;
}
