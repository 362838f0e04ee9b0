//! What employees find beside their links: fresh material, the white paper in two versions, the points shop in use.

use image::{ImageFormat, Rgb, RgbImage};

use crate::app::materials::{MaterialStep, decide_on_material, put_material, put_material_picture};
use crate::app::rules::{RulesToPublish, accept_rules, publish_rules};
use crate::app::shop::{ItemWish, Redemption, ShopError, hand_over, put_item, redeem, set_item_picture};
use crate::app::{Actor, App};
use crate::demo::DemoError;
use crate::demo::firm::PEOPLE;
use crate::domain::{EmployeeId, ItemKind, LimitPeriod, OrderState, Role};
use crate::storage::materials::MaterialFacts;
use crate::storage::shop::OrderFilter;

/// The white paper as the programme began.
const FIRST: &str = include_str!("rules/1.txt");

/// The white paper as it is now.
const SECOND: &str = include_str!("rules/2.txt");

/// What the shop offers: title, description, kind, price, stock, limit a month, days to use it.
type Offer = (
    &'static str,
    &'static str,
    ItemKind,
    i64,
    Option<i64>,
    Option<i64>,
    Option<i64>,
);

const OFFERS: [Offer; 6] = [
    (
        "咖啡券",
        "市内任意门店，中杯任选。",
        ItemKind::Voucher,
        120,
        Some(40),
        Some(2),
        Some(30),
    ),
    (
        "电影票",
        "工作日二维场次通兑。",
        ItemKind::Voucher,
        260,
        Some(20),
        Some(1),
        Some(60),
    ),
    (
        "免一次晨会",
        "提前一天告诉店长，可以晚来半小时。",
        ItemKind::Privilege,
        180,
        None,
        Some(1),
        Some(30),
    ),
    (
        "带薪休假半天",
        "和店长约好日子，当月有效。",
        ItemKind::Leave,
        900,
        None,
        Some(1),
        Some(90),
    ),
    (
        "晴美帆布袋",
        "限量，米色。",
        ItemKind::Goods,
        320,
        Some(2),
        Some(1),
        None,
    ),
    (
        "护手霜礼盒",
        "三支装，已经换完。",
        ItemKind::Goods,
        280,
        Some(0),
        Some(1),
        None,
    ),
];

fn own(employee: EmployeeId) -> Actor {
    Actor::Account {
        id: 0,
        roles: vec![Role::Employee],
        employee: Some(employee),
    }
}

/// Publishes a version; those who `accept` do.
async fn publish(app: &App, number: i64, accept: impl Fn(usize) -> bool) -> Result<(), DemoError> {
    let (body, note) = match number {
        1 => (FIRST, ""),
        _ => (SECOND, "评论互动也计分；自购、刷量的处理写清楚了；奖金税前发放。"),
    };
    let new = RulesToPublish {
        body: body.to_owned(),
        effective_on: app.today(),
        note: note.to_owned(),
    };
    let version = publish_rules(app, &Actor::System, &new).await?;
    for (_, person) in PEOPLE.iter().enumerate().filter(|(n, _)| accept(*n)) {
        let Some(employee) = app.store.employee_id_by_code(person.code).await? else {
            continue;
        };
        accept_rules(app, &own(employee), version.number).await?;
    }
    Ok(())
}

/// What is new on a day of the demo: its number from 0, of `days`.
pub async fn day(app: &App, n: i64, days: i64) -> Result<(), DemoError> {
    if n == 0 {
        publish(app, 1, |_| true).await?;
    }
    if n == 14 {
        fill(app).await?;
    }
    if n > 14 && n % 5 == 0 {
        spend(app, n).await?;
    }
    if n == days {
        fresh(app).await?;
        publish(app, 2, |n| n % 2 == 1).await?;
    }
    Ok(())
}

async fn fill(app: &App) -> Result<(), DemoError> {
    for (n, (title, description, kind, price, stock, limit_count, use_days)) in OFFERS.into_iter().enumerate()
    {
        let wish = ItemWish {
            title: title.to_owned(),
            description: description.to_owned(),
            kind,
            price,
            stock,
            stock_seen: None,
            limit_count,
            limit_period: LimitPeriod::Month,
            starts_on: None,
            ends_on: None,
            use_days,
            on_sale: true,
            teams: Vec::new(),
        };
        let id = put_item(app, &Actor::System, None, &wish).await?;
        set_item_picture(app, &Actor::System, id, drawing(n)?).await?;
    }
    Ok(())
}

