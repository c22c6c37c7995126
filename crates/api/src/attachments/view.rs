//! Attachments as the interface shows them.

use ahq_domain::attachment::Attachment;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A file beside a query or an answer.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Attachment)]
pub(crate) struct AttachmentView {
    /// Its id.
    id: Uuid,
    /// Its name, fit for any file system.
    #[schema(example = "Annual report 2025.pdf")]
    name: String,
    /// Its media type.
    #[schema(example = "application/pdf")]
    media_type: String,
    /// How many bytes it has.
    #[schema(example = 182_533)]
    bytes: u64,
    /// The SHA-256 of its bytes, in hexadecimal digits.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    sha256: String,
}

impl From<&Attachment> for AttachmentView {
    fn from(file: &Attachment) -> Self {
        Self {
            id: file.id.0,
            name: file.name.clone(),
            media_type: file.media_type.essence().to_owned(),
            bytes: file.bytes,
            sha256: file.sha256.clone(),
        }
    }
}

/// The attachments of a query or an answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Attachments)]
pub(crate) struct AttachmentsView {
    /// The attachments, in the order they came.
    items: Vec<AttachmentView>,
}

impl From<Vec<Attachment>> for AttachmentsView {
    fn from(files: Vec<Attachment>) -> Self {
        Self {
            items: files.iter().map(Into::into).collect(),
        }
    }
}
