//! SMTP against a server that behaves well or badly.

use std::time::Duration;

use ahq_mail::outgoing::Outgoing;
use ahq_mail::smtp::{Login, Security, Smtp, SmtpSettings};
use ahq_mail::transport::{SendError, SendErrorKind, Stage, Transport};

use crate::facts::outgoing;
use crate::sink::{Habit, Sink};

pub(crate) fn settings(port: u16) -> SmtpSettings {
    SmtpSettings {
        host: "127.0.0.1".into(),
        authorities: None,
        port,
        security: Security::Plain,
        login: None,
        step_timeout: Duration::from_millis(400),
        connections: 2,
        per_minute: 0,
        dkim: None,
    }
}

fn transport(port: u16) -> Transport {
    Transport::Smtp(Box::new(Smtp::new(settings(port)).unwrap()))
}

async fn refused(habit: Habit) -> SendError {
    let sink = Sink::start(habit).await;
    transport(sink.port).send(&outgoing()).await.unwrap_err()
}

#[tokio::test]
async fn a_good_server_takes_the_message_whole() {
    let sink = Sink::start(Habit::Good).await;
    let transport = transport(sink.port);
    let receipt = transport.send(&outgoing()).await.unwrap();
    assert_eq!(receipt.reply, "250 2.0.0 queued as 4F2A");
    transport.send(&outgoing()).await.unwrap();
    let seen = sink.seen.lock().unwrap();
    let bytes = String::from_utf8(outgoing().bytes().unwrap()).unwrap();
    assert_eq!(seen.messages.len(), 2);
    assert_eq!(seen.messages[0].trim_end(), bytes.trim_end());
    assert_eq!(seen.connections, 1, "the connection is used again");
    let expected = [
        "MAIL FROM:<exchange@ahq.example.org>",
        "RCPT TO:<ncp-pl@example.org>",
        "DATA",
        ".",
    ];
    assert_eq!(seen.commands[1..5], expected);
    assert_eq!(seen.commands[5], "NOOP");
}

#[tokio::test]
async fn a_dot_at_the_start_of_a_line_arrives() {
    let sink = Sink::start(Habit::Good).await;
    let mut mail = outgoing();
    mail.content = ahq_mail::messages::Rendered::new("a", ".\n.hidden\n..two", ".");
    transport(sink.port).send(&mail).await.unwrap();
    let seen = sink.seen.lock().unwrap();
    assert!(
        seen.messages[0].contains("\r\n.\r\n.hidden\r\n..two\r\n"),
        "{}",
        seen.messages[0]
    );
}

#[tokio::test]
async fn a_refused_recipient_is_permanent_and_the_connection_goes_on() {
    let sink = Sink::start(Habit::Says(
        "RCPT",
        "550 5.1.1 <ncp-pl@example.org>: see https://sink/x",
    ))
    .await;
    let transport = transport(sink.port);
    let error = transport.send(&outgoing()).await.unwrap_err();
    assert_eq!((error.kind, error.stage), (SendErrorKind::Permanent, Stage::Recipient));
    assert_eq!(error.reply, "550 5.1.1 (address) see (link)");
    assert!(error.no_such_address());
    sink.turns(Habit::Good);
    transport.send(&outgoing()).await.unwrap();
    let seen = sink.seen.lock().unwrap();
    assert_eq!((seen.connections, seen.messages.len()), (1, 1));
    assert!(seen.commands.contains(&"RSET".to_owned()), "{:?}", seen.commands);
}

#[tokio::test]
async fn only_a_missing_address_counts_as_missing() {
    for reply in [
        "550 5.7.1 not allowed",
        "550 5.1.8 bad sender",
        "550 no",
        "552 5.2.2 mailbox full",
    ] {
        let error = refused(Habit::Says("RCPT", reply)).await;
        assert_eq!(
            (error.kind, error.stage),
            (SendErrorKind::Permanent, Stage::Recipient),
            "{reply}"
        );
        assert!(!error.no_such_address(), "{reply}");
    }
}

#[tokio::test]
async fn refusals_in_words_say_whether_to_try_again() {
    let cases = [
        (
            "RCPT",
            "451 4.2.1 greylisted",
            SendErrorKind::Transient,
            Stage::Recipient,
        ),
        (
            "MAIL",
            "421 4.3.2 shutting down",
            SendErrorKind::Transient,
            Stage::Sender,
        ),
        (
            "MAIL",
            "530 5.7.0 authentication required",
            SendErrorKind::Transient,
            Stage::Sender,
        ),
        (
            "MAIL",
            "553 5.1.7 no such sender",
            SendErrorKind::Permanent,
            Stage::Sender,
        ),
        ("DATA", "554 5.5.1 no", SendErrorKind::Permanent, Stage::Data),
        (".", "554 5.6.0 content refused", SendErrorKind::Permanent, Stage::Body),
        (".", "452 4.3.1 disk full", SendErrorKind::Transient, Stage::Body),
        (
            "greeting",
            "554 5.3.2 no service",
            SendErrorKind::Transient,
            Stage::Connect,
        ),
        ("EHLO", "550 5.7.1 not you", SendErrorKind::Transient, Stage::Connect),
    ];
    for (at, reply, kind, stage) in cases {
        let error = refused(Habit::Says(at, reply)).await;
        assert_eq!((error.kind, error.stage), (kind, stage), "{at} {reply}");
        assert_eq!(error.reply, reply);
    }
}

