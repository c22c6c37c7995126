//! Makes tokens that must not be accepted, with the true signing key at hand.

use ahq_harness::{App, Client, PASSWORD};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use ed25519_dalek::pkcs8::EncodePublicKey;
use ed25519_dalek::{Signer, SigningKey};
use hmac::{Hmac, Mac};
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sha2::{Sha256, Sha512};

use super::program;

/// The values of `Authorization` of a request.
pub(super) type Brought = Vec<Vec<u8>>;

/// The order of the group of Ed25519, its lowest byte first: a signature whose second half is larger by it satisfies the same
/// equation, and must still be refused (RFC 8032, section 5.1.7).
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// Who has stolen the key and knows two sessions.
pub(super) struct Forger {
    key: SigningKey,
    header: Value,
    claims: Value,
    /// A token as the program issued it, and its refresh token.
    issued: String,
    refresh: String,
    /// The claims of another user's session.
    other: Value,
    /// The claims of a session that was signed out.
    ended: Value,
}

/// The claims of a token.
fn claims_of(token: &str) -> Value {
    let part = token.split('.').nth(1).expect("three parts");
    let bytes = URL_SAFE_NO_PAD.decode(part).expect("base64url");
    serde_json::from_slice(&bytes).expect("claims")
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// `value` with one member changed; none takes it away.
fn but(value: &Value, name: &str, member: Option<Value>) -> Value {
    let mut value = value.clone();
    let object = value.as_object_mut().expect("an object");
    object.remove(name);
    if let Some(member) = member {
        object.insert(name.to_owned(), member);
    }
    value
}

fn bearer(token: &str) -> Brought {
    vec![format!("Bearer {token}").into_bytes()]
}

/// The tokens of a new session.
pub(super) async fn session(app: &App, client: &Client) -> Value {
    let email = client.get("/me").await.expect(200).json["email"].clone();
    let body = json!({"email": email, "password": PASSWORD});
    app.public().post("/session", &body).await.expect(201).json
}

pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().expect("a text")
}

impl Forger {
    pub(super) async fn new(app: &App, lead: &Client, other: &Client) -> Self {
        let tokens = session(app, lead).await;
        let issued = text(&tokens, "accessToken").to_owned();
        let ended = session(app, lead).await;
        let out = app.public().with_token(text(&ended, "accessToken"));
        out.send(out.request(Method::DELETE, "/session")).await.expect(204);
        let exchange = app.exchange();
        let (kid, seed) = exchange
            .keys()
            .signing_seed(exchange.clock().now())
            .expect("a signing key");
        Self {
            key: SigningKey::from_bytes(seed.expose_secret()),
            header: json!({"typ": "at+jwt", "alg": "EdDSA", "kid": kid}),
            claims: claims_of(&issued),
            issued,
            refresh: text(&tokens, "refreshToken").to_owned(),
            other: claims_of(text(&session(app, other).await, "accessToken")),
            ended: claims_of(text(&ended, "accessToken")),
        }
    }

