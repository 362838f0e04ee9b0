//! A real PostgreSQL of our own: `initdb` into a private folder, started on a private port, as a user that is not root.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{free_port, is_root, run};

/// What to type when PostgreSQL is missing.
pub const MISSING: &str =
    "the tests need PostgreSQL 15 or newer; type (as root): apt-get install -y postgresql";

/// A cluster in a folder. Not stopped on drop: see [`Own`].
#[derive(Clone, Debug)]
pub struct Cluster {
    /// Its folder; the data lie in `data/`, the log in `log`.
    pub dir: PathBuf,
    /// Its port on 127.0.0.1.
    pub port: u16,
}

impl Cluster {
    /// A new cluster in the empty folder `dir`, running.
    pub fn create(dir: &Path) -> Self {
        // Another process may take the port between asking and using.
        for _ in 0..5 {
            let cluster = Self {
                dir: dir.to_path_buf(),
                port: free_port(),
            };
            if !cluster.data().join("PG_VERSION").exists() {
                cluster.init();
            }
            if cluster.try_start() {
                return cluster;
            }
        }
        panic!(
            "PostgreSQL does not start; its log:\n{}",
            fs::read_to_string(dir.join("log")).unwrap_or_default()
        );
    }

    fn init(&self) {
        fs::create_dir_all(&self.dir).expect("the cluster's folder");
        hand_over(&self.dir);
        run(as_user("initdb", &self.dir)
            .args([
                "--auth=trust",
                "--username=bole",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
                "-D",
            ])
            .arg(self.data()));
        // No fsync: these data live as long as a test run. Commits are written all the same, so that they outlive
        // a kill.
        let settings = "\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\nfsync = off\n\
             full_page_writes = off\nmax_connections = 250\nshared_buffers = 64MB\n\
             autovacuum_naptime = 10min\nmax_wal_size = 2GB\n";
        let file = self.data().join("postgresql.auto.conf");
        let before = fs::read_to_string(&file).unwrap_or_default();
        fs::write(&file, before + settings).expect("postgresql.auto.conf");
    }

    /// Where the data lie.
    pub fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    /// Starts it, `false` when it does not come up.
    pub fn try_start(&self) -> bool {
        let options = format!("-p {}", self.port);
        let mut command = as_user("pg_ctl", &self.dir);
        command
            .arg("start")
            .args(["-w", "-t", "60", "-s", "-o", &options, "-D"])
            .arg(self.data());
        // The server keeps its starter's output open: a pipe would never end.
        command
            .arg("-l")
            .arg(self.dir.join("log"))
            .stdin(null())
            .stdout(null())
            .stderr(null());
        command.status().is_ok_and(|status| status.success())
    }

    /// Starts it again on its port after [`Cluster::stop`].
    pub fn start(&self) {
        assert!(
            self.try_start(),
            "PostgreSQL does not start again: see {}/log",
            self.dir.display()
        );
    }

    /// Stops it at once, as a crash would.
    pub fn stop(&self) {
        let mut command = as_user("pg_ctl", &self.dir);
        run(command
            .args(["stop", "-m", "immediate", "-w", "-s", "-D"])
            .arg(self.data()));
    }

    /// The URL of one of its databases.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://bole@127.0.0.1:{}/{database}", self.port)
    }
}

/// A cluster of one test's own, stopped and removed on drop: for tests that take the database away.
#[derive(Debug)]
pub struct Own(pub Cluster);

impl Own {
    /// A fresh cluster, running.
    pub fn start() -> Self {
        let dir = home()
            .join(format!("own-{}", std::process::id()))
            .join(free_port().to_string());
        fs::create_dir_all(&dir).expect("a folder for the cluster");
        let cluster = Cluster::create(&dir);
        // A test that is killed drops nothing: a watchdog ends what it leaves behind.
        let watch = "while kill -0 \"$0\" 2>/dev/null; do sleep 2; done; cd / && [ -d \"$1\" ] \
             && { kill -QUIT \"$(head -n 1 \"$1/data/postmaster.pid\")\"; sleep 1; rm -rf \"$1\"; }";
        let mut watchdog = Command::new("setsid");
        watchdog
            .args(["-f", "sh", "-c", watch])
            .arg(std::process::id().to_string())
            .arg(&dir);
        run(watchdog.stdin(null()).stdout(null()).stderr(null()));
        Self(cluster)
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let mut command = as_user("pg_ctl", &self.0.dir);
        let _ = command
            .args(["stop", "-m", "immediate", "-w", "-s", "-D"])
            .arg(self.0.data())
            .output();
        let _ = fs::remove_dir_all(self.0.dir.parent().unwrap_or(&self.0.dir));
    }
}

