//! What the marketing manager finds on the desk: a run that looks odd, friends who re-shared, a vote, goals, honours, a
//! pilot, points by hand, a published board.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::app::adjust::ask_adjustment;
use crate::app::campaigns::{NewCampaign, create_campaign};
use crate::app::honour::{GoalToSet, HonourToGive, give_honour, set_goal};
use crate::app::landing::reshare;
use crate::app::pilot::{add_to_pilot, start_pilot};
use crate::app::publish::publish_board;
use crate::app::vote::{NewVote, cast_ballot, open_vote};
use crate::app::{Actor, ConversionInput, Refused, convert, slices};
use crate::attribution::ConversionKind;
use crate::demo::DemoError;
use crate::demo::firm::PEOPLE;
use crate::demo::material::CAMPAIGNS;
use crate::demo::traffic::DemoLink;
use crate::demo::world::{Crowd, World};
use crate::domain::{Period, Role};
use crate::ranking::{By, Metric};

/// Visitors of these stories begin here: nobody else's numbers.
const NUMBERS: u64 = 9_000_000_000;
/// Whose links the odd run is on (index into the staff).
const ODD: usize = 12;

/// A link of a person on their first channel in a campaign that runs in this week.
fn link_of(links: &[DemoLink], person: usize, week: i64) -> Option<&DemoLink> {
    links.iter().find(|l| {
        let campaign = &CAMPAIGNS[l.campaign];
        l.person == person && l.channel == 0 && (campaign.from_week..campaign.to_week).contains(&week)
    })
}

fn later(at: Timestamp, ms: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_millis(ms)).unwrap_or(at)
}

/// An evening of clicks from one room, by the clock: every 45 seconds, gone right after the limit.
pub async fn odd_run(
    world: &mut World,
    crowd: &mut Crowd,
    links: &[DemoLink],
    (date, week): (Date, i64),
) -> Result<(), DemoError> {
    let Some(link) = link_of(links, ODD, week) else {
        return Ok(());
    };
    let code = link.code.clone();
    let begin = date
        .at(22, 10, 0, 0)
        .to_zoned(world.app.programme.zone.clone())?
        .timestamp();
    for n in 0i64..24 {
        let at = later(begin, n * 45_000);
        let visitor = crowd.get(NUMBERS + n.unsigned_abs());
        visitor.ip = std::net::Ipv4Addr::new(117, 136, 8, 20 + u8::try_from(n).unwrap_or(0));
        let Some(token) = world.click(at, &code, false, visitor).await else {
            continue;
        };
        world.beacon(later(at, 900), &token, 1, 0, visitor).await;
        world.beacon(later(at, 31_800), &token, 3, 30_800, visitor).await;
    }
    Ok(())
}

/// Friends pass a post on; some of theirs leave a number. The talent scouts' pool.
pub async fn reshared(
    world: &mut World,
    crowd: &mut Crowd,
    links: &[DemoLink],
    (date, week): (Date, i64),
) -> Result<(), DemoError> {
    let begin = date
        .at(20, 0, 0, 0)
        .to_zoned(world.app.programme.zone.clone())?
        .timestamp();
    let mut tokens = Vec::new();
    for (p, person) in [0usize, 1, 9, 18].into_iter().enumerate() {
        let Some(link) = link_of(links, person, week) else {
            continue;
        };
        let Some(known) = world.app.store.link(&link.code).await? else {
            continue;
        };
        let friend = [
            u8::try_from(week).unwrap_or(0) + 1,
            u8::try_from(p).unwrap_or(0) + 1,
            9,
            9,
            9,
            9,
            9,
            9,
            9,
            9,
            9,
            9,
        ];
        let Some(child) = reshare(&world.app, known.id, &friend).await? else {
            continue;
        };
        world.app.links_changed().await;
        for n in 0..4i64 {
            let number = NUMBERS + 1_000 + week.unsigned_abs() * 100 + p as u64 * 10 + n.unsigned_abs();
            let at = later(begin, (p as i64 * 4 + n) * 61_000);
            let visitor = crowd.get(number);
            if let Some(token) = world.click(at, child.as_str(), false, visitor).await
                && n < 2 - i64::from(p > 1)
            {
                tokens.push((later(at, 90_000), token, visitor.phone.clone()));
            }
        }
    }
    world.loader.catch_up().await?;
    for (n, (at, token, phone)) in tokens.into_iter().enumerate() {
        world.clock.set(at);
        let mut input = ConversionInput::new(ConversionKind::Lead, format!("reshared-{date}-{n}"), at);
        input.click = Some(token);
        input.phone = Some(phone);
        convert(&world.app, &Actor::System, input).await?;
    }
    Ok(())
}