    fn signed_by(key: &SigningKey, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", part(header), part(claims));
        let signature = key.sign(message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }

    /// Signed with the true key, whatever it says.
    pub(super) fn signed(&self, header: &Value, claims: &Value) -> String {
        Self::signed_by(&self.key, header, claims)
    }

    /// A token without a fault.
    pub(super) fn honest(&self) -> Brought {
        bearer(&self.signed(&self.header, &self.claims))
    }

    /// A token of the true key whose times are those of now.
    pub(super) fn honest_at(&self, seconds: i64) -> String {
        let mut claims = self.claims.clone();
        for (name, time) in [("iat", seconds), ("nbf", seconds), ("exp", seconds + 600)] {
            claims[name] = json!(time);
        }
        self.signed(&self.header, &claims)
    }

    /// All of them, each with its name.
    pub(super) async fn all(&self, app: &App) -> Vec<(String, Brought)> {
        let mut all: Vec<(String, Brought)> = Vec::new();
        let mut tokens = self.of_other_algorithms();
        tokens.extend(self.of_other_keys());
        tokens.extend(self.with_other_claims());
        tokens.extend(self.at_other_times());
        tokens.extend(self.with_other_signatures());
        tokens.extend(self.that_are_none());
        tokens.extend(self.of_programs(app).await);
        all.extend(tokens.into_iter().map(|(name, token)| (name, bearer(&token))));
        all.extend(self.brought_otherwise());
        all
    }

    fn of_other_algorithms(&self) -> Vec<(String, String)> {
        let claims = part(&self.claims);
        let mut all = Vec::new();
        for word in ["none", "None", "NONE", "nOnE"] {
            let header = part(&but(&self.header, "alg", Some(json!(word))));
            all.push((format!("alg {word}"), format!("{header}.{claims}.")));
            let signed = self.signed(&but(&self.header, "alg", Some(json!(word))), &self.claims);
            all.push((format!("alg {word}, signed"), signed));
        }
        // The public key, which anybody may have, as the secret of a symmetric algorithm.
        let public = self.key.verifying_key();
        let pem = public.to_public_key_pem(Default::default()).expect("a key in PEM");
        let secrets = [
            ("the public key", public.to_bytes().to_vec()),
            ("the public key in PEM", pem.into_bytes()),
            (
                "the public key in base64",
                URL_SAFE_NO_PAD.encode(public.to_bytes()).into_bytes(),
            ),
            ("the key's name", text(&self.header, "kid").as_bytes().to_vec()),
            ("nothing", Vec::new()),
        ];
        for (name, secret) in secrets {
            let header = part(&but(&self.header, "alg", Some(json!("HS256"))));
            let mut mac = Hmac::<Sha256>::new_from_slice(&secret).expect("a key of any length");
            mac.update(format!("{header}.{claims}").as_bytes());
            let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
            all.push((format!("HS256 with {name}"), format!("{header}.{claims}.{signature}")));
            let header = part(&but(&self.header, "alg", Some(json!("HS512"))));
            let mut mac = Hmac::<Sha512>::new_from_slice(&secret).expect("a key of any length");
            mac.update(format!("{header}.{claims}").as_bytes());
            let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
            all.push((format!("HS512 with {name}"), format!("{header}.{claims}.{signature}")));
        }
        for word in [
            json!("ES256"),
            json!("RS256"),
            json!("PS512"),
            json!("eddsa"),
            json!(""),
            json!(1),
            Value::Null,
            json!(["EdDSA"]),
        ] {
            let header = but(&self.header, "alg", Some(word.clone()));
            all.push((format!("alg {word}"), self.signed(&header, &self.claims)));
        }
        let header = but(&self.header, "alg", None);
        all.push(("no alg".to_owned(), self.signed(&header, &self.claims)));
        for word in [
            json!("JWT"),
            json!("id+jwt"),
            json!("refresh+jwt"),
            json!(""),
            Value::Null,
        ] {
            let header = but(&self.header, "typ", Some(word.clone()));
            all.push((format!("typ {word}"), self.signed(&header, &self.claims)));
        }
        let header = but(&self.header, "typ", None);
        all.push(("no typ".to_owned(), self.signed(&header, &self.claims)));
        all
    }

    fn of_other_keys(&self) -> Vec<(String, String)> {
        let foreign = SigningKey::from_bytes(&[7; 32]);
        let mut all = Vec::new();
        for kid in [
            None,
            Some(json!("unknown")),
            Some(json!("")),
            Some(json!("../../keys")),
            Some(json!("' OR '1'='1")),
            Some(Value::Null),
            Some(json!(1)),
        ] {
            let header = but(&self.header, "kid", kid.clone());
            let name = kid.map_or_else(|| "no kid".to_owned(), |kid| format!("kid {kid}"));
            all.push((name.clone(), self.signed(&header, &self.claims)));
            let signed = Self::signed_by(&foreign, &header, &self.claims);
            all.push((format!("another key, {name}"), signed));
        }
        let signed = |header: &Value| Self::signed_by(&foreign, header, &self.claims);
        all.push(("another key".to_owned(), signed(&self.header)));
        let x = URL_SAFE_NO_PAD.encode(foreign.verifying_key().to_bytes());
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": x});
        let with_key = but(&self.header, "jwk", Some(jwk));
        all.push(("another key, brought along".to_owned(), signed(&with_key)));
        for name in ["jku", "x5u"] {
            let header = but(&self.header, name, Some(json!("http://127.0.0.1:9/keys.json")));
            all.push((format!("another key, {name}"), signed(&header)));
        }
        all
    }

    fn with_other_claims(&self) -> Vec<(String, String)> {
        let mut all = Vec::new();
        let mut add = |name: String, claims: &Value| all.push((name, self.signed(&self.header, claims)));
        for name in ["iss", "aud", "exp", "nbf", "iat", "sub", "jti", "sid"] {
            add(format!("no {name}"), &but(&self.claims, name, None));
            for value in [Value::Null, json!({}), json!("")] {
                add(format!("{name} {value}"), &but(&self.claims, name, Some(value.clone())));
            }
        }
        let (issuer, audience) = (text(&self.claims, "iss"), text(&self.claims, "aud"));
        for (name, value) in [
            ("iss", json!("https://elsewhere.example.org")),
            ("iss", json!(format!("{issuer}/"))),
            ("iss", json!([issuer])),
            ("aud", json!("elsewhere")),
            ("aud", json!(["elsewhere", "other"])),
            ("aud", json!(audience.to_uppercase())),
            ("sid", self.other["sid"].clone()),
            ("sub", self.other["sub"].clone()),
            ("sid", self.claims["sub"].clone()),
            ("sid", json!("0190c1c5-9f1e-7d8b-b9a4-0c8f6d3f8a57")),
            ("sub", json!("0190c1c5-9f1e-7d8b-b9a4-0c8f6d3f8a55")),
            ("sid", self.ended["sid"].clone()),
        ] {
            add(format!("{name} {value}"), &but(&self.claims, name, Some(value.clone())));
        }
        add("a session that was signed out".to_owned(), &self.ended);
        let long = but(&self.claims, "note", Some(json!("x".repeat(3_000))));
        add("3 kB of claims".to_owned(), &long);
        let long = but(&self.claims, "note", Some(json!("x".repeat(40_000))));
        add("40 kB of claims".to_owned(), &long);
        all
    }

    fn at_other_times(&self) -> Vec<(String, String)> {
        let now = self.claims["iat"].as_i64().expect("a time");
        let times = [
            ("past its end", json!(now - 1), now - 601, now - 601),
            ("at its end", json!(now), now - 600, now - 600),
            ("a second too long", json!(now + 601), now, now),
            ("a year long", json!(now + 31_536_000), now, now),
            (
                "from tomorrow on",
                json!(now + 86_400 + 600),
                now + 86_400,
                now + 86_400,
            ),
            ("from half a minute on", json!(now + 600), now + 30, now),
            ("issued in half a minute", json!(now + 600), now, now + 30),
            ("without a length", json!(now + 5), now, now + 5),
            ("to the end of time", json!(i64::MAX), now, now),
            ("to an end beyond numbers", json!(1e300), now, now),
            ("to an end before time", json!(-1), now, now),
            ("to an end in words", json!((now + 600).to_string()), now, now),
        ];
        let told = times.into_iter().map(|(name, exp, nbf, iat)| {
            let mut claims = self.claims.clone();
            claims["exp"] = exp;
            claims["nbf"] = json!(nbf);
            claims["iat"] = json!(iat);
            (name.to_owned(), self.signed(&self.header, &claims))
        });
        told.collect()
    }

    fn with_other_signatures(&self) -> Vec<(String, String)> {
        let (message, signature) = self.issued.rsplit_once('.').expect("three parts");
        let bytes = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
        let with = |bytes: &[u8]| format!("{message}.{}", URL_SAFE_NO_PAD.encode(bytes));
        let mut all = Vec::new();
        for at in [0, 31, 32, 63] {
            let mut other = bytes.clone();
            other[at] ^= 1;
            all.push((format!("bit of byte {at} of the signature"), with(&other)));
        }
        let mut larger = bytes.clone();
        let mut carry = 0;
        for (byte, add) in larger[32..].iter_mut().zip(ORDER) {
            let sum = u16::from(*byte) + u16::from(add) + carry;
            *byte = u8::try_from(sum & 0xff).expect("one byte");
            carry = sum >> 8;
        }
        all.push(("a signature larger by the group's order".to_owned(), with(&larger)));
        let mut identity = [0; 64];
        identity[0] = 1;
        all.push(("a signature of the neutral point".to_owned(), with(&identity)));
        all.push(("a signature of zeros".to_owned(), with(&[0; 64])));
        all.push(("a signature cut".to_owned(), with(&bytes[..63])));
        all.push(("a signature and a byte".to_owned(), with(&[&bytes[..], &[0]].concat())));
        all.push(("no signature".to_owned(), format!("{message}.")));
        // The last letter holds two bits of the signature and four that mean nothing.
        let twin = match signature.as_bytes()[85] {
            b'A' => 'B',
            b'Q' => 'R',
            b'g' => 'h',
            _ => 'x',
        };
        all.push((
            "a signature spelt otherwise".to_owned(),
            format!("{message}.{}{twin}", &signature[..85]),
        ));
        let (header, claims) = message.split_once('.').expect("two parts");
        let mut later = self.claims.clone();
        later["exp"] = json!(later["exp"].as_i64().expect("a time") + 60);
        for (name, other) in [("another user's", &self.other), ("later", &later)] {
            all.push((
                format!("{name} claims under a true signature"),
                format!("{header}.{}.{signature}", part(other)),
            ));
        }
        let other = but(&self.header, "cty", Some(json!("JWT")));
        all.push((
            "another header under a true signature".to_owned(),
            format!("{}.{claims}.{signature}", part(&other)),
        ));
        let padded = URL_SAFE.encode(&bytes);
        all.push(("a padded signature".to_owned(), format!("{message}.{padded}")));
        let standard = STANDARD.encode(&bytes);
        all.push((
            "a signature in another alphabet".to_owned(),
            format!("{message}.{standard}"),
        ));
        all
    }

    fn that_are_none(&self) -> Vec<(String, String)> {
        let issued = &self.issued;
        let (message, _) = issued.rsplit_once('.').expect("three parts");
        let all = [
            ("nothing", String::new()),
            ("a word", "x".to_owned()),
            ("points", "...".to_owned()),
            ("null", "null".to_owned()),
            ("two parts", message.to_owned()),
            ("four parts", format!("{issued}.x")),
            ("a point behind", format!("{issued}.")),
            ("doubled", format!("{issued}{issued}")),
            ("doubled with a comma", format!("{issued},{issued}")),
            ("doubled with a space", format!("{issued} {issued}")),
            ("in quotes", format!("\"{issued}\"")),
            ("in angles", format!("<{issued}>")),
            ("2 kB of points", ".".repeat(2_000)),
            ("60 kB of letters", "x".repeat(60_000)),
            ("a user's id", text(&self.claims, "sub").to_owned()),
            ("a session's id", text(&self.claims, "sid").to_owned()),
            ("a password", PASSWORD.to_owned()),
            ("a refresh token", self.refresh.clone()),
            (
                "a refresh token in a token",
                self.signed(&self.header, &json!(self.refresh)),
            ),
            (
                "claims that are no JSON",
                format!("{}.{}.", part(&self.header), URL_SAFE_NO_PAD.encode("{")),
            ),
            ("claims as a list", self.signed(&self.header, &json!([self.claims]))),
        ];
        all.map(|(name, token)| (name.to_owned(), token)).into()
    }

    /// Tokens of programs that were changed, taken back, or have ended.
    async fn of_programs(&self, app: &App) -> Vec<(String, String)> {
        let office = app.coordinator("BE").await;
        let mut all = Vec::new();
        for path in ["/offices/BE/service-accounts", "/me/tokens"] {
            let good = office.post(path, &program("2027-11-03")).await.expect(201).json;
            let secret = text(&good, "secret");
            let last = secret.len() - 1;
            let changed = if secret.ends_with('0') { "1" } else { "0" };
            for (name, token) in [
                ("cut", secret[..last].to_owned()),
                ("cut to its prefix", secret[..4].to_owned()),
                ("changed", format!("{}{changed}", &secret[..last])),
                ("lengthened", format!("{secret}0")),
                ("in capitals", secret.to_uppercase()),
                ("without its prefix", secret[4..].to_owned()),
                ("by its id", text(&good, "id").to_owned()),
                ("by its id and prefix", format!("ahq_{}", text(&good, "id"))),
                ("as claims", self.signed(&self.header, &json!(secret))),
            ] {
                all.push((format!("{path} {name}"), token));
            }
            let revoked = office.post(path, &program("2027-11-03")).await.expect(201).json;
            let address = format!("{path}/{}", text(&revoked, "id"));
            office.delete(&address).await.expect(204);
            all.push((format!("{path} revoked"), text(&revoked, "secret").to_owned()));
        }
        all
    }

    /// A good token, brought in another way than one does.
    fn brought_otherwise(&self) -> Vec<(String, Brought)> {
        let issued = &self.issued;
        let one = |value: String| vec![value.into_bytes()];
        let not_text = [b"Bearer \xff".as_slice(), issued.as_bytes()].concat();
        vec![
            ("as Basic".to_owned(), one(format!("Basic {issued}"))),
            ("as Token".to_owned(), one(format!("Token {issued}"))),
            ("without a word".to_owned(), one(issued.clone())),
            ("the word alone".to_owned(), one("Bearer".to_owned())),
            ("the word behind".to_owned(), one(format!("{issued} Bearer"))),
            ("behind bytes that are no text".to_owned(), vec![not_text]),
            (
                "twice".to_owned(),
                vec![
                    format!("Bearer {issued}").into_bytes(),
                    format!("Bearer {issued}").into_bytes(),
                ],
            ),
            (
                "beside Basic".to_owned(),
                vec![b"Basic eDp5".to_vec(), format!("Bearer {issued}").into_bytes()],
            ),
        ]
    }
}
