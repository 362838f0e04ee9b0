//! Forms with files.

use std::collections::HashMap;

use axum::body::Bytes;
use axum::extract::multipart::MultipartError;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::StatusCode;

use crate::web::Problem;

/// Most parts of a form.
const MAX_PARTS: usize = 40;

/// A form sent as `multipart/form-data`: its texts, and its files with their names. Where it is larger than the route
/// allows, what came before that is kept, so that nothing typed is lost; answer 413 then.
#[derive(Debug, Default)]
pub struct Upload {
    /// Texts by name; the first of a name stands.
    pub texts: HashMap<String, String>,
    /// Files chosen, in order: name and content. A field without a file is none.
    pub files: Vec<(String, Bytes)>,
    /// Whether the form was too large to be read to its end.
    pub too_large: bool,
}

impl Upload {
    /// A text as typed; nothing where it is missing.
    pub fn text(&self, name: &str) -> &str {
        self.texts.get(name).map_or("", String::as_str)
    }

    async fn read(&mut self, mut form: Multipart) -> Result<(), MultipartError> {
        for _ in 0..MAX_PARTS {
            let Some(field) = form.next_field().await? else {
                break;
            };
            let name = field.name().unwrap_or_default().to_owned();
            match field.file_name().map(str::to_owned) {
                None => {
                    let bytes = field.bytes().await?;
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    self.texts.entry(name).or_insert(text);
                }
                Some(file_name) => {
                    let bytes = field.bytes().await?;
                    // A browser sends a field nobody chose a file for as an empty part without a name.
                    if !(file_name.is_empty() && bytes.is_empty()) {
                        self.files.push((file_name, bytes));
                    }
                }
            }
        }
        Ok(())
    }
}

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let form = Multipart::from_request(request, state).await.map_err(|_| {
            Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "media-type",
                "expected a form with files (multipart/form-data)",
            )
        })?;
        let mut upload = Self::default();
        match upload.read(form).await {
            Ok(()) => {}
            Err(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => upload.too_large = true,
            Err(_) => return Err(Problem::unreadable("the form could not be read to its end")),
        }
        Ok(upload)
    }
}