/// The folder for clusters: below `target/`, or the system's temporary folder where the server's user cannot
/// reach `target/` (a checkout in root's home).
pub fn home() -> PathBuf {
    let target = super::target_tmp();
    let below_target = target.join("postgres");
    fs::create_dir_all(&below_target).expect("a folder below target/");
    hand_over(&below_target);
    let reachable = as_user_raw("test")
        .arg("-w")
        .arg(&below_target)
        .status()
        .is_ok_and(|s| s.success());
    if reachable {
        return below_target;
    }
    let name: String = target
        .to_string_lossy()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let elsewhere = std::env::temp_dir().join(format!("bole-tests{name}"));
    fs::create_dir_all(&elsewhere).expect("a folder in the temporary folder");
    hand_over(&elsewhere);
    elsewhere
}

/// Gives a folder to the server's user when we are root.
pub fn hand_over(path: &Path) {
    if is_root() {
        run(Command::new("chown").arg(server_user()).arg(path));
    }
}

/// PostgreSQL refuses to run as root: Debian's package makes the user `postgres`, elsewhere `nobody` must do.
pub fn server_user() -> &'static str {
    let known = Command::new("id")
        .args(["-u", "postgres"])
        .output()
        .is_ok_and(|o| o.status.success());
    if known { "postgres" } else { "nobody" }
}

fn as_user_raw(program: impl AsRef<std::ffi::OsStr>) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", server_user(), "--"]).arg(program);
    command
}

/// A program of PostgreSQL's, run as the server's user.
fn as_user(program: &str, dir: &Path) -> Command {
    let mut command = as_user_raw(bin().join(program));
    command.current_dir(dir).env("LC_ALL", "C.UTF-8");
    command
}

fn null() -> std::process::Stdio {
    std::process::Stdio::null()
}

/// The folder of the newest PostgreSQL's programs, 15 or newer.
pub fn bin() -> PathBuf {
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    for base in [
        "/usr/lib/postgresql",
        "/usr/local/lib/postgresql",
        "/opt/homebrew/opt",
    ] {
        for entry in fs::read_dir(base).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().replace("postgresql@", "");
            let bin = entry.path().join("bin");
            if let (Ok(version), true) = (name.parse(), bin.join("initdb").exists()) {
                found.push((version, bin));
            }
        }
    }
    if let Ok(output) = Command::new("pg_config").args(["--bindir", "--version"]).output() {
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let version = text
            .lines()
            .nth(1)
            .and_then(|v| v.split([' ', '.']).nth(1))
            .and_then(|v| v.parse().ok());
        let bin = PathBuf::from(text.lines().next().unwrap_or_default());
        if let (Some(version), true) = (version, bin.join("initdb").exists()) {
            found.push((version, bin));
        }
    }
    found.sort();
    match found.pop() {
        Some((version, bin)) if version >= 15 => bin,
        _ => panic!("{MISSING}"),
    }
}

#[test]
fn given_a_cluster_of_its_own_when_stopped_and_started_then_its_data_are_there() {
    let own = Own::start();
    let count = |sql: &str| {
        let mut psql = Command::new(bin().join("psql"));
        let output = run(psql.args(["-At", "-c", sql, "-d"]).arg(own.0.url("postgres")));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    count("create table kept as select 41 + 1 as answer");
    own.0.stop();
    own.0.start();
    assert_eq!(count("select answer from kept"), "42");
    let dir = own.0.dir.clone();
    drop(own);
    assert!(!dir.exists(), "nothing is left behind");
}
