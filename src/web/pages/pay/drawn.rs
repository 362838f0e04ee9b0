//! A scheme's scales drawn: what they pay, their jumps and gaps, a draft behind.

use serde_json::Value;

use super::view;
use crate::payout::Document;
use crate::payout::curve::Curve as Bands;
use crate::payout::num::{Mode, Num};
use crate::web::chart::{Bent, Curve, Unit};
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

/// The axis a unit of a document stands on.
fn unit(word: &str) -> Unit {
    match word {
        "money" | "cash" => Unit::Money,
        "ratio" => Unit::Share,
        _ => Unit::Count,
    }
}

/// A number as an axis counts, half up; what no chart can show is left out.
fn on_axis(unit: Unit, n: &Num) -> Option<i64> {
    let parts = if unit == Unit::Share { 10_000 } else { 100 };
    let whole = (n * &Num::int(parts)).rounded(&Num::ONE, Mode::HalfUp);
    whole.to_i128().and_then(|n| i64::try_from(n).ok())
}

fn bent(bands: &Bands) -> Bent {
    let (of, pays) = (unit(bands.of), unit(bands.pays));
    let point = |(x, y): &(Num, Num)| Some((on_axis(of, x)?, on_axis(pays, y)?));
    Bent {
        points: bands.points.iter().filter_map(point).collect(),
        jumps: bands.jumps.iter().filter_map(|j| on_axis(of, &j.0)).collect(),
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
            let units = (unit(bands.of), unit(bands.pays));
            let word = |unit: Unit| match unit {
                Unit::Money => "money",
                Unit::Share => "share",
                Unit::Count => "count",
            };
            let of = lang.word("curve-of", word(units.0)).to_string();
            let gaps: Vec<(i64, i64)> = bands
                .gaps
                .iter()
                .filter_map(|g| Some((on_axis(units.0, &g.0)?, on_axis(units.0, &g.1)?)))
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
                    pays: lang.word("curve-pays", word(units.1)).to_string(),
                    heads: [
                        of.clone(),
                        lang.t("curve-now").to_string(),
                        lang.t("curve-draft").to_string(),
                    ],
                    gap: lang.t("curve-gap").to_string(),
                    now: bent(bands),
                    draft: other.filter(|o| o.points != bands.points).map(bent),
                    units,
                    gaps,
                    of,
                },
                name,
            }
        })
        .collect()
}
