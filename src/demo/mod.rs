//! The demo: a salon chain with staff, campaigns and weeks of traffic, out of a fixed seed.
//!
//! # Why
//! What it shows comes out of the real code paths (clicks through the redirect, conversions through attribution,
//! boards through the freeze), so that it proves them; only who clicks when is invented.

mod build;
mod claims;
mod desk;
mod firm;
mod material;
mod pay;
mod picture;
mod shop;
mod staff;
mod traffic;
mod visitors;
mod world;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::app::accounts::{AccountRefusal, AccountWish};
use crate::app::claims::ClaimError;
use crate::app::filing::PointsError;
use crate::app::pay::PayError;
use crate::app::{ConvertError, RefundError, Refused, accounts};
use crate::boot::{Nature, OpenError, ServeError, Server};
use crate::config::Settings;
use crate::demo::world::World;
use crate::domain::{Clock, ManualClock, Role};
use crate::redirect::loader::LoadError;
use crate::storage::StoreError;

pub use build::CLICKS;
pub use firm::FIRM;

/// The password of all ready-made sign-ins.
pub const PASSWORD: &str = "qingmei-demo";

/// Ready-made sign-ins: login, what they are, employee code.
pub const SIGN_INS: [(&str, &str, Option<&str>); 6] = [
    ("linxiaowen", "员工 employee (phone)", Some("linxiaowen")),
    ("manager", "市场经理 marketing manager", Some("yuqing")),
    ("verifier", "报单核实 claims verifier", None),
    ("finance", "财务 finance and HR", None),
    ("boss", "审批人 approver", None),
    ("admin", "管理员 admin", None),
];

/// File in the data folder that says it is a demo's, and of which day.
const MARK: &str = "demo.txt";

/// Why the demo could not be built.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The folder holds something else.
    #[error("{0}: is not a demo's folder; name another with --data-dir")]
    NotOurs(String),
    /// A file.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
    /// Opening.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The server.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The loader.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// An act on people, campaigns, links or coupons.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// A claim.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// An act on points.
    #[error(transparent)]
    Points(#[from] PointsError),
    /// An act on pay.
    #[error(transparent)]
    Pay(#[from] PayError),
    /// A conversion.
    #[error(transparent)]
    Convert(#[from] ConvertError),
    /// A refund.
    #[error(transparent)]
    Refund(#[from] RefundError),
    /// A sign-in.
    #[error(transparent)]
    Account(#[from] AccountRefusal),
    /// A picture.
    #[error("picture: {0}")]
    Picture(String),
    /// A date out of range.
    #[error(transparent)]
    Date(#[from] jiff::Error),
}

/// Builds the demo into the data folder unless today's is there already; `say` is told how far it is.
pub async fn build(settings: &Settings, now: Timestamp, say: &mut dyn FnMut(&str)) -> Result<(), DemoError> {
    build_with(settings, now, CLICKS, say).await
}

/// The same with about so many clicks: the people, and what finance sends, are those of every demo.
pub async fn build_with(
    settings: &Settings,
    now: Timestamp,
    clicks: u32,
    say: &mut dyn FnMut(&str),
) -> Result<(), DemoError> {
    let dir = &settings.data_dir;
    let day = now
        .to_zoned(settings.programme().map_err(OpenError::from)?.zone)
        .date();
    let mark = format!("{} {day}\n", env!("CARGO_PKG_VERSION"));
    if !make_room(dir, &mark)? {
        say("today's demo is there already");
        return Ok(());
    }
    let begin = Instant::now();
    let clock = Arc::new(ManualClock::new(now));
    // The days before the present one are built from the first Monday on: keys must be older than what they sign.
    let first = build::first_day(day)?
        .to_zoned(jiff::tz::TimeZone::UTC)?
        .timestamp();
    clock.set(first);
    let nature = Nature {
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        rng: StdRng::seed_from_u64(1),
        durable: false,
        patience: Duration::from_secs(10),
    };
    let server = Server::prepare(settings, nature).await?;
    let Server {
        app, front, loader, ..
    } = server;
    let mut world = World {
        app: app.clone(),
        clock,
        front,
        loader,
        rng: StdRng::seed_from_u64(20_260_901),
        clicks,
    };
    build::build(&mut world, now, say).await?;
    let World { clock, rng, .. } = world;
    sign_ins(&app).await?;
    clock.set(now);
    pay::build(&app, rng, now, say).await?;
    app.store.close().await;
    let path = dir.join(MARK);
    std::fs::write(&path, mark).map_err(|e| DemoError::Io(path.display().to_string(), e))?;
    say(&format!("built in {:.1} s", begin.elapsed().as_secs_f64()));
    Ok(())
}

/// Empties a folder of an older demo; `false` when today's is complete. Never touches a folder that is not a demo's.
fn make_room(dir: &Path, mark: &str) -> Result<bool, DemoError> {
    let io = |e| DemoError::Io(dir.display().to_string(), e);
    if !dir.exists() {
        std::fs::create_dir_all(dir).map_err(io)?;
    }
    match std::fs::read_to_string(dir.join(MARK)) {
        Ok(found) if found == mark => return Ok(false),
        Ok(_) => {
            std::fs::remove_dir_all(dir).map_err(io)?;
            std::fs::create_dir_all(dir).map_err(io)?;
        }
        Err(_) if dir.read_dir().map_err(io)?.next().is_none() => {}
        Err(_) => return Err(DemoError::NotOurs(dir.display().to_string())),
    }
    // Marked as unfinished: a build that was interrupted is begun again.
    let path = dir.join(MARK);
    std::fs::write(&path, "unfinished\n").map_err(|e| DemoError::Io(path.display().to_string(), e))?;
    Ok(true)
}

async fn sign_ins(app: &crate::app::App) -> Result<(), DemoError> {
    for (login, _, code) in SIGN_INS {
        let employee = match code {
            Some(code) => app.store.employee_id_by_code(code).await?,
            None => None,
        };
        let roles: &[Role] = match login {
            "admin" => &[Role::Admin, Role::Manager],
            "manager" => &[Role::Employee, Role::Manager],
            "verifier" => &[Role::Verifier],
            "finance" => &[Role::Finance],
            "boss" => &[Role::Approver],
            _ => &[Role::Employee],
        };
        let name = firm::PEOPLE.iter().find(|p| Some(p.code) == code).map_or(
            match login {
                "verifier" => "核实员",
                "finance" => "财务",
                "boss" => "审批人",
                _ => "管理员",
            },
            |p| p.name,
        );
        let wish = AccountWish {
            login,
            name,
            password: Some(PASSWORD),
            roles,
            employee,
            lang: "zh",
        };
        accounts::create(app, &wish).await??;
    }
    Ok(())
}
