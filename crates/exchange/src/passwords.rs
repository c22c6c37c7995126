//! Passwords: argon2id with 19 MiB and two passes, on threads of low priority behind a semaphore.

use std::sync::LazyLock;

use ahq_domain::clock::Randomness;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::{Semaphore, SemaphorePermit, oneshot};

use crate::error::Error;

/// How many may wait for that; more are sent away, so that a flood of guesses holds no memory and no connection for long.
const WAITING: usize = 64;
/// How many passwords are hashed at once: each takes 19 MiB and a processor for a moment. Half of the processors are left
/// to everything else.
static GATE: LazyLock<Semaphore> = LazyLock::new(|| {
    let processors = std::thread::available_parallelism().map_or(1, |number| number.get());
    Semaphore::new((processors / 2).max(1))
});
static QUEUE: Semaphore = Semaphore::const_new(WAITING);

fn argon2() -> Result<Argon2<'static>, Error> {
    let params = Params::new(19 * 1024, 2, 1, None).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// A place among those whose passwords are hashed or wait for it. Whoever asks for a password takes it before anything is
/// read or written, so that a flood that is sent away costs the database nothing and counts no try that was none.
pub struct Place(#[expect(dead_code, reason = "it is held, not read")] SemaphorePermit<'static>);

/// Takes a place.
///
/// # Errors
/// [`Error::Busy`] when too many wait.
pub fn place() -> Result<Place, Error> {
    QUEUE.try_acquire().map(Place).map_err(|_| Error::Busy)
}

impl Place {
    /// Hashes a new password with a random salt of 16 bytes.
    ///
    /// # Errors
    /// [`Error::Internal`] when hashing fails.
    pub async fn hash(&self, password: String, randomness: &Randomness) -> Result<String, Error> {
        let salt: [u8; 16] = randomness.bytes();
        gated(move || {
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
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, Error> {
        gated(move || {
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
}

/// Whether a hash was made with other parameters than hashes are now: it is made anew when its password is known.
pub(crate) fn is_dated(hash: &str) -> bool {
    let (Ok(parsed), Ok(argon2)) = (PasswordHash::new(hash), argon2()) else {
        return true;
    };
    parsed.algorithm.as_str() != Algorithm::Argon2id.as_str()
        || Params::try_from(&parsed).is_ok_and(|params| {
            let now = argon2.params();
            (params.m_cost(), params.t_cost(), params.p_cost()) != (now.m_cost(), now.t_cost(), now.p_cost())
        })
}

async fn gated<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    let _permit = GATE
        .acquire()
        .await
        .map_err(|error| Error::Internal(error.to_string()))?;
    // A thread of its own: one of the runtime's would go on with other work, as low as this.
    let (tell, told) = oneshot::channel();
    std::thread::Builder::new()
        .name("password".to_owned())
        .spawn(move || {
            let_others_go_first();
            // Whoever asked may be gone.
            let _ = tell.send(work());
        })
        .map_err(|error| Error::Internal(error.to_string()))?;
    told.await.map_err(|error| Error::Internal(error.to_string()))?
}

/// Where processors are short, whoever waits for a page waits less than whoever waits for a password: on Linux a thread may
/// ask for that. What it is refused costs time only.
fn let_others_go_first() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), 10);
}
