//! Attachments: files beside queries and answers.

pub(crate) mod view;

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, HeaderValue,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::rt::time::timeout;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, delete, get, post, web};
use ahq_domain::attachment::{Attachment, MOST_BYTES, MediaType};
use ahq_exchange::credentials::Credentials;
use ahq_exchange::error::Error;
use ahq_exchange::queries::parse_reference;
use ahq_exchange::replay::ReplayKey;
use ahq_exchange::work::Exchange;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use utoipa::IntoParams;

use self::view::{AttachmentView, AttachmentsView};
use crate::Api;
use crate::caller::Bearer;
use crate::contract::PREFIX;
use crate::editions::File;
use crate::extract::{Path, Query, essence, office, read};
use crate::problem::{Kind, Problem};
use crate::replay::{IdempotencyKey, replay_key};
use crate::reply::{Reply, is_known};
use crate::responses::AnswerPath;

const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");
/// A file that a browser shows all the same loads nothing, runs nothing, and is of no origin.
const POLICY: &str = "sandbox; default-src 'none'";

/// How long a file may take to come in: 20 MB at half a megabit a second.
const SLOWEST: Duration = Duration::from_secs(320);

/// How a file is called.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UploadKeys {
    /// Its name with its ending; of a path only the last part is kept, and what no file system takes is replaced.
    #[param(min_length = 1, max_length = 255, example = "Annual report 2025.pdf")]
    name: String,
}

/// The parts of the address of a file beside an answer.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct AnswerFilePath {
    /// Id or number of the query.
    #[param(example = "2026.81")]
    query: String,
    /// Code of the office.
    #[param(example = "NL")]
    office: String,
    /// Id of the question.
    #[param(example = "q1")]
    question: String,
    /// Id of the attachment.
    attachment: String,
}

/// The parts of the address of a file beside a query.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct QueryFilePath {
    /// Id or number of the query.
    #[param(example = "2026.81")]
    query: String,
    /// Id of the attachment.
    attachment: String,
}

/// How many bytes are announced, so that what has no room is refused before it comes; none where a key may bring back the
/// reply of a first try.
fn announced(request: &HttpRequest) -> Option<u64> {
    let headers = request.headers();
    if headers.contains_key("Idempotency-Key") {
        return None;
    }
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let length = length.and_then(|length| length.parse().ok());
    // One that is too large by itself is refused as that.
    Some(length.filter(|length| *length <= MOST_BYTES as u64).unwrap_or_default())
}

/// What came in.
struct Upload {
    media_type: MediaType,
    bytes: Bytes,
    replay: Option<ReplayKey>,
}

/// Reads a file of one of the types that are taken.
async fn upload(request: &HttpRequest, payload: web::Payload) -> Result<Upload, Problem> {
    let media_type = essence(request).and_then(|essence| essence.parse::<MediaType>().ok());
    let Some(media_type) = media_type else {
        let taken = MediaType::ALL.map(MediaType::essence).join(", ");
        let detail =
            format!("Attachments are PDF, DOCX, XLSX, ODT, CSV, PNG, JPEG or plain text: send it as one of {taken}.");
        let problem = Problem::new(Kind::UnsupportedMediaType, detail);
        return Err(match HeaderValue::from_str(&taken) {
            Ok(taken) => problem.header(ACCEPT, taken),
            Err(_) => problem,
        });
    };
    let mut payload = payload.into_inner();
    let read = read(request, &mut payload, MOST_BYTES);
    // Whoever sends slower than that holds the place of others.
    let bytes = timeout(SLOWEST, read).await.map_err(|_| Error::Busy)??;
    let replay = replay_key(request, Api::of(request)?, &bytes)?;
    Ok(Upload {
        media_type,
        bytes,
        replay,
    })
}

/// 201 with the file that was attached.
fn attached(file: &Attachment, attachments: &str) -> Result<Reply, Error> {
    let location = format!("{attachments}/{}", file.id);
    let reply = Reply::unversioned(&AttachmentView::from(file))?;
    Ok(reply.status(StatusCode::CREATED).location(location))
}

