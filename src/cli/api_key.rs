//! `bole api-key …`.

use clap::Subcommand;
use jiff::Timestamp;
use serde_json::json;

use crate::app::Actor;
use crate::app::api_keys::{KeyWish, make_key, revoke_key};
use crate::cli::run::{Refusal, app};
use crate::config::Settings;
use crate::domain::Role;

/// Create, list and revoke API keys.
#[derive(Debug, Subcommand)]
pub enum ApiKeyCommand {
    /// Create a key and print it, alone, on stdout. It is shown only this once.
    #[command(after_help = "Example: bole api-key create --name shop --role verifier --data-dir bole-data")]
    Create {
        /// What the key is for.
        #[arg(long)]
        name: String,
        /// employee, manager, verifier, finance, approver or admin.
        #[arg(long, value_parser = parse_role)]
        role: Role,
        /// Employee code: ties the key to a person, who then cannot decide on their own matters with it.
        #[arg(long)]
        employee: Option<String>,
        /// Days until it expires; without it never.
        #[arg(long)]
        expires_in_days: Option<u32>,
    },
    /// List keys (never the keys themselves).
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Revoke a key by its number.
    Revoke {
        /// The number `list` shows.
        id: i64,
    },
}

fn parse_role(text: &str) -> Result<Role, String> {
    text.parse()
        .map_err(|()| "expected employee, manager, verifier, finance, approver or admin".to_owned())
}

impl ApiKeyCommand {
    /// Does it.
    pub async fn run(self, settings: &Settings) -> Result<(), Refusal> {
        let app = app(settings).await?;
        match self {
            Self::Create {
                name,
                role,
                employee,
                expires_in_days,
            } => {
                let days = expires_in_days.map(|days| i64::from(days) * 86_400_000);
                let wish = KeyWish {
                    name: &name,
                    role,
                    employee: employee.as_deref(),
                    expires_at: days.map(|ms| app.clock.now_ms() + ms),
                };
                let key = make_key(&app, &Actor::System, &wish).await?;
                println!("{key}");
            }
            Self::List { json: true } => {
                let rows = app.store.api_keys().await?.into_iter().map(|k| {
                    let stamp = |ms: Option<i64>| ms.and_then(|ms| Timestamp::from_millisecond(ms).ok());
                    json!({"id": k.id, "name": k.name, "role": k.role, "created_at": stamp(Some(k.created_at)),
                           "expires_at": stamp(k.expires_at), "revoked_at": stamp(k.revoked_at)})
                });
                println!("{}", serde_json::to_string_pretty(&rows.collect::<Vec<_>>())?);
            }
            Self::List { json: false } => {
                println!("{:>5}  {:<10}  {:<8}  name", "id", "role", "state");
                let today = app.today().to_string();
                for key in app.store.api_keys().await? {
                    let state = if key.is_live(app.clock.now_ms(), &today) {
                        "live"
                    } else {
                        "ended"
                    };
                    println!("{:>5}  {:<10}  {:<8}  {}", key.id, key.role, state, key.name);
                }
            }
            Self::Revoke { id } => {
                if revoke_key(&app, &Actor::System, id).await.is_err() {
                    return Err(format!("no live key has the number {id}; see: bole api-key list").into());
                }
                eprintln!("key {id} is revoked");
            }
        }
        Ok(())
    }
}
