//! Lists page by page: an opaque cursor, bound to its list, sort and filters, and the `Link` to the next page.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Api;
use crate::problem::{Kind, Problem};

/// How many entries a page has unless said otherwise.
pub const DEFAULT_LIMIT: i64 = 20;
/// How many bytes of the keyed hash a cursor carries.
const SEAL: usize = 12;

/// For `#[serde(default = "…")]` of a `limit`.
pub fn default_limit() -> i64 {
    DEFAULT_LIMIT
}

/// The list a request asks for: what its cursors are bound to.
#[derive(Debug, Clone)]
pub struct Page {
    path: String,
    /// All query keys but the cursor, as they were sent.
    keys: Vec<(String, String)>,
    cursor: Option<String>,
    seal_key: [u8; 32],
}

impl Page {
    /// Where the page begins: the key that [`Page::link`] was given, none for the first page.
    ///
    /// # Errors
    /// `bad_cursor` when it is not a cursor of this list with this sort and these filters.
    pub fn after<K: DeserializeOwned>(&self) -> Result<Option<K>, Problem> {
        let Some(cursor) = &self.cursor else {
            return Ok(None);
        };
        let opened = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| {
            let (seal, key) = bytes.split_at_checked(SEAL)?;
            if seal != self.seal(key) {
                return None;
            }
            serde_json::from_slice(key).ok()
        });
        opened.map(Some).ok_or_else(|| {
            Problem::new(
                Kind::BadCursor,
                "The cursor was not given for this list with this sort and these filters: begin again without it.",
            )
        })
    }

    /// The value of `Link` for the page that begins after `key`; none where there is no next page.
    pub fn link(&self, key: Option<&impl Serialize>) -> Option<String> {
        let key = serde_json::to_vec(key?).ok()?;
        let mut bytes = self.seal(&key);
        bytes.extend_from_slice(&key);
        let cursor = URL_SAFE_NO_PAD.encode(bytes);
        let mut address = format!("{}?", self.path);
        for (name, value) in &self.keys {
            address.push_str(&format!("{}={}&", escaped(name), escaped(value)));
        }
        Some(format!("<{address}cursor={cursor}>; rel=\"next\""))
    }

    /// A keyed hash over the list, its sort and filters, and the key itself. A page may change its size on the way.
    fn seal(&self, key: &[u8]) -> Vec<u8> {
        let mut bound: Vec<_> = self.keys.iter().filter(|(name, _)| name != "limit").collect();
        bound.sort();
        let mut text = format!("{}\n{bound:?}\n", self.path).into_bytes();
        text.extend_from_slice(key);
        let mut seal = crate::keyed_hash(&self.seal_key, "cursor", &text).to_vec();
        seal.truncate(SEAL);
        seal
    }
}

impl FromRequest for Page {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Api::of(request).map(|api| {
            let (cursors, keys): (Vec<_>, Vec<_>) = crate::contract::pairs(request.query_string())
                .into_iter()
                .partition(|(name, _)| name == "cursor");
            Self {
                path: request.path().to_owned(),
                keys,
                cursor: cursors.into_iter().next().map(|(_, cursor)| cursor),
                seal_key: *api.hash_key(),
            }
        }))
    }
}

/// Percent-encodes all but the unreserved characters (RFC 3986, section 2.3).
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(query: &str) -> Page {
        let (cursors, keys): (Vec<_>, Vec<_>) = crate::contract::pairs(query)
            .into_iter()
            .partition(|(name, _)| name == "cursor");
        Page {
            path: "/api/v1/things".to_owned(),
            keys,
            cursor: cursors.into_iter().next().map(|(_, cursor)| cursor),
            seal_key: [7; 32],
        }
    }

    fn cursor(link: &str) -> String {
        let start = link.find("cursor=").unwrap() + 7;
        link[start..link.find('>').unwrap()].to_owned()
    }

    #[test]
    fn a_cursor_leads_on_in_the_same_list_only() {
        let key = ("2026-12-04".to_owned(), 7);
        let link = page("sort=-deadline&title=a%20%26%C3%A9&limit=5")
            .link(Some(&key))
            .unwrap();
        assert!(
            link.starts_with("</api/v1/things?sort=-deadline&title=a%20%26%C3%A9&limit=5&cursor="),
            "{link}"
        );
        assert!(link.ends_with(">; rel=\"next\""));
        let cursor = cursor(&link);
        let read = |query: &str| page(query).after::<(String, i32)>();
        let same = format!("title=a+%26%C3%A9&sort=-deadline&limit=50&cursor={cursor}");
        assert_eq!(read(&same).unwrap(), Some(key));
        for other in [
            format!("sort=deadline&title=a%20%26%C3%A9&cursor={cursor}"),
            format!("sort=-deadline&cursor={cursor}"),
            format!(
                "sort=-deadline&title=a%20%26%C3%A9&cursor={}x",
                &cursor[..cursor.len() - 1]
            ),
            "cursor=".to_owned(),
            "cursor=AAAA".to_owned(),
            "cursor=%00".to_owned(),
        ] {
            assert_eq!(read(&other).unwrap_err().code(), "bad_cursor", "{other}");
        }
        assert_eq!(read("sort=-deadline").unwrap(), None);
    }

    #[test]
    fn the_last_page_has_no_link() {
        assert_eq!(page("").link(None::<&String>), None);
        assert!(page("").link(Some(&1)).unwrap().starts_with("</api/v1/things?cursor="));
    }
}
