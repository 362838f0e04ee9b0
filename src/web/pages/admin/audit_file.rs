//! The audit log as a file: every entry that was asked for, however many, read a page at a time while the answer travels.

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::app::App;
use crate::sheet::harmless;
use crate::storage::{AuditEntry, AuditQuery, StoreError};
use crate::web::Problem;
use crate::web::pages::actors::Actors;

/// Entries read at a time: some hundred kilobytes.
const PAGE: i64 = 1_000;
const HEADS: [&str; 6] = ["at", "actor", "name", "action", "subject", "detail"];

/// Entries as lines.
fn lines(
    actors: &Actors,
    entries: &[AuditEntry],
    mut out: csv::Writer<Vec<u8>>,
) -> Result<Vec<u8>, csv::Error> {
    for entry in entries {
        let at = Timestamp::from_millisecond(entry.at).unwrap_or_default();
        let cells = [
            &at.to_string(),
            &entry.actor,
            &actors.name(&entry.actor),
            &entry.action,
            &entry.subject,
            &entry.detail,
        ];
        out.write_record(cells.map(|cell| harmless(cell)))?;
    }
    out.into_inner().map_err(|e| e.into_error().into())
}

/// The page after an entry, the newest first.
async fn after(app: &App, asked: &AuditQuery, last: Option<i64>) -> Result<Vec<AuditEntry>, StoreError> {
    let page = AuditQuery {
        before: last.or(asked.before),
        limit: PAGE,
        ..asked.clone()
    };
    app.store.audit(&page).await
}

/// The answer. The first page is read before it begins, so that a store that is away is told as such; should a later
/// one fail, the answer breaks off, which no browser takes for a whole file.
pub async fn stream(app: App, actors: Actors, asked: AuditQuery) -> Result<Response, Problem> {
    let mut begun = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    begun.write_record(HEADS).map_err(|e| Problem::internal(&e))?;
    let mut page = after(&app, &asked, None).await?;
    let first = lines(&actors, &page, begun).map_err(|e| Problem::internal(&e))?;
    // One page waits for the reader, one is being read: nobody's slow line holds the log in memory.
    let (out, body) = mpsc::channel::<Result<Bytes, Broken>>(1);
    tokio::spawn(async move {
        if out.send(Ok(first.into())).await.is_err() {
            return;
        }
        // The mark only falls: entries written meanwhile are newer, and the file has an end.
        while let Some(last) = page.last().map(|entry| entry.id) {
            let read = async {
                page = after(&app, &asked, Some(last)).await?;
                Ok(lines(&actors, &page, csv::Writer::from_writer(Vec::new()))?.into())
            };
            let piece: Result<Bytes, Broken> = read.await;
            let is_broken = piece.is_err();
            if let Err(error) = &piece {
                tracing::error!(%error, "the audit log's file breaks off");
            }
            // Whoever went away reads no more.
            if out.send(piece).await.is_err() || is_broken {
                return;
            }
        }
    });
    let mut response = Body::from_stream(ReceiverStream::new(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/csv; charset=utf-8"),
    );
    let name = HeaderValue::from_static("attachment; filename=\"audit.csv\"");
    headers.insert(header::CONTENT_DISPOSITION, name);
    Ok(response)
}

/// Why the file breaks off.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Line(#[from] csv::Error),
}
