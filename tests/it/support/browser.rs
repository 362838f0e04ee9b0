//! A real Chromium through `chromedriver`: phone or desktop, Chinese or English, light or dark.
//!
//! Pages are judged by what a person would meet: errors on the console, requests to strangers, axe's findings,
//! pictures below `target/screens/`.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::prelude::*;
use thirtyfour::{ChromiumLikeCapabilities, LoggingPrefsLogLevel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{is_root, target_tmp};

/// What to type when Chromium is missing.
const MISSING: &str = "the tests need Chromium; type (as root): apt-get update && apt-get install -y chromium chromium-driver fonts-noto-cjk";

/// What to type when axe is missing.
const AXE_MISSING: &str = "the tests need axe-core; type: npm ci --prefix tests/node";

/// Chromium as a person has it: the headless one names itself and would rightly be counted as a bot.
const PHONE: &str = "Mozilla/5.0 (Linux; Android 14; 23127PN0CC) AppleWebKit/537.36 (KHTML, like Gecko) \
     Chrome/140.0.0.0 Mobile Safari/537.36";
const DESKTOP: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";

/// Two cores carry one Chromium at a time.
static ONE: LazyLock<std::sync::Arc<Semaphore>> = LazyLock::new(|| std::sync::Arc::new(Semaphore::new(1)));

/// Who is looking.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// CSS pixels; 360 is a phone, 1280 a desk.
    pub width: u32,
    /// `zh-CN` or `en`.
    pub language: &'static str,
    /// Dark colour scheme.
    pub dark: bool,
}

impl Look {
    /// A phone in Chinese, light.
    pub const PHONE: Self = Self {
        width: 360,
        language: "zh-CN",
        dark: false,
    };
    /// A desk in Chinese, light.
    pub const DESK: Self = Self {
        width: 1280,
        language: "zh-CN",
        dark: false,
    };

    /// The same in English.
    pub const fn english(self) -> Self {
        Self {
            language: "en",
            ..self
        }
    }

    /// The same in the dark.
    pub const fn dark(self) -> Self {
        Self { dark: true, ..self }
    }

    /// `360-zh-dark`: for file names.
    pub fn name(self) -> String {
        let language = &self.language[..2];
        format!(
            "{}-{language}-{}",
            self.width,
            if self.dark { "dark" } else { "light" }
        )
    }
}

/// How long a page may take: a test that waits for what comes anyway loses nothing by waiting longer.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Marks a document that is about to be left for another by a form sent or a link followed.
const WATCH: &str = "if (!window.watched) {
    window.watched = true;
    addEventListener('pageshow', () => { window.leaving = false; });
    addEventListener('submit', e => { if (!e.defaultPrevented && e.target.target !== '_blank') window.leaving = true; });
    addEventListener('click', e => {
        const a = e.target.closest('a[href]');
        if (a && !e.defaultPrevented && !a.hasAttribute('download') && a.target !== '_blank'
            && a.href.split('#')[0] !== location.href.split('#')[0]) window.leaving = true;
    });
}";

/// A browser with an empty profile, one at a time in a process: a test closes one before it opens the next. Close it with [`Browser::close`]; a failed test's is killed on drop.
pub struct Browser {
    /// The session.
    pub driver: WebDriver,
    look: Mutex<Look>,
    chromedriver: Child,
    profile: TempDir,
    _permit: OwnedSemaphorePermit,
}

