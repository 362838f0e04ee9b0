//! A week by the hour: the darker, the more.

use askama::Template;

/// Side of a cell with its gap.
const STEP: i64 = 20;
/// Where the first hour begins.
const LEFT: i64 = 28;

/// A week's heat map, to be printed in a template.
#[derive(Clone, Debug, Template)]
#[template(path = "chart/heat.html")]
pub struct Heat {
    /// The whole chart as one sentence.
    pub label: String,
    /// What the table is called.
    pub caption: String,
    /// "Show the data".
    pub summary: String,
    /// Head of the first column.
    pub corner: String,
    /// Head of the last column.
    pub sum: String,
    /// Names of the days in the chart, Monday first.
    pub short: [String; 7],
    /// Names of the days in the table.
    pub days: [String; 7],
    /// Words below the chart at 0, 6, 12, 18 and 24 hours.
    pub hours: [String; 5],
    /// Heads of the table's four parts of a day.
    pub parts: [String; 4],
    /// Values by day and hour.
    pub values: [[i64; 24]; 7],
}

impl Heat {
    /// The busiest hour: day, hour, value.
    pub fn busiest(values: &[[i64; 24]; 7]) -> Option<(usize, usize, i64)> {
        let mut best: Option<(usize, usize, i64)> = None;
        for (d, hours) in values.iter().enumerate() {
            for (h, value) in hours.iter().enumerate() {
                if *value > best.map_or(0, |b| b.2) {
                    best = Some((d, h, *value));
                }
            }
        }
        best
    }

    fn most(&self) -> i64 {
        Self::busiest(&self.values).map_or(1, |b| b.2)
    }

    /// Cells: x, y, heat from 0 to 5.
    fn cells(&self) -> Vec<(i64, i64, i64)> {
        let most = self.most();
        let mut cells = Vec::with_capacity(168);
        for (y, hours) in (0i64..).zip(&self.values) {
            for (x, value) in (0i64..).zip(hours) {
                let heat = if *value <= 0 {
                    0
                } else {
                    (value * 5 + most - 1) / most
                };
                cells.push((LEFT + x * STEP, y * STEP, heat.min(5)));
            }
        }
        cells
    }

    fn rows(&self) -> Vec<(&str, Vec<i64>)> {
        self.days
            .iter()
            .zip(&self.values)
            .map(|(day, hours)| {
                let mut row: Vec<i64> = hours.chunks(6).map(|c| c.iter().sum()).collect();
                row.push(hours.iter().sum());
                (day.as_str(), row)
            })
            .collect()
    }
}

// A rendered template, escaped by itself.
impl askama::filters::HtmlSafe for Heat {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_hour_is_darkest_and_an_empty_one_has_no_heat() {
        let mut values = [[0; 24]; 7];
        values[4][20] = 60;
        values[0][9] = 1;
        let word = |n: i64| n.to_string();
        let heat = Heat {
            label: "热力图".into(),
            caption: "表".into(),
            summary: "看".into(),
            corner: "日".into(),
            sum: "合计".into(),
            short: [1, 2, 3, 4, 5, 6, 7].map(word),
            days: [1, 2, 3, 4, 5, 6, 7].map(word),
            hours: [0, 6, 12, 18, 24].map(word),
            parts: [0, 6, 12, 18].map(word),
            values,
        };
        let cells = heat.cells();
        assert_eq!(cells.len(), 168);
        assert_eq!(cells[4 * 24 + 20], (428, 80, 5));
        assert_eq!(cells[9].2, 1, "one click shows");
        assert_eq!(cells[10].2, 0);
        assert_eq!(heat.rows()[4].1, [0, 0, 0, 60, 60]);
        assert!(heat.render().unwrap().contains("heat-5"));
    }
}
