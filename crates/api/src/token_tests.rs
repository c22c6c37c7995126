use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};

use super::*;

const SEED: [u8; 32] = [1; 32];

fn now() -> Instant {
    DateTime::from_timestamp(1_796_000_000, 0).unwrap()
}

fn randomness() -> Randomness {
    let counter = std::sync::atomic::AtomicU8::new(0);
    Randomness::new(move |bytes| bytes.fill(counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed)))
}

/// The keys with these seeds, of which each signs from its instant on.
fn server(seeds: &[([u8; 32], Instant)]) -> Arc<ServerKeys> {
    let signing: Vec<Value> = seeds
        .iter()
        .map(|(seed, from)| json!({"from": from, "seed": hex::encode(seed)}))
        .collect();
    let written = json!({"signing": signing, "hashing": hex::encode([3; 32])});
    Arc::new(ServerKeys::parse(&written.to_string()).unwrap())
}

fn keys_of(seeds: &[([u8; 32], Instant)]) -> TokenKeys {
    TokenKeys::new(server(seeds), "https://ahq.test", "ahq")
}

fn keys() -> TokenKeys {
    keys_of(&[(SEED, Instant::UNIX_EPOCH)])
}

fn id_of(seed: [u8; 32]) -> String {
    server(&[(seed, now())]).signing_seed(now()).unwrap().0
}