impl Browser {
    /// Opens a browser.
    pub async fn open(look: Look) -> Self {
        let permit = ONE
            .clone()
            .acquire_owned()
            .await
            .expect("the semaphore stays open");
        let profile = tempfile::Builder::new()
            .prefix("bole-chromium-")
            .tempdir()
            .expect("a profile folder");
        let (chromedriver, port) = start_chromedriver();
        let mut caps = DesiredCapabilities::chrome();
        let agent = if look.width < 700 { PHONE } else { DESKTOP };
        for argument in [
            "--headless=new".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-quic".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--hide-scrollbars".to_owned(),
            format!("--lang={}", look.language),
            format!("--accept-lang={}", look.language),
            format!("--user-agent={agent}"),
            format!("--user-data-dir={}", profile.path().display()),
        ] {
            caps.add_arg(&argument).expect("a capability");
        }
        if is_root() {
            caps.add_arg("--no-sandbox").expect("a capability");
        }
        let preferences = json!({ "intl.accept_languages": look.language });
        caps.add_experimental_option("prefs", preferences)
            .expect("a capability");
        caps.set_logging_prefs("browser".to_owned(), LoggingPrefsLogLevel::All)
            .expect("a capability");
        caps.set_logging_prefs("performance".to_owned(), LoggingPrefsLogLevel::All)
            .expect("a capability");
        super::install_tls();
        let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), caps)
            .await
            .expect("Chromium starts");
        let browser = Self {
            driver,
            look: Mutex::new(look),
            chromedriver,
            profile,
            _permit: permit,
        };
        browser.look_as(look).await;
        browser
    }

    /// Sets width, language and colour scheme of the present tab (a new tab begins without them).
    pub async fn look_as(&self, look: Look) {
        *self.look.lock().expect("unpoisoned") = look;
        let phone = look.width < 700;
        self.cdp(
            "Emulation.setDeviceMetricsOverride",
            json!({ "width": look.width, "height": if phone { 780 } else { 860 },
                    "deviceScaleFactor": if phone { 2 } else { 1 }, "mobile": phone }),
        )
        .await;
        self.cdp("Emulation.setTouchEmulationEnabled", json!({ "enabled": phone }))
            .await;
        let scheme = if look.dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.cdp("Emulation.setEmulatedMedia", json!({ "features": features }))
            .await;
        let agent = if phone { PHONE } else { DESKTOP };
        self.cdp(
            "Emulation.setUserAgentOverride",
            json!({ "userAgent": agent, "acceptLanguage": look.language }),
        )
        .await;
    }

    /// How the present tab looks.
    pub fn look(&self) -> Look {
        *self.look.lock().expect("unpoisoned")
    }

    /// A command of the browser's debugging protocol to the present tab.
    pub async fn cdp(&self, method: &str, parameters: Value) -> Value {
        self.driver
            .cdp()
            .send_raw(method, parameters)
            .await
            .unwrap_or_else(|e| panic!("{method}: {e}"))
    }

    /// Goes to a page and waits for its load.
    pub async fn goto(&self, url: &str) {
        self.driver
            .goto(url)
            .await
            .unwrap_or_else(|e| panic!("{url}: {e}"));
    }

    /// Where the present tab is.
    pub async fn url(&self) -> String {
        self.driver.current_url().await.expect("an address").to_string()
    }

    /// The one element of this selector, waited for.
    pub async fn find(&self, css: &str) -> WebElement {
        let query = self.driver.query(By::Css(css));
        let found = query.wait(PATIENCE, Duration::from_millis(50)).first().await;
        match found {
            Ok(element) => element,
            Err(e) => panic!("`{css}` at {}: {e}", self.url().await),
        }
    }

    /// Empties a field and types into it.
    pub async fn fill(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        field.clear().await.unwrap_or_else(|e| panic!("`{css}`: {e}"));
        field
            .send_keys(text)
            .await
            .unwrap_or_else(|e| panic!("`{css}`: {e}"));
    }

    /// Clicks an element, brought clear of bars at the window's edges as a thumb would. Where that leads to another page, or
    /// to the same again, it waits for its load: an answer still under way would take the place of whatever is asked next.
    pub async fn click(&self, css: &str) {
        let element = self.find(css).await;
        self.js(&format!(
            "{WATCH} document.querySelector({}).scrollIntoView({{ block: 'center' }})",
            json!(css)
        ))
        .await;
        element.click().await.unwrap_or_else(|e| panic!("`{css}`: {e}"));
        self.until("!window.leaving && document.readyState === 'complete'", PATIENCE)
            .await;
    }

    /// Presses Enter on a link or button: also where scripts are off.
    pub async fn press(&self, css: &str) {
        let element = self.find(css).await;
        let pressed = element.send_keys(Key::Enter + "").await;
        pressed.unwrap_or_else(|e| panic!("`{css}`: {e}"));
    }

    /// Runs JavaScript in the page (`return …`).
    pub async fn js(&self, script: &str) -> Value {
        let answer = self
            .driver
            .execute(script, vec![])
            .await
            .unwrap_or_else(|e| panic!("{script:.200}: {e}"));
        answer.json().clone()
    }

    /// Waits until this expression is true in the page; [`PATIENCE`] at least, as the machine may be busy.
    pub async fn until(&self, expression: &str, patience: Duration) {
        let patience = patience.max(PATIENCE);
        let end = Instant::now() + patience;
        while self.js(&format!("return Boolean({expression})")).await != Value::Bool(true) {
            assert!(
                Instant::now() < end,
                "`{expression}` not true within {patience:?} at {}",
                self.url().await
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Hides the present page: the window is minimised, as when a phone's owner goes to another app.
    pub async fn hide(&self) {
        self.driver.minimize_window().await.expect("a minimised window");
        self.until("document.visibilityState === 'hidden'", Duration::from_secs(5))
            .await;
    }

    /// Shows the present page again.
    pub async fn show(&self) {
        let width = self.look().width.max(500);
        self.driver
            .set_window_rect(0, 0, width, 900)
            .await
            .expect("a window again");
        self.until("document.visibilityState === 'visible'", Duration::from_secs(5))
            .await;
    }

    /// Errors and warnings on the console since the last call.
    pub async fn console_errors(&self) -> Vec<String> {
        let entries = self.driver.get_log("browser").await.expect("the console");
        let bad = entries
            .into_iter()
            .filter(|e| matches!(e.level.as_str(), "SEVERE" | "WARNING"));
        bad.map(|e| format!("{}: {}", e.level, e.message)).collect()
    }

    /// URLs the pages asked for since the last call.
    pub async fn requests(&self) -> Vec<String> {
        let own = |url: &str| {
            ["data:", "blob:", "chrome"]
                .iter()
                .any(|scheme| url.starts_with(scheme))
        };
        let sent = self
            .sent()
            .await
            .into_iter()
            .filter_map(|r| r["url"].as_str().map(str::to_owned));
        sent.filter(|url| !own(url)).collect()
    }

    /// What the pages sent since the last call: `url`, `method`, `postData`, `headers` each.
    pub async fn sent(&self) -> Vec<Value> {
        let entries = self.driver.get_log("performance").await.expect("the network log");
        let messages = entries
            .iter()
            .filter_map(|e| serde_json::from_str::<Value>(&e.message).ok());
        messages
            .filter(|m| m["message"]["method"] == "Network.requestWillBeSent")
            .map(|m| m["message"]["params"]["request"].clone())
            .collect()
    }

    /// Requests since the last call that went to other hosts than `base`'s.
    pub async fn third_party(&self, base: &str) -> Vec<String> {
        self.requests()
            .await
            .into_iter()
            .filter(|url| !url.starts_with(base) && url != "about:blank")
            .collect()
    }

    /// What axe finds on the present page (WCAG 2.2 AA and best practices), one line each.
    pub async fn axe(&self) -> Vec<String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node/node_modules/axe-core/axe.min.js");
        let source = std::fs::read_to_string(path).unwrap_or_else(|_| panic!("{AXE_MISSING}"));
        self.js(&format!("{source}; return typeof axe")).await;
        let script = "const done = arguments[arguments.length - 1]; \
             axe.run(document, { resultTypes: ['violations'] }).then(r => done(r.violations), e => done(String(e)));";
        let answer = self.driver.execute_async(script, vec![]).await.expect("axe runs");
        let Value::Array(violations) = answer.json() else {
            panic!("axe: {}", answer.json())
        };
        let line = |v: &Value| {
            let nodes = v["nodes"].as_array().into_iter().flatten();
            let targets: Vec<String> = nodes
                .take(4)
                .map(|n| format!("{} {}", n["target"], n["failureSummary"]))
                .collect();
            format!(
                "{} ({}): {}: {}",
                v["id"],
                v["impact"],
                v["help"],
                targets.join(" | ")
            )
        };
        violations.iter().map(line).collect()
    }

    /// Whether the page is wider than the window (it would scroll sideways).
    pub async fn overflows(&self) -> bool {
        let width = self.look().width;
        self.js(&format!("return document.documentElement.scrollWidth > {width}"))
            .await
            == Value::Bool(true)
    }

    /// A picture of the whole page at `target/screens/{name}-{look}.png`.
    pub async fn screenshot(&self, name: &str) -> PathBuf {
        use base64::Engine;
        let size = self.cdp("Page.getLayoutMetrics", json!({})).await;
        let height = size["cssContentSize"]["height"]
            .as_f64()
            .unwrap_or(860.0)
            .clamp(300.0, 4_000.0);
        let clip = json!({ "x": 0, "y": 0, "width": self.look().width, "height": height, "scale": 1 });
        let parameters = json!({ "format": "png", "clip": clip, "captureBeyondViewport": true });
        let shot = self.cdp("Page.captureScreenshot", parameters).await;
        let text = shot["data"].as_str().expect("a picture");
        let png = base64::engine::general_purpose::STANDARD
            .decode(text)
            .expect("base64");
        let folder = target_tmp().join("../screens");
        std::fs::create_dir_all(&folder).expect("target/screens");
        let path = folder.join(format!("{name}-{}.png", self.look().name()));
        std::fs::write(&path, png).expect("a picture file");
        path
    }

    /// Quits the browser.
    pub async fn close(self) {
        // Drop ends what quitting leaves behind.
        let _ = self.driver.clone().quit().await;
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Chromium of a failed test outlives ChromeDriver: it is known by its profile folder.
        let profile = self.profile.path().display().to_string();
        for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let command_line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            if String::from_utf8_lossy(&command_line).contains(&profile) {
                let pid = entry.file_name();
                let _ = Command::new("kill")
                    .arg("-9")
                    .arg(pid)
                    .stderr(Stdio::null())
                    .status();
            }
        }
        let _ = self.chromedriver.kill();
        let _ = self.chromedriver.wait();
    }
}

