//! What a scale pays: bands drawn with their jumps and gaps, a draft behind.

use askama::Template;

use crate::domain::Money;
use crate::web::i18n;

/// Where the lowest and highest measure, and the highest pay and none, lie in a box of 620 by 332.
const LEFT: i64 = 76;
const RIGHT: i64 = 596;
const TOP: i64 = 24;
const FLOOR: i64 = 288;
/// Closest two words below the axis may stand.
const APART: i64 = 62;

/// What an axis tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// Amounts, in fen.
    #[default]
    Money,
    /// Shares, in hundredths of a percent.
    Share,
    /// Whatever is counted or scored, in hundredths; the axis stands at whole ones.
    Count,
}

impl Unit {
    /// A value as the axis says it.
    fn tick(self, value: i64) -> String {
        match self {
            Self::Share => format!("{}%", words(value)),
            _ => words(value),
        }
    }

    /// A value as the table says it.
    fn exact(self, value: i64) -> String {
        match self {
            Self::Money => i18n::money(Money::from_minor(value)),
            _ => self.tick(value),
        }
    }
}

/// A curve: measure and what it pays, rising, in the units of the axes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bent {
    /// Points; two of them stand at every threshold: just below it and at it.
    pub points: Vec<(i64, i64)>,
    /// Thresholds at which the pay leaps.
    pub jumps: Vec<i64>,
}

/// A chart of what a scale pays, to be printed in a template.
#[derive(Clone, Debug, Template)]
#[template(path = "chart/curve.html")]
pub struct Curve {
    /// The whole chart as one sentence.
    pub label: String,
    /// What the table is called.
    pub caption: String,
    /// "Show the data".
    pub summary: String,
    /// What is measured.
    pub of: String,
    /// What is paid.
    pub pays: String,
    /// Heads of the table: measure, pay, draft.
    pub heads: [String; 3],
    /// Word of a gap.
    pub gap: String,
    /// In force.
    pub now: Bent,
    /// A draft.
    pub draft: Option<Bent>,
    /// Stated end and next beginning, hundredths.
    pub gaps: Vec<(i64, i64)>,
    /// Of the measure and of what is paid.
    pub units: (Unit, Unit),
}

/// A gap as it is drawn: left, width, middle.
type Stripe = (i64, i64, i64);

impl Curve {
    fn all(&self) -> impl Iterator<Item = &(i64, i64)> {
        self.now
            .points
            .iter()
            .chain(self.draft.iter().flat_map(|d| &d.points))
    }

    fn far(&self) -> i64 {
        self.all().map(|p| p.0).max().unwrap_or(0).max(1)
    }

    fn high(&self) -> i64 {
        self.all().map(|p| p.1).max().unwrap_or(0).max(1)
    }

    fn x(&self, measure: i64) -> i64 {
        place(LEFT, RIGHT, measure.max(0), self.far())
    }

    fn y(&self, pays: i64) -> i64 {
        place(FLOOR, TOP, pays.max(0), self.high())
    }

    /// `points` of the polylines of a curve: it breaks where it jumps.
    fn pieces(&self, bent: &Bent) -> Vec<String> {
        let mut pieces = vec![Vec::new()];
        for (measure, pays) in &bent.points {
            if bent.jumps.contains(measure) && pieces.last().is_some_and(|p| !p.is_empty()) {
                pieces.push(Vec::new());
            }
            if let Some(piece) = pieces.last_mut() {
                piece.push(format!("{},{}", self.x(*measure), self.y(*pays)));
            }
        }
        pieces.into_iter().map(|p| p.join(" ")).collect()
    }

    /// Jumps: where, from which height to which, and by how much in words.
    fn leaps(&self) -> Vec<(i64, i64, i64, String)> {
        let points = &self.now.points;
        let pairs = points.windows(2).filter(|w| self.now.jumps.contains(&w[1].0));
        pairs
            .map(|w| {
                let up = if w[1].1 >= w[0].1 { "+" } else { "" };
                let words = format!("{up}{}", self.units.1.exact(w[1].1 - w[0].1));
                (self.x(w[1].0), self.y(w[0].1), self.y(w[1].1), words)
            })
            .collect()
    }

    fn stripes(&self) -> Vec<Stripe> {
        let stripe = |(from, to): &(i64, i64)| {
            let (left, right) = (self.x(*from), self.x(*to));
            (left, right - left, (left + right) / 2)
        };
        self.gaps.iter().map(stripe).collect()
    }

    /// Heights and their words.
    fn levels(&self) -> Vec<(i64, String)> {
        let high = self.high();
        // There are no halves of what is counted.
        let mut step = if self.units.1 == Unit::Count { 100 } else { 1 };
        // 1, 2, 5, 10, 20 … until there are at most five lines.
        for factor in [2, 5, 10].iter().cycle() {
            if high / step <= 5 {
                break;
            }
            let base = ten_below(step);
            step = base.saturating_mul(*factor).max(step + 1);
        }
        (0..=high / step)
            .map(|n| (self.y(n * step), self.units.1.tick(n * step)))
            .collect()
    }

