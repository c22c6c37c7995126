//! The bytes that leave: headers, parts, and that nobody slips in a header.

use ahq_mail::example::{frame, launch};
use ahq_mail::messages::{Message, Rendered};
use ahq_mail::outgoing::{Calendar, ComposeError, Mailbox, Method, Outgoing};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::facts::{instant, outgoing, rendered};

/// The headers of a message or part, unfolded, and what follows them.
pub(crate) fn parsed(bytes: &str) -> (Vec<(String, String)>, String) {
    let (head, body) = bytes.split_once("\r\n\r\n").unwrap();
    let headers = head
        .replace("\r\n ", " ")
        .replace("\r\n\t", " ")
        .split("\r\n")
        .map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_owned(), value.trim().to_owned())
        })
        .collect();
    (headers, body.to_owned())
}

pub(crate) fn header<'a>(headers: &'a [(String, String)], name: &str) -> &'a str {
    let found: Vec<_> = headers
        .iter()
        .filter(|(key, _)| key.eq_ignore_ascii_case(name))
        .collect();
    assert_eq!(found.len(), 1, "{name} stands once");
    &found[0].1
}

fn written(outgoing: &Outgoing) -> String {
    String::from_utf8(outgoing.bytes().unwrap()).unwrap()
}

/// Quoted-printable, decoded (RFC 2045, section 6.7).
fn decoded(body: &str) -> String {
    let joined = body.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        if first == b'=' {
            let digits = std::str::from_utf8(&tail[..2]).unwrap();
            bytes.push(u8::from_str_radix(digits, 16).unwrap());
            rest = &tail[2..];
        } else {
            bytes.push(first);
        }
    }
    String::from_utf8(bytes).unwrap().replace("\r\n", "\n")
}

#[test]
fn the_headers_are_complete() {
    let bytes = written(&outgoing());
    assert!(bytes.is_ascii());
    assert!(
        bytes
            .split("\r\n")
            .all(|line| line.len() <= 998 && !line.contains('\n'))
    );
    let (headers, _) = parsed(&bytes);
    assert_eq!(
        header(&headers, "From"),
        "\"EMN ad-hoc query exchange\" <exchange@ahq.example.org>"
    );
    assert_eq!(header(&headers, "To"), "\"EMN NCP Poland\" <ncp-pl@example.org>");
    assert_eq!(
        header(&headers, "Reply-To"),
        "\"EMN NCP Luxembourg\" <ncp-lu@example.org>"
    );
    assert_eq!(
        header(&headers, "Message-ID"),
        "<01a1aafd-7620-7abc-8def-0123456789ab@ahq.example.org>"
    );
    let root = "<query-019a5305-0000-7000-8000-000000000051@ahq.example.org>";
    assert_eq!(header(&headers, "References"), root);
    assert_eq!(header(&headers, "In-Reply-To"), root);
    assert_eq!(header(&headers, "Date"), "Thu, 05 Nov 2026 09:15:07 +0000");
    assert_eq!(header(&headers, "Auto-Submitted"), "auto-generated");
    assert_eq!(header(&headers, "Content-Language"), "en-GB");
    assert_eq!(header(&headers, "MIME-Version"), "1.0");
    assert_eq!(header(&headers, "Subject"), outgoing().content.subject());
}

#[test]
fn text_and_html_are_alternatives_in_quoted_printable() {
    let bytes = written(&outgoing());
    let (headers, body) = parsed(&bytes);
    let kind = header(&headers, "Content-Type");
    assert!(kind.starts_with("multipart/alternative;"), "{kind}");
    let parts = parts(kind, &body);
    assert_eq!(parts.len(), 2);
    let wanted = [
        ("text/plain; charset=utf-8", rendered().text().to_owned()),
        ("text/html; charset=utf-8", rendered().html().to_owned()),
    ];
    for ((headers, body), (kind, content)) in parts.into_iter().zip(wanted) {
        assert_eq!(header(&headers, "Content-Type"), kind);
        assert_eq!(header(&headers, "Content-Transfer-Encoding"), "quoted-printable");
        assert!(body.split("\r\n").all(|line| line.len() <= 76), "{body}");
        assert_eq!(decoded(&body).trim_end(), content.trim_end());
    }
}

/// The parts of a multipart body, whose type names their boundary.
fn parts(kind: &str, body: &str) -> Vec<(Vec<(String, String)>, String)> {
    let boundary = kind.split("boundary=").nth(1).unwrap().trim_matches('"');
    let (parts, end) = body.rsplit_once(&format!("--{boundary}--")).unwrap();
    assert_eq!(end.trim(), "");
    let between = format!("--{boundary}\r\n");
    parts.split(&between).skip(1).map(parsed).collect()
}

fn with_calendar(method: Method) -> Outgoing {
    let bytes = format!("BEGIN:VCALENDAR\r\nMETHOD:{method:?}\r\nSUMMARY:Łódź ąę=\r\nEND:VCALENDAR\r\n");
    Outgoing {
        calendar: Some(Calendar {
            method,
            bytes: bytes.into(),
        }),
        ..outgoing()
    }
}

