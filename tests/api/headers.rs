//! What replies say to browsers: what may be loaded, embedded, kept and read by pages of other origins. And where a
//! message ends, which a proxy in front has to see as the program does.

use ahq_harness::{App, Database};
use reqwest::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::on_both;

async fn with_https(database: Database) -> Option<App> {
    App::start_with(database, |config| {
        config.server.public_address = "https://ahq.example.org".to_owned();
    })
    .await
}

on_both!(with_https, every_reply_says_how_it_may_be_used, |app| {
    let (public, reader) = (app.public(), app.coordinator("LU").await);
    for (client, path, status) in [
        (&reader, "/queries", 200),
        (&public, "/queries", 401),
        (&reader, "/queries/2026.77", 404),
        (&public, "/public/queries", 200),
        (&public, "/public/queries/2026.77/edition", 404),
        (&public, "/feeds/queries.atom", 200),
        (&public, "/openapi.json", 200),
        (&public, "!/docs/", 200),
        (&public, "!/docs/swagger-ui.css", 200),
        (&public, "!/docs/nothing.js", 404),
        (&public, "!/health/live", 200),
        (&public, "!/nowhere", 404),
    ] {
        let reply = client.get(path).await.expect(status);
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "DENY"),
            ("strict-transport-security", "max-age=31536000; includeSubDomains"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(reply.header(name).as_deref(), Some(value), "{path}: {name}");
        }
        let device = reply.header("permissions-policy").unwrap_or_default();
        assert!(device.contains("camera=()"), "{path}: {device}");
        let policy = reply.header("content-security-policy").unwrap_or_default();
        for directive in ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"] {
            assert!(policy.contains(directive), "{path}: {policy}");
        }
        assert!(!policy.contains("script-src 'unsafe"), "{path}: {policy}");
        let kind = reply.header("content-type").unwrap_or_default();
        assert!(
            !kind.starts_with("text/") || kind.ends_with("charset=utf-8"),
            "{path}: {kind}"
        );
        for name in ["set-cookie", "server", "x-powered-by"] {
            assert_eq!(reply.header(name), None, "{path}: {name}");
        }
    }
    let mine = reader.get("/me").await.expect(200);
    let kept = mine.header("cache-control").unwrap_or_default();
    assert!(kept == "no-store" || kept.starts_with("private"), "{kept}");
});

on_both!(only_what_is_public_is_open_to_other_origins, |app| {
    let (public, reader) = (app.public(), app.coordinator("LU").await);
    for (client, path, open) in [
        (&public, "/public/queries", true),
        (&reader, "/public/queries", true),
        (&public, "/public/queries/2026.77/edition", true),
        (&public, "/feeds/queries.atom", true),
        (&public, "/openapi.json", true),
        (&reader, "/queries", false),
        (&public, "/queries", false),
        (&reader, "/me", false),
        (&public, "/nowhere", false),
        (&public, "!/docs/", false),
        (&public, "!/health/live", false),
    ] {
        let asked = client
            .request(Method::GET, path)
            .header("Origin", "https://elsewhere.example");
        let reply = client.send(asked).await;
        let (origin, whose) = match open {
            true => (Some("*"), "cross-origin"),
            false => (None, "same-origin"),
        };
        assert_eq!(reply.header("access-control-allow-origin").as_deref(), origin, "{path}");
        assert_eq!(reply.header("access-control-allow-credentials"), None, "{path}");
        assert_eq!(
            reply.header("cross-origin-resource-policy").as_deref(),
            Some(whose),
            "{path}"
        );
        // A page elsewhere that would bring a token has to ask first, and is not told that it may.
        let before = client
            .request(Method::OPTIONS, path)
            .header("Origin", "https://elsewhere.example")
            .header("Access-Control-Request-Method", "GET")
            .header("Access-Control-Request-Headers", "authorization");
        let reply = before.send().await.expect("the program replies");
        for name in ["origin", "headers", "methods", "credentials"] {
            assert_eq!(
                reply.headers().get(format!("access-control-allow-{name}")),
                None,
                "{path}: {name}"
            );
        }
    }
});

on_both!(requests_are_not_sent_back, |app| {
    let public = app.public();
    for path in ["/queries", "!/health/live", "!/nowhere"] {
        let traced = public.request(Method::TRACE, path).header("X-Secret", "sent-back");
        let reply = public.send(traced).await;
        assert!(matches!(reply.status, 404 | 405), "{path}: {}", reply.status);
        assert!(!reply.text.contains("sent-back"), "{path}: {}", reply.text);
    }
});

/// The statuses that a connection gets for these bytes, until the program closes it.
async fn statuses(app: &App, bytes: &str) -> Vec<u16> {
    let address = app.base().replace("http://", "");
    let mut stream = TcpStream::connect(address).await.expect("the program listens");
    stream.write_all(bytes.as_bytes()).await.expect("it reads");
    let mut reply = Vec::new();
    // A connection that is reset has said what it had to.
    let _ = stream.read_to_end(&mut reply).await;
    let reply = String::from_utf8_lossy(&reply).into_owned();
    let replies = reply.split("HTTP/1.1 ").skip(1);
    replies.filter_map(|one| one.get(..3)?.parse().ok()).collect()
}

on_both!(where_a_message_ends_is_never_in_doubt, |app| {
    let next = "GET /api/v1/public/queries HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let message = |fields: &str, body: &str| {
        format!(
            "POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{fields}\r\n{body}{next}"
        )
    };
    assert_eq!(
        statuses(&app, &message("Content-Length: 2\r\n", "{}")).await,
        [400, 200]
    );
    // Chunks count and the length does not (RFC 9112, 6.3), or it is refused and the connection ends.
    let both = message(
        "Content-Length: 8\r\nTransfer-Encoding: chunked\r\n",
        "2\r\n{}\r\n0\r\n\r\n",
    );
    let said = statuses(&app, &both).await;
    assert!(said == [400, 200] || said == [400], "{said:?}");
    for (fields, body) in [
        ("Content-Length: 2\r\nContent-Length: 8\r\n", "{}"),
        ("Content-Length: 2, 8\r\n", "{}"),
        ("Content-Length: +2\r\n", "{}"),
        ("Content-Length: -2\r\n", "{}"),
        ("Transfer-Encoding: chunked, identity\r\n", "2\r\n{}\r\n0\r\n\r\n"),
        (
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "2\r\n{}\r\n0\r\n\r\n",
        ),
        ("Transfer-Encoding : chunked\r\n", "2\r\n{}\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "0x2\r\n{}\r\n0\r\n\r\n"),
    ] {
        let said = statuses(&app, &message(fields, body)).await;
        assert_eq!(said, [400], "{fields:?}");
    }
});
