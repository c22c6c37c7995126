use actix_web::body::to_bytes;
use serde_json::{Value, json};

use super::*;

async fn body(problem: &Problem) -> (u16, Value) {
    let reply = problem.reply("0190");
    assert_eq!(reply.headers().get("content-type").unwrap(), MEDIA_TYPE);
    let status = reply.status().as_u16();
    let bytes = to_bytes(reply.into_body()).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap())
}

#[actix_web::test]
async fn all_faults_come_with_their_places() {
    let mut faults = Faults::new();
    faults.add("/title", "too_long", "may have at most 400 characters");
    faults.add("/topics/0", "unknown_topic", "is no topic");
    let (status, body) = body(&Error::from(faults).into()).await;
    assert_eq!(status, 400);
    assert_eq!(
        body,
        json!({
            "type": "urn:ahq:problem:invalid_input",
            "title": "The input has faults",
            "status": 400,
            "detail": "2 fields are wrong; `errors` names them.",
            "code": "invalid_input",
            "requestId": "0190",
            "errors": [
                {"pointer": "/title", "code": "too_long", "detail": "may have at most 400 characters"},
                {"pointer": "/topics/0", "code": "unknown_topic", "detail": "is no topic"},
            ],
        })
    );
}

#[actix_web::test]
async fn every_error_has_its_status_and_code() {
    let cases = [
        (Refusal::Hidden.into(), 404, "not_found"),
        (Refusal::Unauthenticated.into(), 401, "unauthenticated"),
        (Refusal::forbidden("other_office", "x").into(), 403, "other_office"),
        (Refusal::conflict("not_open", "x").into(), 409, "not_open"),
        (Error::Stale { current: Some(8) }, 412, "stale"),
        (Error::Stale { current: None }, 412, "stale"),
        (Error::Replaced { by: 3 }, 410, "replaced"),
        (Error::KeyReused, 409, "idempotency_key_reused"),
        (Error::TooMany { retry_after: 9 }, 429, "too_many_attempts"),
        (Error::BadToken, 401, "bad_token"),
        (Error::Busy, 503, "busy"),
        (Error::Full, 507, "full"),
        (Error::Internal("secret".to_owned()), 500, "internal"),
    ];
    for (error, status, code) in cases {
        let (found, body) = body(&error.into()).await;
        assert_eq!(
            (found, body["code"].as_str(), body["status"].as_u64()),
            (status, Some(code), Some(u64::from(status)))
        );
        assert!(body.get("errors").is_none());
        assert!(!body.to_string().contains("secret"));
    }
}

#[test]
fn headers_say_what_to_do_next() {
    let header = |error: Error, name: &str| {
        let reply = Problem::from(error).reply("-");
        reply
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(
        header(Error::TooMany { retry_after: 9 }, "retry-after").as_deref(),
        Some("9")
    );
    assert_eq!(header(Error::Busy, "retry-after").as_deref(), Some("2"));
    assert_eq!(header(Error::Full, "retry-after").as_deref(), Some("60"));
    assert_eq!(
        header(Refusal::Unauthenticated.into(), "www-authenticate").as_deref(),
        Some("Bearer")
    );
    let bad = header(Error::BadToken, "www-authenticate");
    assert_eq!(bad.as_deref(), Some("Bearer error=\"invalid_token\""));
    let gone = Problem::from(Error::Replaced { by: 3 }).link("/api/v1/queries/1/editions/3", "successor-version");
    assert_eq!(
        gone.reply("-").headers().get("link").unwrap(),
        "</api/v1/queries/1/editions/3>; rel=\"successor-version\""
    );
    assert_eq!(
        Problem::method_not_allowed("GET, HEAD")
            .reply("-")
            .headers()
            .get("allow")
            .unwrap(),
        "GET, HEAD"
    );
}

#[test]
fn the_cause_is_for_the_log_alone() {
    let problem = Problem::from(Error::Internal("disk on fire".to_owned()));
    assert_eq!(problem.cause(), Some("disk on fire"));
    assert!(!problem.to_string().contains("fire"));
}