/// Some redeem what they can pay; most of what waits is handed over.
async fn spend(app: &App, n: i64) -> Result<(), DemoError> {
    let items = app.store.shop_items().await?;
    for (p, person) in PEOPLE.iter().enumerate() {
        let turn = i64::try_from(p).unwrap_or(0) + n;
        if turn % 7 != 0 && p != 0 {
            continue;
        }
        let Some(employee) = app.store.employee_id_by_code(person.code).await? else {
            continue;
        };
        let index = usize::try_from(turn / 5).unwrap_or(0) % items.len().max(1);
        let Some(item) = items.get(index) else { continue };
        let once = format!("demo-{n}");
        let wish = Redemption {
            item: item.id,
            price: item.facts.price,
            once: &once,
        };
        // Who cannot pay, or had theirs, goes without.
        if let Err(ShopError::Store(error)) = redeem(app, &own(employee), wish).await {
            return Err(error.into());
        }
    }
    let filter = OrderFilter {
        employee: None,
        status: Some(OrderState::Ordered),
    };
    // The latest few wait.
    for order in app.store.orders(filter, None, 200).await?.into_iter().skip(5) {
        let code = if order.title.ends_with('券') || order.title.ends_with('票') {
            format!("QM{:04}-{}", order.id, order.item_id)
        } else {
            String::new()
        };
        if let Err(ShopError::Store(error)) = hand_over(app, &Actor::System, order.id, &code).await {
            return Err(error.into());
        }
    }
    Ok(())
}

/// This week's new material: with the link inside the words, a film, a picture of its own.
async fn fresh(app: &App) -> Result<(), DemoError> {
    for (slug, code, title, pro, life, fun) in [
        (
            "winter-skin",
            "m2",
            "入冬第一课：先测再补",
            "同样是干，有的缺水，有的缺油。到店先测三分钟，再决定补什么。预约：{链接}\n敏感肌请告诉顾问，我们换成舒缓流程。",
            "今天店里暖气刚开，给自己测了一下：缺水。补完出来脸是亮的。想来的从这里约：{链接}",
            "测肤仪说我二十八，身份证说我三十二。我信仪器。你也来听听它怎么说：{链接}",
        ),
        (
            "neck-shoulder",
            "m2",
            "午休一小时，换一个能转的脖子",
            "午休时段专设六十分钟肩颈舒缓，包括活动度评估。颈椎有病史的请先问医生。",
            "中午来的客人按完直接回去开会，说下午没犯困。",
            "低头看这条的你，脖子已经在喊了。",
        ),
    ] {
        let Some(campaign) = app.store.campaign(slug).await? else {
            continue;
        };
        let facts = MaterialFacts {
            title: title.to_owned(),
            pro: pro.to_owned(),
            life: life.to_owned(),
            fun: fun.to_owned(),
            video_url: Some(format!("https://video.qingmei.example/{slug}")),
            ..MaterialFacts::default()
        };
        put_material(app, &Actor::System, campaign.id, code, &facts).await?;
        let picture = drawing(usize::from(slug.len() % 2 == 0))?;
        put_material_picture(app, &Actor::System, campaign.id, code, picture).await?;
        decide_on_material(app, &Actor::System, campaign.id, code, MaterialStep::Approve).await?;
    }
    Ok(())
}

/// A quiet drawing: a disc on a ground, in one of the firm's colours.
fn drawing(n: usize) -> Result<Vec<u8>, DemoError> {
    let grounds = [[0xec, 0xeb, 0xe8], [0xf3, 0xdf, 0xd6], [0xf6, 0xf6, 0xf4]];
    let inks = [[0xac, 0x56, 0x38], [0x8c, 0x3b, 0x21], [0xcd, 0x85, 0x69]];
    let (ground, ink) = (grounds[n % 3], inks[(n + n / 3) % 3]);
    let image = RgbImage::from_fn(640, 400, |x, y| {
        let (dx, dy) = (i64::from(x) - 320, i64::from(y) - 200);
        let inside = match n % 3 {
            0 => dx.pow(2) + dy.pow(2) <= 110 * 110,
            1 => dx.abs() <= 150 && dy.abs() <= 80 && (dx.abs() - 150).pow(2) + dy.pow(2) > 30 * 30,
            _ => dx.abs() + dy.abs() <= 130,
        };
        Rgb(if inside { ink } else { ground })
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    image
        .write_to(&mut bytes, ImageFormat::Png)
        .map_err(|e| DemoError::Picture(e.to_string()))?;
    Ok(bytes.into_inner())
}
