//! Deals closed over chat, in every state a claim can be in: for who files them and for who checks them.

use jiff::civil::Date;

use crate::app::claims::{
    ClaimInput, ClaimVerdict, CrmInput, appeal, attach, contest, decide_on_claim, file_claim, take_record,
};
use crate::app::{Actor, App};
use crate::attribution::ConversionKind;
use crate::demo::material::CAMPAIGNS;
use crate::demo::{DemoError, SIGN_INS, picture};
use crate::domain::{Money, Role};

/// A deal as somebody tells it.
struct Deal {
    employee: &'static str,
    customer: &'static str,
    phone: &'static str,
    /// Order number and fen; a lead has neither.
    sale: Option<(&'static str, i64)>,
    bought: &'static str,
    story: &'static str,
}

/// The deal a CRM record proves.
const PROVED: Deal = Deal {
    employee: "linxiaowen",
    customer: "罗文静",
    phone: "13819027461",
    sale: Some(("QM-C-1001", 598_000)),
    bought: "水光补水 12 次卡",
    story: "11 月初她在朋友圈看到我发的那条，聊了两周，到店前台开的单。",
};
/// The deal a verifier asked about.
const ASKED: Deal = Deal {
    employee: "wangfang",
    customer: "苏女士",
    phone: "13677210934",
    sale: None,
    bought: "颈肩护理",
    story: "小区群里问起颈椎，加了微信，说月底过来。",
};
/// The deal that was rejected and appealed.
const REJECTED: Deal = Deal {
    employee: "zhaomin",
    customer: "何太太",
    phone: "13501668820",
    sale: Some(("QM-C-1007", 298_000)),
    bought: "首次护理套餐",
    story: "老客户带来的朋友，我加的微信，当天成交。",
};
/// The deal another claims as well, with a record that names somebody else.
const CONTESTED: Deal = Deal {
    employee: "linxiaowen",
    customer: "冯小姐",
    phone: "13916604417",
    sale: Some(("QM-C-1012", 396_000)),
    bought: "焕肤疗程 6 次",
    story: "她存了我的海报，上周在微信上问价，周三到店。",
};
/// The deal nobody has looked at.
const WAITING: Deal = Deal {
    employee: "zhangsan",
    customer: "邓女士",
    phone: "13764421908",
    sale: Some(("QM-C-1015", 129_900)),
    bought: "补水护理 3 次",
    story: "抖音私信聊的，报了我的名字到店。",
};
/// The deal with a question for its claimant.
const QUESTION: Deal = Deal {
    employee: "linxiaowen",
    customer: "秦先生",
    phone: "13585731260",
    sale: None,
    bought: "男士清洁",
    story: "同学的同事，要了价目表。",
};

/// What becomes of the claims on the day that is `left` days before today.
pub async fn day(app: &App, today: Date, left: i64) -> Result<(), DemoError> {
    match left {
        9 => {
            file(app, &PROVED, today).await?;
        }
        8 => record(app, &PROVED, ("CRM-88121", "员工推荐-linxiaowen"), today).await?,
        7 => {
            file(app, &ASKED, today).await?;
            file(app, &REJECTED, today).await?;
        }
        5 => {
            decide(
                app,
                2,
                ClaimVerdict::NeedsInformation,
                "聊的是哪家店的项目？大概哪天来？",
            )
            .await?;
            decide(
                app,
                3,
                ClaimVerdict::Rejected,
                "CRM 里这位客户 10 月就到过店，来源写的是自然到店。",
            )
            .await?;
        }
        4 => {
            let own = person(app, REJECTED.employee).await?;
            appeal(app, &own, 3, "10 月那次是她朋友用了她的手机号，门店可以证明。").await?;
        }
        3 => {
            let id = file(app, &CONTESTED, today).await?;
            let own = person(app, CONTESTED.employee).await?;
            let chat = picture::draw(&CAMPAIGNS[0])?;
            attach(app, &own, id, "聊天记录.png", &chat).await?;
            record(app, &CONTESTED, ("CRM-88164", "员工推荐-sunli"), today).await?;
        }
        2 => {
            file(app, &WAITING, today).await?;
            let other = person(app, "sunli").await?;
            contest(app, &other, 4, "她先加的我，到店前一天我还发了定位。").await?;
        }
        1 => {
            let id = file(app, &QUESTION, today).await?;
            decide(app, id, ClaimVerdict::NeedsInformation, "请补一张聊天截图。").await?;
        }
        _ => {}
    }
    Ok(())
}

/// The account a ready-made sign-in will have: they are made in their order, after the weeks.
fn account(login: &str) -> i64 {
    let at = SIGN_INS.iter().position(|(name, ..)| *name == login);
    at.and_then(|at| i64::try_from(at + 1).ok()).unwrap_or(0)
}

/// A member of staff at their phone.
async fn person(app: &App, code: &str) -> Result<Actor, DemoError> {
    Ok(Actor::Account {
        id: account(code),
        roles: vec![Role::Employee],
        employee: app.store.employee_id_by_code(code).await?,
    })
}

async fn file(app: &App, deal: &Deal, day: Date) -> Result<i64, DemoError> {
    let input = ClaimInput {
        employee: deal.employee.to_owned(),
        kind: Some(match deal.sale {
            Some(_) => ConversionKind::Sale,
            None => ConversionKind::Lead,
        }),
        customer_name: Some(deal.customer.to_owned()),
        phone: Some(deal.phone.to_owned()),
        order: deal.sale.map(|(order, _)| order.to_owned()),
        bought: Some(deal.bought.to_owned()),
        amount: deal.sale.map(|(_, fen)| Money::from_minor(fen)),
        occurred_on: day,
        story: deal.story.to_owned(),
        ..ClaimInput::default()
    };
    let own = person(app, deal.employee).await?;
    Ok(file_claim(app, &own, input).await?.into_inner().id)
}

async fn record(app: &App, deal: &Deal, (id, note): (&str, &str), day: Date) -> Result<(), DemoError> {
    let input = CrmInput {
        external_id: id.to_owned(),
        phone: Some(deal.phone.to_owned()),
        order: deal.sale.map(|(order, _)| order.to_owned()),
        source_note: note.to_owned(),
        created_by: "前台 孙悦".to_owned(),
        occurred_on: day,
        ..CrmInput::default()
    };
    take_record(app, &Actor::System, &input).await?;
    Ok(())
}

async fn decide(app: &App, id: i64, verdict: ClaimVerdict, reason: &str) -> Result<(), DemoError> {
    let verifier = Actor::Account {
        id: account("verifier"),
        roles: vec![Role::Verifier],
        employee: None,
    };
    decide_on_claim(app, &verifier, id, verdict, reason).await?;
    Ok(())
}
