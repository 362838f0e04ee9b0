//! What a row's working says, figure by figure.

use dashu_ratio::RBig;

use crate::payout::relation::Work;

use super::value::count;

/// The figures a row's working says, by name.
pub fn told(work: &Work) -> Vec<(&'static str, RBig)> {
    match work {
        Work::Scale {
            value,
            prior,
            result,
            rate,
            band,
        } => {
            let mut all = vec![
                ("value", value.to_rbig()),
                ("prior", prior.to_rbig()),
                ("result", result.to_rbig()),
            ];
            all.extend(rate.iter().map(|r| ("rate", r.to_rbig())));
            all.extend(band.map(|n| ("band", count(n))));
            all
        }
        Work::Round {
            exact,
            unit,
            mode,
            result,
            parts,
        } => vec![
            ("exact", exact.to_rbig()),
            ("unit", unit.to_rbig()),
            ("mode", count(*mode as usize)),
            ("result", result.to_rbig()),
            ("parts", count(*parts)),
        ],
        Work::Share(s) => vec![
            ("total", s.total.to_rbig()),
            ("weight", s.weight.to_rbig()),
            ("weights", s.weights.to_rbig()),
            ("unit", s.unit.to_rbig()),
            ("exact", s.exact.to_rbig()),
            ("floor", s.floor.to_rbig()),
            ("queue", count(s.queue)),
            ("extra", count(usize::from(s.extra))),
            ("result", s.result.to_rbig()),
            ("people", count(s.people)),
        ],
        Work::Limit {
            before,
            after,
            low,
            high,
        } => {
            let mut all = vec![("before", before.to_rbig()), ("after", after.to_rbig())];
            all.extend(low.iter().map(|n| ("low", n.to_rbig())));
            all.extend(high.iter().map(|n| ("high", n.to_rbig())));
            all
        }
        Work::Rank { rank, of, places } => {
            vec![
                ("rank", count(*rank)),
                ("of", count(*of)),
                ("places", count(*places)),
            ]
        }
        Work::Tranche { total, share, result } => vec![
            ("total", total.to_rbig()),
            ("share", share.to_rbig()),
            ("result", result.to_rbig()),
        ],
    }
}
