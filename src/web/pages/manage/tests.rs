//! The managers' pages printed from samples.

use askama::Template;
use jiff::civil::date;

use super::campaign::{CampaignFormPage, CampaignPage};
use super::campaigns::{CampaignsPage, Row, Standing};
use super::coupons::{CouponForm, CouponList, CouponRow};
use super::form::CampaignForm;
use super::links::{LinkForm, LinkRow};
use super::materials::MaterialRow;
use super::pilot::PilotView;
use crate::app::{Refused, Wrong};
use crate::domain::Counts;
use crate::storage::pilots::PilotMember;
use crate::web::i18n::Lang;
use crate::web::shell::{Place, Shell};
use crate::web::ui::Field;

fn row(name: &str, standing: Standing) -> Row {
    Row {
        slug: "winter-glow".into(),
        name: name.into(),
        standing,
        starts: Some(date(2026, 11, 1)),
        ends: None,
        counts: Counts {
            requests: 12_345,
            human: 8_100,
            valid: 3_960,
            leads: 81,
            sales: 40,
            amount: 11_920_000,
            points: 0,
        },
    }
}

#[test]
fn the_list_shows_each_campaign_with_its_state_in_words() {
    for lang in Lang::ALL {
        let all = [
            Standing::Running,
            Standing::Coming,
            Standing::Over,
            Standing::Disabled,
        ];
        let mut page = CampaignsPage {
            s: Shell::sample(lang, Place::Campaigns),
            rows: all.map(|standing| row("冬季焕肤季", standing)).to_vec(),
            days: 30,
            previous: None,
            next: Some("/app/manage/campaigns?after=3".into()),
        };
        let html = page.render().unwrap();
        crate::web::pages::check_sample("campaigns", &html, lang);
        assert!(html.contains("¥119,200.00") && html.contains("12,345"));
        page.rows.clear();
        crate::web::pages::check_sample("campaigns-empty", &page.render().unwrap(), lang);
    }
}

#[test]
fn a_campaign_shows_links_coupons_and_forms_with_errors_at_their_fields() {
    for lang in Lang::ALL {
        let materials = vec![MaterialRow {
            code: "a".into(),
            title: "今天发这条".into(),
            ends: Some(date(2026, 11, 30)),
        }];
        let mut link_form = LinkForm::new(&materials);
        link_form.employee = Field::new("employee", "nobody").wrong(lang.word("link-wrong", "employee"));
        let page = CampaignPage {
            s: Shell::sample(lang, Place::Campaigns),
            row: row("冬季焕肤季", Standing::Running),
            days: 30,
            description: "水光补水护理".into(),
            destination: "https://shop.example/winter".into(),
            hosts: "shop.example".into(),
            fallback: None,
            picture: None,
            employee: Field::new("employee", "").id("filter-employee"),
            links: vec![LinkRow {
                code: "w7kx3rp".into(),
                url: "https://s.example/w7kx3rp".into(),
                employee: "zhangsan".into(),
                person: "张晓雯".into(),
                channel: "wechat-moments".into(),
                material: "a".into(),
                disabled: true,
                last_day: Some(date(2026, 11, 30)),
                counts: Counts::default(),
                wrong: Some(("31.12.".into(), "日期不对".into())),
            }],
            previous: None,
            next: None,
            coupons: CouponList {
                rows: vec![CouponRow {
                    code: "XIAOWEN30".into(),
                    employee: "zhangsan".into(),
                    off: "减 ¥30.00".into(),
                    ends: Some(date(2026, 12, 31)),
                    redeemed: 3,
                    most: Some(100),
                    disabled: false,
                }],
                before: Some(9),
                previous: Some("/app/manage/campaigns/winter#coupons".into()),
                next: Some("/app/manage/campaigns/winter?coupons=1#coupons".into()),
            },
            link_form,
            coupon_form: CouponForm::new(),
            materials,
            pilot: PilotView {
                state: "running",
                members: vec![PilotMember {
                    id: 1,
                    code: "jingan".into(),
                    name: "静安店".into(),
                    is_team: true,
                }],
                who: Field::empty("who"),
            },
            done: Some(lang.word("manage-done", "saved").to_string()),
        };
        let html = page.render().unwrap();
        crate::web::pages::check_sample("campaign", &html, lang);
        assert!(html.contains("aria-invalid=\"true\"") && html.contains("id=\"employee-error\""));
    }
}

#[test]
fn what_the_application_refuses_is_said_at_the_field_in_the_readers_language() {
    for lang in Lang::ALL {
        let mut f = CampaignForm::empty();
        let pointers = [
            "/slug",
            "/name",
            "/description",
            "/destination",
            "/allowed_hosts",
            "/starts_on",
            "/ends_on",
            "/fallback_url",
            "/attribution_window_days",
        ];
        let wrong = pointers.map(|p| Wrong::at(p, "english only")).to_vec();
        f.refuse(lang, Refused::Wrong(wrong)).unwrap();
        assert!(
            f.all()
                .iter()
                .all(|f| f.error.as_ref().is_some_and(|e| !e.contains("Unknown")))
        );
        f.refuse(lang, Refused::Conflict("taken".into())).unwrap();
        let page = CampaignFormPage {
            s: Shell::sample(lang, Place::Campaigns),
            slug: Some("winter-glow".into()),
            f,
            picture: None,
            picture_error: Some(lang.t("campaign-picture-wrong").to_string()),
        };
        let html = page.render().unwrap();
        crate::web::pages::check_sample("campaign-form", &html, lang);
        assert!(!html.contains("english only"), "{html}");
    }
}

#[test]
fn dates_and_numbers_that_cannot_be_read_mark_their_fields() {
    let mut f = CampaignForm::empty();
    f.starts_on = Field::new("starts_on", "30.11.2026");
    f.attribution_window_days = Field::new("attribution_window_days", "many");
    assert!(f.new_campaign(Lang::Zh).is_none());
    assert!(f.starts_on.is_wrong() && f.attribution_window_days.is_wrong() && !f.ends_on.is_wrong());
}
