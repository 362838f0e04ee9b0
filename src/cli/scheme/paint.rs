//! Tables and curves in a terminal.

use std::io::Write as _;

use crate::payout::Num;
use crate::payout::curve::Curve;

use super::Lang;

/// Writes to stdout; a reader that goes away is no error.
pub fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| {
        if text.ends_with('\n') {
            Ok(())
        } else {
            out.write_all(b"\n")
        }
    });
    let _ = out.flush();
}

/// Cells a text takes in a terminal: Chinese characters are two wide.
pub fn width(text: &str) -> usize {
    text.chars().map(|c| if c as u32 >= 0x2E80 { 2 } else { 1 }).sum()
}

/// A table with aligned columns; columns named in `right` are aligned to the right.
pub fn table(head: &[&str], rows: &[Vec<String>], right: &[usize]) -> String {
    let mut widths: Vec<usize> = head.iter().map(|h| width(h)).collect();
    for row in rows {
        for (w, cell) in widths.iter_mut().zip(row) {
            *w = (*w).max(width(cell));
        }
    }
    let line = |cells: Vec<&str>| {
        let parts: Vec<String> = cells
            .iter()
            .enumerate()
            .map(|(i, c)| {
                let pad = " ".repeat(widths[i].saturating_sub(width(c)));
                if right.contains(&i) {
                    format!("{pad}{c}")
                } else {
                    format!("{c}{pad}")
                }
            })
            .collect();
        format!("{}\n", parts.join("  ").trim_end())
    };
    let mut out = line(head.to_vec());
    out.push_str(&line(
        widths
            .iter()
            .map(|w| "─".repeat(*w))
            .collect::<Vec<_>>()
            .iter()
            .map(String::as_str)
            .collect(),
    ));
    for row in rows {
        out.push_str(&line(row.iter().map(String::as_str).collect()));
    }
    out
}

/// Bars in a terminal are at most this many cells.
const BAR: i64 = 40;

/// A scale's curve: what it pays at and around each threshold, with jumps, gaps and falls flagged.
pub fn curve(c: &Curve, lang: Lang) -> String {
    let text = |n: &Num, unit: &str| {
        if unit == "money" || unit == "cash" {
            n.fixed(2)
        } else {
            n.to_string()
        }
    };
    let most = c.points.iter().map(|p| p.1.clone()).max().unwrap_or_default();
    let mut rows = Vec::new();
    for (x, y) in &c.points {
        let cells = (y * &Num::int(BAR)).over(&most).unwrap_or_default().floor();
        let cells = cells.to_i128().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        let jump = c
            .jumps
            .iter()
            .find(|j| j.0 == *x)
            .map(|j| format!(" ↑ {}", text(&(&j.2 - &j.1), c.pays)));
        rows.push(vec![
            text(x, c.of),
            text(y, c.pays),
            format!("{}{}", "█".repeat(cells), jump.unwrap_or_default()),
        ]);
    }
    let mut out = format!("{} · {}\n", c.step, lang.of(&c.label));
    out.push_str(&table(
        &[lang.say("数额", "measure"), lang.say("所得", "pays"), ""],
        &rows,
        &[0, 1],
    ));
    for (end, next) in &c.gaps {
        let (a, b) = (text(end, c.of), text(next, c.of));
        out.push_str(&match lang {
            Lang::Zh => format!("! 空档：{a} 到 {b} 没有写明\n"),
            Lang::En => format!("! gap: {a} to {b} is not stated\n"),
        });
    }
    for (x, before, at) in &c.jumps {
        let (x, d) = (text(x, c.of), text(&(at - before), c.pays));
        out.push_str(&match lang {
            Lang::Zh => format!("! 跳升：到 {x} 时一下多 {d}\n"),
            Lang::En => format!("! cliff: reaching {x} brings {d} at once\n"),
        });
    }
    for x in &c.falls {
        let x = text(x, c.of);
        out.push_str(&match lang {
            Lang::Zh => format!("! 倒挂：到 {x} 反而更少\n"),
            Lang::En => format!("! falls: at {x} more brings less\n"),
        });
    }
    out
}
