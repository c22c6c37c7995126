//! The signature of the sender's domain, verified as RFC 6376 says.

use ahq_mail::outgoing::Outgoing;
use ahq_mail::smtp::{Dkim, Smtp, SmtpSettings};
use ahq_mail::transport::Transport;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use sha2::{Digest, Sha256};

use crate::bytes::{header, parsed};
use crate::facts::outgoing;
use crate::sink::{Habit, Sink};
use crate::smtp::settings;

/// Made for this test, and used nowhere else.
const KEY: &str = include_str!("dkim.pem");

fn signing(key: &str) -> SmtpSettings {
    SmtpSettings {
        dkim: Some(Dkim {
            domain: "example.org".into(),
            selector: "ahq2026".into(),
            key: key.to_owned().into(),
        }),
        ..settings(0)
    }
}

/// What a mail server gets.
async fn received(sent: &Outgoing) -> String {
    let sink = Sink::start(Habit::Good).await;
    let settings = SmtpSettings {
        port: sink.port,
        ..signing(KEY)
    };
    let transport = Transport::Smtp(Box::new(Smtp::new(settings).unwrap()));
    transport.send(sent).await.unwrap();
    sink.seen.lock().unwrap().messages[0].clone()
}

/// Runs of blanks as one, and none at the ends.
fn relaxed(text: &str) -> String {
    text.split([' ', '\t', '\r', '\n'])
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn verifies(message: &str) -> bool {
    let (headers, body) = parsed(message);
    let signature = header(&headers, "DKIM-Signature");
    let tag = |name: &str| -> String {
        let mut tags = signature.split(';').map(|tag| tag.trim().split_once('=').unwrap());
        tags.find(|(key, _)| *key == name).unwrap().1.replace(' ', "")
    };
    assert_eq!(tag("c"), "relaxed/relaxed");
    assert_eq!(
        (tag("a"), tag("d"), tag("s")),
        ("rsa-sha256".into(), "example.org".into(), "ahq2026".into())
    );
    let lines: Vec<String> = body
        .lines()
        .map(|line| {
            let indented = line.starts_with([' ', '\t']);
            format!("{}{}\r\n", if indented { " " } else { "" }, relaxed(line))
        })
        .collect();
    let end = lines.iter().rposition(|line| line != "\r\n").unwrap() + 1;
    if STANDARD.encode(Sha256::digest(lines[..end].concat())) != tag("bh") {
        return false;
    }
    let mut signed = String::new();
    for name in tag("h").split(':') {
        for (_, value) in headers.iter().filter(|(header, _)| header.eq_ignore_ascii_case(name)) {
            signed += &format!("{}:{}\r\n", name.to_lowercase(), relaxed(value));
        }
    }
    let (unsigned, value) = signature.rsplit_once(" b=").unwrap();
    signed += &format!("dkim-signature:{} b=", relaxed(unsigned));
    let key = RsaPrivateKey::from_pkcs1_pem(KEY).unwrap().to_public_key();
    let value = STANDARD.decode(value.replace(' ', "")).unwrap();
    key.verify(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(signed), &value)
        .is_ok()
}

#[tokio::test]
async fn a_signature_verifies_and_a_changed_message_does_not() {
    let digest = Outgoing {
        unsubscribe: Some("https://ahq.example.org/unsubscribe/q83vEjRWeJA".into()),
        ..outgoing()
    };
    for sent in [outgoing(), digest] {
        let message = received(&sent).await;
        assert!(verifies(&message), "{message}");
        assert!(verifies(&message.replace("Date: ", "Date:  ")), "a relay may fold anew");
        let forgeries = [
            message.replace("EMN NCP Poland", "EMN NCP Malta"),
            message.replace("Deadline", "Dead line"),
            message.replacen("\r\n\r\n", "\r\nList-Unsubscribe: <https://evil.example>\r\n\r\n", 1),
            message.replacen("Reply-To: ", "Reply-To: x", 1),
        ];
        for forged in forgeries {
            assert_ne!(forged, message);
            assert!(!verifies(&forged), "{forged}");
        }
    }
}

#[test]
fn a_key_that_is_none_is_refused_and_none_is_shown() {
    assert!(Smtp::new(signing("not a key")).is_err());
    let secret = KEY.lines().nth(1).unwrap();
    let smtp = Smtp::new(signing(KEY)).unwrap();
    assert!(!format!("{smtp:?}").contains(secret));
}