    /// Places below the axis and their words: the thresholds that have room.
    fn ticks(&self) -> Vec<(i64, String)> {
        let thresholds = self.now.jumps.iter().copied();
        let bounds = self.gaps.iter().flat_map(|g| [g.0, g.1]);
        let mut all: Vec<i64> = thresholds.chain(bounds).chain([0, self.far()]).collect();
        all.sort_unstable();
        all.dedup();
        let mut ticks: Vec<(i64, String)> = Vec::new();
        for measure in all {
            let x = self.x(measure);
            if ticks.last().is_none_or(|(last, _)| x - last >= APART) {
                ticks.push((x, self.units.0.tick(measure)));
            }
        }
        ticks
    }

    /// Rows of the table: measure, pay, draft's pay.
    fn rows(&self) -> Vec<(String, String, Option<String>)> {
        let mut measures: Vec<i64> = self.all().map(|p| p.0).collect();
        measures.sort_unstable();
        measures.dedup();
        let paid = |bent: &Bent, m: i64| {
            let found = bent.points.iter().rfind(|p| p.0 == m);
            found.map_or_else(|| "–".to_owned(), |p| self.units.1.exact(p.1))
        };
        measures
            .into_iter()
            .map(|m| {
                (
                    self.units.0.exact(m),
                    paid(&self.now, m),
                    self.draft.as_ref().map(|d| paid(d, m)),
                )
            })
            .collect()
    }
}

/// A value between two places, of a whole.
fn place(from: i64, to: i64, value: i64, whole: i64) -> i64 {
    let moved = i128::from(to - from) * i128::from(value) / i128::from(whole.max(1));
    from + i64::try_from(moved).unwrap_or(0)
}

/// The power of ten a step of 1, 2, 5 … belongs to.
fn ten_below(step: i64) -> i64 {
    let mut ten = 1;
    while ten <= step / 10 {
        ten *= 10;
    }
    ten
}

/// Hundredths without decimals that are none.
fn words(hundredths: i64) -> String {
    if hundredths % 100 == 0 {
        i18n::grouped(hundredths / 100)
    } else {
        i18n::money(Money::from_minor(hundredths))
    }
}

// A rendered template, escaped by itself.
impl askama::filters::HtmlSafe for Curve {}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Curve {
        Curve {
            label: "提成曲线".into(),
            caption: "每个界限前后".into(),
            summary: "看数据表".into(),
            of: "实收".into(),
            pays: "提成".into(),
            heads: ["实收".into(), "现行".into(), "草稿".into()],
            gap: "空档".into(),
            now: Bent {
                points: vec![
                    (0, 0),
                    (4_999_999, 499_999),
                    (5_000_000, 750_000),
                    (6_000_000, 900_000),
                ],
                jumps: vec![5_000_000],
            },
            draft: None,
            gaps: vec![(3_000_000, 5_000_000)],
            units: (Unit::Money, Unit::Money),
        }
    }

    #[test]
    fn a_jump_breaks_the_line_and_says_how_high_it_is() {
        let chart = sample();
        let pieces = chart.pieces(&chart.now);
        assert_eq!(pieces, ["76,288 509,142", "509,68 596,24"]);
        assert_eq!(chart.leaps(), [(509, 142, 68, "+2,500.01".to_owned())]);
        let html = chart.render().unwrap();
        assert!(html.contains("空档") && html.contains("49,999.99"), "{html}");
    }

    #[test]
    fn levels_are_round_and_at_most_six() {
        let mut chart = sample();
        for high in [1, 7, 99, 1_000, 123_456, 987_654_321, 1_000_000_000_000_000] {
            chart.now.points[3].1 = high;
            chart.now.points[2].1 = 0;
            chart.now.points[1].1 = 0;
            let levels = chart.levels();
            assert!((1..=6).contains(&levels.len()), "{high}: {levels:?}");
        }
    }

    #[test]
    fn what_is_counted_stands_at_whole_numbers_and_shares_in_percent() {
        let mut chart = sample();
        chart.units = (Unit::Count, Unit::Count);
        chart.now = Bent {
            points: vec![(0, 0), (200, 0), (300, 100), (400, 300)],
            jumps: vec![300],
        };
        chart.gaps = Vec::new();
        let said = |marks: Vec<(i64, String)>| -> Vec<String> { marks.into_iter().map(|m| m.1).collect() };
        assert_eq!(said(chart.levels()), ["0", "1", "2", "3"]);
        assert_eq!(said(chart.ticks()), ["0", "3", "4"]);
        assert_eq!(chart.leaps()[0].3, "+1");
        // A tenth of something counted is not drawn as ten lines.
        chart.now.points[3].1 = 10;
        chart.now.points[2].1 = 0;
        assert_eq!(said(chart.levels()), ["0"]);
        chart.units.1 = Unit::Share;
        chart.now.points[3].1 = 1_250;
        assert_eq!(said(chart.levels()), ["0%", "5%", "10%"]);
        assert_eq!(chart.rows()[3].1, "12.50%");
    }
}
