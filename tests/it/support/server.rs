//! The real `bole` binary: started on a free port with a data folder of its own, killed, started again.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::api::Api;
use super::{free_port, run};

/// How long a server may take until `/readyz` says yes.
const READY_SECONDS: u64 = 60;

/// A server under test, killed on drop; its log is printed when the test has failed.
pub struct Server {
    /// `http://127.0.0.1:PORT`, app and short host alike.
    pub base: String,
    /// Its data folder.
    pub data_dir: PathBuf,
    settings: Vec<(String, String)>,
    child: Option<Child>,
    log: PathBuf,
    small_disk: Option<(PathBuf, String)>,
    _dir: Arc<TempDir>,
}

impl Server {
    /// A server with the default settings on SQLite, ready.
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// A server with these settings (`dwell_limit_ms` → `2000`), ready.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        let mut server = Self::prepare(settings);
        server.spawn();
        server.ready().await;
        server
    }

    /// A server that is not started yet: for commands before the first start, or a start that must fail.
    pub fn prepare(settings: &[(&str, &str)]) -> Self {
        let dir = Arc::new(
            tempfile::Builder::new()
                .prefix("bole-it-")
                .tempdir()
                .expect("a temporary folder"),
        );
        let port = free_port();
        let base = format!("http://127.0.0.1:{port}");
        let data_dir = dir.path().join("data");
        let mut all = vec![
            ("listen".to_owned(), format!("127.0.0.1:{port}")),
            ("base_url".to_owned(), base.clone()),
            ("short_url".to_owned(), base.clone()),
            ("data_dir".to_owned(), data_dir.display().to_string()),
        ];
        for (name, value) in settings {
            all.retain(|(known, _)| known != name);
            all.push(((*name).to_owned(), (*value).to_owned()));
        }
        let data_dir = all
            .iter()
            .find(|(name, _)| name == "data_dir")
            .map_or(data_dir, |(_, v)| PathBuf::from(v));
        let log = dir.path().join("log");
        Self {
            base,
            data_dir,
            settings: all,
            child: None,
            log,
            small_disk: None,
            _dir: dir,
        }
    }

    /// Changes a setting for the next start.
    pub fn set(&mut self, name: &str, value: &str) {
        self.settings.retain(|(known, _)| known != name);
        self.settings.push((name.to_owned(), value.to_owned()));
    }

    /// Puts a tmpfs of this size (`400k`) under `folder` of the data folder from the next start on. The mount lives
    /// in a namespace of the server's own and ends with it: it does not outlast a restart.
    pub fn on_small_disk(&mut self, folder: &Path, size: &str) {
        let folder = self.data_dir.join(folder);
        fs::create_dir_all(&folder).expect("a folder to mount on");
        let mut probe = namespace();
        probe.arg("mount -t tmpfs -o size=64k tmpfs \"$0\"").arg(&folder);
        let can = probe.output().is_ok_and(|output| output.status.success());
        assert!(
            can,
            "this test mounts a tmpfs in a namespace of its own: run it as root, or allow user namespaces"
        );
        self.small_disk = Some((folder, size.to_owned()));
    }

    /// Its process number.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("a running server").id()
    }

    /// Starts the process without waiting for anything.
    pub fn spawn(&mut self) {
        let file = || {
            File::options()
                .create(true)
                .append(true)
                .open(&self.log)
                .expect("the server's log")
        };
        let mut command = self.command();
        if let Some((folder, size)) = &self.small_disk {
            let mut inside = namespace();
            inside.arg("mount -t tmpfs -o \"size=$1\" tmpfs \"$0\" && exec \"$2\" serve");
            inside.arg(folder).arg(size).arg(command.get_program());
            for (name, value) in command.get_envs() {
                match value {
                    Some(value) => inside.env(name, value),
                    None => inside.env_remove(name),
                };
            }
            command = inside;
        } else {
            command.arg("serve");
        }
        command.stdin(Stdio::null()).stdout(file()).stderr(file());
        self.child = Some(command.spawn().expect("the bole binary"));
    }

    /// Waits until `/readyz` answers 200.
    pub async fn ready(&mut self) {
        let client = super::api::client();
        let url = format!("{}/readyz", self.base);
        let end = Instant::now() + Duration::from_secs(READY_SECONDS);
        loop {
            if let Ok(answer) = client.get(&url).timeout(Duration::from_secs(2)).send().await
                && answer.status().is_success()
            {
                return;
            }
            let ended = self
                .child
                .as_mut()
                .and_then(|child| child.try_wait().ok().flatten());
            assert!(
                ended.is_none(),
                "the server ended with {ended:?}; its log:\n{}",
                self.log()
            );
            assert!(
                Instant::now() < end,
                "not ready after {READY_SECONDS} s; its log:\n{}",
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// `kill -9`, and waits until the process is gone.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("kill -9");
            child.wait().expect("the dead process");
        }
    }

    /// Asks it to stop as a service manager would (SIGTERM) and waits for its end, at most 30 s.
    pub async fn stop(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("a running server");
        run(Command::new("kill").args(["-TERM", &child.id().to_string()]));
        let status = end_of(&mut child, Duration::from_secs(30)).await;
        status.unwrap_or_else(|| {
            let _ = child.kill();
            panic!("still running 30 s after SIGTERM; its log:\n{}", self.log())
        })
    }

    /// Starts it again on the same port and data, ready.
    pub async fn restart(&mut self) {
        self.spawn();
        self.ready().await;
    }

    /// Waits for a process that ends by itself (a start that must fail).
    pub async fn ended(&mut self, patience: Duration) -> Option<ExitStatus> {
        end_of(self.child.as_mut().expect("a started process"), patience).await
    }

    /// Everything it wrote to stdout and stderr.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The binary with this server's settings in the environment and nothing else of `BOLE_*`.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bole"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("BOLE_")) {
            command.env_remove(name);
        }
        for (name, value) in &self.settings {
            command.env(format!("BOLE_{}", name.to_ascii_uppercase()), value);
        }
        command.current_dir(self.log.parent().unwrap_or(Path::new(".")));
        command
    }

    /// Runs `bole …` on this server's data to its end and gives its stdout, trimmed.
    pub fn cli(&self, arguments: &[&str]) -> String {
        let output = run(self.command().args(arguments));
        String::from_utf8(output.stdout)
            .expect("UTF-8 on stdout")
            .trim()
            .to_owned()
    }

    /// A client with a new key of this role.
    pub fn api(&self, role: &str) -> Api {
        let name = format!("tests-{role}-{}", super::db::unique_name());
        let key = self.cli(&["api-key", "create", "--name", &name, "--role", role]);
        Api::new(&self.base, &key)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            let log = self.log();
            let from = log.char_indices().rev().nth(8_000).map_or(0, |(at, _)| at);
            eprintln!("--- the server's log ({}):\n{}", self.base, &log[from..]);
        }
    }
}

/// A shell in a mount namespace of its own; the script comes next, then its `$0`, `$1`, …
fn namespace() -> Command {
    let mut command = Command::new("unshare");
    if !super::is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command.args(["--mount", "sh", "-c"]);
    command
}

async fn end_of(child: &mut Child, patience: Duration) -> Option<ExitStatus> {
    let end = Instant::now() + patience;
    while Instant::now() < end {
        if let Some(status) = child.try_wait().expect("a child of ours") {
            return Some(status);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    None
}
