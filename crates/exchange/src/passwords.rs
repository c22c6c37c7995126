//! Passwords: argon2id with 19 MiB and two passes, on blocking threads behind a semaphore.

use std::sync::LazyLock;

use ahq_domain::clock::Randomness;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::Semaphore;

use crate::error::Error;

/// How many passwords are hashed at once: each takes 19 MiB and a core.
const AT_ONCE: usize = 4;
static GATE: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(AT_ONCE));

fn argon2() -> Result<Argon2<'static>, Error> {
    let params = Params::new(19 * 1024, 2, 1, None).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Hashes a new password with a random salt of 16 bytes.
///
/// # Errors
/// [`Error::Internal`] when hashing fails.
pub async fn hash(password: String, randomness: &Randomness) -> Result<String, Error> {
    let salt: [u8; 16] = randomness.bytes();
    guarded(move || {
        argon2()?
            .hash_password_with_salt(password.as_bytes(), &salt)
            .map(|hash| hash.to_string())
            .map_err(|error| Error::Internal(error.to_string()))
    })
    .await
}

/// Whether `password` is the one behind `hash`; without a hash the same work is done and the answer is no, so that
/// an unknown account takes as long as a known one.
///
/// # Errors
/// [`Error::Internal`] when the stored hash cannot be read.
pub async fn verify(password: String, hash: Option<String>) -> Result<bool, Error> {
    guarded(move || {
        let argon2 = argon2()?;
        match hash {
            Some(hash) => {
                let parsed = PasswordHash::new(&hash).map_err(|error| Error::Internal(error.to_string()))?;
                Ok(argon2.verify_password(password.as_bytes(), &parsed).is_ok())
            }
            None => {
                let salt = [0u8; 16];
                let hashed = argon2.hash_password_with_salt(password.as_bytes(), &salt);
                hashed.map_err(|error| Error::Internal(error.to_string()))?;
                Ok(false)
            }
        }
    })
    .await
}

async fn guarded<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    let _permit = GATE
        .acquire()
        .await
        .map_err(|error| Error::Internal(error.to_string()))?;
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::Internal(error.to_string()))?
}
