//! A trend: this period against the last.

use askama::Template;

/// Width of the box.
const WIDTH: i64 = 328;
/// First and last point's distance from the left.
const LEFT: i64 = 8;
const RIGHT: i64 = 300;
/// Where the highest value and zero lie.
const TOP: i64 = 22;
const FLOOR: i64 = 98;

/// How wide words are in 12 px type: Chinese characters a full size, others about half.
fn width(words: &str) -> i64 {
    words.chars().map(|c| if c.is_ascii() { 7 } else { 12 }).sum()
}

/// One of a chart's two tracks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    /// Name, e.g. `本周`.
    pub name: String,
    /// A value per point; `None` where there is none yet.
    pub values: Vec<Option<i64>>,
}

/// A word at a point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// From the left.
    pub x: i64,
    /// Base line of the words.
    pub y: i64,
    /// The words.
    pub words: String,
    /// `start`, `middle` or `end`.
    pub anchor: &'static str,
}

/// A chart of two tracks over the same points, to be printed in a template.
#[derive(Clone, Debug, Template)]
#[template(path = "chart/line.html")]
pub struct Line {
    /// The whole chart as one sentence.
    pub label: String,
    /// What the table is called.
    pub caption: String,
    /// Head of the table's first column.
    pub corner: String,
    /// "Show the data".
    pub summary: String,
    /// Name of each point, e.g. a weekday; empty ones are not printed below the axis.
    pub points: Vec<String>,
    /// Name of each point in the table.
    pub heads: Vec<String>,
    /// What is shown in front.
    pub now: Track,
    /// What it is compared with, if with anything.
    pub before: Option<Track>,
    /// "Today" or "last", before the last value.
    pub last_word: String,
}

impl Line {
    fn most(&self) -> i64 {
        let all = self
            .now
            .values
            .iter()
            .chain(self.before.iter().flat_map(|t| t.values.iter()));
        all.flatten().copied().max().unwrap_or(0).max(1)
    }

    fn x(&self, i: usize) -> i64 {
        let i = i64::try_from(i).unwrap_or(0);
        let steps = i64::try_from(self.points.len()).unwrap_or(1) - 1;
        if steps < 1 {
            LEFT
        } else {
            LEFT + (RIGHT - LEFT) * i / steps
        }
    }

    fn y(&self, value: i64) -> i64 {
        FLOOR - (FLOOR - TOP) * value.max(0) / self.most()
    }

    /// `points` of a polyline.
    fn path(&self, track: &Track) -> String {
        let known = track
            .values
            .iter()
            .enumerate()
            .filter_map(|(i, v)| Some((i, (*v)?)));
        let points: Vec<String> = known
            .map(|(i, v)| format!("{},{}", self.x(i), self.y(v)))
            .collect();
        points.join(" ")
    }

    /// The last known point of the front track.
    fn dot(&self) -> Option<(i64, i64, i64)> {
        let last = self.now.values.iter().rposition(Option::is_some)?;
        let value = self.now.values[last]?;
        Some((self.x(last), self.y(value), value))
    }

    /// The highest and the lowest place of the tracks' lines from `left` to `right`, both included.
    fn between(&self, left: i64, right: i64) -> (i64, i64) {
        let tracks = std::iter::once(&self.now).chain(&self.before);
        let lines = tracks.flat_map(|track| {
            let known: Vec<(i64, i64)> = track
                .values
                .iter()
                .enumerate()
                .filter_map(|(i, v)| Some((self.x(i), self.y((*v)?))))
                .collect();
            let pieces: Vec<_> = known.windows(2).map(|p| (p[0], p[1])).collect();
            pieces
        });
        let met = lines.filter(|(from, to)| to.0 >= left && from.0 <= right);
        met.fold((FLOOR, TOP), |(top, low), (from, to)| {
            let at = |x: i64| from.1 + (to.1 - from.1) * (x - from.0) / (to.0 - from.0).max(1);
            let (a, b) = (at(left.max(from.0)), at(right.min(to.0)));
            (top.min(a).min(b), low.max(a).max(b))
        })
    }

    /// The value at the dot, beside it where there is room.
    fn dot_mark(&self) -> Option<Mark> {
        let (x, y, value) = self.dot()?;
        // A bare number at the end would be read as the peak's.
        if self.last_word.is_empty() && self.peak().is_some_and(|(at, _)| at != x) {
            return None;
        }
        let words = format!("{} {value}", self.last_word);
        let beside = x < 240;
        // Above the dot; below it where the lines leave room there only; else above all lines.
        let clear = || {
            let (top, low) = self.between(x - width(&words), x);
            if top < y - 2 && low < y + 3 && y + 18 <= FLOOR {
                y + 18
            } else {
                (top.min(y) - 8).max(12)
            }
        };
        Some(Mark {
            x: if beside { x + 10 } else { x },
            y: if beside { y + 4 } else { clear() },
            words,
            anchor: if beside { "start" } else { "end" },
        })
    }

    /// The highest value of the front track, unless it is the dot's.
    fn top_mark(&self) -> Option<Mark> {
        let (dot_x, ..) = self.dot()?;
        let (x, highest) = self.peak()?;
        let clear = self.dot_mark().is_none() || (dot_x - x).abs() > 40;
        clear.then(|| Mark {
            x,
            y: self.y(highest) - 6,
            words: highest.to_string(),
            anchor: if x + width(&highest.to_string()) / 2 > WIDTH {
                "end"
            } else {
                "middle"
            },
        })
    }

