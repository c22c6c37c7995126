//! Published queries as an Atom feed (RFC 4287): what the public list shows of each, and where its document is. It holds
//! no answer, and nothing here reads a clock: the same facts give the same bytes.

use ahq_domain::clock::Instant;
use ahq_domain::id::QueryId;
use atom_syndication::{Category, Entry, Feed, Link, Person, Text};
use chrono::DateTime;

use crate::RenderError;
use crate::characters::for_xml;

/// Who speaks where no office does.
const NETWORK: &str = "European Migration Network";

/// A published query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The query.
    pub query: QueryId,
    /// Its number, where it has one.
    pub number: Option<String>,
    /// Its title.
    pub title: String,
    /// The names of the requesters.
    pub requesters: Vec<String>,
    /// Its topics, by id and name.
    pub topics: Vec<(String, String)>,
    /// Its public document.
    pub link: String,
    /// From when on the publication is in force.
    pub from: Instant,
}

/// The feed that stands at `address`, in the order given; of one topic where it is named.
///
/// # Errors
/// [`RenderError`] when it cannot be written.
pub fn feed(topic: Option<&str>, address: &str, published: &[Published]) -> Result<String, RenderError> {
    let all = "Ad-hoc queries of the European Migration Network".to_owned();
    let title = topic.map_or_else(|| all.clone(), |topic| format!("{all}: {topic}"));
    let newest = published.iter().map(|query| query.from).max();
    let feed = Feed {
        title: text(&title),
        id: address.to_owned(),
        // Of a feed in which nothing has happened yet, the same moment each time.
        updated: newest.unwrap_or(DateTime::UNIX_EPOCH).fixed_offset(),
        authors: vec![person(NETWORK)],
        links: vec![link("self", "application/atom+xml", address)],
        entries: published.iter().map(entry).collect(),
        ..Feed::default()
    };
    let bytes = feed.write_to(Vec::new()).map_err(RenderError::of)?;
    String::from_utf8(bytes).map_err(RenderError::of)
}

fn entry(query: &Published) -> Entry {
    let title = match &query.number {
        Some(number) => format!("Ad-Hoc Query {number}: {}", query.title),
        None => query.title.clone(),
    };
    Entry {
        title: text(&title),
        id: format!("urn:uuid:{}", query.query),
        updated: query.from.fixed_offset(),
        authors: query.requesters.iter().map(|name| person(name)).collect(),
        categories: query
            .topics
            .iter()
            .map(|(id, name)| Category {
                term: for_xml(id),
                scheme: None,
                label: Some(for_xml(name)),
            })
            .collect(),
        links: vec![link("alternate", "text/html", &query.link)],
        ..Entry::default()
    }
}

fn text(text: &str) -> Text {
    Text::plain(for_xml(text))
}

fn person(name: &str) -> Person {
    Person {
        name: for_xml(name),
        ..Person::default()
    }
}

fn link(rel: &str, mime_type: &str, href: &str) -> Link {
    Link {
        href: href.to_owned(),
        rel: rel.to_owned(),
        mime_type: Some(mime_type.to_owned()),
        ..Link::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn published() -> Published {
        Published {
            query: "0190a1b2-0000-7000-8000-000000000081".parse().unwrap(),
            number: Some("2026.81".to_owned()),
            title: "Returns <b>& others\u{7}".to_owned(),
            requesters: vec!["EMN NCP Luxembourg".to_owned()],
            topics: vec![("return".to_owned(), "Return".to_owned())],
            link: "https://ahq.example.org/api/v1/public/queries/2026.81/edition?format=html".to_owned(),
            from: "2026-12-11T23:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn a_feed_is_printed_whole_and_escaped() {
        let address = "https://ahq.example.org/api/v1/feeds/queries.atom?topic=return";
        let printed = feed(Some("Return"), address, &[published()]).unwrap();
        assert_eq!(
            printed.replace("><", ">\n<"),
            "<?xml version=\"1.0\"?>\n\
             <feed xmlns=\"http://www.w3.org/2005/Atom\">\n\
             <title>Ad-hoc queries of the European Migration Network: Return</title>\n\
             <id>https://ahq.example.org/api/v1/feeds/queries.atom?topic=return</id>\n\
             <updated>2026-12-11T23:00:00+00:00</updated>\n\
             <author>\n\
             <name>European Migration Network</name>\n\
             </author>\n\
             <link href=\"https://ahq.example.org/api/v1/feeds/queries.atom?topic=return\" rel=\"self\" \
             type=\"application/atom+xml\"/>\n\
             <entry>\n\
             <title>Ad-Hoc Query 2026.81: Returns &lt;b&gt;&amp; others\u{fffd}</title>\n\
             <id>urn:uuid:0190a1b2-0000-7000-8000-000000000081</id>\n\
             <updated>2026-12-11T23:00:00+00:00</updated>\n\
             <author>\n\
             <name>EMN NCP Luxembourg</name>\n\
             </author>\n\
             <category term=\"return\" label=\"Return\"/>\n\
             <link href=\"https://ahq.example.org/api/v1/public/queries/2026.81/edition?format=html\" \
             rel=\"alternate\" type=\"text/html\"/>\n\
             </entry>\n\
             </feed>"
        );
        let read: Feed = printed.parse().unwrap();
        assert_eq!(
            read.entries[0].title.value,
            "Returns <b>& others\u{fffd}".replace("Returns", "Ad-Hoc Query 2026.81: Returns")
        );
    }

    #[test]
    fn an_empty_feed_is_the_same_each_time() {
        let one = feed(None, "https://ahq.example.org/feed", &[]).unwrap();
        assert_eq!(one, feed(None, "https://ahq.example.org/feed", &[]).unwrap());
        assert!(one.contains("<updated>1970-01-01T00:00:00+00:00</updated>"));
    }
}