/// A file as a download: never shown in a page, never taken for another type.
async fn downloaded(exchange: &Exchange, request: &HttpRequest, file: &Attachment) -> Result<HttpResponse, Problem> {
    let etag = format!("\"{}\"", file.sha256);
    let unchanged = is_known(request, &etag);
    let mut reply = if unchanged {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    let digest = hex::decode(&file.sha256).map_err(|error| Problem::internal(error.to_string()))?;
    let headers = [
        (ETAG, etag),
        (REPR_DIGEST, format!("sha-256=:{}:", STANDARD.encode(digest))),
        (CONTENT_DISPOSITION, disposition(&file.name)),
        (CONTENT_TYPE, file.media_type.with_charset().to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (CONTENT_SECURITY_POLICY, POLICY.to_owned()),
    ];
    for (name, value) in headers {
        let value = HeaderValue::from_str(&value).map_err(|error| Problem::internal(error.to_string()))?;
        reply.insert_header((name, value));
    }
    if unchanged {
        return Ok(reply.finish());
    }
    Ok(reply.body(exchange.file(file).await?))
}

/// `Content-Disposition` with the name in ASCII, and with all its letters where it has others (RFC 6266, RFC 8187).
fn disposition(name: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || " !#&+-.,;=@^_`~()[]{}$'".contains(letter);
    let ascii: String = name
        .chars()
        .map(|letter| if plain(letter) { letter } else { '_' })
        .collect();
    if ascii == name {
        return format!("attachment; filename=\"{ascii}\"");
    }
    let mut encoded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{encoded}")
}

/// Attaches a file to an answer of your office's draft
///
/// The body is the file itself, its media type one of PDF, DOCX, XLSX, ODT, CSV, PNG, JPEG or plain text, and `name` its
/// name: at most 20 MB, 20 files an answer and 50 MB a response. It has to be what it says it is; a file with macros,
/// scripts, embedded or encrypted content, or content from elsewhere is refused. Of pictures everything but the picture is
/// removed, texts are kept in UTF-8; documents keep what they say of themselves, such as an author. Your office alone sees it until the response is submitted; from then on it goes as far
/// as its answer. Approval of the draft that was asked for is to be asked for again.
#[utoipa::path(tag = "responses", params(AnswerPath, UploadKeys, IdempotencyKey), security(("bearer" = [])),
    request_body(content((File = "application/pdf"),
        (File = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (File = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (File = "application/vnd.oasis.opendocument.text"),
        (File = "text/csv"), (File = "image/png"), (File = "image/jpeg"), (File = "text/plain")),
        description = "The file, byte by byte."),
    responses((status = 201, description = "The attachment.", body = AttachmentView),
              (status = 409, description = "The query takes no response of your office, or there are too many files.")))]
#[post("/queries/{query}/responses/{office}/answers/{question}/attachments")]
pub(crate) async fn attach_to_answer(
    request: HttpRequest,
    exchange: web::Data<Exchange>,
    caller: Bearer,
    path: Path<AnswerPath>,
    keys: Query<UploadKeys>,
    payload: web::Payload,
) -> Result<Reply, Problem> {
    let (office, reference) = (office(&path.office)?, parse_reference(&path.query)?);
    let question = path.question.clone();
    exchange
        .read(caller.0, {
            let (office, question, bytes) = (office.clone(), question.clone(), announced(&request));
            move |work| work.may_attach_to_answer(&reference, &office, &question, bytes)
        })
        .await?;
    let _place = exchange.place_for_file().await?;
    let Upload {
        media_type,
        bytes,
        replay,
    } = upload(&request, payload).await?;
    let file = exchange.take_in(&keys.0.name, media_type, bytes).await?;
    let attachments = format!(
        "{PREFIX}/queries/{}/responses/{office}/answers/{question}/attachments",
        path.query
    );
    let reply = exchange
        .attach_once(caller.0, replay, file, move |work, file| {
            work.attach_to_answer(&reference, &office, &question, file)?;
            attached(file, &attachments).map(Reply::keep)
        })
        .await?;
    Ok(reply.into())
}

/// Lists the attachments of an answer
///
/// Your own office's are those of the draft, another's those of the version in force; none where the answer is not for you.
#[utoipa::path(tag = "responses", params(AnswerPath), security(("bearer" = [])),
    responses((status = 200, description = "The attachments, in the order they came.", body = AttachmentsView)))]
