//! `/app/share`: today's material in three voices, one's own link, one tap to copy, poster, coupon, what it is worth.

mod view;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use jiff::Timestamp;
use serde::Deserialize;

use crate::app::filing::{Filed, PointsError};
use crate::app::mint::{NewLink, mint};
use crate::app::rules;
use crate::app::share::{ShareToFile, file_share};
use crate::domain::EmployeeId;
use crate::points::ShareOutcome;
use crate::share::Freshness;
use crate::storage::shares::Filter;
use crate::web::html::{Html, see_other};
use crate::web::session::Staff;
use crate::web::shell::{Place, Shell};
use crate::web::{Form, Problem, Query, Web};

pub(super) use view::CHANNELS;
use view::{Item, Postable, postables};

/// What a share and a reader earn, in the programme's own numbers.
#[derive(Clone, Debug)]
struct Worth {
    share: i64,
    /// Shares that can still earn today.
    left: i64,
    click: i64,
    seconds: String,
}

/// Something else that can be posted.
#[derive(Clone, Debug)]
struct Other {
    href: String,
    title: String,
    campaign: String,
    fresh: Freshness,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "share/share.html")]
struct SharePage {
    s: Shell,
    item: Option<Item>,
    /// What else can be posted, the newest first.
    others: Vec<Other>,
    /// How much of all this came this week.
    fresh: usize,
    /// The rules wait: before the first link (`hold`), or because a new version is in force (`new`).
    rules: Option<&'static str>,
    worth: Worth,
    done: Option<String>,
    error: Option<String>,
}

/// Which item, on which channel; what was just done.
#[derive(Clone, Debug, Default, Deserialize)]
struct Asked {
    campaign: Option<String>,
    material: Option<String>,
    channel: Option<String>,
    done: Option<String>,
}

/// "I posted it."
#[derive(Debug, Deserialize)]
struct Posted {
    campaign: String,
    material: String,
    channel: String,
    code: String,
}

/// "Get my link."
#[derive(Debug, Deserialize)]
struct Wished {
    campaign: String,
    material: String,
    channel: String,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/share", get(show))
        .route("/app/share/link", post(own))
        .route("/app/share/posted", post(posted))
}

async fn show(
    State(web): State<Web>,
    staff: Staff,
    Query(asked): Query<Asked>,
) -> Result<Html<SharePage>, Problem> {
    page(&web, &staff, &asked, None).await.map(Html)
}

async fn page(web: &Web, staff: &Staff, asked: &Asked, error: Option<String>) -> Result<SharePage, Problem> {
    let app = &web.app;
    let lang = staff.who.lang;
    let mut all = postables(app, app.today()).await?;
    // Campaigns in a pilot are for its members only.
    let closed = app.store.campaigns_closed_to(staff.employee, app.today()).await?;
    all.retain(|p| !closed.contains(&p.campaign.id.0));
    let chosen = choose(&all, asked);
    let wished = asked.channel.as_deref();
    let item = match chosen {
        Some(chosen) => Some(view::item(app, (lang, &web.front.firm), staff.employee, chosen, wished).await?),
        None => None,
    };
    let channel = item
        .as_ref()
        .map_or(CHANNELS[0], |i| i.channel.as_str())
        .to_owned();
    let mut others: Vec<Other> = all
        .iter()
        .filter(|p| !chosen.is_some_and(|c| std::ptr::eq(*p, c)))
        .map(|p| Other {
            href: format!(
                "/app/share?{}&channel={channel}",
                Item::query(&p.campaign.slug, p.material_code())
            ),
            title: p.title().to_owned(),
            campaign: p.campaign.facts.name.clone(),
            fresh: p.fresh(app),
        })
        .collect();
    others.sort_by_key(|o| o.fresh != Freshness::New);
    let fresh = all.iter().filter(|p| p.fresh(app) == Freshness::New).count();
    let done = match asked.done.as_deref() {
        Some(word @ ("earned" | "known" | "full")) => Some(lang.word("share-done", word).to_string()),
        _ => None,
    };
    Ok(SharePage {
        s: staff.who.shell(web, Place::Share),
        item,
        others,
        fresh,
        rules: rules_wait(web, staff.employee).await?,
        worth: worth(web, staff.employee).await?,
        done,
        error,
    })
}

/// The item asked for, else the first.
fn choose<'a>(all: &'a [Postable], asked: &Asked) -> Option<&'a Postable> {
    let wished = asked.campaign.as_deref().and_then(|slug| {
        let material = asked.material.as_deref().unwrap_or("");
        all.iter()
            .find(|p| p.campaign.slug == slug && p.material_code() == material)
    });
    wished.or_else(|| all.first())
}

/// How the rules wait for somebody.
async fn rules_wait(web: &Web, employee: EmployeeId) -> Result<Option<&'static str>, Problem> {
    if web.app.store.rules_hold_up(employee).await? {
        return Ok(Some("hold"));
    }
    let known = rules::standing(&web.app, Some(employee)).await?;
    Ok(known.waits().then_some("new"))
}

async fn worth(web: &Web, employee: EmployeeId) -> Result<Worth, Problem> {
    let rules = &web.app.programme.points;
    let today = web.app.today().to_string();
    let filter = Filter {
        employee: Some(employee),
        status: None,
    };
    let latest = web.app.store.shares(filter, None, 50).await?;
    let earned = latest
        .iter()
        .filter(|s| s.day == today && s.outcome == ShareOutcome::Earned.as_str())
        .count();
    Ok(Worth {
        share: rules.share,
        left: (rules.shares_per_day - i64::try_from(earned).unwrap_or(0)).max(0),
        click: rules.click,
        seconds: super::rules::seconds(web.app.programme.dwell_limit_ms),
    })
}

