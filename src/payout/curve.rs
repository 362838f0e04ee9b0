//! A scale drawn: what it pays around its thresholds, its jumps, its gaps, and where more brings less.

use super::block::Block;
use super::block::bands::{Bands, Gap, Method};
use super::block::scale::Scale;
use super::doc::Document;
use super::num::{Mode, Num};
use super::schema::{Dated, Label, ParamDecl, Setting};
use super::value::Type;

/// What a scale pays at some measures.
#[derive(Clone, Debug)]
pub struct Curve {
    /// The step.
    pub step: String,
    /// Its name.
    pub label: Label,
    /// Measure and what it pays, rising.
    pub points: Vec<(Num, Num)>,
    /// Threshold, pays just below it, pays at it.
    pub jumps: Vec<(Num, Num, Num)>,
    /// Stated end and next beginning.
    pub gaps: Vec<(Num, Num)>,
    /// Measures at which one unit more pays less.
    pub falls: Vec<Num>,
    /// Unit of the measure: `money`, `count` …
    pub of: &'static str,
    /// Unit of what is paid.
    pub pays: &'static str,
}

impl Document {
    /// The curves of all scales that have words and whose bands have a default.
    pub fn curves(&self) -> Vec<Curve> {
        self.curves_of(&self.defaults())
    }

    /// The same under parameters by name, a JSON object; those left out, or wrong, have their default.
    pub fn curves_with(&self, params: &serde_json::Value) -> Vec<Curve> {
        let mut settings = self.defaults();
        for (at, given) in self.given(params).into_iter().enumerate() {
            if let Some(Ok(given)) = given {
                settings[at] = given;
            }
        }
        self.curves_of(&settings)
    }

    fn defaults(&self) -> Vec<Setting> {
        let last = |p: &ParamDecl| p.dated.last().map(|d: &Dated| d.value.clone());
        let settings = self.params.iter().map(last);
        settings.map(|s| s.unwrap_or(Setting::List(Vec::new()))).collect()
    }

    fn curves_of(&self, filled: &[Setting]) -> Vec<Curve> {
        self.steps
            .iter()
            .filter(|s| s.label != Label::default())
            .filter_map(|s| match &s.block {
                Block::Scale(scale) => curve(scale, filled).map(|c| Curve {
                    step: s.id.clone(),
                    label: s.label.clone(),
                    ..c
                }),
                _ => None,
            })
            .collect()
    }
}

fn curve(scale: &Scale, settings: &[Setting]) -> Option<Curve> {
    let (bands, method, gap) = (
        scale.bands(settings)?,
        scale.method.of(settings)?,
        scale.gap.of(settings)?,
    );
    // The next measure there is: a fen, a percent, one more.
    let step = if scale.of.is_money() || scale.of == Type::Ratio {
        Num::ratio(1, 100)?
    } else {
        Num::ONE
    };
    let mut at: Vec<Num> = bands.thresholds();
    at.extend(bands.gaps().into_iter().flat_map(|g| [g.0, g.1]));
    at.extend(bands.list.iter().filter_map(|b| b.high.clone()));
    let last = at.iter().max()?.clone();
    // A fifth further, where something that is counted ends on a whole number.
    let end = (&last * &Num::ratio(6, 5)?).rounded(&step, Mode::Up);
    let mut measures: Vec<Num> = vec![Num::ZERO, end];
    for x in at {
        measures.extend([&x - &step, x.clone(), &x + &step]);
    }
    measures.retain(|x| !x.is_negative());
    measures.sort();
    measures.dedup();
    let pays = |x: &Num| bands.pays(x, method, gap).pays;
    let points: Vec<(Num, Num)> = measures.iter().map(|x| (x.clone(), pays(x))).collect();
    let falls = points
        .windows(2)
        .filter(|w| w[1].1 < w[0].1)
        .map(|w| w[1].0.clone())
        .collect();
    let of_measure = matches!(method, Method::Whole | Method::Marginal);
    let pays_word = if scale.gives == Type::Ratio && of_measure {
        scale.of.word()
    } else {
        scale.gives.word()
    };
    let jumps = jumps(bands, method, gap, &step);
    Some(Curve {
        step: String::new(),
        label: Label::default(),
        jumps,
        gaps: bands.gaps(),
        falls,
        points,
        of: scale.of.word(),
        pays: pays_word,
    })
}

/// Thresholds at which the pay leaps: what one unit more brings beyond a slice's worth.
fn jumps(bands: &Bands, method: Method, gap: Gap, step: &Num) -> Vec<(Num, Num, Num)> {
    let pays = |x: &Num| bands.pays(x, method, gap).pays;
    let mut found = Vec::new();
    for x in bands.thresholds().iter().filter(|x| x.sign() > 0) {
        let (before, at) = (pays(&(x - step)), pays(x));
        let leap = (&at - &before).abs();
        // Rates are at most a few units per unit; a leap is far more than one step's worth.
        if leap > step * &Num::int(2) {
            found.push((x.clone(), before, at));
        }
    }
    found
}
