//! Every message as it reads, and what no message may do.

use ahq_mail::example::{Example, all, extension, frame, query};
use ahq_mail::messages::{Extension, Message, QueryHead, Rendered};

#[test]
fn every_message_reads_as_reviewed() {
    for example in all() {
        let (name, rendered) = (example.name, example.outgoing().unwrap().content);
        insta::assert_snapshot!(format!("{name}-subject"), rendered.subject());
        insta::assert_snapshot!(format!("{name}-text"), rendered.text());
        insta::assert_snapshot!(format!("{name}-html"), rendered.html());
    }
}

#[test]
fn subjects_begin_with_the_number() {
    for Example {
        name, frame, message, ..
    } in all()
    {
        let rendered = message.render(&frame).unwrap();
        let about_one_query = rendered.text().contains("\nAd-Hoc Query 2026.81\n");
        let prefix = if about_one_query {
            "[EMN AHQ 2026.81] "
        } else {
            "[EMN AHQ] "
        };
        assert!(rendered.subject().starts_with(prefix), "{name}: {}", rendered.subject());
        assert!(rendered.subject().chars().count() <= 180, "{name}");
    }
}

#[test]
fn text_lines_are_short_and_html_is_small_and_accessible() {
    for Example {
        name, frame, message, ..
    } in all()
    {
        let rendered = message.render(&frame).unwrap();
        for line in rendered.text().lines() {
            assert!(line.chars().count() <= 76 || !line.contains(' '), "{name}: {line}");
        }
        let html = rendered.html();
        assert!(html.len() <= 40_000, "{name}: {} bytes", html.len());
        assert!(html.contains("<html lang=\"en-GB\""), "{name}");
        assert_eq!(html.matches("<h1").count(), 1, "{name}");
        assert_eq!(html.matches("<title>").count(), 1, "{name}");
        for gone in ["<script", "<img", "src=", "position:", "display:flex"] {
            assert!(!html.contains(gone), "{name}: {gone}");
        }
        for signed in [rendered.text(), html] {
            assert!(signed.contains("EMN ad-hoc query exchange"), "{name}");
            assert!(signed.contains(&format!("Sent to {}.", frame.office)), "{name}");
        }
    }
}

#[test]
fn every_link_of_the_html_stands_in_the_text() {
    for Example {
        name, frame, message, ..
    } in all()
    {
        let rendered = message.render(&frame).unwrap();
        for link in links(&rendered) {
            assert!(rendered.text().contains(&link), "{name}: {link}");
        }
    }
}

fn links(rendered: &Rendered) -> Vec<String> {
    let ends = rendered.html().split("href=\"").skip(1);
    ends.filter_map(|rest| rest.split('"').next())
        .map(|link| link.replace("&#38;", "&"))
        .collect()
}

#[test]
fn users_text_stays_text() {
    let hostile = "<script>alert(1)</script>\r\n<a href=\"https://evil.example\">\u{0}\u{1b}[31m";
    let message = Message::Extension(Extension {
        reason: hostile.into(),
        query: QueryHead {
            title: hostile.into(),
            requested_by: hostile.into(),
            ..query()
        },
        ..extension()
    });
    let mut frame = frame();
    frame.office = hostile.into();
    let rendered = message.render(&frame).unwrap();
    assert!(!rendered.html().contains("<script>"), "{}", rendered.html());
    assert!(!rendered.html().contains("href=\"https://evil"), "{}", rendered.html());
    for part in [rendered.text(), rendered.html()] {
        assert!(part.chars().all(|c| !c.is_control() || c == '\n'));
    }
    assert!(!rendered.subject().contains(char::is_control));
}