/// What was decided and begun lately, at the present.
pub async fn furnish(world: &mut World, today: Date) -> Result<(), DemoError> {
    let app = world.app.clone();
    let month = Period::month_of(today).map_err(|e| DemoError::Picture(e.to_string()))?;
    while slices::count_due(&app).await? > 0 {}
    let mut standings = app
        .store
        .standings(By::Employee, month.first, month.end, month.end)
        .await?;
    standings.sort_by_key(|s| (std::cmp::Reverse(s.counts.valid), s.who.id));
    let works = [
        "换季护肤三连图",
        "十秒敷膜小视频",
        "“苏打饼干”文案",
        "客户回访长文",
    ];
    let vote = NewVote {
        month: month.label(),
        closes_on: Some(today.saturating_add(5.days())),
        candidates: standings
            .iter()
            .zip(works)
            .map(|(s, work)| (s.who.code.clone(), work.to_owned()))
            .collect(),
    };
    let vote = done(open_vote(&app, &Actor::System, &vote).await)?;
    if let Some(vote) = vote {
        for (n, person) in PEOPLE.iter().enumerate().skip(1).step_by(2) {
            let employee = app.store.employee_id_by_code(person.code).await?;
            let voter = Actor::Account {
                id: 0,
                roles: vec![Role::Employee],
                employee,
            };
            if let Some(chosen) = standings.get([0, 1, 0, 2, 1, 3, 0][n % 7]) {
                done(cast_ballot(&app, &voter, vote.id, &chosen.who.code).await)?;
            }
        }
    }
    for (team, metric, first, last, target, reward) in [
        (
            "",
            "sales",
            month.first,
            month.end.yesterday().unwrap_or(month.end),
            60_000_000,
            "全员下午茶",
        ),
        (
            "jingan",
            "clicks",
            slices::monday_of(today),
            slices::monday_of(today).saturating_add(6.days()),
            900,
            "店里团建一次",
        ),
    ] {
        let goal = GoalToSet {
            team: team.to_owned(),
            metric: metric.to_owned(),
            first: Some(first),
            last: Some(last),
            target: Some(target),
            reward: reward.to_owned(),
        };
        done(set_goal(&app, &Actor::System, &goal).await)?;
    }
    let quarter = Period::quarter_of(today).and_then(|q| q.previous());
    let quarter = quarter.map_or_else(|_| month.label(), |q| q.label());
    for (who, kind, title, span, reason) in [
        (
            0,
            "chief",
            "首席推荐官",
            quarter.as_str(),
            "连续三个月带来最多新客，分享经验最多",
        ),
        (
            1,
            "badge",
            "素材达人",
            month.label().as_str(),
            "自己写的三条文案被全店转发",
        ),
        (
            9,
            "training",
            "短视频带薪培训",
            month.label().as_str(),
            "有效率全店第一",
        ),
        (
            18,
            "co-creation",
            "内容共创官",
            month.label().as_str(),
            "参与冬季素材的策划",
        ),
    ] {
        let honour = HonourToGive {
            employee: PEOPLE[who].code.to_owned(),
            kind: kind.to_owned(),
            title: title.to_owned(),
            span: span.to_owned(),
            reason: reason.to_owned(),
        };
        done(give_honour(&app, &Actor::System, &honour).await)?;
    }
    for (who, points, reason) in [
        (2, 50, "在新人群里做了一次分享会"),
        (7, -10, "同一条分享报了两次"),
    ] {
        ask_adjustment(&app, &Actor::System, PEOPLE[who].code, points, reason).await?;
    }
    let pilot = NewCampaign {
        slug: "solstice-pilot".to_owned(),
        name: "冬至养护（试点）".to_owned(),
        description: "先请静安店试一周，再对全员开放。".to_owned(),
        destination: app.urls.short_url("l/solstice-pilot"),
        starts_on: Some(today),
        ..NewCampaign::default()
    };
    create_campaign(&app, &Actor::System, &pilot).await?;
    start_pilot(&app, &Actor::System, &pilot.slug).await?;
    add_to_pilot(&app, &Actor::System, &pilot.slug, "静安店").await?;
    add_to_pilot(&app, &Actor::System, &pilot.slug, PEOPLE[9].code).await?;
    // The last weeks that are frozen.
    let mut week = Period::week_of(today).and_then(|w| w.previous());
    for _ in 0..3 {
        let Ok(shown) = week else { break };
        for metric in [Metric::Points, Metric::Clicks] {
            let note = "恭喜上榜的同事。没上榜的也别急，下周一重新开始。";
            done(publish_board(&app, &Actor::System, shown, (metric, By::Employee), note).await)?;
        }
        week = shown.previous();
    }
    Ok(())
}

/// What was refused for being there already, or not yet, is left out.
fn done<T>(result: Result<T, Refused>) -> Result<Option<T>, DemoError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Refused::Conflict(_) | Refused::Wrong(_) | Refused::Forbidden(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
