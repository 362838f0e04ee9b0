//! Our redirect with everything on beside a bare axum handler that answers a fixed 302: same machine, same run,
//! same load generator, rounds interleaved.
//!
//! ```text
//! cargo bench --bench redirect                              5 rounds of 6 s, 1 000 links
//! cargo bench --bench redirect -- --links 1000000 --clicks 10000000
//! cargo bench --bench redirect -- --minutes 5              one long burst instead: memory every ten seconds
//! BOLE_DATABASE_URL=postgres://… cargo bench --bench redirect     on an empty PostgreSQL database instead of SQLite
//! ```
//!
//! Ratios are the result; absolute figures depend on the machine and its neighbours. CPU per redirect is that of the
//! whole process, loader included (`/proc/PID/stat`).

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a benchmark's figures are rounded for people"
)]

mod load;
mod prepare;
mod server;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use load::{Outcome, Plan};
use server::Server;

/// What the command line asked for.
struct Options {
    links: u64,
    clicks: u64,
    rounds: u32,
    seconds: u64,
    connections: usize,
    minutes: u64,
    keep: Option<PathBuf>,
}

impl Options {
    fn parse() -> Self {
        let mut options = Self {
            links: 1_000,
            clicks: 0,
            rounds: 5,
            seconds: 6,
            connections: 64,
            minutes: 0,
            keep: None,
        };
        let mut args = std::env::args().skip(1);
        while let Some(arg) = args.next() {
            let mut number = || {
                args.next()
                    .and_then(|v| v.replace('_', "").parse::<u64>().ok())
                    .expect("a number")
            };
            match arg.as_str() {
                "--links" => options.links = number(),
                "--clicks" => options.clicks = number(),
                "--rounds" => options.rounds = u32::try_from(number()).expect("few rounds"),
                "--seconds" => options.seconds = number(),
                "--connections" => options.connections = usize::try_from(number()).expect("few connections"),
                "--minutes" => options.minutes = number(),
                "--keep" => options.keep = args.next().map(PathBuf::from),
                // What cargo itself hands over.
                "--bench" => {}
                other => panic!(
                    "{other}: expected --links, --clicks, --rounds, --seconds, --connections, --minutes or --keep"
                ),
            }
        }
        options
    }
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if args.get(1).is_some_and(|a| a == "--serve-bare") {
        return server::serve_bare(&args[2]);
    }
    let options = Options::parse();
    let folder = options
        .keep
        .clone()
        .unwrap_or_else(|| std::env::temp_dir().join(format!("bole-bench-{}", std::process::id())));
    bench(&options, &folder);
    if options.keep.is_none() {
        let _ = std::fs::remove_dir_all(&folder);
    }
}

fn bench(options: &Options, folder: &Path) {
    let data = folder.join("data");
    let codes = prepare::links(&data, options.links);
    let geo = prepare::geo_file();
    println!("links in the store   {:>12}", options.links);
    if options.clicks > 0 {
        let seconds = prepare::backlog(&data, options.clicks, options.links);
        println!(
            "backlog written      {:>12} clicks to the spool in {seconds:.1} s",
            options.clicks
        );
    }
    let begin = Instant::now();
    let ours = Server::bole(&data, geo.as_deref(), &[]);
    let first = ours.first_redirect(&codes[0]);
    println!("first redirect after {:>9.0} ms", first.as_secs_f64() * 1e3);
    if options.clicks > 0 {
        let cpu = ours.cpu();
        prepare::wait_loaded(&data, options.clicks);
        let seconds = begin.elapsed().as_secs_f64();
        println!(
            "backlog loaded at    {:>12.0} clicks/s, {:.1} µs of CPU a click",
            options.clicks as f64 / seconds,
            (ours.cpu() - cpu) * 1e6 / options.clicks as f64
        );
    }
    println!(
        "memory               {:>9.0} MiB resident, {:.0} MiB at its peak",
        ours.memory("VmRSS"),
        ours.memory("VmHWM")
    );
    if options.minutes > 0 {
        return burst(options, &ours, &codes);
    }
    let bare = Server::bare();
    bare.first_redirect("x");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("runtime");
    let requests = |server: &Server| std::sync::Arc::new(load::requests(server.addr, &codes, 20_000));
    let plan = |server: &Server, rate: Option<f64>, seconds: u64| Plan {
        addr: server.addr,
        requests: requests(server),
        connections: options.connections,
        duration: Duration::from_secs(seconds),
        rate,
    };
    let round = |server: &Server, rate: Option<f64>, seconds: u64| -> (Outcome, [f64; 2]) {
        let plan = plan(server, rate, seconds);
        let (before, loaded) = ([server.cpu(), server.loader_cpu()], server.loaded());
        let outcome = tokio::task::LocalSet::new().block_on(&runtime, load::run(&plan));
        // What the loader still has to do with this round's clicks is part of their price.
        if let Some(loaded) = loaded {
            server.wait_loaded(loaded + outcome.answers);
        }
        (
            outcome,
            [server.cpu() - before[0], server.loader_cpu() - before[1]],
        )
    };
    round(&bare, None, 1);
    round(&ours, None, 1);
    println!(
        "\n{} connections{:>14} {:>10} {:>12} {:>10} {:>10} {:>10}",
        options.connections, "answers/s", "refused", "CPU µs each", "of it load", "p50 µs", "p99 µs"
    );
    for (name, rate) in [
        ("closed loop", None),
        ("4 000/s", Some(4_000.0)),
        ("20 000/s", Some(20_000.0)),
    ] {
        let mut total = [Sum::default(), Sum::default()];
        for _ in 0..options.rounds {
            for (sum, server) in total.iter_mut().zip([&bare, &ours]) {
                let (outcome, cpu) = round(server, rate, options.seconds);
                sum.add(&outcome, cpu);
            }
        }
        let [bare, ours] = &total;
        bare.print(&format!("bare {name}"));
        ours.print(&format!("bole {name}"));
        println!(
            "  ratio{:>28.2} {:>10} {:>12.2} {:>10} {:>10.2} {:>10.2}",
            ours.per_second() / bare.per_second(),
            "",
            ours.cpu_each() / bare.cpu_each(),
            "",
            ours.latency.quantile(0.5) / bare.latency.quantile(0.5),
            ours.latency.quantile(0.99) / bare.latency.quantile(0.99),
        );
    }
    println!(
        "\nmemory               {:>9.0} MiB resident, {:.0} MiB at its peak",
        ours.memory("VmRSS"),
        ours.memory("VmHWM")
    );
    prepare::pages(&data, &ours);
}