#[get("/queries/{query}/responses/{office}/answers/{question}/attachments")]
pub(crate) async fn list_answer_attachments(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    path: Path<AnswerPath>,
) -> Result<Reply, Problem> {
    let office = office(&path.office)?;
    Ok(exchange
        .read(caller.0, move |work| {
            let files = work.answer_attachments(&parse_reference(&path.query)?, &office, &path.question)?;
            Reply::unversioned(&AttachmentsView::from(files))
        })
        .await?)
}

/// Downloads an attachment of an answer
///
/// For whoever may read the answer: as it stands now, in a version, or in an edition that is for you. Narrowing the answer
/// acts at once. The ETag is the SHA-256 of the file.
#[utoipa::path(tag = "responses", params(AnswerFilePath), security(("bearer" = [])),
    responses((status = 200, description = "The file.", content((File = "application/pdf"),
        (File = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (File = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (File = "application/vnd.oasis.opendocument.text"),
        (File = "text/csv"), (File = "image/png"), (File = "image/jpeg"), (File = "text/plain")))))]
#[get("/queries/{query}/responses/{office}/answers/{question}/attachments/{attachment}")]
pub(crate) async fn download_answer_attachment(
    request: HttpRequest,
    exchange: web::Data<Exchange>,
    caller: Bearer,
    path: Path<AnswerFilePath>,
) -> Result<HttpResponse, Problem> {
    let office = office(&path.office)?;
    let file = exchange
        .read(caller.0, move |work| {
            work.answer_attachment(
                &parse_reference(&path.query)?,
                &office,
                &path.question,
                &path.attachment,
            )
        })
        .await?;
    downloaded(&exchange, &request, &file).await
}

/// Removes an attachment from your office's draft
///
/// Versions that were submitted keep it. It never changed, so no If-Match is needed.
#[utoipa::path(tag = "responses", params(AnswerFilePath), security(("bearer" = [])),
    responses((status = 204, description = "It is gone from the draft.")))]
#[delete("/queries/{query}/responses/{office}/answers/{question}/attachments/{attachment}")]
pub(crate) async fn detach_from_answer(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    path: Path<AnswerFilePath>,
) -> Result<Reply, Problem> {
    let office = office(&path.office)?;
    exchange
        .write(caller.0, move |work| {
            work.detach_from_answer(
                &parse_reference(&path.query)?,
                &office,
                &path.question,
                &path.attachment,
            )
        })
        .await?;
    Ok(Reply::no_content())
}

/// Attaches a file to a draft query
///
/// The body is the file itself, as for answers: at most 20 MB, 20 files and 50 MB a query. Everybody who may read the query
/// may have it; the public may not. It stays as it is from the launch on.
#[utoipa::path(tag = "queries", security(("bearer" = [])),
    params(("query" = String, Path, description = "Id or number of the query."), UploadKeys, IdempotencyKey),
    request_body(content((File = "application/pdf"),
        (File = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (File = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (File = "application/vnd.oasis.opendocument.text"),
        (File = "text/csv"), (File = "image/png"), (File = "image/jpeg"), (File = "text/plain")),
        description = "The file, byte by byte."),
    responses((status = 201, description = "The attachment.", body = AttachmentView),
              (status = 409, description = "The query was launched, or there are too many files.")))]
#[post("/queries/{query}/attachments")]
pub(crate) async fn attach_to_query(
    request: HttpRequest,
    exchange: web::Data<Exchange>,
    caller: Bearer,
    query: Path<String>,
    keys: Query<UploadKeys>,
    payload: web::Payload,
) -> Result<Reply, Problem> {
    let reference = parse_reference(&query)?;
    let announced = announced(&request);
    exchange
        .read(caller.0, move |work| work.may_attach_to_query(&reference, announced))
        .await?;
    let _place = exchange.place_for_file().await?;
    let Upload {
        media_type,
        bytes,
        replay,
    } = upload(&request, payload).await?;
    let file = exchange.take_in(&keys.0.name, media_type, bytes).await?;
    let attachments = format!("{PREFIX}/queries/{}/attachments", query.0);
    let reply = exchange
        .attach_once(caller.0, replay, file, move |work, file| {
            work.attach_to_query(&reference, file)?;
            attached(file, &attachments).map(Reply::keep)
        })
        .await?;
    Ok(reply.into())
}

