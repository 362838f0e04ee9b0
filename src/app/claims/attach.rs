//! Attaching files to a claim: PNG, JPEG and PDF, known by their content.

use std::io::Cursor;

use image::{ImageFormat, ImageReader};
use sha2::{Digest, Sha256};

use crate::app::again::again;
use crate::app::claims::decide::lock_all;
use crate::app::claims::ending::ends_there;
use crate::app::claims::{ClaimError, is_claimants, note};
use crate::app::{Actor, App, unprintable};
use crate::attribution::claim::{ClaimStep, MAX_ATTACHMENTS};
use crate::storage::claims::{NewFile, file_count, file_with, insert_file};

/// The largest attachment, bytes.
pub const MAX_FILE: usize = 5 << 20;
/// The largest picture, pixels.
const MAX_PIXELS: u64 = 50_000_000;
/// Longest file name kept, characters.
const MAX_NAME: usize = 120;

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attached {
    /// Its row.
    pub id: i64,
    /// Whether it was kept now; else the claim has this very file.
    pub is_new: bool,
}

/// Why a file cannot be attached to any claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// Larger than [`MAX_FILE`].
    #[error("at most 5 MB")]
    TooLarge,
    /// Of a kind we do not take, whatever its name says.
    #[error("a PNG or JPEG picture of at most 50 million pixels, or a PDF")]
    Kind,
    /// More follows its end: a file that is two at once.
    #[error("a file that ends where its picture or document ends; this one has something behind it")]
    Trailing,
}

impl From<FileError> for ClaimError {
    fn from(error: FileError) -> Self {
        Self::field("/file", error)
    }
}

/// Attaches a file to one's own claim while it is open. Its kind is told by its content, never by its name.
pub async fn attach(
    app: &App,
    actor: &Actor,
    id: i64,
    name: &str,
    bytes: &[u8],
) -> Result<Attached, ClaimError> {
    let media_type = check_file(bytes)?;
    let name = plain_name(name);
    let hash: [u8; 32] = Sha256::digest(bytes).into();
    let now_ms = app.clock.now_ms();
    again!(async {
        let mut tx = app.store.begin().await?;
        let claim = lock_all(app, &mut tx, id).await?;
        if !is_claimants(actor, &claim) {
            return Err(ClaimError::NotFound(id));
        }
        claim.status.after(ClaimStep::Attached)?;
        let file = NewFile {
            claim: id,
            name: &name,
            media_type,
            hash,
            bytes,
            at: now_ms,
        };
        let Some(row) = insert_file(&mut tx, &file).await? else {
            let known = file_with(&mut tx, id, &hash).await?;
            let known = known.ok_or_else(|| ClaimError::Conflict("the file is gone".to_owned()))?;
            return Ok(Attached {
                id: known,
                is_new: false,
            });
        };
        let count = usize::try_from(file_count(&mut tx, id).await?).unwrap_or(usize::MAX);
        if count > MAX_ATTACHMENTS {
            let detail = format!("a claim has at most {MAX_ATTACHMENTS} attachments");
            return Err(ClaimError::Conflict(detail));
        }
        note(
            &mut tx,
            id,
            ClaimStep::Attached,
            (&actor.word(), actor.employee()),
            &name,
            now_ms,
        )
        .await?;
        tx.commit().await?;
        Ok::<_, ClaimError>(Attached {
            id: row,
            is_new: true,
        })
    })
}

/// The media type of a file that may be attached, by its content; why not otherwise.
pub fn check_file(bytes: &[u8]) -> Result<&'static str, FileError> {
    if bytes.len() > MAX_FILE {
        return Err(FileError::TooLarge);
    }
    let media_type = kind_of(bytes).ok_or(FileError::Kind)?;
    if ends_there(media_type, bytes) {
        Ok(media_type)
    } else {
        Err(FileError::Trailing)
    }
}

/// The media type of what we take, by content.
fn kind_of(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"%PDF-") {
        // A PDF ends; what is cut off or only begins like one is none.
        let tail = &bytes[bytes.len().saturating_sub(1024)..];
        return tail
            .windows(5)
            .any(|w| w == b"%%EOF")
            .then_some("application/pdf");
    }
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let media_type = match reader.format()? {
        ImageFormat::Png => "image/png",
        ImageFormat::Jpeg => "image/jpeg",
        _ => return None,
    };
    let (width, height) = reader.into_dimensions().ok()?;
    (u64::from(width) * u64::from(height) <= MAX_PIXELS && width > 0 && height > 0).then_some(media_type)
}

/// A file name without folders and control characters.
fn plain_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = last.chars().filter(|c| !unprintable(*c)).take(MAX_NAME).collect();
    let name = name.trim();
    if name.is_empty() {
        "attachment".to_owned()
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png() -> Vec<u8> {
        let mut bytes = Vec::new();
        image::DynamicImage::new_rgb8(2, 2)
            .write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)
            .unwrap();
        bytes
    }

    #[test]
    fn a_file_is_what_its_content_says() {
        assert_eq!(kind_of(&png()), Some("image/png"));
        assert_eq!(kind_of(b"%PDF-1.7\n1 0 obj\n%%EOF\n"), Some("application/pdf"));
        for bad in [
            &b""[..],
            b"%PDF-1.7 cut",
            b"GIF89a\x01\0\x01\0",
            b"<svg/>",
            b"<script>",
            b"\x89PNG\r\n\x1a\n",
        ] {
            assert_eq!(kind_of(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_picture_of_more_than_fifty_million_pixels_is_refused_by_its_header() {
        let mut huge = png();
        // IHDR: width and height at 16 and 20, its CRC at 29.
        huge[16..24].copy_from_slice(&[0, 0, 0x27, 0x10, 0, 0, 0x27, 0x10]);
        let crc = crc32fast::hash(&huge[12..29]);
        huge[29..33].copy_from_slice(&crc.to_be_bytes());
        assert_eq!(kind_of(&huge), None);
    }

    #[test]
    fn a_name_keeps_no_folders() {
        assert_eq!(plain_name("../../etc/聊天记录.png"), "聊天记录.png");
        assert_eq!(plain_name("C:\\x\\a\nb.pdf"), "ab.pdf");
        assert_eq!(plain_name(" / "), "attachment");
    }
}
