//! The data directory and the master secret in it.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use rand::Rng;

/// Why the data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// The system said no.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
    /// The secret file is there but is not 64 hexadecimal digits.
    #[error("{}: expected 64 hexadecimal digits; restore it from a backup (contacts cannot be read without it)", .0.display())]
    Secret(PathBuf),
}

/// Creates the folder when missing (mode 0700) and returns the master secret: `given`, or the one in `secret.key`,
/// which is made at the first start (mode 0600).
pub fn prepare(dir: &Path, given: Option<[u8; 32]>, rng: &mut impl Rng) -> Result<[u8; 32], DataDirError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| DataDirError::Io { path, source }
    };
    create_private_dir(dir).map_err(failed(dir))?;
    if let Some(key) = given {
        return Ok(key);
    }
    let path = dir.join("secret.key");
    match std::fs::read_to_string(&path) {
        Ok(text) => parse_hex(text.trim()).ok_or(DataDirError::Secret(path)),
        Err(e) if e.kind() == ErrorKind::NotFound => {
            let mut key = [0u8; 32];
            rng.fill_bytes(&mut key);
            // Written aside and linked into place: two first starts at once agree on one key.
            let aside = dir.join(format!("secret.key.{}", std::process::id()));
            write_private(&aside, &to_hex(&key)).map_err(failed(&aside))?;
            let linked = std::fs::hard_link(&aside, &path);
            std::fs::remove_file(&aside).map_err(failed(&aside))?;
            match linked {
                Ok(()) => Ok(key),
                Err(e) if e.kind() == ErrorKind::AlreadyExists => prepare(dir, None, rng),
                Err(e) => Err(failed(&path)(e)),
            }
        }
        Err(e) => Err(failed(&path)(e)),
    }
}

#[cfg(unix)]
pub(super) fn create_private_dir(dir: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

#[cfg(not(unix))]
pub(super) fn create_private_dir(dir: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(dir)
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    writeln!(file, "{text}")?;
    file.sync_all()
}

fn to_hex(key: &[u8; 32]) -> String {
    use std::fmt::Write as _;
    key.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn parse_hex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let mut key = [0u8; 32];
    for (byte, pair) in key.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    #[test]
    fn the_secret_is_made_once_and_read_ever_after() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("a/b");
        let first = prepare(&home, None, &mut StdRng::seed_from_u64(1)).unwrap();
        assert_eq!(
            prepare(&home, None, &mut StdRng::seed_from_u64(2)).unwrap(),
            first
        );
        assert_eq!(std::fs::read_dir(&home).unwrap().count(), 1);
    }

    #[test]
    fn a_damaged_secret_is_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("secret.key"), "short").unwrap();
        let error = prepare(dir.path(), None, &mut StdRng::seed_from_u64(1)).unwrap_err();
        assert!(matches!(error, DataDirError::Secret(_)));
        assert_eq!(
            std::fs::read_to_string(dir.path().join("secret.key")).unwrap(),
            "short"
        );
    }
}