fn public(seed: &[u8; 32]) -> [u8; 32] {
    SigningKey::from_bytes(seed).verifying_key().to_bytes()
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// A token signed with the true key, whatever it says.
fn signed(header: &Value, claims: &Value, seed: &[u8; 32]) -> String {
    use ed25519_dalek::Signer;
    let message = format!("{}.{}", part(header), part(claims));
    let signature = SigningKey::from_bytes(seed).sign(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

fn header() -> Value {
    json!({"typ": "at+jwt", "alg": "EdDSA", "kid": id_of(SEED)})
}

fn claims() -> Value {
    let seconds = now().timestamp();
    json!({
        "iss": "https://ahq.test", "aud": "ahq", "exp": seconds + 600, "nbf": seconds, "iat": seconds,
        "sub": "0190c1c5-9f1e-7d8b-b9a4-0c8f6d3f8a55", "jti": "0190c1c5-9f1e-7d8b-b9a4-0c8f6d3f8a56",
        "sid": "0190c1c5-9f1e-7d8b-b9a4-0c8f6d3f8a57",
    })
}

/// `value` with one member changed; null takes it away.
fn but(mut value: Value, name: &str, member: Value) -> Value {
    let object = value.as_object_mut().unwrap();
    object.remove(name);
    if !member.is_null() {
        object.insert(name.to_owned(), member);
    }
    value
}

#[test]
fn what_is_issued_is_good_for_ten_minutes() {
    let (keys, randomness) = (keys(), randomness());
    let (user, session) = (UserId::new(now(), &randomness), SessionId::new(now(), &randomness));
    let token = keys.issue(user, session, now(), &randomness).unwrap();
    let claims = keys.verify(&token, now()).unwrap();
    assert_eq!((claims.sub, claims.sid, claims.exp - claims.iat), (user, session, 600));
    assert!(keys.verify(&token, now() + Duration::seconds(599)).is_ok());
    // Remembered tokens meet the clock too.
    assert_eq!(keys.verify(&token, now() + Duration::seconds(600)), Err(BadToken));
    assert_eq!(keys.verify(&token, now() - Duration::seconds(6)), Err(BadToken));
    assert!(keys.verify(&token, now() - Duration::seconds(5)).is_ok());
    let again = keys.issue(user, session, now(), &randomness).unwrap();
    assert_ne!(keys.verify(&again, now()).unwrap().jti, claims.jti);
}

#[test]
fn the_hand_made_token_is_good() {
    assert!(keys().verify(&signed(&header(), &claims(), &SEED), now()).is_ok());
}

#[test]
fn during_a_rotation_two_keys_are_good_and_one_signs() {
    let (old, new) = ([2; 32], SEED);
    let from = now() + Duration::minutes(5);
    let before = keys_of(&[(old, Instant::UNIX_EPOCH)]);
    let rotated = keys_of(&[(old, Instant::UNIX_EPOCH), (new, from)]);
    let randomness = randomness();
    let (user, session) = (UserId::new(now(), &randomness), SessionId::new(now(), &randomness));
    let kid = |token: &str| jsonwebtoken::decode_header(token).unwrap().kid.unwrap();

    // The last token of the key before is good for all of its ten minutes.
    let last = from - Duration::seconds(1);
    let token = rotated.issue(user, session, last, &randomness).unwrap();
    assert_eq!(kid(&token), id_of(old));
    assert!(before.verify(&token, last).is_ok());
    assert!(rotated.verify(&token, last + Duration::seconds(599)).is_ok());
    assert!(
        keys_of(&[(old, Instant::UNIX_EPOCH), (new, from)])
            .verify(&token, last + Duration::seconds(599))
            .is_ok()
    );
    let fresh = rotated.issue(user, session, from, &randomness).unwrap();
    assert_eq!(kid(&fresh), id_of(new));
    assert!(rotated.verify(&fresh, from).is_ok());
    assert_eq!(
        before.verify(&fresh, from),
        Err(BadToken),
        "a server that did not read its keys anew"
    );

    // Whoever has the old key can make no token that is good once it is retired.
    let retired = from + Duration::minutes(11);
    let forged = before.issue(user, session, retired, &randomness).unwrap();
    assert_eq!(rotated.verify(&forged, retired), Err(BadToken));
}

#[test]
fn hostile_claims_are_refused() {
    let seconds = now().timestamp();
    let mut hostile = Vec::new();
    for name in ["iss", "aud", "exp", "nbf", "iat", "sub", "jti", "sid"] {
        hostile.push(but(claims(), name, Value::Null));
        hostile.push(but(claims(), name, json!([])));
        hostile.push(but(claims(), name, json!({})));
        hostile.push(but(claims(), name, json!("")));
        hostile.push(but(claims(), name, json!(-1)));
    }
    for (name, member) in [
        ("iss", json!("https://other.test")),
        ("iss", json!(["https://ahq.test"])),
        ("aud", json!("other")),
        ("aud", json!(["ahq", "other"])),
        ("exp", json!(seconds)),
        ("exp", json!(seconds - 1)),
        ("exp", json!(seconds + 601)),
        ("exp", json!(i64::MAX)),
        ("exp", json!((seconds + 600).to_string())),
        ("exp", json!(1e300)),
        ("nbf", json!(seconds + 6)),
        ("iat", json!(seconds + 6)),
        ("iat", json!(seconds - 1)),
        ("iat", json!(i64::MIN + 1)),
        ("sub", json!("admin")),
        ("sid", json!("0190c1c5")),
    ] {
        hostile.push(but(claims(), name, member));
    }
    let keys = keys();
    for claims in hostile {
        assert_eq!(
            keys.verify(&signed(&header(), &claims, &SEED), now()),
            Err(BadToken),
            "{claims}"
        );
    }
}

#[test]
fn hostile_headers_are_refused() {
    let keys = keys();
    let other = id_of([2; 32]);
    for (name, member) in [
        ("alg", Value::Null),
        ("alg", json!("none")),
        ("alg", json!("None")),
        ("alg", json!("HS256")),
        ("alg", json!("ES256")),
        ("alg", json!("eddsa")),
        ("typ", Value::Null),
        ("typ", json!("JWT")),
        ("typ", json!("refresh+jwt")),
        ("kid", Value::Null),
        ("kid", json!("")),
        ("kid", json!("../../etc/passwd")),
        ("kid", json!("' OR 1=1")),
        ("kid", json!(other)),
    ] {
        let header = but(header(), name, member);
        assert_eq!(
            keys.verify(&signed(&header, &claims(), &SEED), now()),
            Err(BadToken),
            "{header}"
        );
    }
}

#[test]
fn hostile_signatures_are_refused() {
    let keys = keys();
    let good = signed(&header(), &claims(), &SEED);
    let (message, signature) = good.rsplit_once('.').unwrap();
    let symmetric = |secret: &[u8]| {
        let header = but(header(), "alg", json!("HS256"));
        let message = format!("{}.{}", part(&header), part(&claims()));
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(secret).unwrap();
        mac.update(message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    };
    let unsigned = format!("{}.{}.", part(&but(header(), "alg", json!("none"))), part(&claims()));
    let other_claims = but(claims(), "sub", json!("0190c1c5-9f1e-7d8b-b9a4-0c8f6d3f8a00"));
    let swapped = format!("{}.{}.{signature}", part(&header()), part(&other_claims));
    let with_own_key = but(
        header(),
        "jwk",
        json!({"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(public(&[9; 32]))}),
    );
    for token in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
        "garbage".to_owned(),
        "é.é.é".to_owned(),
        unsigned,
        symmetric(&public(&SEED)),
        symmetric(b""),
        swapped,
        message.to_owned(),
        format!("{message}."),
        format!("{message}.{}", URL_SAFE_NO_PAD.encode([0; 64])),
        format!("{message}.{}", URL_SAFE_NO_PAD.encode([0; 63])),
        format!("{message}.{}", &signature[..signature.len() - 2]),
        format!("{good}="),
        format!("{good}.x"),
        format!(" {good}"),
        format!("{good}\n"),
        signed(&header(), &claims(), &[9; 32]),
        signed(&with_own_key, &claims(), &[9; 32]),
        "a".repeat(100_000),
        format!("{}.{}", "a".repeat(50_000), "b".repeat(50_000)),
        signed(&but(header(), "x", json!("y".repeat(100_000))), &claims(), &SEED),
    ] {
        assert_eq!(
            keys.verify(&token, now()),
            Err(BadToken),
            "{}",
            &token.chars().take(80).collect::<String>()
        );
    }
    assert!(keys.verify(&good, now()).is_ok());
}

#[test]
fn what_is_remembered_is_bounded() {
    let (keys, randomness) = (keys(), randomness());
    let (user, session) = (UserId::new(now(), &randomness), SessionId::new(now(), &randomness));
    let claims = keys
        .verify(&keys.issue(user, session, now(), &randomness).unwrap(), now())
        .unwrap();
    for number in 0..REMEMBERED {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&number.to_le_bytes());
        keys.remembered().insert(hash, claims.clone());
    }
    let fresh = keys
        .issue(user, session, now() + Duration::seconds(1), &randomness)
        .unwrap();
    keys.verify(&fresh, now() + Duration::seconds(1)).unwrap();
    assert_eq!(keys.remembered().len(), 1);
    let later = now() + Duration::seconds(700);
    assert_eq!(keys.verify(&fresh, later), Err(BadToken));
    assert!(!format!("{keys:?}").contains(&hex::encode(SEED)));
}
