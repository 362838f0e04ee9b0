//! Backups: a folder with the database, the spool, the secret, and a list of all three.
//!
//! ```text
//! backup.json   version, instant, every file with its length and SHA-256
//! bole.db       the store as of one instant, without the visitors' salts
//! secret.key    only when it is a file of the data folder
//! spool/NODE/…  clicks that were answered and perhaps not stored yet
//! ```
//!
//! The spool is copied before the store: a click that was answered before the backup began is in one of them, or in
//! both, and loading stores it once.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::boot::data_dir::create_private_dir;
use crate::spool::{NodeName, segment_path, segments};
use crate::storage::{Store, StoreError, check_copy, clean_copy};

/// Format of [`Manifest`].
const FORMAT: u32 = 1;
const MANIFEST: &str = "backup.json";
const DATABASE: &str = "bole.db";
const SECRET: &str = "secret.key";
const SPOOL: &str = "spool";

/// Why a backup was not made or not brought back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file or folder.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The folder to write to holds something.
    #[error("{}: is not empty; nothing is ever written over. Name another folder, or move this one away", .0.display())]
    NotEmpty(PathBuf),
    /// The store is PostgreSQL.
    #[error(
        "the store is PostgreSQL, which has better means: pg_dump --format=custom --exclude-table-data=visitor_salts \
         (and pg_restore); before it, copy each node's {} and keep the secret key with both", .0.display()
    )]
    Postgres(PathBuf),
    /// Not a backup, or a damaged one.
    #[error("{}: {what}", path.display())]
    Broken {
        /// Which file or folder.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupFile {
    /// Below the backup's folder, with `/`.
    pub path: String,
    /// Length, bytes.
    pub bytes: u64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
}

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// 1.
    pub format: u32,
    /// The version of the program that made it.
    pub bole: String,
    /// When it was begun.
    pub made_at: Timestamp,
    /// Everything but this list.
    pub files: Vec<BackupFile>,
}

impl Manifest {
    /// Whether the secret is in it; without, the same `secret_key` must be set where it is restored.
    pub fn has_secret(&self) -> bool {
        self.files.iter().any(|file| file.path == SECRET)
    }

    /// All files together, bytes.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> BackupError + '_ {
    move |source| BackupError::Io {
        path: path.to_owned(),
        source,
    }
}

fn broken(path: &Path, what: impl Into<String>) -> BackupError {
    BackupError::Broken {
        path: path.to_owned(),
        what: what.into(),
    }
}

/// Makes a backup of a data folder and its store in `target`, which must be missing or empty; a running server goes on.
/// What is begun stands beside as `target.partial` and takes the name when it is whole.
pub async fn make_backup(
    store: &Store,
    data_dir: &Path,
    target: &Path,
    now: Timestamp,
) -> Result<Manifest, BackupError> {
    if matches!(store, Store::Postgres(_)) {
        return Err(BackupError::Postgres(data_dir.join(SPOOL)));
    }
    refuse_full(target)?;
    let partial = beside(target, "partial");
    if partial.exists() {
        std::fs::remove_dir_all(&partial).map_err(io(&partial))?;
    }
    create_private_dir(&partial).map_err(io(&partial))?;
    let mut files = Vec::new();
    for path in spooled(data_dir)? {
        // A segment the loader finishes meanwhile is in the store by the time that is copied.
        if data_dir.join(&path).exists() {
            files.extend(copy(data_dir, &partial, &path)?);
        }
    }
    if data_dir.join(SECRET).exists() {
        files.extend(copy(data_dir, &partial, SECRET)?);
    }
    let database = partial.join(DATABASE);
    store.copy_to(&database).await?;
    clean_copy(&database).await?;
    whole(&database).await?;
    private(&database)?;
    files.push(listed(&partial, DATABASE)?);
    let manifest = Manifest {
        format: FORMAT,
        bole: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: now,
        files,
    };
    let list = partial.join(MANIFEST);
    let text = serde_json::to_vec_pretty(&manifest).unwrap_or_default();
    write(&list, &text).map_err(io(&list))?;
    move_into_place(&partial, target)?;
    Ok(manifest)
}

/// Reads a backup whole: every file there, unaltered, the database sound.
pub async fn check_backup(backup: &Path) -> Result<Manifest, BackupError> {
    let list = backup.join(MANIFEST);
    let text = std::fs::read(&list).map_err(io(&list))?;
    let manifest: Manifest =
        serde_json::from_slice(&text).map_err(|e| broken(&list, format!("not the list of a backup: {e}")))?;
    if manifest.format != FORMAT {
        let what = format!(
            "format {}, this version reads {FORMAT}: use the version that made it",
            manifest.format
        );
        return Err(broken(&list, what));
    }
    for file in &manifest.files {
        let path = backup.join(&file.path);
        if !is_ours(&file.path) {
            return Err(broken(&list, format!("{:?} is no file of a backup", file.path)));
        }
        if listed(backup, &file.path)? != *file {
            return Err(broken(
                &path,
                "is not the file that was backed up: length or SHA-256 differ",
            ));
        }
    }
    if !manifest.files.iter().any(|file| file.path == DATABASE) {
        return Err(broken(&list, "names no database"));
    }
    whole(&backup.join(DATABASE)).await?;
    Ok(manifest)
}

