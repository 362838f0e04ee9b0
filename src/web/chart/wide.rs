//! A funnel for a desk: a step a line, with what it is and what it says of the step before.

use askama::Template;

/// Where bars begin, and how long the longest is.
const LEFT: i64 = 140;
const BAR: i64 = 600;

/// A step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WideStep {
    /// Name.
    pub name: String,
    /// What it is, smaller.
    pub what: String,
    /// How many.
    pub count: i64,
    /// How many came with them and did not count, drawn behind.
    pub behind: i64,
    /// What is said of it.
    pub words: String,
}

/// The funnel, to be printed in a template. The first step is a number without a bar.
#[derive(Clone, Debug, Template)]
#[template(path = "chart/wide.html")]
pub struct WideFunnel {
    /// The whole chart as one sentence.
    pub label: String,
    /// Name of the region that scrolls.
    pub region: String,
    /// The steps.
    pub steps: Vec<WideStep>,
}

struct Row<'a> {
    step: &'a WideStep,
    y: i64,
    width: i64,
    behind: i64,
    count: String,
    is_bar: bool,
}

impl WideFunnel {
    fn height(&self) -> i64 {
        i64::try_from(self.steps.len()).unwrap_or(0) * 54 - 6
    }

    fn rows(&self) -> Vec<Row<'_>> {
        let bars = self.steps.iter().skip(1);
        let most = bars.map(|s| s.count + s.behind).max().unwrap_or(0).max(1);
        let long = |n: i64| if n > 0 { (BAR * n / most).max(3) } else { 0 };
        (0i64..)
            .zip(&self.steps)
            .map(|(i, step)| Row {
                step,
                y: i * 54,
                width: long(step.count),
                behind: if step.behind > 0 {
                    long(step.count + step.behind)
                } else {
                    0
                },
                count: crate::web::i18n::grouped(step.count),
                is_bar: i > 0,
            })
            .collect()
    }
}

// A rendered template, escaped by itself.
impl askama::filters::HtmlSafe for WideFunnel {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_did_not_count_lies_behind_and_the_widest_step_fills_the_bar() {
        let step = |name: &str, count, behind| WideStep {
            name: name.into(),
            what: String::new(),
            count,
            behind,
            words: String::new(),
        };
        let chart = WideFunnel {
            label: "漏斗".into(),
            region: "漏斗".into(),
            steps: vec![
                step("链接", 900, 0),
                step("点击", 60, 40),
                step("有效", 30, 0),
                step("成交", 0, 0),
            ],
        };
        let rows = chart.rows();
        assert_eq!(
            rows.iter().map(|r| r.width).collect::<Vec<_>>(),
            [5400, 360, 180, 0]
        );
        assert_eq!(rows[1].behind, BAR);
        assert!(!rows[0].is_bar);
        assert!(chart.render().unwrap().contains("viewBox=\"0 0 1000 210\""));
    }
}
