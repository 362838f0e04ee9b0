//! A dense table of a desk: shown, sorted by its heads, and written as a sheet from the same cells.

use askama::Template;

use crate::domain::Money;
use crate::sheet::{Cell as SheetCell, Column as SheetColumn, Table};
use crate::web::i18n::{grouped, signed, yuan};
use crate::web::ui::Icon;

/// `part` of `whole` with one place, rounded half up; of nothing it is a dash.
pub fn percent(part: i64, whole: i64) -> String {
    if whole <= 0 {
        return "–".to_owned();
    }
    let tenths = (part.max(0).saturating_mul(2_000) + whole) / (whole * 2);
    format!("{}.{}%", grouped(tenths / 10), tenths % 10)
}

/// A cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Words.
    Text(String),
    /// A name with where it leads and a second line; either may be empty.
    Name(String, String, String),
    /// A count.
    Count(i64),
    /// A change: with its sign.
    Change(i64),
    /// An amount.
    Money(Money),
    /// A part of a whole; of nothing it is a dash.
    Share(i64, i64),
    /// How long a bar is: a part of the longest.
    Bar(i64, i64),
    /// A few values in a row, oldest first.
    Trend(Vec<i64>),
}

impl Cell {
    /// Words that lead nowhere.
    pub fn text(words: impl ToString) -> Self {
        Self::Text(words.to_string())
    }

    fn is_number(&self) -> bool {
        matches!(
            self,
            Self::Count(_) | Self::Change(_) | Self::Money(_) | Self::Share(..)
        )
    }

    /// What it shows, with its second line.
    pub fn shown(&self) -> String {
        match self {
            Self::Name(text, _, note) if !note.is_empty() => format!("{text} {note}"),
            other => other.words(),
        }
    }

    /// What it shows.
    fn words(&self) -> String {
        match self {
            Self::Text(text) | Self::Name(text, ..) => text.clone(),
            Self::Count(n) => grouped(*n),
            Self::Change(n) => signed(*n),
            Self::Money(amount) => yuan(*amount),
            Self::Share(part, whole) => percent(*part, *whole),
            Self::Bar(..) => String::new(),
            Self::Trend(values) => values.iter().map(|v| grouped(*v)).collect::<Vec<_>>().join(" "),
        }
    }

    /// What it is sorted by: a ratio as parts per million.
    fn weight(&self) -> i64 {
        match self {
            Self::Count(n) | Self::Change(n) => *n,
            Self::Money(amount) => amount.minor(),
            Self::Share(part, whole) => part.saturating_mul(1_000_000).checked_div(*whole).unwrap_or(-1),
            Self::Trend(values) => values.last().copied().unwrap_or(0),
            Self::Text(_) | Self::Name(..) | Self::Bar(..) => 0,
        }
    }

    /// Length of a bar, percent.
    fn percent(part: i64, most: i64) -> i64 {
        (part.max(0) * 100).checked_div(most).unwrap_or(0).min(100)
    }