#[test]
fn a_calendar_is_the_last_alternative_and_a_file() {
    for (method, word) in [(Method::Publish, "PUBLISH"), (Method::Cancel, "CANCEL")] {
        let sent = with_calendar(method);
        let (headers, body) = parsed(&written(&sent));
        let kind = header(&headers, "Content-Type");
        assert!(kind.starts_with("multipart/mixed;"), "{kind}");
        let whole = parts(kind, &body);
        assert_eq!(whole.len(), 2);
        let kind = header(&whole[0].0, "Content-Type");
        assert!(kind.starts_with("multipart/alternative;"), "{kind}");
        let alternatives = parts(kind, &whole[0].1);
        assert_eq!(alternatives.len(), 3);
        let in_place = &alternatives[2];
        let kind = format!("text/calendar; method={word}; charset=utf-8");
        assert_eq!(header(&in_place.0, "Content-Type"), kind);
        assert_eq!(
            header(&whole[1].0, "Content-Disposition"),
            "attachment; filename=\"deadline.ics\""
        );
        for (_, encoded) in [in_place, &whole[1]] {
            let bytes = STANDARD.decode(encoded.replace("\r\n", "")).unwrap();
            assert_eq!(bytes, sent.calendar.as_ref().unwrap().bytes);
        }
    }
}

#[test]
fn one_click_ends_what_is_no_obligation() {
    let with = |address: &str| Outgoing {
        unsubscribe: Some(address.into()),
        ..outgoing()
    };
    let (headers, _) = parsed(&written(&with(
        "https://ahq.example.org/unsubscribe/q83vEjRWeJA?kind=digest",
    )));
    assert_eq!(
        header(&headers, "List-Unsubscribe"),
        "<https://ahq.example.org/unsubscribe/q83vEjRWeJA?kind=digest>"
    );
    assert_eq!(header(&headers, "List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    for without in [outgoing(), with("http://127.0.0.1:8080/unsubscribe/q83vEjRWeJA")] {
        let (headers, _) = parsed(&written(&without));
        assert!(headers.iter().all(|(name, _)| !name.starts_with("List-")));
    }
    for bad in [
        "https://a b",
        "https://a>\r\nBcc: b@example.org",
        "https://ł",
        "https://a>, <https://b",
    ] {
        assert_eq!(with(bad).bytes().unwrap_err(), ComposeError::Unsubscribe, "{bad:?}");
    }
}

#[test]
fn a_repeat_has_the_same_bytes() {
    for again in [outgoing, || with_calendar(Method::Publish)] {
        assert_eq!(again().bytes().unwrap(), again().bytes().unwrap());
    }
}

#[test]
fn a_mail_outside_a_query_belongs_to_no_thread() {
    let alone = Outgoing {
        thread: None,
        reply_to: None,
        ..outgoing()
    };
    let (headers, _) = parsed(&written(&alone));
    for gone in ["References", "In-Reply-To", "Reply-To"] {
        assert!(headers.iter().all(|(name, _)| name != gone), "{gone}");
    }
}

#[test]
fn names_and_titles_cannot_add_a_header() {
    let attacks = [
        "Poland\r\nBcc: victim@example.org",
        "Poland\nX-Evil: 1",
        "Poland\r\n\r\n<h1>body</h1>",
        "Poland\rX-Evil: 1",
        "Poland\u{2028}X-Evil: 1\u{85}X-Evil: 2\0",
        "\" <victim@example.org>, \"Poland",
        "=?utf-8?q?Poland=0D=0ABcc:_victim@example.org?=",
        "Łódź\r\nBcc: victim@example.org",
    ];
    for attack in attacks {
        let mut launch = launch();
        launch.query.title = attack.into();
        launch.query.number = format!("2026.81{attack}");
        let message = Message::Launch(launch).render(&frame()).unwrap();
        let direct = Rendered::new(attack, attack, attack);
        for content in [message, direct] {
            let attacked = Outgoing {
                to: Mailbox::named(attack, "ncp-pl@example.org"),
                from: Mailbox::named(attack, "exchange@ahq.example.org"),
                reply_to: Some(Mailbox::named(attack, "ncp-lu@example.org")),
                content,
                ..outgoing()
            };
            let bytes = written(&attacked);
            let (headers, _) = parsed(&bytes);
            let mut names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
            names.sort_unstable();
            let expected = [
                "Auto-Submitted",
                "Content-Language",
                "Content-Type",
                "Date",
                "From",
                "In-Reply-To",
                "MIME-Version",
                "Message-ID",
                "References",
                "Reply-To",
                "Subject",
                "To",
            ];
            assert_eq!(names, expected, "{attack:?}");
            let lettre_sees = header(&headers, "To");
            assert!(lettre_sees.ends_with("<ncp-pl@example.org>"), "{lettre_sees}");
        }
    }
}

#[test]
fn bad_addresses_are_errors() {
    let bad = [
        "",
        "nobody",
        "a@",
        "@example.org",
        "a b@example.org",
        "a@example.org\r\nRCPT TO:<b@example.org>",
        "a@example.org>",
        "a@exa mple.org",
        "\"a b\"@example.org",
        "łódź@example.org",
        "a@example.org, b@example.org",
        "a@b@example.org",
    ];
    for address in bad {
        let error = Outgoing {
            to: Mailbox::bare(address),
            ..outgoing()
        };
        let expected = ComposeError::Address { whose: "the recipient" };
        assert_eq!(error.bytes().unwrap_err(), expected, "{address:?}");
    }
}

#[test]
fn bad_domains_and_dates_are_errors() {
    for domain in ["", "a b", "example.org>\r\nBcc: x@example.org", "exämple.org"] {
        let error = Outgoing {
            domain: domain.into(),
            ..outgoing()
        };
        assert_eq!(error.bytes().unwrap_err(), ComposeError::Domain, "{domain:?}");
    }
    for date in ["1969-12-31T23:59:59Z", "+10000-01-01T00:00:00Z"] {
        let error = Outgoing {
            date: instant(date),
            ..outgoing()
        };
        assert_eq!(error.bytes().unwrap_err(), ComposeError::Date, "{date}");
    }
}