#[tokio::test]
async fn a_break_or_silence_before_the_body_is_transient_and_after_it_uncertain() {
    let stages = [
        ("greeting", Stage::Connect),
        ("EHLO", Stage::Connect),
        ("MAIL", Stage::Sender),
        ("RCPT", Stage::Recipient),
        ("DATA", Stage::Data),
    ];
    for (at, stage) in stages {
        for habit in [Habit::Closes(at), Habit::Stalls(at)] {
            let error = refused(habit).await;
            assert_eq!(
                (error.kind, error.stage),
                (SendErrorKind::Transient, stage),
                "{habit:?}"
            );
        }
    }
    for habit in [Habit::Closes("."), Habit::Stalls("."), Habit::Says(".", "what?")] {
        let error = refused(habit).await;
        assert_eq!(
            (error.kind, error.stage),
            (SendErrorKind::Uncertain, Stage::Body),
            "{habit:?}"
        );
    }
}

#[tokio::test]
async fn a_connection_that_died_while_idle_is_replaced() {
    let sink = Sink::start(Habit::Good).await;
    let transport = transport(sink.port);
    transport.send(&outgoing()).await.unwrap();
    sink.turns(Habit::Closes("NOOP"));
    transport.send(&outgoing()).await.unwrap();
    let seen = sink.seen.lock().unwrap();
    assert_eq!((seen.connections, seen.messages.len()), (2, 2));
}

#[tokio::test]
async fn there_are_never_more_connections_than_allowed() {
    let sink = Sink::start(Habit::Good).await;
    let transport = transport(sink.port);
    let mail = outgoing();
    let sends = (0..6).map(|_| transport.send(&mail));
    for result in join_all(sends).await {
        result.unwrap();
    }
    let seen = sink.seen.lock().unwrap();
    assert_eq!(seen.messages.len(), 6);
    assert!(seen.connections <= 2, "{}", seen.connections);
}

/// Runs all at once on this task.
async fn join_all<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut pending: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        for (future, done) in &mut pending {
            if done.is_none()
                && let std::task::Poll::Ready(value) = future.as_mut().poll(context)
            {
                *done = Some(value);
            }
        }
        if pending.iter().all(|(_, done)| done.is_some()) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    pending.into_iter().filter_map(|(_, done)| done).collect()
}

#[tokio::test]
async fn a_login_is_used_and_never_shown() {
    let sink = Sink::start(Habit::Good).await;
    let login = Login {
        user: "exchange".into(),
        password: "correct horse".to_owned().into(),
    };
    let smtp = Smtp::new(SmtpSettings {
        login: Some(login),
        ..settings(sink.port)
    })
    .unwrap();
    assert!(!format!("{smtp:?}").contains("correct horse"));
    let transport = Transport::Smtp(Box::new(smtp));
    transport.send(&outgoing()).await.unwrap();
    assert!(sink.seen.lock().unwrap().commands[1].starts_with("AUTH PLAIN "));
    let wrong = Sink::start(Habit::Says("AUTH", "535 5.7.8 wrong password")).await;
    let login = Login {
        user: "exchange".into(),
        password: "correct horse".to_owned().into(),
    };
    let transport = Transport::Smtp(Box::new(
        Smtp::new(SmtpSettings {
            login: Some(login),
            ..settings(wrong.port)
        })
        .unwrap(),
    ));
    let error = transport.send(&outgoing()).await.unwrap_err();
    assert_eq!((error.kind, error.stage), (SendErrorKind::Transient, Stage::SignIn));
}

#[tokio::test]
async fn required_encryption_is_not_done_without() {
    for (security, stage) in [
        (Security::StartTls, Stage::Encrypt),
        (Security::ImplicitTls, Stage::Connect),
    ] {
        let sink = Sink::start(Habit::Good).await;
        let smtp = Smtp::new(SmtpSettings {
            security,
            ..settings(sink.port)
        })
        .unwrap();
        let error = Transport::Smtp(Box::new(smtp)).send(&outgoing()).await.unwrap_err();
        assert_eq!(
            (error.kind, error.stage),
            (SendErrorKind::Transient, stage),
            "{security:?}"
        );
        let seen = sink.seen.lock().unwrap();
        assert!(
            seen.commands.iter().all(|command| !command.starts_with("MAIL")),
            "{security:?}"
        );
    }
}

#[tokio::test]
async fn a_bad_address_never_reaches_the_server() {
    let sink = Sink::start(Habit::Good).await;
    let mut mail: Outgoing = outgoing();
    mail.to.address = "a@example.org>\r\nRCPT TO:<b@example.org".into();
    let error = transport(sink.port).send(&mail).await.unwrap_err();
    assert_eq!((error.kind, error.stage), (SendErrorKind::Permanent, Stage::Compose));
    assert_eq!(sink.seen.lock().unwrap().connections, 0);
}

#[tokio::test]
async fn no_server_is_transient() {
    let error = transport(1).send(&outgoing()).await.unwrap_err();
    assert_eq!((error.kind, error.stage), (SendErrorKind::Transient, Stage::Connect));
}