/// Brings a backup back into `data_dir`, which must be missing or empty. All of it or nothing.
pub async fn restore_backup(backup: &Path, data_dir: &Path) -> Result<Manifest, BackupError> {
    refuse_full(data_dir)?;
    let manifest = check_backup(backup).await?;
    let partial = beside(data_dir, "restoring");
    if partial.exists() {
        std::fs::remove_dir_all(&partial).map_err(io(&partial))?;
    }
    create_private_dir(&partial).map_err(io(&partial))?;
    for file in &manifest.files {
        if copy(backup, &partial, &file.path)?.as_ref() != Some(file) {
            return Err(broken(&backup.join(&file.path), "changed while it was read"));
        }
    }
    move_into_place(&partial, data_dir)?;
    Ok(manifest)
}

/// Only what a backup consists of: a list cannot lead outside its folder.
fn is_ours(path: &str) -> bool {
    let mut parts = path.split('/');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(DATABASE | SECRET), None, ..) => true,
        (Some(SPOOL), Some(node), Some(segment), None) => {
            NodeName::parse(node).is_ok()
                && segment.strip_suffix(".seg").is_some_and(|number| {
                    number.len() == 12 && number.bytes().all(|digit| digit.is_ascii_digit())
                })
        }
        _ => false,
    }
}

/// The segments of all nodes' spools, below the data folder.
fn spooled(data_dir: &Path) -> Result<Vec<String>, BackupError> {
    let root = data_dir.join(SPOOL);
    let mut found = Vec::new();
    if !root.exists() {
        return Ok(found);
    }
    for entry in std::fs::read_dir(&root).map_err(io(&root))? {
        let name = entry.map_err(io(&root))?.file_name();
        let Some(node) = name.to_str().filter(|name| NodeName::parse(name).is_ok()) else {
            continue;
        };
        let folder = root.join(node);
        for number in segments(&folder).map_err(io(&folder))? {
            let path = segment_path(Path::new(node), number);
            found.push(format!("{SPOOL}/{}", path.display()));
        }
    }
    found.sort();
    Ok(found)
}

fn refuse_full(folder: &Path) -> Result<(), BackupError> {
    if !folder.exists() {
        return Ok(());
    }
    match std::fs::read_dir(folder).map_err(io(folder))?.next() {
        None => Ok(()),
        Some(_) => Err(BackupError::NotEmpty(folder.to_owned())),
    }
}

fn beside(folder: &Path, word: &str) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(word);
    folder.with_file_name(name)
}

fn move_into_place(from: &Path, to: &Path) -> Result<(), BackupError> {
    if to.exists() {
        std::fs::remove_dir(to).map_err(io(to))?;
    }
    std::fs::rename(from, to).map_err(io(to))
}

/// Copies a file and says what was copied; `None` when it went away meanwhile.
fn copy(from: &Path, to: &Path, path: &str) -> Result<Option<BackupFile>, BackupError> {
    let (source, target) = (from.join(path), to.join(path));
    let mut input = match File::open(&source) {
        Ok(input) => input,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(&source)(error)),
    };
    if let Some(folder) = target.parent() {
        create_private_dir(folder).map_err(io(folder))?;
    }
    let mut output = File::create_new(&target).map_err(io(&target))?;
    let (bytes, sha256) = pour(&mut input, &mut output).map_err(io(&source))?;
    output.sync_all().map_err(io(&target))?;
    private(&target)?;
    Ok(Some(BackupFile {
        path: path.to_owned(),
        bytes,
        sha256,
    }))
}

fn listed(folder: &Path, path: &str) -> Result<BackupFile, BackupError> {
    let file = folder.join(path);
    let mut input = File::open(&file).map_err(io(&file))?;
    let (bytes, sha256) = pour(&mut input, &mut std::io::sink()).map_err(io(&file))?;
    Ok(BackupFile {
        path: path.to_owned(),
        bytes,
        sha256,
    })
}

fn pour(input: &mut impl Read, output: &mut impl Write) -> std::io::Result<(u64, String)> {
    let mut hash = Sha256::new();
    let mut bytes = 0;
    let mut buffer = vec![0u8; 1 << 16];
    loop {
        let read = input.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hash.update(&buffer[..read]);
        output.write_all(&buffer[..read])?;
        bytes += read as u64;
    }
    let digest = hash.finalize();
    let hex = digest.iter().fold(String::new(), |mut text, byte| {
        use std::fmt::Write as _;
        let _ = write!(text, "{byte:02x}");
        text
    });
    Ok((bytes, hex))
}

fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Nobody else on the machine reads a backup.
fn private(path: &Path) -> Result<(), BackupError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(io(path))?;
    }
    Ok(())
}

async fn whole(database: &Path) -> Result<(), BackupError> {
    let found = check_copy(database).await?;
    if found.is_empty() {
        Ok(())
    } else {
        Err(broken(database, found.join("; ")))
    }
}

#[cfg(test)]
mod tests {
    use super::is_ours;

    #[test]
    fn a_list_leads_to_a_backups_own_files_only() {
        for ours in ["bole.db", "secret.key", "spool/node-1/000000000007.seg"] {
            assert!(is_ours(ours), "{ours}");
        }
        for other in [
            "../bole.db",
            "/etc/passwd",
            "spool/../../x/000000000007.seg",
            "spool/node-1/7.seg",
            "spool/node-1/000000000007.seg/x",
            "backup.json",
            "",
        ] {
            assert!(!is_ours(other), "{other}");
        }
    }
}