    /// Points of a small line, 96 × 24.
    fn points(values: &[i64]) -> String {
        let most = values.iter().copied().max().unwrap_or(0).max(1);
        let steps = i64::try_from(values.len()).unwrap_or(1).max(2) - 1;
        (0i64..)
            .zip(values)
            .map(|(i, v)| format!("{},{}", 2 + 92 * i / steps, 22 - 20 * v.max(&0) / most))
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn sheet(&self) -> SheetCell {
        match self {
            Self::Text(text) => SheetCell::Text(text.clone()),
            Self::Name(text, _, note) if note.is_empty() => SheetCell::Text(text.clone()),
            Self::Name(text, _, note) => SheetCell::Text(format!("{text} {note}")),
            Self::Count(n) | Self::Change(n) => SheetCell::Integer(*n),
            Self::Money(amount) => SheetCell::Money(*amount),
            Self::Share(..) => SheetCell::Text(self.words()),
            Self::Bar(..) => SheetCell::Empty,
            Self::Trend(_) => SheetCell::Text(self.words()),
        }
    }
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The word `sort` asks for it by; empty: not sortable.
    pub key: &'static str,
    /// What stands on top.
    pub head: String,
}

/// The table.
#[derive(Clone, Debug, Template)]
#[template(path = "manage/grid.html")]
pub struct Grid {
    /// Its id in the page and the word exports ask for it by.
    pub key: &'static str,
    /// What it is.
    pub name: String,
    /// A word beside the name; may be empty.
    pub note: String,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
    /// A last row of sums.
    pub totals: Option<Vec<Cell>>,
    /// What is said when there are no rows.
    pub none: String,
    /// Name of the region that scrolls.
    pub region: String,
    /// By which column it is sorted, largest first.
    pub sorted: Option<&'static str>,
    /// Address of the page with its filters, to which `sort=` is appended; empty: heads do not sort.
    pub base: String,
    /// Where its CSV is; empty: nowhere.
    pub csv: String,
    /// What that link says.
    pub csv_words: String,
    /// The same with the table's name, for who does not see which table it stands beside.
    pub csv_label: String,
}

impl Grid {
    /// An empty table.
    pub fn new(key: &'static str, name: impl ToString, columns: &[(&'static str, String)]) -> Self {
        let name = name.to_string();
        Self {
            key,
            region: name.clone(),
            name,
            note: String::new(),
            columns: columns
                .iter()
                .map(|(key, head)| Column {
                    key,
                    head: head.clone(),
                })
                .collect(),
            rows: Vec::new(),
            totals: None,
            none: String::new(),
            sorted: None,
            base: String::new(),
            csv: String::new(),
            csv_words: String::new(),
            csv_label: String::new(),
        }
    }

    /// Sorts by the column of this name, largest first, if there is one; ties stay as they were.
    pub fn sort(&mut self, key: &str) {
        let found = self
            .columns
            .iter()
            .position(|c| !c.key.is_empty() && c.key == key);
        if let Some(at) = found {
            self.rows
                .sort_by_key(|row| std::cmp::Reverse(row.get(at).map_or(0, Cell::weight)));
            self.sorted = self.columns.get(at).map(|c| c.key);
        }
    }

    /// The same cells as a sheet.
    pub fn table(&self) -> Table {
        let kept: Vec<usize> = (0..self.columns.len())
            .filter(|at| !matches!(self.rows.first().and_then(|r| r.get(*at)), Some(Cell::Bar(..))))
            .collect();
        let columns = kept
            .iter()
            .map(|at| {
                let head = self.columns[*at].head.clone();
                match self.rows.first().and_then(|r| r.get(*at)) {
                    Some(Cell::Count(_) | Cell::Change(_)) => SheetColumn::integer(head),
                    Some(Cell::Money(_)) => SheetColumn::money(head),
                    _ => SheetColumn::text(head),
                }
            })
            .collect();
        let mut table = Table::new(self.name.clone(), columns);
        let cells = |row: &Vec<Cell>| -> Vec<SheetCell> {
            kept.iter()
                .map(|at| row.get(*at).map_or(SheetCell::Empty, Cell::sheet))
                .collect()
        };
        for row in &self.rows {
            table.push(cells(row));
        }
        table.totals = self.totals.as_ref().map(cells);
        table
    }

    fn is_number(&self, at: impl std::borrow::Borrow<usize>) -> bool {
        let at = *at.borrow();
        let rows = self.rows.iter().chain(&self.totals);
        rows.filter_map(|r| r.get(at)).any(Cell::is_number)
    }

    fn file(&self) -> Icon {
        Icon {
            name: "download",
            class: "icon",
        }
    }

    fn down(&self) -> Icon {
        Icon {
            name: "down",
            class: "icon",
        }
    }
}

// A rendered template, escaped by itself.
impl askama::filters::HtmlSafe for Grid {}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Grid {
        let columns = [
            ("", "渠道".to_owned()),
            ("valid", "有效".to_owned()),
            ("", String::new()),
        ];
        let mut grid = Grid::new("channels", "渠道", &columns);
        grid.base = "/app/manage/funnel?a=1".into();
        grid.rows = vec![
            vec![Cell::text("=cmd()"), Cell::Count(3), Cell::Bar(3, 9)],
            vec![
                Cell::Name("<b>朋友圈</b>".into(), "/x".into(), String::new()),
                Cell::Count(9),
                Cell::Bar(9, 9),
            ],
        ];
        grid
    }

    #[test]
    fn the_largest_comes_first_and_words_are_escaped() {
        let mut grid = sample();
        grid.sort("valid");
        let html = grid.render().unwrap();
        assert!(html.find("&#60;b&#62;朋友圈") < html.find("=cmd()"), "{html}");
        assert!(html.contains("aria-sort=\"descending\""), "{html}");
        grid.sort("nothing");
        assert_eq!(grid.sorted, Some("valid"), "an unknown word changes nothing");
    }

    #[test]
    fn a_part_is_said_to_a_tenth_and_a_part_of_nothing_is_a_dash() {
        assert_eq!(percent(2_310, 5_482), "42.1%");
        assert_eq!(percent(3, 2), "150.0%");
        assert_eq!(percent(1, 0), "–");
    }

    #[test]
    fn a_sheet_has_the_same_cells_without_bars_and_without_formulas() {
        let csv = String::from_utf8(sample().table().to_csv().unwrap()).unwrap();
        assert!(csv.contains("渠道,有效") && csv.contains("'=cmd(),3"), "{csv}");
    }
}