/// Lists the attachments of a query
///
/// For everybody who may read the query.
#[utoipa::path(tag = "queries", security(("bearer" = [])),
    params(("query" = String, Path, description = "Id or number of the query.")),
    responses((status = 200, description = "The attachments, in the order they came.", body = AttachmentsView)))]
#[get("/queries/{query}/attachments")]
pub(crate) async fn list_query_attachments(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    query: Path<String>,
) -> Result<Reply, Problem> {
    Ok(exchange
        .read(caller.0, move |work| {
            let files = work.query_attachments(&parse_reference(&query)?)?;
            Reply::unversioned(&AttachmentsView::from(files))
        })
        .await?)
}

/// Downloads an attachment of a query
///
/// For everybody who may read the query. The ETag is the SHA-256 of the file.
#[utoipa::path(tag = "queries", params(QueryFilePath), security(("bearer" = [])),
    responses((status = 200, description = "The file.", content((File = "application/pdf"),
        (File = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (File = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (File = "application/vnd.oasis.opendocument.text"),
        (File = "text/csv"), (File = "image/png"), (File = "image/jpeg"), (File = "text/plain")))))]
#[get("/queries/{query}/attachments/{attachment}")]
pub(crate) async fn download_query_attachment(
    request: HttpRequest,
    exchange: web::Data<Exchange>,
    caller: Bearer,
    path: Path<QueryFilePath>,
) -> Result<HttpResponse, Problem> {
    let file = exchange
        .read(caller.0, move |work| {
            work.query_attachment(&parse_reference(&path.query)?, &path.attachment)
        })
        .await?;
    downloaded(&exchange, &request, &file).await
}

/// Removes an attachment from a draft query
///
/// It never changed, so no If-Match is needed.
#[utoipa::path(tag = "queries", params(QueryFilePath), security(("bearer" = [])),
    responses((status = 204, description = "It is gone.")))]
#[delete("/queries/{query}/attachments/{attachment}")]
pub(crate) async fn detach_from_query(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    path: Path<QueryFilePath>,
) -> Result<Reply, Problem> {
    exchange
        .write(caller.0, move |work| {
            work.detach_from_query(&parse_reference(&path.query)?, &path.attachment)
        })
        .await?;
    Ok(Reply::no_content())
}

/// Downloads an attachment of a published answer
///
/// For everybody, without an account: those that the public view in force of a published query lists.
#[utoipa::path(tag = "archive", params(QueryFilePath), security(()),
    responses((status = 200, description = "The file.", content((File = "application/pdf"),
        (File = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (File = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (File = "application/vnd.oasis.opendocument.text"),
        (File = "text/csv"), (File = "image/png"), (File = "image/jpeg"), (File = "text/plain")))))]
#[get("/public/queries/{query}/attachments/{attachment}")]
pub(crate) async fn download_public_attachment(
    request: HttpRequest,
    exchange: web::Data<Exchange>,
    path: Path<QueryFilePath>,
) -> Result<HttpResponse, Problem> {
    let file = exchange
        .read(Credentials::Nobody, move |work| {
            work.public_attachment(&parse_reference(&path.query)?, &path.attachment)
        })
        .await?;
    downloaded(&exchange, &request, &file).await
}

#[cfg(test)]
mod tests {
    use super::disposition;

    #[test]
    fn names_come_in_ascii_and_with_all_their_letters() {
        for (name, header) in [
            ("Report 2025.pdf", "attachment; filename=\"Report 2025.pdf\""),
            (
                "Ετήσια.pdf",
                "attachment; filename=\"______.pdf\"; filename*=UTF-8''%CE%95%CF%84%CE%AE%CF%83%CE%B9%CE%B1.pdf",
            ),
            (
                "a\u{2019}b.txt",
                "attachment; filename=\"a_b.txt\"; filename*=UTF-8''a%E2%80%99b.txt",
            ),
        ] {
            assert_eq!(disposition(name), header);
        }
    }
}
