//! One PostgreSQL for a whole test run, however many processes the run has (nextest: one per test).
//!
//! # Why
//! Whoever comes first starts the server; everybody holds a shared lock on `lease` while living. A watchdog
//! process, started with the server, stops it and removes its folder once nobody has held the lock for a while.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use sqlx::{Connection, PgConnection};

use super::cluster::{self, Cluster};

/// Seconds without any test after which the server is stopped.
const IDLE_SECONDS: u32 = 12;

/// Waits until nobody holds the lease, then stops the server under the start lock: `$1` home, `$2` stop command.
const WATCHDOG: &str = r#"
cd "$1" || exit; idle=0
while [ -e "$1/server/data/postmaster.pid" ]; do
  sleep 2
  if flock -n -x lease true; then idle=$((idle + 2)); else idle=0; fi
  if [ "$idle" -ge "$2" ]; then
    flock -x start.lock sh -c 'flock -n -x lease true && { kill -QUIT "$(head -n 1 server/data/postmaster.pid)"; sleep 1; rm -rf server; }' && exit
    idle=0
  fi
done
"#;

static SERVER: OnceLock<(Cluster, File)> = OnceLock::new();

/// The run's server, started by the first caller of the first process. Blocking: call it off the runtime.
pub fn server() -> &'static Cluster {
    let (cluster, _lease) = SERVER.get_or_init(|| {
        let home = cluster::home();
        let start = lock_file(&home.join("start.lock"));
        start.lock().expect("the start lock");
        let lease = lock_file(&home.join("lease"));
        lease.lock_shared().expect("the lease");
        let dir = home.join("server");
        let cluster = running(&dir).unwrap_or_else(|| fresh(&home, &dir));
        start.unlock().expect("the start lock again");
        (cluster, lease)
    });
    cluster
}

pub fn lock_file(path: &Path) -> File {
    File::options()
        .create(true)
        .append(true)
        .open(path)
        .unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The server of an earlier process, if it is alive: `postmaster.pid` names its process and port.
fn running(dir: &Path) -> Option<Cluster> {
    let text = fs::read_to_string(dir.join("data/postmaster.pid")).ok()?;
    let mut lines = text.lines();
    let pid: u32 = lines.next()?.trim().parse().ok()?;
    let port: u16 = lines.nth(2)?.trim().parse().ok()?;
    let alive = fs::read_to_string(format!("/proc/{pid}/cmdline"))
        .ok()?
        .contains(&*dir.to_string_lossy());
    alive.then(|| Cluster {
        dir: dir.to_path_buf(),
        port,
    })
}

fn fresh(home: &Path, dir: &Path) -> Cluster {
    let _ = fs::remove_dir_all(dir);
    let cluster = Cluster::create(dir);
    Command::new("setsid")
        .args(["-f", "sh", "-c", WATCHDOG, "watchdog"])
        .arg(home)
        .arg(IDLE_SECONDS.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("setsid and flock (util-linux)");
    cluster
}

/// Makes a database of this name with the schema in it, and gives its URL.
pub async fn create_database(name: &str) -> String {
    let server = tokio::task::spawn_blocking(server)
        .await
        .expect("the PostgreSQL of this run");
    let template = template(server).await;
    admin(server, &format!("create database {name} template {template}")).await;
    server.url(name)
}

/// Makes an empty database of this name, and gives its URL.
pub async fn create_empty(name: &str) -> String {
    let server = tokio::task::spawn_blocking(server)
        .await
        .expect("the PostgreSQL of this run");
    admin(server, &format!("create database {name}")).await;
    server.url(name)
}

/// Removes a database, whoever is still connected.
pub async fn drop_database(name: &str) {
    admin(server(), &format!("drop database if exists {name} with (force)")).await;
}

/// Runs a statement beside all databases.
pub async fn admin(server: &Cluster, sql: &str) {
    let mut db = PgConnection::connect(&server.url("postgres"))
        .await
        .expect("our PostgreSQL answers");
    sqlx::query(sqlx::AssertSqlSafe(sql.to_owned()))
        .execute(&mut db)
        .await
        .unwrap_or_else(|e| panic!("{sql}: {e}"));
    let _ = db.close().await;
}

/// The database every test's database is a copy of; made once per set of migrations.
pub async fn template(server: &'static Cluster) -> &'static str {
    static NAME: tokio::sync::OnceCell<String> = tokio::sync::OnceCell::const_new();
    NAME.get_or_init(|| async {
        let name = format!("schema_{:08x}", schema_fingerprint());
        let lock = server.dir.join(format!("{name}.lock"));
        let guard = tokio::task::spawn_blocking(move || {
            let file = lock_file(&lock);
            file.lock().expect("the template's lock");
            file
        })
        .await
        .expect("the template's lock");
        let done = server.dir.join(format!("{name}.done"));
        if !done.exists() {
            admin(server, &format!("drop database if exists {name} with (force)")).await;
            admin(server, &format!("create database {name}")).await;
            super::db::open(&server.url(&name)).await.close().await;
            super::pool::keep(server, &name).await;
            fs::write(&done, "").expect("a mark beside the server");
        }
        drop(guard);
        name
    })
    .await
}

/// Tells sets of migrations apart, so that a rebuilt test binary does not meet an older template.
fn schema_fingerprint() -> u32 {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/postgres");
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("migrations")
        .map(|e| e.expect("entry").path())
        .collect();
    files.sort();
    let mut print: u32 = 0x811c_9dc5;
    for byte in files.iter().flat_map(|f| fs::read(f).expect("a migration")) {
        print = (print ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
    print
}
