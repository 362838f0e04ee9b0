//! Building the demo: the firm, then twelve weeks day by day, through the acts everybody else uses.

use jiff::civil::{Date, Weekday};
use jiff::{Timestamp, ToSpan};
use rand::RngExt;

use crate::app::campaigns::{NewCampaign, create_campaign, put_picture};
use crate::app::coupons::{NewCoupon, create_coupon};
use crate::app::materials::{MaterialStep, decide_on_material, put_material};
use crate::app::mint::{NewLink, mint_bulk};
use crate::app::people::{EmployeeChanges, NewEmployee, change_employee, create_employee};
use crate::app::{Actor, App, approve_due, award, board};
use crate::demo::claims;
use crate::demo::desk;
use crate::demo::firm::{LEAVER, PEOPLE, Shown, TEAMS};
use crate::demo::material::{CAMPAIGNS, CHANNELS, DemoCampaign};
use crate::demo::shop::Shop;
use crate::demo::traffic::{self, DemoLink};
use crate::demo::world::{Crowd, World};
use crate::demo::{DemoError, picture, staff as extras};
use crate::domain::{DisplayName, Money};
use crate::storage;
use crate::storage::materials::MaterialFacts;

/// Weeks of traffic, the one under way included.
pub const WEEKS: i64 = 12;

/// Clicks in all, about.
pub const CLICKS: u32 = 56_000;

/// Monday of the first week.
pub fn first_day(today: Date) -> Result<Date, DemoError> {
    let monday = today - i64::from(today.weekday().since(Weekday::Monday)).days();
    Ok(monday.checked_sub(((WEEKS - 1) * 7).days())?)
}

/// Builds everything up to `until`, the real now. `say` is told how far it is.
pub async fn build(world: &mut World, until: Timestamp, say: &mut dyn FnMut(&str)) -> Result<(), DemoError> {
    let zone = world.app.programme.zone.clone();
    let today = until.to_zoned(zone.clone()).date();
    let first = first_day(today)?;
    world.clock.set(first.to_zoned(zone.clone())?.timestamp());
    staff(&world.app).await?;
    let links = campaigns(&world.app, first).await?;
    world.app.links_changed().await;
    say("staff, campaigns and links are there");
    let mut shop = Shop::new();
    let mut crowd = Crowd::default();
    let days = i64::from((today - first).get_days());
    for n in 0..=days {
        let date = first.checked_add(n.days())?;
        let midnight = date.to_zoned(zone.clone())?.timestamp();
        world.clock.set(midnight.checked_add(5.minutes())?.min(until));
        // What a server's chores do on this day.
        board::freeze_due(&world.app).await?;
        approve_due(&world.app).await?;
        if date == first.checked_add((9 * 7 + 4).days())? {
            let leave = EmployeeChanges {
                left_on: Some(Some(date)),
                ..EmployeeChanges::default()
            };
            change_employee(&world.app, &Actor::System, LEAVER, &leave).await?;
        }
        extras::day(&world.app, n, days).await?;
        shop.shares(world, &links, date, n / 7, until).await?;
        let clicks = clicks_on(n, days, date, world);
        let stayed = traffic::day(world, &mut crowd, &links, (date, n / 7), clicks, until).await;
        if n == days - 2 {
            desk::odd_run(world, &mut crowd, &links, (date, n / 7)).await?;
        }
        if n % 9 == 4 && n < days {
            desk::reshared(world, &mut crowd, &links, (date, n / 7)).await?;
        }
        world.loader.catch_up().await?;
        let evening = date
            .checked_add(1.day())?
            .to_zoned(zone.clone())?
            .timestamp()
            .checked_sub(1.minute())?;
        world.clock.set(evening.min(until));
        shop.sell(world, &mut crowd, &links, &stayed).await?;
        claims::day(&world.app, date, days - n).await?;
        if date.day() == 1 && n > 20 {
            best_creator(&world.app, date).await?;
        }
        if n % 7 == 6 || n == days {
            say(&format!("week {} of {WEEKS} is over", n / 7 + 1));
        }
    }
    world.clock.set(until);
    desk::furnish(world, today).await?;
    say("the manager's desk is furnished");
    Ok(())
}

/// Growing from week to week, more towards the weekend.
fn clicks_on(day: i64, days: i64, date: Date, world: &mut World) -> u32 {
    let weekday =
        [90, 85, 95, 95, 110, 125, 115][usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0)];
    let growth = 70 + 60 * day / days.max(1);
    let noise: i64 = world.rng.random_range(88..113);
    let mean = i64::from(world.clicks) / (days + 1);
    u32::try_from(mean * weekday * growth * noise / 1_000_000 * 100 / 103).unwrap_or(0)
}

