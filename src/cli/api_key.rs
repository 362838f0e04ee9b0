//! `bole api-key …`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Subcommand;
use jiff::{Timestamp, ToSpan};
use rand::Rng;
use serde_json::json;

use crate::cli::run::{Refusal, app};
use crate::config::Settings;
use crate::domain::Role;
use crate::storage::{insert_api_key, revoke_api_key};
use crate::web::hash_key;

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
                let employee = match employee {
                    Some(code) => {
                        let found = app.store.employee_id_by_code(&code).await?;
                        Some(found.ok_or_else(|| format!("no such employee: {code:?}"))?)
                    }
                    None => None,
                };
                let mut secret = [0u8; 32];
                app.with_rng(|rng| rng.fill_bytes(&mut secret));
                let key = format!("bole_{}", URL_SAFE_NO_PAD.encode(secret));
                let now = app.now();
                let expires = expires_in_days.map(|days| now + (i64::from(days) * 24).hours());
                let mut tx = app.store.begin().await?;
                let expires_ms = expires.map(Timestamp::as_millisecond);
                insert_api_key(
                    &mut tx,
                    &name,
                    &hash_key(&key),
                    role,
                    employee,
                    now.as_millisecond(),
                    expires_ms,
                )
                .await?;
                tx.commit().await?;
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
                for key in app.store.api_keys().await? {
                    let state = if key.is_live(app.clock.now_ms()) {
                        "live"
                    } else {
                        "ended"
                    };
                    println!("{:>5}  {:<10}  {:<8}  {}", key.id, key.role, state, key.name);
                }
            }
            Self::Revoke { id } => {
                let mut tx = app.store.begin().await?;
                if !revoke_api_key(&mut tx, id, app.clock.now_ms()).await? {
                    return Err(format!("no live key has the number {id}; see: bole api-key list").into());
                }
                tx.commit().await?;
                eprintln!("key {id} is revoked");
            }
        }
        Ok(())
    }
}
