//! Steps that fewer and fewer reach.

use askama::Template;

/// Length of the longest bar.
const BAR: i64 = 168;
/// Height of a step.
const STEP: i64 = 33;

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Name.
    pub name: String,
    /// How many came here.
    pub count: i64,
}

/// A funnel, to be printed in a template.
#[derive(Clone, Debug, Template)]
#[template(path = "chart/funnel.html")]
pub struct Funnel {
    /// The whole chart as one sentence.
    pub label: String,
    /// What the table is called.
    pub caption: String,
    /// "Show the data".
    pub summary: String,
    /// Heads of the table: step, count, share of the step before.
    pub heads: [String; 3],
    /// The steps, widest first.
    pub steps: Vec<Step>,
}

/// A step laid out.
struct Row<'a> {
    name: &'a str,
    count: String,
    share: String,
    y: i64,
    width: i64,
}

impl Funnel {
    /// Whether more took a step than the one before: the page then says how that can be.
    pub fn skips(&self) -> bool {
        self.steps.windows(2).any(|pair| pair[1].count > pair[0].count)
    }

    fn height(&self) -> i64 {
        i64::try_from(self.steps.len()).unwrap_or(0) * STEP
    }

    fn rows(&self) -> Vec<Row<'_>> {
        let most = self.steps.iter().map(|s| s.count).max().unwrap_or(0).max(1);
        let mut before: Option<i64> = None;
        let mut y = 6;
        let mut rows = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            // A step with anybody in it shows, however narrow.
            let width = if step.count > 0 {
                (BAR * step.count / most).max(3)
            } else {
                0
            };
            rows.push(Row {
                name: &step.name,
                count: crate::web::i18n::grouped(step.count),
                share: before.map_or_else(String::new, |b| share(step.count, b)),
                y,
                width,
            });
            before = Some(step.count);
            y += STEP;
        }
        rows
    }
}

/// `part` of `whole`, rounded half up. A share of nothing is a dash, and so is one of more than the whole: then some
/// came who never took the step before.
fn share(part: i64, whole: i64) -> String {
    if whole > 0 && part <= whole {
        format!("{}%", (part * 200 + whole) / (whole * 2))
    } else {
        "–".to_owned()
    }
}

// A rendered template, escaped by itself.
impl askama::filters::HtmlSafe for Funnel {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_in_proportion_and_shares_are_of_the_step_before() {
        let step = |name: &str, count| Step {
            name: name.into(),
            count,
        };
        let chart = Funnel {
            label: "漏斗".into(),
            caption: "漏斗".into(),
            summary: "看数据表".into(),
            heads: ["步骤", "数量", "占上一步"].map(String::from),
            steps: vec![
                step("真人点击", 96),
                step("有效点击", 47),
                step("线索", 0),
                step("成交", 0),
            ],
        };
        let rows = chart.rows();
        assert_eq!(rows.iter().map(|r| r.width).collect::<Vec<_>>(), [168, 82, 0, 0]);
        assert_eq!(
            rows.iter().map(|r| r.share.as_str()).collect::<Vec<_>>(),
            ["", "49%", "0%", "–"]
        );
        assert!(chart.render().unwrap().contains("viewBox=\"0 0 328 132\""));
        assert!(!chart.skips());
    }

    #[test]
    fn more_orders_than_leads_are_no_share_of_them() {
        let step = |name: &str, count| Step {
            name: name.into(),
            count,
        };
        let chart = Funnel {
            label: "漏斗".into(),
            caption: "漏斗".into(),
            summary: "看数据表".into(),
            heads: ["步骤", "数量", "占上一步"].map(String::from),
            steps: vec![step("有效点击", 47), step("线索", 1), step("成交", 2)],
        };
        let shares: Vec<String> = chart.rows().into_iter().map(|r| r.share).collect();
        assert_eq!(shares, ["", "2%", "–"]);
        assert!(chart.skips());
    }
}
