//! Where the bytes of attachments lie: in a folder, or in a store that speaks S3 and that several servers share.
//!
//! A file is kept under its hash and the id of its row: what is there never changes, and no two rows share it, so what has
//! no row can be taken away without asking who else needs it.

use ahq_domain::attachment::Attachment;
use ahq_domain::clock::Instant;
use ahq_domain::id::AttachmentId;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use std::io::ErrorKind;
use std::sync::Arc;

/// A store that speaks S3.
#[cfg(feature = "s3")]
#[derive(Debug, Clone)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// What stands before the names of all files in it; empty for nothing.
    pub prefix: String,
    /// The address of the service, `https://host`; none for that of Amazon in the region.
    pub endpoint: Option<String>,
    /// The region.
    pub region: String,
    /// The id of the key.
    pub key_id: String,
    /// The key.
    pub key: secrecy::SecretString,
}

/// Why a file could not be kept or fetched.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// No room is left.
    #[error("no room left for files: {0}")]
    Full(String),
    /// The place cannot be used.
    #[error("the files cannot be used: {0}")]
    Unavailable(String),
}

/// The files.
#[derive(Debug, Clone)]
pub struct Files {
    place: Arc<dyn ObjectStore>,
    prefix: Path,
}

impl Files {
    /// The files in a folder, which is made, for its owner alone, where it is not there. What is kept there is on the disk
    /// before it is told.
    ///
    /// # Errors
    /// [`FilesError::Unavailable`] when the folder cannot be used.
    pub fn in_folder(folder: &std::path::Path) -> Result<Self, FilesError> {
        choose_tls();
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
            .recursive(true)
            .create(folder)
            .map_err(|error| FilesError::Unavailable(format!("{}: {error}", folder.display())))?;
        let place = LocalFileSystem::new_with_prefix(folder).map_err(|error| fault(&error))?;
        Ok(Self {
            place: Arc::new(place.with_fsync(true)),
            prefix: Path::default(),
        })
    }

    /// The files in a store that speaks S3. It is not asked for anything yet.
    ///
    /// # Errors
    /// [`FilesError::Unavailable`] when it cannot be one.
    #[cfg(feature = "s3")]
    pub fn in_bucket(bucket: &Bucket) -> Result<Self, FilesError> {
        use secrecy::ExposeSecret;
        use std::time::Duration;
        choose_tls();
        let local = bucket.endpoint.as_deref().is_some_and(|at| at.starts_with("http://"));
        let options = object_store::ClientOptions::new()
            .with_timeout(Duration::from_secs(30))
            .with_connect_timeout(Duration::from_secs(5))
            .with_allow_http(local);
        let mut builder = object_store::aws::AmazonS3Builder::new()
            .with_bucket_name(&bucket.name)
            .with_region(&bucket.region)
            .with_access_key_id(&bucket.key_id)
            .with_secret_access_key(bucket.key.expose_secret())
            .with_client_options(options);
        if let Some(endpoint) = &bucket.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        Ok(Self {
            place: Arc::new(builder.build().map_err(|error| fault(&error))?),
            prefix: Path::parse(&bucket.prefix).map_err(|error| FilesError::Unavailable(error.to_string()))?,
        })
    }

    fn path(&self, file: &Attachment) -> Path {
        self.prefix.clone().join(name(file))
    }

    /// Keeps the bytes of a file, before its row is written.
    ///
    /// # Errors
    /// [`FilesError`].
    pub async fn put(&self, file: &Attachment, bytes: Bytes) -> Result<(), FilesError> {
        let put = self.place.put(&self.path(file), bytes.into()).await;
        put.map(|_| ()).map_err(|error| fault(&error))
    }

    /// The bytes of a file that has a row.
    ///
    /// # Errors
    /// [`FilesError::Unavailable`], also where the file is not there.
    pub async fn get(&self, file: &Attachment) -> Result<Bytes, FilesError> {
        let found = self.place.get(&self.path(file)).await.map_err(|error| fault(&error))?;
        found.bytes().await.map_err(|error| fault(&error))
    }

