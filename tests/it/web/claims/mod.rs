//! Claims on their pages: filing, answering, contesting, deciding, and what the CRM says.

mod decide;
mod file;
mod records;

use bole::app::App;
use bole::domain::Role;

use super::pages::{hire, signed_in};
use super::{Answer, Browser, app};
use crate::support::TestDb;

/// Zhang and Li, employees; Qian and Sun, verifiers who are employees too.
async fn firm(db: &TestDb) -> App {
    let app = app(db);
    for (code, name, roles) in [
        ("zhang", "张晓雯", &[Role::Employee][..]),
        ("li", "李梦", &[Role::Employee]),
        ("qian", "钱程", &[Role::Employee, Role::Verifier]),
        ("sun", "孙悦", &[Role::Employee, Role::Verifier]),
    ] {
        hire(&app, code, name, roles).await;
    }
    app
}

/// A sale as its form is filled in: 17 November, 5 980 yuan.
const SALE: [(&str, &str); 8] = [
    ("name", "罗女士"),
    ("contact", "138 0013 8000"),
    ("kind", "sale"),
    ("bought", "水光补水 12 次卡"),
    ("amount", "5980.00"),
    ("order", ""),
    ("day", "2026-11-17"),
    ("story", "看了朋友圈，微信里聊了三周"),
];

/// The sale with some fields typed otherwise.
fn sale_but<'a>(other: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    SALE.iter()
        .map(|(name, text)| *other.iter().find(|(n, _)| n == name).unwrap_or(&(name, text)))
        .collect()
}

fn png(seed: u8) -> Vec<u8> {
    let picture = image::RgbImage::from_pixel(3, 3, image::Rgb([seed, 0, 0]));
    let mut out = std::io::Cursor::new(Vec::new());
    picture
        .write_to(&mut out, image::ImageFormat::Png)
        .expect("a PNG");
    out.into_inner()
}

/// Files the sale; the claim's path.
async fn filed(browser: &mut Browser, fields: &[(&str, &str)]) -> String {
    let answer = browser.upload("/app/claims/new", fields, &[("", b"")]).await;
    assert_eq!(answer.status.as_u16(), 303, "{}", answer.body);
    let path = answer.header("location").split('?').next().unwrap_or_default();
    path.to_owned()
}

/// A verifier's word on a claim, given by its employee path.
async fn decide(browser: &mut Browser, claim: &str, decision: &str, reason: &str) -> Answer {
    let path = format!("{}/decision", claim.replace("/app/claims", "/app/review/claims"));
    browser
        .post(&path, &[("decision", decision), ("reason", reason)])
        .await
}

/// The page of a claim for verifiers.
fn review(claim: &str) -> String {
    claim.replace("/app/claims", "/app/review/claims")
}
