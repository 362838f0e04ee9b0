//! A scheme's scales drawn: what they pay, their jumps and gaps, a draft behind.

use serde_json::Value;

use super::view;
use crate::payout::Document;
use crate::payout::curve::Curve as Bands;
use crate::payout::num::{Mode, Num};
use crate::web::chart::{Bent, Curve};
use crate::web::i18n::Lang;

/// A scale with what is to be known of it.
#[derive(Debug)]
pub struct Drawn {
    pub name: String,
    pub chart: Curve,
    pub gaps: i64,
    pub jumps: i64,
    pub falls: i64,
}

/// A number in hundredths, half up; what no chart can show is left out.
fn hundredths(n: &Num) -> Option<i64> {
    let whole = (n * &Num::int(100)).rounded(&Num::ONE, Mode::HalfUp);
    whole.to_i128().and_then(|n| i64::try_from(n).ok())
}

fn bent(bands: &Bands) -> Bent {
    let point = |(x, y): &(Num, Num)| Some((hundredths(x)?, hundredths(y)?));
    Bent {
        points: bands.points.iter().filter_map(point).collect(),
        jumps: bands.jumps.iter().filter_map(|j| hundredths(&j.0)).collect(),
    }
}

/// A document's scales drawn under its parameters; `draft` stands behind them.
pub fn drawn(
    lang: Lang,
    document: &Document,
    params: &Value,
    draft: Option<(&Document, &Value)>,
) -> Vec<Drawn> {
    let others = draft.map(|(d, p)| d.curves_with(p)).unwrap_or_default();
    document
        .curves_with(params)
        .iter()
        .map(|bands| {
            let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
            let name = view::say(lang, &bands.label);
            let other = others.iter().find(|o| o.step == bands.step);
            let of = lang
                .word("curve-of", if bands.of == "money" { "money" } else { "count" })
                .to_string();
            let gaps: Vec<(i64, i64)> = bands
                .gaps
                .iter()
                .filter_map(|g| Some((hundredths(&g.0)?, hundredths(&g.1)?)))
                .collect();
            Drawn {
                gaps: count(gaps.len()),
                jumps: count(bands.jumps.len()),
                falls: count(bands.falls.len()),
                chart: Curve {
                    label: lang
                        .t("curve-label")
                        .with("name", &name)
                        .n("gaps", gaps.len())
                        .n("jumps", bands.jumps.len())
                        .to_string(),
                    caption: lang.t("curve-caption").with("name", &name).to_string(),
                    summary: lang.t("curve-table").to_string(),
                    pays: lang.t("curve-pays").to_string(),
                    heads: [
                        of.clone(),
                        lang.t("curve-now").to_string(),
                        lang.t("curve-draft").to_string(),
                    ],
                    gap: lang.t("curve-gap").to_string(),
                    now: bent(bands),
                    draft: other.filter(|o| o.points != bands.points).map(bent),
                    is_money: bands.of == "money",
                    gaps,
                    of,
                },
                name,
            }
        })
        .collect()
}