/// `chromedriver` on a port it chose, which it says on its first lines. The port is free for IPv4 when it is chosen, and may
/// be taken for IPv6, or in the next instant: then it ends without a word, and is started again.
fn start_chromedriver() -> (Child, u16) {
    let known = |name: &str| {
        Command::new(name)
            .arg("--version")
            .output()
            .is_ok_and(|o| o.status.success())
    };
    assert!(known("chromedriver") && known("chromium"), "{MISSING}");
    let fonts = Command::new("fc-list")
        .arg(":lang=zh")
        .output()
        .is_ok_and(|o| !o.stdout.is_empty());
    assert!(fonts, "{MISSING}");
    let mut said = Vec::new();
    for _ in 0..5 {
        let mut command = Command::new("chromedriver");
        command
            .args(["--port=0", "--log-level=SEVERE"])
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        let mut child = command.stdout(Stdio::piped()).spawn().expect(MISSING);
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe"))
            .lines()
            .map_while(Result::ok);
        let port = lines.find_map(|line| {
            let port = line
                .split_once("started successfully on port ")
                .and_then(|(_, rest)| rest.trim_end_matches('.').parse().ok());
            said.push(line);
            port
        });
        if let Some(port) = port {
            // Its pipe is read on, so that it never blocks on a full one.
            std::thread::spawn(move || lines.for_each(drop));
            return (child, port);
        }
        let _ = child.kill();
        let _ = child.wait();
    }
    panic!("ChromeDriver never said its port: {said:?}");
}
