//! Items and orders as they are printed.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::app::shop::offer;
use crate::domain::LimitPeriod;
use crate::points::{Asker, Bar, bar};
use crate::storage::shop::{OrderRow, ShopItem};
use crate::web::i18n::Lang;
use crate::web::session::Staff;
use crate::web::{Problem, Web};

/// An item of the shop for one person.
#[derive(Clone, Debug)]
pub struct ItemView {
    pub id: i64,
    pub title: String,
    pub description: String,
    /// `voucher`, `goods`, `leave`, `privilege`.
    pub kind: &'static str,
    pub price: i64,
    pub stock: Option<i64>,
    pub picture: Option<String>,
    /// "Two a month", where there is a limit.
    pub limit: Option<String>,
    pub ends: Option<Date>,
    pub use_days: Option<i64>,
    /// Why it cannot be redeemed now.
    pub bar: Option<String>,
    /// What the person has.
    pub balance: i64,
    /// Whether it is in the catalogue at all.
    pub shown: bool,
}

impl ItemView {
    /// What would be left.
    pub fn rest(&self) -> i64 {
        self.balance - self.price
    }

    fn of(lang: Lang, item: &ShopItem, asker: &Asker, today: Date) -> Self {
        let why = bar(&offer(item), asker, today);
        let limit = item.facts.limit_count.map(|n| {
            let words = lang.word("shop-limit", item.facts.limit_period.as_str());
            words.n("n", n).to_string()
        });
        Self {
            id: item.id,
            title: item.facts.title.clone(),
            description: item.facts.description.clone(),
            kind: item.facts.kind.as_str(),
            price: item.facts.price,
            stock: item.facts.stock,
            picture: item
                .picture_at
                .map(|_| format!("/app/shop/items/{}/picture", item.id)),
            limit,
            ends: item.facts.ends_on,
            use_days: item.facts.use_days,
            bar: why.map(|why| {
                let words = lang.word("shop-bar", why.as_str());
                match why {
                    Bar::Balance => words.n("n", item.facts.price - asker.balance).to_string(),
                    _ => words.to_string(),
                }
            }),
            balance: asker.balance,
            shown: !matches!(why, Some(Bar::OffSale | Bar::Over | Bar::OtherTeam)),
        }
    }
}

/// All items, as they stand for a person today.
pub async fn items(web: &Web, staff: &Staff, lang: Lang) -> Result<Vec<ItemView>, Problem> {
    let store = &web.app.store;
    let today = web.app.today();
    let person = store.employee_by_id(staff.employee, today).await?;
    let team = store.team_of(staff.employee, today).await?;
    let balance = store.point_balance(staff.employee).await?;
    let mut had = Vec::new();
    for period in LimitPeriod::ALL {
        had.push((
            period,
            store
                .orders_since(staff.employee, period.first_day(today))
                .await?,
        ));
    }
    let view = |item: &ShopItem| {
        let counts = had.iter().find(|(p, _)| *p == item.facts.limit_period);
        let had = counts
            .and_then(|(_, c)| c.iter().find(|(id, _)| *id == item.id))
            .map_or(0, |(_, n)| *n);
        let asker = Asker {
            left_on: person.as_ref().and_then(|p| p.facts.left_on),
            team,
            had,
            balance,
        };
        ItemView::of(lang, item, &asker, today)
    };
    Ok(store.shop_items().await?.iter().map(view).collect())
}

/// An order.
#[derive(Clone, Debug)]
pub struct OrderView {
    pub id: i64,
    pub title: String,
    pub points: i64,
    pub at: Timestamp,
    pub kind: &'static str,
    pub icon: &'static str,
    pub word: String,
    pub code: Option<String>,
    pub use_by: Option<Date>,
    pub reason: Option<String>,
    /// Whether it waits, so that it can be called off.
    pub waits: bool,
}

/// An order as it stands on a day.
pub fn order_view(lang: Lang, o: &OrderRow, today: Date) -> OrderView {
    let use_by = o.use_by.as_deref().and_then(|d| d.parse::<Date>().ok());
    let lapsed = use_by.is_some_and(|last| last < today);
    let (kind, icon, word) = match (o.status.as_str(), lapsed) {
        ("ordered", _) => ("warn", "clock", "ordered"),
        ("handed", true) => ("", "dash", "expired"),
        ("handed", false) => ("good", "check", "handed"),
        _ => ("", "dash", "cancelled"),
    };
    OrderView {
        id: o.id,
        title: o.title.clone(),
        points: o.points,
        at: Timestamp::from_millisecond(o.ordered_at).unwrap_or_default(),
        kind,
        icon,
        word: lang.word("order-state", word).to_string(),
        code: o.code.clone(),
        use_by,
        reason: o.reason.clone().map(|r| match r.as_str() {
            "left" => lang.t("order-reason-left").to_string(),
            _ => r,
        }),
        waits: o.status == "ordered",
    }
}

#[cfg(test)]
pub fn samples(lang: Lang) -> Vec<ItemView> {
    use crate::domain::ItemKind;
    use crate::storage::shop::ItemFacts;
    let bars = [
        None,
        Some(Bar::Left),
        Some(Bar::NotYet),
        Some(Bar::SoldOut),
        Some(Bar::Limit),
        Some(Bar::Balance),
        Some(Bar::OffSale),
        Some(Bar::Over),
        Some(Bar::OtherTeam),
    ];
    let asker = Asker {
        left_on: None,
        team: None,
        had: 0,
        balance: 1_240,
    };
    let item = |(kind, period, id): (ItemKind, LimitPeriod, i64)| ShopItem {
        id,
        facts: ItemFacts {
            title: "咖啡券 <b>".into(),
            description: "任意门店\n中杯".into(),
            kind,
            price: 300,
            stock: Some(3),
            limit_count: Some(2),
            limit_period: period,
            starts_on: None,
            ends_on: Some(jiff::civil::date(2026, 12, 31)),
            use_days: Some(30),
            on_sale: true,
            teams: Vec::new(),
        },
        picture_at: Some(1),
    };
    let kinds = ItemKind::ALL
        .into_iter()
        .cycle()
        .zip(LimitPeriod::ALL.into_iter().cycle());
    kinds
        .zip(bars)
        .zip(1..)
        .map(|(((kind, period), why), id)| {
            let item = item((kind, period, id));
            ItemView {
                bar: why.map(|w| lang.word("shop-bar", w.as_str()).n("n", 60_i64).to_string()),
                ..ItemView::of(lang, &item, &asker, jiff::civil::date(2026, 11, 20))
            }
        })
        .collect()
}

#[cfg(test)]
pub fn sample_orders(lang: Lang) -> Vec<OrderView> {
    let row = |id, status: &str, use_by: Option<&str>| OrderRow {
        id,
        item_id: 1,
        employee_id: 7,
        employee_code: "zhang".into(),
        employee_name: "张晓雯".into(),
        left_on: None,
        title: "咖啡券".into(),
        points: 300,
        ordered_at: 1_795_000_000_000,
        status: status.into(),
        code: Some("ABC-123".into()),
        use_by: use_by.map(Into::into),
        decided_by: None,
        decided_at: None,
        reason: (status == "cancelled").then(|| "left".into()),
    };
    let today = jiff::civil::date(2026, 11, 20);
    [
        row(4, "ordered", None),
        row(3, "handed", Some("2026-12-01")),
        row(2, "handed", Some("2026-11-01")),
        row(1, "cancelled", None),
    ]
    .iter()
    .map(|o| order_view(lang, o, today))
    .collect()
}