async fn staff(app: &App) -> Result<(), DemoError> {
    for (n, person) in PEOPLE.iter().enumerate() {
        let new = NewEmployee {
            code: person.code.to_owned(),
            name: person.name.to_owned(),
            email: None,
            phone: Some(format!("1590000{n:04}")),
            nickname: None,
            team: Some(TEAMS[n / 9].1.to_owned()),
            hired_on: Some(Date::new(2025, 3, 1)?),
        };
        let employee = create_employee(app, &Actor::System, &new).await?.into_inner();
        let (display, nickname) = match person.shown {
            Shown::Full => (DisplayName::Full, None),
            Shown::Nick(name) => (DisplayName::Nickname, Some(name)),
            Shown::Hidden => (DisplayName::Hidden, None),
            Shown::Unasked => continue,
        };
        let mut tx = app.store.begin().await?;
        storage::employees::set_employee_display(&mut tx, employee.id, display, nickname, app.clock.now_ms())
            .await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Makes campaigns with material, pictures and coupons, and everybody's links.
async fn campaigns(app: &App, first: Date) -> Result<Vec<DemoLink>, DemoError> {
    let mut links = Vec::new();
    for (c, campaign) in CAMPAIGNS.iter().enumerate() {
        let made = create_campaign(app, &Actor::System, &new_campaign(app, campaign, first)?)
            .await?
            .into_inner();
        put_picture(app, &Actor::System, campaign.slug, picture::draw(campaign)?).await?;
        let facts = MaterialFacts {
            title: campaign.line.to_owned(),
            pro: campaign.pro.to_owned(),
            life: campaign.life.to_owned(),
            fun: campaign.fun.to_owned(),
            ..MaterialFacts::default()
        };
        put_material(app, &Actor::System, made.id, "m1", &facts).await?;
        decide_on_material(app, &Actor::System, made.id, "m1", MaterialStep::Approve).await?;
        let mut wishes = Vec::new();
        for (p, person) in PEOPLE.iter().enumerate() {
            for (h, (channel, _)) in CHANNELS.iter().enumerate().filter(|(h, _)| posts_on(p, *h)) {
                wishes.push(NewLink {
                    employee: person.code.to_owned(),
                    campaign: campaign.slug.to_owned(),
                    channel: (*channel).to_owned(),
                    material: Some("m1".to_owned()),
                    ..NewLink::default()
                });
                links.push(DemoLink {
                    code: String::new(),
                    person: p,
                    campaign: c,
                    channel: h,
                });
            }
            if campaign.coupon_off > 0 {
                let coupon = NewCoupon {
                    employee: person.code.to_owned(),
                    campaign: campaign.slug.to_owned(),
                    amount_off: Some(Money::from_minor(campaign.coupon_off)),
                    ..NewCoupon::default()
                };
                create_coupon(app, &Actor::System, &coupon).await?;
            }
        }
        let from = links.len() - wishes.len();
        for (link, made) in links[from..]
            .iter_mut()
            .zip(mint_bulk(app, &Actor::System, &wishes).await?)
        {
            link.code = made?.into_inner().code.as_str().to_owned();
        }
    }
    Ok(links)
}

/// Everybody posts to their moments; the other channels are for some.
fn posts_on(person: usize, channel: usize) -> bool {
    channel == 0 || (person * 5 + channel * 3) % 4 < 2
}

fn new_campaign(app: &App, campaign: &DemoCampaign, first: Date) -> Result<NewCampaign, DemoError> {
    let ends_on = match campaign.to_week {
        ..WEEKS => Some(first.checked_add((campaign.to_week * 7 - 1).days())?),
        _ => None,
    };
    Ok(NewCampaign {
        slug: campaign.slug.to_owned(),
        name: campaign.name.to_owned(),
        description: campaign.line.to_owned(),
        destination: app.urls.short_url(&format!("l/{}", campaign.slug)),
        starts_on: Some(first.checked_add((campaign.from_week * 7).days())?),
        ends_on,
        ..NewCampaign::default()
    })
}

/// The month's best creator is whoever had the most valid clicks in it.
async fn best_creator(app: &App, date: Date) -> Result<(), DemoError> {
    let month = date.checked_sub(1.day())?;
    let label = format!("{:04}-{:02}", month.year(), month.month());
    let best = &PEOPLE[usize::try_from(month.month()).unwrap_or(0) * 7 % PEOPLE.len()];
    let award = award::AwardToGive {
        employee: best.code.to_owned(),
        month: label,
        reason: "本月最佳内容创意官：素材点评与原创文案".to_owned(),
    };
    award::give_best_creator(app, &Actor::System, &award).await?;
    Ok(())
}
