//! `bole employee …`, `bole campaign …`, `bole link …`, `bole coupon …`: the acts of the API for a shell.

use clap::Subcommand;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::app::campaigns::{CampaignChanges, NewCampaign, change_campaign, create_campaign};
use crate::app::coupons::{CouponChanges, NewCoupon, change_coupon, create_coupon};
use crate::app::mint::{LinkChanges, NewLink, change_link, mint};
use crate::app::people::{EmployeeChanges, NewEmployee, change_employee, create_employee};
use crate::app::{Actor, App};
use crate::cli::run::{Refusal, app};
use crate::config::Settings;
use crate::domain::Money;
use crate::storage::links::Link;

/// People.
#[derive(Debug, Subcommand)]
pub enum EmployeeCommand {
    /// Take somebody on.
    #[command(after_help = "Example: bole employee add zhangsan 张三 --team 静安店")]
    Add {
        /// Employee code.
        code: String,
        /// Full name.
        name: String,
        /// Team's name or code; founded when unknown.
        #[arg(long)]
        team: Option<String>,
        /// Phone.
        #[arg(long)]
        phone: Option<String>,
        /// E-mail.
        #[arg(long)]
        email: Option<String>,
        /// First working day, YYYY-MM-DD.
        #[arg(long)]
        hired_on: Option<Date>,
    },
    /// Note somebody's last working day: their links go on, but earn to that day only.
    #[command(after_help = "Example: bole employee leave zhangsan 2026-11-30")]
    Leave {
        /// Employee code.
        code: String,
        /// Last working day, YYYY-MM-DD.
        on: Date,
    },
    /// List people, as JSON lines.
    List,
}

/// Campaigns.
#[derive(Debug, Subcommand)]
pub enum CampaignCommand {
    /// Create a campaign.
    #[command(after_help = "Example: bole campaign create winter 冬季焕肤季 https://shop.example/winter")]
    Create {
        /// Slug.
        slug: String,
        /// Name.
        name: String,
        /// Where its links lead.
        destination: String,
        /// Hosts destinations may have; without it the destination's own.
        #[arg(long, value_delimiter = ',')]
        allowed_hosts: Option<Vec<String>>,
        /// First day, YYYY-MM-DD.
        #[arg(long)]
        starts_on: Option<Date>,
        /// Last day, YYYY-MM-DD.
        #[arg(long)]
        ends_on: Option<Date>,
        /// Where its links lead when it is over.
        #[arg(long)]
        fallback_url: Option<String>,
    },
    /// Turn a campaign off.
    Disable {
        /// Slug.
        slug: String,
    },
    /// List campaigns, as JSON lines.
    List,
}

/// Links.
#[derive(Debug, Subcommand)]
pub enum LinkCommand {
    /// Mint a link, or find the one that exists; prints its address.
    #[command(after_help = "Example: bole link mint zhangsan winter wechat --slug zhangsan-winter")]
    Mint {
        /// Employee code.
        employee: String,
        /// Campaign slug.
        campaign: String,
        /// Where it is posted, e.g. wechat.
        channel: String,
        /// With which material.
        #[arg(long)]
        material: Option<String>,
        /// A wished slug.
        #[arg(long)]
        slug: Option<String>,
        /// Expiry, RFC 3339.
        #[arg(long)]
        expires_at: Option<Timestamp>,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Turn a link off.
    Disable {
        /// Its code.
        code: String,
    },
    /// Show a link and its totals, as JSON.
    Show {
        /// Its code.
        code: String,
    },
}

/// Coupons.
#[derive(Debug, Subcommand)]
pub enum CouponCommand {
    /// Create a coupon; prints its code.
    #[command(
        after_help = "Example: bole coupon create zhangsan winter --percent-off 10 --max-redemptions 100"
    )]
    Create {
        /// Employee code.
        employee: String,
        /// Campaign slug.
        campaign: String,
        /// A wished code.
        #[arg(long)]
        code: Option<String>,
        /// Percent off, 1–100.
        #[arg(long, conflicts_with = "amount_off", required_unless_present = "amount_off")]
        percent_off: Option<i64>,
        /// Amount off, like 30.00.
        #[arg(long, value_parser = Money::parse)]
        amount_off: Option<Money>,
        /// How often it can be redeemed.
        #[arg(long)]
        max_redemptions: Option<i64>,
    },
    /// Turn a coupon off.
    Disable {
        /// Its code.
        code: String,
    },
}

