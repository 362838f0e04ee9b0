//! `/api/v1/claims/{id}/attachments`: see api.md.

use axum::extract::multipart::MultipartRejection;
use axum::extract::{DefaultBodyLimit, Multipart, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::claim_view::Attachment;
use super::refused::media_type;
use crate::app::App;
use crate::app::claims::{ClaimError, FileError, MAX_FILE, attach, check_file, claim_contact};
use crate::web::{Authed, Json, Path, Problem, Web};

/// Room for the file and the envelope around it, bytes.
const LIMIT: usize = MAX_FILE + (64 << 10);

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(post_attachment))
        .routes(routes!(get_attachment))
        .layer(DefaultBodyLimit::max(LIMIT))
}

/// A file in a multipart form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form only")]
struct Upload {
    /// PNG, JPEG or PDF, at most 5 MB.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// What became of the file.
#[derive(Debug, Serialize, ToSchema)]
pub struct Kept {
    #[serde(flatten)]
    file: Attachment,
    /// The claim.
    claim: i64,
    /// Whether it was kept now; else the claim has this very file.
    is_new: bool,
}

/// Attaches a file to one's own claim; at most three.
#[utoipa::path(
    post, path = "/claims/{id}/attachments", tag = "claims",
    params(("id" = i64, Path, description = "The claim")),
    request_body(content = Upload, content_type = "multipart/form-data"),
    responses(
        (status = 201, body = Kept),
        (status = 200, body = Kept, description = "The claim has this very file"),
        (status = 413, body = Problem, content_type = "application/problem+json", description = "Larger than 5 MB"),
        (status = 415, body = Problem, content_type = "application/problem+json",
         description = "No form with files, or a file of another kind, told by its content"),
    ),
)]
async fn post_attachment(
    State(app): State<App>,
    Authed(actor): Authed,
    Path(id): Path<i64>,
    form: Result<Multipart, MultipartRejection>,
) -> Result<(StatusCode, Json<Kept>), Problem> {
    let mut form = form.map_err(|_| media_type("a form with files (multipart/form-data)"))?;
    while let Some(field) = form.next_field().await.map_err(|e| unreadable(&e))? {
        if field.name() != Some("file") {
            continue;
        }
        let name = field.file_name().unwrap_or_default().to_owned();
        let bytes = field.bytes().await.map_err(|e| unreadable(&e))?;
        check_file(&bytes).map_err(refused)?;
        let done = attach(&app, &actor, id, &name, &bytes).await?;
        let status = if done.is_new {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        let files = app.store.claim_files(id).await?;
        let file = files.into_iter().find(|file| file.id == done.id);
        let file = file.ok_or_else(|| Problem::not_found(format_args!("attachment {}", done.id)))?;
        let kept = Kept {
            file: Attachment::of(id, file),
            claim: id,
            is_new: done.is_new,
        };
        return Ok((status, Json(kept)));
    }
    Err(Problem::field("/file", "the form has no part called file"))
}

/// The same answers as at a campaign's picture.
fn refused(error: FileError) -> Problem {
    match error {
        FileError::TooLarge => Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", error.to_string()),
        FileError::Kind => media_type(&error.to_string()),
        FileError::Trailing => Problem::field("/file", error),
    }
}

fn unreadable(error: &axum::extract::multipart::MultipartError) -> Problem {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "at most 5 MB")
        }
        _ => Problem::unreadable(error.body_text()),
    }
}

/// A file, for the claimant and for verifiers. Always a download: nothing in it is shown or run by us.
#[utoipa::path(
    get, path = "/claims/{id}/attachments/{file}", tag = "claims",
    params(("id" = i64, Path, description = "The claim"), ("file" = i64, Path, description = "The file")),
    responses(
        (status = 200, description = "The file"),
    ),
)]
async fn get_attachment(
    State(app): State<App>,
    Authed(actor): Authed,
    Path((id, file)): Path<(i64, i64)>,
) -> Result<Response, Problem> {
    let claim = app.store.claim(id).await?.ok_or(ClaimError::NotFound(id))?;
    claim_contact(&app, &actor, &claim).await?;
    let found = app.store.claim_file(id, file).await?;
    let (name, media_type, bytes) =
        found.ok_or_else(|| Problem::not_found(format_args!("attachment {file} of claim {id}")))?;
    Ok(download(&name, &media_type, bytes))
}

/// A file as a download that no browser runs.
pub fn download(name: &str, media_type: &str, bytes: Vec<u8>) -> Response {
    // RFC 6266, RFC 8187: the name as UTF-8, percent-encoded.
    let encoded: String = name
        .bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_') {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect();
    let mut response = bytes.into_response();
    let head = response.headers_mut();
    let value = |text: &str| HeaderValue::from_str(text).ok();
    for (name, value) in [
        (header::CONTENT_TYPE, value(media_type)),
        (
            header::CONTENT_DISPOSITION,
            value(&format!("attachment; filename*=UTF-8''{encoded}")),
        ),
        (header::CACHE_CONTROL, value("private, no-store")),
        (
            header::CONTENT_SECURITY_POLICY,
            value("default-src 'none'; sandbox"),
        ),
    ] {
        if let Some(value) = value {
            head.insert(name, value);
        }
    }
    response
}