async fn code_of(web: &Web, employee: EmployeeId) -> Result<String, Problem> {
    let found = web.app.store.employee_by_id(employee, web.app.today()).await?;
    found
        .map(|e| e.code)
        .ok_or_else(|| Problem::not_found("employee"))
}

/// Mints one's own link, or finds the one there is.
async fn own(State(web): State<Web>, staff: Staff, Form(form): Form<Wished>) -> Result<Response, Problem> {
    let query = Item::query(&form.campaign, &form.material);
    let back = format!("/app/share?{query}&channel={}", form.channel);
    // One's own first link is for those who know the rules.
    if web.app.store.rules_hold_up(staff.employee).await? {
        let next: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("next", &back)
            .finish();
        return Ok(see_other(&format!("/app/rules?{next}")));
    }
    let new = NewLink {
        employee: code_of(&web, staff.employee).await?,
        campaign: form.campaign.clone(),
        channel: form.channel.clone(),
        material: Some(form.material.clone()).filter(|m| !m.is_empty()),
        ..NewLink::default()
    };
    mint(&web.app, &staff.who.actor, &new).await?;
    Ok(see_other(&back))
}

/// Books a share, now, by the rules.
async fn posted(State(web): State<Web>, staff: Staff, Form(form): Form<Posted>) -> Result<Response, Problem> {
    let code = code_of(&web, staff.employee).await?;
    let now = web.app.now();
    let share = ShareToFile {
        employee: code,
        link: form.code,
        channel: form.channel.clone(),
        // Two taps within a minute are one share.
        posted_at: Timestamp::from_second(now.as_second() - now.as_second().rem_euclid(60)).unwrap_or(now),
        evidence_url: None,
        picture: None,
    };
    let filed = file_share(&web.app, &staff.who.actor, &share).await;
    let query = Item::query(&form.campaign, &form.material);
    let word = match filed {
        Ok(Filed::New(row)) if row.points > 0 => "earned",
        Ok(Filed::New(row)) if row.outcome == ShareOutcome::DailyLimit.as_str() => "full",
        Ok(_) => "known",
        Err(PointsError::Store(error)) => return Err(error.into()),
        Err(error) => return Err(Problem::conflict(error.to_string())),
    };
    Ok(see_other(&format!(
        "/app/share?{query}&channel={}&done={word}",
        form.channel
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::i18n::Lang;
    use crate::web::ui::Choice;
    use view::{OwnCoupon, OwnLink, Voice};

    fn sample(lang: Lang, link: Option<OwnLink>) -> SharePage {
        let voice = |key, text: &str| Voice {
            key,
            text: text.into(),
            has_link: false,
        };
        SharePage {
            s: Shell::sample(lang, Place::Share),
            item: Some(Item {
                slug: "winter".into(),
                campaign: "冬季焕肤季".into(),
                material: "a".into(),
                title: "今天发这条".into(),
                picture: None,
                video: Some("https://v.example/winter".into()),
                fresh: Freshness::New,
                ends: Some(jiff::civil::date(2026, 11, 30)),
                voices: vec![
                    voice(
                        "pro",
                        "入冬后脸上发紧、起皮，多半是屏障缺水。水光补水护理先测皮肤，再决定做不做；敏感肌可以只做舒缓。新客体验价 298 元，报我的码再减 30 元。",
                    ),
                    voice("life", "上海这两天风一吹，脸就像贴了层纸。"),
                    voice("fun", "我的脸，十一月：苏打饼干。<b>"),
                ],
                channel: CHANNELS[0].into(),
                channels: CHANNELS
                    .map(|c| Choice::new("/app/share", lang.channel(c), c == CHANNELS[0]))
                    .to_vec(),
                link,
                coupon: Some(OwnCoupon {
                    code: "XIAOWEN30".into(),
                    off: lang.t("share-amount-off").with("amount", "¥30.00").to_string(),
                }),
            }),
            others: vec![Other {
                href: "/app/share?campaign=neck".into(),
                title: "午休一小时".into(),
                campaign: "肩颈舒缓季".into(),
                fresh: Freshness::Old,
            }],
            fresh: 1,
            rules: Some("new"),
            worth: Worth {
                share: 10,
                left: 2,
                click: 5,
                seconds: "30".into(),
            },
            done: None,
            error: None,
        }
    }

    #[test]
    fn without_a_link_one_is_offered_and_with_one_the_copy_carries_it() {
        for lang in Lang::ALL {
            let none = sample(lang, None).render().unwrap();
            crate::web::pages::check_sample("share-first", &none, lang);
            assert!(none.contains("action=\"/app/share/link\"") && !none.contains("data-copy=\"copy\""));
            let link = |dead| {
                Some(OwnLink {
                    code: "w7kx3rp".into(),
                    url: "https://s.qingmei.example/w7kx3rp".into(),
                    dead,
                })
            };
            let html = sample(lang, link(false)).render().unwrap();
            crate::web::pages::check_sample("share", &html, lang);
            assert_eq!(
                html.matches("class=\"own-link\">https://s.qingmei.example/w7kx3rp<")
                    .count(),
                3
            );
            assert!(
                html.contains("晴美美容") && html.contains("&#60;b&#62;"),
                "{html}"
            );
            let dead = sample(lang, link(true)).render().unwrap();
            assert!(
                !dead.contains("data-copy=\"copy\""),
                "a dead link is not handed out"
            );
            let nothing = SharePage {
                item: None,
                ..sample(lang, None)
            };
            crate::web::pages::check_sample("share-empty", &nothing.render().unwrap(), lang);
        }
    }
}
