//! `/app/manage/honours`: the best creator's vote and award, team goals, honours, the talent scouts' pool.

mod acts;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;

use super::grid::{Cell, Grid, percent};
use crate::app::Permission;
use crate::app::honour::{KINDS, progress};
use crate::app::pay::scheme_document;
use crate::app::vote::leaders;
use crate::domain::{Money, Period};
use crate::ranking::Metric;
use crate::web::html::Html;
use crate::web::i18n::{Lang, date_words, grouped, label_words, period_words, yuan};
use crate::web::pages::actors::Actors;
use crate::web::pages::claims::view::instant;
use crate::web::pages::paged::cut;
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::ui::{Choice, Field, Opt};
use crate::web::{Problem, Query, Web};

const TABS: [&str; 4] = ["vote", "goals", "honours", "scouts"];
const PATH: &str = "/app/manage/honours";
/// Honours on a page.
const ROWS: i64 = 50;
/// Months of the scouts' pool offered.
const MONTHS: usize = 4;
/// People offered as candidates: the best by valid clicks.
const OFFERED: usize = 5;

/// A vote as it is printed.
#[derive(Clone, Debug)]
pub struct VoteView {
    pub id: i64,
    pub month: String,
    /// `open`, `over` (to be counted) or `counted`.
    pub state: &'static str,
    pub closes: String,
    pub winner: Option<String>,
    pub candidates: Vec<CandidateView>,
    /// Of a tie: who it can be.
    pub tied: Vec<Opt>,
    /// What was typed to count it and refused.
    pub typed: RowTyped,
}

/// What was typed beside a row, and what is wrong with it.
#[derive(Clone, Debug, Default)]
pub struct RowTyped {
    pub winner: String,
    pub reason: String,
    pub error: Option<String>,
}

/// A candidate.
#[derive(Clone, Debug)]
pub struct CandidateView {
    pub code: String,
    pub name: String,
    pub work: String,
    pub votes: String,
    pub percent: i64,
}

/// A goal as it is printed.
#[derive(Clone, Debug)]
pub struct GoalView {
    pub id: i64,
    pub whose: String,
    pub days: String,
    pub reward: String,
    pub words: String,
    pub share: String,
    pub percent: i64,
    pub reached: bool,
}

/// An honour as it is printed.
#[derive(Clone, Debug)]
pub struct HonourView {
    pub id: i64,
    pub person: String,
    pub code: String,
    pub kind: String,
    pub title: String,
    pub span: String,
    pub reason: String,
    pub given: String,
    pub withdrawn: Option<String>,
    /// What was typed to withdraw it and refused.
    pub typed: RowTyped,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "manage/honours.html")]
pub struct HonoursPage {
    pub s: Shell,
    pub tabs: Vec<Choice>,
    pub tab: &'static str,
    pub votes: Vec<VoteView>,
    pub month: Field,
    pub closes_on: Field,
    pub candidates: Field,
    pub goals: Vec<GoalView>,
    pub teams: Vec<Opt>,
    pub metrics: Vec<Opt>,
    pub team: Field,
    pub metric: Field,
    pub first: Field,
    pub last: Field,
    pub target: Field,
    pub reward: Field,
    pub honours: Vec<HonourView>,
    pub kinds: Vec<Opt>,
    pub employee: Field,
    pub kind: Field,
    pub title: Field,
    pub span: Field,
    pub reason: Field,
    pub scouts: Option<Grid>,
    /// Of the scouts' pool: the months one may look at.
    pub months: Vec<Choice>,
    pub pool: Vec<String>,
    pub previous: Option<String>,
    pub next: Option<String>,
    pub notice: Option<String>,
    pub done: Option<String>,
}

impl HonoursPage {
    fn vote_fields(&self) -> [&Field; 3] {
        [&self.month, &self.closes_on, &self.candidates]
    }

    fn goal_fields(&self) -> [&Field; 6] {
        [
            &self.team,
            &self.metric,
            &self.first,
            &self.last,
            &self.target,
            &self.reward,
        ]
    }