    /// Where the front track is highest first, and its value; nowhere when it is nothing throughout.
    fn peak(&self) -> Option<(i64, i64)> {
        let values = self.now.values.iter().enumerate();
        let known = values.filter_map(|(i, v)| Some((i, (*v)?)));
        let (at, highest) = known.max_by_key(|(i, v)| (*v, std::cmp::Reverse(*i)))?;
        (highest > 0).then(|| (self.x(at), highest))
    }

    /// The name of the track behind, at its end and clear of the dot's words.
    fn before_mark(&self) -> Option<Mark> {
        let track = self.before.as_ref()?;
        let last = track.values.iter().rposition(Option::is_some)?;
        let (x, y) = (self.x(last), self.y(track.values[last]?));
        let beside = x < 240;
        let mut y = if beside { y + 4 } else { y - 6 };
        if let Some(other) = self.dot_mark().filter(|m| (m.y - y).abs() < 15) {
            y = if other.y + 15 < FLOOR {
                other.y + 15
            } else {
                other.y - 15
            };
        }
        Some(Mark {
            x: if beside { x + 10 } else { WIDTH },
            y: y.max(12),
            words: track.name.clone(),
            anchor: if beside { "start" } else { "end" },
        })
    }

    /// The words below the axis.
    fn ticks(&self) -> impl Iterator<Item = (i64, &str)> {
        let named = self
            .points
            .iter()
            .enumerate()
            .filter(|(_, name)| !name.is_empty());
        named.map(|(i, name)| (self.x(i), name.as_str()))
    }

    fn cells(track: &Track) -> impl Iterator<Item = String> {
        track
            .values
            .iter()
            .map(|v| v.map_or_else(|| "–".to_owned(), crate::web::i18n::grouped))
    }
}

// A rendered template, escaped by itself.
impl askama::filters::HtmlSafe for Line {}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(now: Vec<Option<i64>>) -> Line {
        Line {
            label: "有效点击，按天".into(),
            caption: "每天有效点击".into(),
            corner: "周".into(),
            summary: "看数据表".into(),
            points: ["一", "二", "三", "四", "五", "六", "日"]
                .map(String::from)
                .to_vec(),
            heads: ["一", "二", "三", "四", "五", "六", "日"]
                .map(String::from)
                .to_vec(),
            now: Track {
                name: "本周".into(),
                values: now,
            },
            before: Some(Track {
                name: "上周".into(),
                values: [5, 4, 9, 7, 6, 3, 1].map(Some).to_vec(),
            }),
            last_word: "今天".into(),
        }
    }

    #[test]
    fn the_highest_value_touches_the_top_and_zero_the_floor() {
        let chart = sample(vec![Some(6), Some(11), Some(0), Some(13), Some(9), None, None]);
        assert_eq!(chart.path(&chart.now), "8,63 56,34 105,98 154,22 202,46");
        let html = chart.render().unwrap();
        assert!(html.contains("今天 9") && html.contains(">13</text>"), "{html}");
        assert!(
            html.contains("<td class=\"num\">–</td>"),
            "days to come are no zeros"
        );
    }

    #[test]
    fn the_last_values_words_stand_clear_of_the_lines() {
        let chart = sample([40, 38, 41, 36, 30, 20, 0].map(Some).to_vec());
        let mark = chart.dot_mark().unwrap();
        assert_eq!((mark.x, mark.anchor), (300, "end"));
        // The line comes down from 20 (y = 61) to 0 (y = 98) below the words, and so does last week's.
        let (highest, _) = chart.between(300 - width(&mark.words), 300);
        assert!(highest < 80, "{highest}");
        assert_eq!(mark.y, highest - 8);
        // The week before ran above: there is room below.
        let mut low = sample([6, 11, 6, 4, 9, 7, 5].map(Some).to_vec());
        low.before.as_mut().unwrap().values = [5, 4, 9, 10, 12, 13, 11].map(Some).to_vec();
        let mark = low.dot_mark().unwrap();
        let (_, lowest) = low.between(300 - width(&mark.words), 300);
        assert!(mark.y >= lowest + 14 && mark.y <= FLOOR, "{} {lowest}", mark.y);
    }

    #[test]
    fn without_a_word_for_the_last_value_the_highest_is_named_and_not_the_last() {
        let mut chart = sample([0, 0, 0, 0, 0, 24, 0].map(Some).to_vec());
        assert!(chart.dot_mark().is_some_and(|m| m.words == "今天 0"));
        chart.last_word = String::new();
        assert_eq!(chart.dot_mark().map(|m| m.words), None);
        let mark = chart.top_mark().unwrap();
        assert_eq!((mark.words.as_str(), mark.x), ("24", chart.x(5)));
        let rising = Line {
            last_word: String::new(),
            ..sample([1, 2, 3, 4, 5, 6, 7].map(Some).to_vec())
        };
        assert!(rising.dot_mark().is_some_and(|m| m.words.trim() == "7"));
        assert!(rising.top_mark().is_none());
    }

    #[test]
    fn a_chart_without_values_has_its_frame_and_no_line() {
        let html = sample(vec![None; 7]).render().unwrap();
        assert!(!html.contains("class=\"line-1\""), "{html}");
        let all_zero = sample(vec![Some(0); 7]);
        assert!(all_zero.path(&all_zero.now).ends_with("300,98"));
    }
}