    /// The files that were kept before an instant, some at a time.
    ///
    /// # Errors
    /// [`FilesError::Unavailable`].
    pub async fn kept_before(&self, before: Instant) -> Result<Vec<Old>, FilesError> {
        let prefix = (!self.prefix.as_ref().is_empty()).then_some(&self.prefix);
        let all = self.place.list(prefix).map_err(|error| fault(&error));
        all.try_filter_map(|found| async move {
            let id = found.location.filename().and_then(id_in);
            let old = id.filter(|_| found.last_modified < before);
            Ok(old.map(|id| Old {
                id,
                path: found.location,
            }))
        })
        .boxed()
        .try_collect()
        .await
    }

    /// Takes a file away.
    ///
    /// # Errors
    /// [`FilesError::Unavailable`].
    pub async fn remove(&self, old: &Old) -> Result<(), FilesError> {
        self.delete(&old.path).await
    }

    /// Takes a file away whose row was not written.
    ///
    /// # Errors
    /// [`FilesError::Unavailable`].
    pub async fn take_back(&self, file: &Attachment) -> Result<(), FilesError> {
        self.delete(&self.path(file)).await
    }

    /// One that is gone already, since another worker saw it too, is what is wanted.
    async fn delete(&self, path: &Path) -> Result<(), FilesError> {
        match self.place.delete(path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(fault(&error)),
        }
    }
}

/// Says by what TLS is done, once for the whole program; another part of it may have said so already.
fn choose_tls() {
    #[cfg(feature = "s3")]
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// A file that was found where files lie.
#[derive(Debug, Clone)]
pub struct Old {
    /// The id of its row.
    pub id: AttachmentId,
    path: Path,
}

/// The name a file is kept by: its hash and its id.
pub fn name(file: &Attachment) -> String {
    format!("{}.{}", file.sha256, file.id)
}

/// The id in the name of a file; none where it is not the name of one, byte by byte.
pub fn id_in(name: &str) -> Option<AttachmentId> {
    let (hash, id) = name.split_once('.')?;
    let hex = |letter: char| letter.is_ascii_digit() || ('a'..='f').contains(&letter);
    let id: AttachmentId = id.parse().ok()?;
    (hash.len() == 64 && hash.chars().all(hex) && name.ends_with(&format!(".{id}"))).then_some(id)
}

fn fault(error: &object_store::Error) -> FilesError {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(known) = cause {
        let full = [ErrorKind::StorageFull, ErrorKind::QuotaExceeded];
        if known
            .downcast_ref::<std::io::Error>()
            .is_some_and(|io| full.contains(&io.kind()))
        {
            return FilesError::Full(error.to_string());
        }
        cause = known.source();
    }
    FilesError::Unavailable(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ahq_domain::attachment::MediaType;
    use uuid::Uuid;

    #[tokio::test]
    async fn what_is_kept_is_found_and_what_is_old_is_listed() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::in_folder(folder.path()).unwrap();
        let file = Attachment {
            id: AttachmentId(Uuid::from_u128(7)),
            name: "Ünïcode.txt".to_owned(),
            media_type: MediaType::Text,
            bytes: 5,
            sha256: "a".repeat(64),
        };
        assert!(matches!(files.get(&file).await, Err(FilesError::Unavailable(_))));
        files.put(&file, Bytes::from_static(b"Words")).await.unwrap();
        assert_eq!(files.get(&file).await.unwrap(), "Words");
        std::fs::write(folder.path().join("README"), "not one of ours").unwrap();
        let future = Instant::from_timestamp(4_000_000_000, 0).unwrap();
        assert!(files.kept_before(Instant::UNIX_EPOCH).await.unwrap().is_empty());
        let old = files.kept_before(future).await.unwrap();
        assert_eq!(old.iter().map(|old| old.id).collect::<Vec<_>>(), [file.id]);
        files.remove(&old[0]).await.unwrap();
        files.remove(&old[0]).await.unwrap();
        files.put(&file, Bytes::from_static(b"Words")).await.unwrap();
        files.take_back(&file).await.unwrap();
        assert!(files.kept_before(future).await.unwrap().is_empty());
    }

    #[test]
    fn only_the_name_of_a_file_is_one() {
        let hash = "0".repeat(64);
        let id = "0190c1c5-9f1e-7d8b-b9a4-0c8f6d3f8a55";
        assert!(id_in(&format!("{hash}.{id}")).is_some());
        for stranger in [
            format!("{hash}.{}", id.to_uppercase()),
            format!("../{hash}.{id}"),
            format!("{hash}.{id}.x"),
        ] {
            assert_eq!(id_in(&stranger), None, "{stranger}");
        }
    }
}