/// As many requests as are answered, for minutes: the clicks go to the spool, the loader follows, and memory stays.
fn burst(options: &Options, ours: &Server, codes: &[String]) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("runtime");
    let plan = Plan {
        addr: ours.addr,
        requests: std::sync::Arc::new(load::requests(ours.addr, codes, 20_000)),
        connections: options.connections,
        duration: Duration::from_secs(10),
        rate: None,
    };
    println!(
        "\n{:>10} {:>14} {:>14} {:>14} {:>14}",
        "seconds", "answers/s", "loaded", "waiting", "MiB resident"
    );
    let (begin, before, mut answers) = (Instant::now(), ours.loaded().unwrap_or(0), 0);
    let show = |rate: f64, answers: u64| {
        let loaded = ours.loaded().unwrap_or(0) - before;
        println!(
            "{:>10.0} {rate:>14.0} {loaded:>14} {:>14} {:>14.0}",
            begin.elapsed().as_secs_f64(),
            answers.saturating_sub(loaded),
            ours.memory("VmRSS")
        );
    };
    while begin.elapsed() < Duration::from_secs(60 * options.minutes) {
        let outcome = tokio::task::LocalSet::new().block_on(&runtime, load::run(&plan));
        answers += outcome.answers;
        show(outcome.answers as f64 / outcome.seconds, answers);
    }
    ours.wait_loaded(before + answers);
    show(0.0, answers);
    println!("memory at its peak   {:>9.0} MiB", ours.memory("VmHWM"));
}

struct Sum {
    answers: u64,
    refused: u64,
    seconds: f64,
    cpu: f64,
    loader: f64,
    latency: load::Histogram,
}

impl Default for Sum {
    fn default() -> Self {
        Self {
            answers: 0,
            refused: 0,
            seconds: 0.0,
            cpu: 0.0,
            loader: 0.0,
            latency: load::Histogram::new(),
        }
    }
}

impl Sum {
    fn add(&mut self, outcome: &Outcome, [cpu, loader]: [f64; 2]) {
        self.answers += outcome.answers;
        self.refused += outcome.refused;
        self.seconds += outcome.seconds;
        self.cpu += cpu;
        self.loader += loader;
        self.latency.merge(&outcome.latency);
    }

    fn per_second(&self) -> f64 {
        self.answers as f64 / self.seconds
    }

    fn cpu_each(&self) -> f64 {
        self.cpu * 1e6 / self.answers as f64
    }

    fn print(&self, name: &str) {
        println!(
            "  {name:<20}{:>13.0} {:>10} {:>12.2} {:>10.2} {:>10.0} {:>10.0}",
            self.per_second(),
            self.refused,
            self.cpu_each(),
            self.loader * 1e6 / self.answers as f64,
            self.latency.quantile(0.5),
            self.latency.quantile(0.99)
        );
    }
}