    fn honour_fields(&self) -> [&Field; 5] {
        [&self.employee, &self.kind, &self.title, &self.span, &self.reason]
    }

    /// Whether one of these is wrong.
    fn any(fields: &[&Field]) -> bool {
        fields.iter().any(|f| f.is_wrong())
    }

    /// What is typed beside a row of the tab.
    fn row(&mut self, id: i64) -> Option<&mut RowTyped> {
        let votes = self.votes.iter_mut().filter(|v| v.id == id).map(|v| &mut v.typed);
        let honours = self
            .honours
            .iter_mut()
            .filter(|h| h.id == id)
            .map(|h| &mut h.typed);
        votes.chain(honours).next()
    }

    fn field(&mut self, name: &str) -> Option<&mut Field> {
        [
            &mut self.month,
            &mut self.closes_on,
            &mut self.candidates,
            &mut self.team,
            &mut self.metric,
            &mut self.first,
            &mut self.last,
            &mut self.target,
            &mut self.reward,
            &mut self.employee,
            &mut self.kind,
            &mut self.title,
            &mut self.span,
            &mut self.reason,
        ]
        .into_iter()
        .find(|f| f.name == name)
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    tab: String,
    done: String,
    period: String,
    /// The last honour of the page before.
    before: Option<i64>,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/manage/honours", get(show))
        .route("/app/manage/honours/vote", post(acts::vote))
        .route("/app/manage/honours/vote/{id}", post(acts::count))
        .route("/app/manage/honours/goals", post(acts::goal))
        .route("/app/manage/honours/goals/{id}", post(acts::withdraw_goal))
        .route("/app/manage/honours/honours", post(acts::honour))
        .route("/app/manage/honours/honours/{id}", post(acts::withdraw))
}

/// A value of a metric with its unit.
pub fn amount(lang: Lang, metric: Metric, value: i64) -> String {
    match metric {
        Metric::Sales => yuan(Money::from_minor(value)),
        _ => lang
            .word("board-amount", metric)
            .with("n", grouped(value))
            .to_string(),
    }
}

async fn page(web: &Web, who: &SignedIn, asked: &Asked) -> Result<HonoursPage, Problem> {
    who.need(Permission::DecidePoints)?;
    let lang = who.lang;
    let app = &web.app;
    let tab = TABS.into_iter().find(|t| *t == asked.tab).unwrap_or(TABS[0]);
    let today = app.today();
    let month = Period::month_of(today).map_err(|e| Problem::internal(&e))?;
    let mut page = HonoursPage {
        s: who.shell(web, Place::Honours),
        tabs: TABS
            .map(|t| Choice::new(format!("{PATH}?tab={t}"), lang.word("honours-tab", t), t == tab))
            .to_vec(),
        tab,
        votes: Vec::new(),
        month: Field::new("month", month.label()),
        closes_on: Field::new("closes_on", today.saturating_add(7.days())),
        candidates: Field::empty("candidates"),
        goals: Vec::new(),
        teams: Vec::new(),
        metrics: Metric::ALL
            .map(|m| Opt::new(m, lang.word("board-metric", m)))
            .to_vec(),
        team: Field::empty("team"),
        metric: Field::new("metric", Metric::Sales),
        first: Field::new("first", month.first),
        last: Field::new("last", month.end.yesterday().unwrap_or(month.end)),
        target: Field::empty("target"),
        reward: Field::empty("reward"),
        honours: Vec::new(),
        kinds: KINDS.map(|k| Opt::new(k, lang.word("honour", k))).to_vec(),
        employee: Field::empty("employee"),
        kind: Field::new("kind", "badge"),
        title: Field::empty("title"),
        span: Field::new("span", month.label()),
        reason: Field::empty("reason"),
        scouts: None,
        months: Vec::new(),
        pool: Vec::new(),
        previous: None,
        next: None,
        notice: None,
        done: None,
    };
    match tab {
        "goals" => goals(web, lang, &mut page).await?,
        "honours" => honours(web, asked.before, &mut page).await?,
        "scouts" => scouts(web, lang, asked, &mut page).await?,
        _ => votes(web, lang, month.first, &mut page).await?,
    }
    let done = ["opened", "counted", "set", "ended", "given", "withdrawn"]
        .into_iter()
        .find(|d| *d == asked.done);
    page.done = done.map(|d| lang.word("honours-done", d).to_string());
    Ok(page)
}

async fn votes(web: &Web, lang: Lang, month: Date, page: &mut HonoursPage) -> Result<(), Problem> {
    let store = &web.app.store;
    let now_ms = web.app.clock.now_ms();
    let names = store.people_names().await?;
    for vote in store.votes(12).await? {
        let candidates = store.candidates(vote.id).await?;
        let state = match vote.closed_at {
            Some(_) => "counted",
            None if now_ms >= vote.closes_at => "over",
            None => "open",
        };
        let all: i64 = candidates.iter().map(|c| c.votes).sum();
        let leading = leaders(&candidates);
        let tied = if state == "over" && leading.len() > 1 {
            leading.iter().map(|c| Opt::new(&c.code, &c.name)).collect()
        } else {
            Vec::new()
        };
        let period = Period::parse(&vote.month).map_err(|e| Problem::internal(&e))?;
        page.votes.push(VoteView {
            id: vote.id,
            month: period_words(lang, &period),
            state,
            closes: page.s.moment.exact(instant(vote.closes_at)),
            winner: vote
                .winner_id
                .and_then(|id| names.get(&id))
                .map(|(_, name)| name.clone()),
            candidates: candidates
                .iter()
                .map(|c| CandidateView {
                    code: c.code.clone(),
                    name: c.name.clone(),
                    work: c.work.clone(),
                    votes: grouped(c.votes),
                    percent: (c.votes * 100).checked_div(all).unwrap_or(0),
                })
                .collect(),
            tied,
            typed: RowTyped::default(),
        });
    }
    // Offered: the best of the month by valid clicks (A4).
    let end = month.saturating_add(1.month());
    let mut standings = store
        .standings(crate::ranking::By::Employee, month, end, end)
        .await?;
    standings.sort_by_key(|s| (std::cmp::Reverse(s.counts.valid), s.who.id));
    let offered: Vec<String> = standings
        .iter()
        .filter(|s| s.counts.valid > 0)
        .take(OFFERED)
        .map(|s| s.who.code.clone())
        .collect();
    page.candidates.value = offered.join("\n");
    Ok(())
}

async fn goals(web: &Web, lang: Lang, page: &mut HonoursPage) -> Result<(), Problem> {
    page.teams.push(Opt::new("", lang.t("goal-firm")));
    for team in web.app.store.teams().await? {
        page.teams.push(Opt::new(&team.code, &team.name));
    }
    page.goals = progress(&web.app, None)
        .await?
        .iter()
        .map(|p| goal_view(lang, p))
        .collect();
    Ok(())
}

/// A goal with its progress in words.
pub fn goal_view(lang: Lang, p: &crate::app::honour::Progress) -> GoalView {
    let goal = &p.goal;
    let whose = goal
        .team
        .as_ref()
        .map_or_else(|| lang.t("goal-firm").to_string(), |(_, name)| name.clone());
    GoalView {
        id: goal.id,
        whose,
        days: format!(
            "{} – {}",
            date_words(lang, goal.first),
            date_words(lang, goal.last)
        ),
        reward: goal.reward.clone(),
        words: lang
            .t("goal-words")
            .with("reached", amount(lang, goal.metric, p.reached))
            .with("target", amount(lang, goal.metric, goal.target))
            .to_string(),
        share: percent(p.reached, goal.target),
        percent: (p.reached.max(0).saturating_mul(100) / goal.target.max(1)).min(100),
        reached: p.reached >= goal.target,
    }
}

async fn honours(web: &Web, before: Option<i64>, page: &mut HonoursPage) -> Result<(), Problem> {
    let lang = page.s.lang;
    let actors = Actors::load(web, lang).await?;
    let mut found = web.app.store.honours(before, ROWS + 1).await?;
    let more = cut(&mut found, ROWS);
    page.next = found
        .last()
        .filter(|_| more)
        .map(|h| format!("{PATH}?tab=honours&before={}", h.id));
    page.previous = before.map(|_| format!("{PATH}?tab=honours"));
    for h in found {
        let given = format!(
            "{} · {}",
            actors.name(&h.given_by),
            page.s.moment.exact(instant(h.given_at))
        );
        let withdrawn = h.withdrawn_by.as_ref().map(|by| {
            format!(
                "{} · {}",
                actors.name(by),
                h.withdrawn_reason.clone().unwrap_or_default()
            )
        });
        page.honours.push(HonourView {
            id: h.id,
            person: h.name,
            code: h.code,
            kind: lang.word("honour", &h.kind).to_string(),
            title: h.title,
            span: label_words(lang, &h.span),
            reason: h.reason,
            given,
            withdrawn,
            typed: RowTyped::default(),
        });
    }
    Ok(())
}

async fn scouts(web: &Web, lang: Lang, asked: &Asked, page: &mut HonoursPage) -> Result<(), Problem> {
    let app = &web.app;
    let today = app.today();
    let period = match asked.period.as_str() {
        "" => Period::month_of(today).map_err(|e| Problem::internal(&e))?,
        text => Period::parse(text).map_err(|e| Problem::field("?period", e))?,
    };
    let zone = &app.programme.zone;
    let found = app
        .store
        .scouts(
            period.from(zone).as_millisecond(),
            period.to(zone).as_millisecond(),
        )
        .await?;
    let names = app.store.people_names().await?;
    let teams = app.store.team_names(today).await?;
    let columns = [
        ("", lang.t("insight-person").to_string()),
        ("", lang.t("col-leads").to_string()),
        ("", lang.t("col-sales").to_string()),
        ("", lang.t("col-amount").to_string()),
        ("", lang.t("scouts-share").to_string()),
    ];
    let title = lang
        .t("scouts-title")
        .with("period", period_words(lang, &period))
        .to_string();
    let mut grid = Grid::new("scouts", title, &columns);
    let all: i64 = found.iter().map(|s| s.leads + s.sales).sum();
    for scout in &found {
        let (code, name) = names.get(&scout.employee_id).cloned().unwrap_or_default();
        let note = teams.get(&scout.employee_id).cloned().unwrap_or(code);
        grid.rows.push(vec![
            Cell::Name(name, String::new(), note),
            Cell::Count(scout.leads),
            Cell::Count(scout.sales),
            Cell::Money(Money::from_minor(scout.amount)),
            Cell::Share(scout.leads + scout.sales, all),
        ]);
    }
    grid.none = lang.t("scouts-none").to_string();
    grid.region = lang.t("shell-table").with("what", &grid.name).to_string();
    let month = Period::month_of(today).map_err(|e| Problem::internal(&e))?;
    page.months = std::iter::successors(Some(month), |p| p.previous().ok())
        .take(MONTHS)
        .map(|p| {
            let href = format!("{PATH}?tab=scouts&period={}", p.label());
            Choice::new(href, period_words(lang, &p), p == period)
        })
        .collect();
    let params = scheme_document(app, "00-social", period.first)
        .await?
        .map(|f| f.params);
    for (key, word) in [("virality_pool", "pool"), ("virality_min", "least")] {
        let set = params.as_ref().and_then(|p| p.get(key)).filter(|v| !v.is_null());
        let text = match set {
            Some(serde_json::Value::String(text)) if word == "pool" => {
                Money::parse(text).map_or_else(|_| text.clone(), yuan)
            }
            Some(serde_json::Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None => lang.t("scouts-unset").to_string(),
        };
        page.pool
            .push(lang.word("scouts", word).with("n", text).to_string());
    }
    page.scouts = Some(grid);
    Ok(())
}

async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Html<HonoursPage>, Problem> {
    page(&web, &who, &asked).await.map(Html)
}