impl EmployeeCommand {
    /// Does it.
    pub async fn run(self, settings: &Settings) -> Result<(), Refusal> {
        let app = app(settings).await?;
        match self {
            Self::Add {
                code,
                name,
                team,
                phone,
                email,
                hired_on,
            } => {
                let new = NewEmployee {
                    code,
                    name,
                    team,
                    phone,
                    email,
                    hired_on,
                    ..NewEmployee::default()
                };
                let made = create_employee(&app, &Actor::System, &new).await?.into_inner();
                println!("{}", made.code);
            }
            Self::Leave { code, on } => {
                let changes = EmployeeChanges {
                    left_on: Some(Some(on)),
                    ..EmployeeChanges::default()
                };
                change_employee(&app, &Actor::System, &code, &changes).await?;
                eprintln!("{code} earns to {on}, that day included");
            }
            Self::List => {
                let mut after = None;
                loop {
                    let page = app.store.employees(None, after, 200, app.today()).await?;
                    for e in &page {
                        print(
                            &json!({"code": e.code, "name": e.facts.name, "team": e.team, "left_on": e.facts.left_on}),
                        );
                    }
                    let Some(last) = page.last() else { break };
                    after = Some(last.id.0);
                }
            }
        }
        Ok(())
    }
}

impl CampaignCommand {
    /// Does it.
    pub async fn run(self, settings: &Settings) -> Result<(), Refusal> {
        let app = app(settings).await?;
        match self {
            Self::Create {
                slug,
                name,
                destination,
                allowed_hosts,
                starts_on,
                ends_on,
                fallback_url,
            } => {
                let new = NewCampaign {
                    slug,
                    name,
                    destination,
                    allowed_hosts,
                    starts_on,
                    ends_on,
                    fallback_url,
                    ..NewCampaign::default()
                };
                let made = create_campaign(&app, &Actor::System, &new).await?.into_inner();
                println!("{}", made.slug);
            }
            Self::Disable { slug } => {
                let changes = CampaignChanges {
                    disabled: Some(true),
                    ..CampaignChanges::default()
                };
                change_campaign(&app, &Actor::System, &slug, &changes).await?;
                eprintln!("{slug} is off");
            }
            Self::List => {
                let mut after = None;
                loop {
                    let page = app.store.campaigns(after, 200).await?;
                    for c in &page {
                        print(
                            &json!({"slug": c.slug, "name": c.facts.name, "destination": c.facts.destination,
                                      "starts_on": c.facts.starts_on, "ends_on": c.facts.ends_on}),
                        );
                    }
                    let Some(last) = page.last() else { break };
                    after = Some(last.id.0);
                }
            }
        }
        Ok(())
    }
}

impl LinkCommand {
    /// Does it. A running server takes notice within half a second.
    pub async fn run(self, settings: &Settings) -> Result<(), Refusal> {
        let app = app(settings).await?;
        match self {
            Self::Mint {
                employee,
                campaign,
                channel,
                material,
                slug,
                expires_at,
                json,
            } => {
                let new = NewLink {
                    employee,
                    campaign,
                    channel,
                    material,
                    slug,
                    expires_at,
                    ..NewLink::default()
                };
                let link = mint(&app, &Actor::System, &new).await?.into_inner();
                if json {
                    print(&described(&app, &link));
                } else {
                    println!("{}", app.urls.short_url(link.code.as_str()));
                }
            }
            Self::Disable { code } => {
                let changes = LinkChanges {
                    disabled: Some(true),
                    ..LinkChanges::default()
                };
                change_link(&app, &Actor::System, &code, &changes).await?;
                eprintln!("{code} is off");
            }
            Self::Show { code } => {
                let link = app
                    .store
                    .link(&code)
                    .await?
                    .ok_or_else(|| format!("no such link: {code:?}"))?;
                let stats = app.store.link_totals(link.id).await?;
                let mut value = described(&app, &link);
                value["stats"] = json!({"requests": stats.requests, "human": stats.human, "valid": stats.valid,
                    "leads": stats.leads, "sales": stats.sales, "amount": Money::from_minor(stats.amount).to_string()});
                print(&value);
            }
        }
        Ok(())
    }
}

impl CouponCommand {
    /// Does it.
    pub async fn run(self, settings: &Settings) -> Result<(), Refusal> {
        let app = app(settings).await?;
        match self {
            Self::Create {
                employee,
                campaign,
                code,
                percent_off,
                amount_off,
                max_redemptions,
            } => {
                let new = NewCoupon {
                    employee,
                    campaign,
                    code,
                    percent_off,
                    amount_off,
                    max_redemptions,
                    ..NewCoupon::default()
                };
                println!(
                    "{}",
                    create_coupon(&app, &Actor::System, &new).await?.into_inner().code
                );
            }
            Self::Disable { code } => {
                let changes = CouponChanges {
                    disabled: Some(true),
                    ..CouponChanges::default()
                };
                change_coupon(&app, &Actor::System, &code, &changes).await?;
                eprintln!("{code} is off");
            }
        }
        Ok(())
    }
}

fn described(app: &App, link: &Link) -> Value {
    json!({"code": link.code.as_str(), "short_url": app.urls.short_url(link.code.as_str()),
           "employee": link.employee_code, "campaign": link.campaign_slug, "channel": link.channel,
           "material": link.material})
}

/// One line of JSON.
fn print(value: &Value) {
    println!("{value}");
}
