//! A version of the rules as it is printed: its text, and what changed against the one before.

use crate::rules::{Block, Change, Kind, Part, Span, blocks, diff, spans};

/// A block as it is printed; items that follow each other are one list.
#[derive(Clone, Debug)]
pub struct Printed {
    /// `part`, `section`, `paragraph` or `list`.
    pub kind: &'static str,
    /// Lines: one, or the items of a list.
    pub lines: Vec<Vec<Span>>,
}

/// A text as it is printed.
pub fn printed(body: &str) -> Vec<Printed> {
    let mut found: Vec<Printed> = Vec::new();
    for block in blocks(body) {
        let line = spans(&block.text);
        match (block.kind, found.last_mut()) {
            (Kind::Item, Some(list)) if list.kind == "list" => list.lines.push(line),
            (kind, _) => found.push(Printed {
                kind: match kind {
                    Kind::Part => "part",
                    Kind::Section => "section",
                    Kind::Item => "list",
                    Kind::Paragraph => "paragraph",
                },
                lines: vec![line],
            }),
        }
    }
    found
}

/// Something that changed.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The heading it stands below; nothing when the one before stands below the same.
    pub below: Option<String>,
    /// `added`, `removed` or `changed`.
    pub how: &'static str,
    /// Words: `same`, `removed` or `added`.
    pub words: Vec<(&'static str, String)>,
}

/// What changed from one text to another.
pub fn changes(before: &str, after: &str) -> Vec<Changed> {
    let mut found: Vec<Changed> = Vec::new();
    let (mut heading, mut told): (Option<String>, Option<String>) = (None, None);
    let plain = |block: &Block| block.text.replace("**", "");
    for change in diff(&blocks(before), &blocks(after)) {
        let (how, words) = match &change {
            Change::Same(block) => {
                if matches!(block.kind, Kind::Part | Kind::Section) {
                    heading = Some(plain(block));
                }
                continue;
            }
            Change::Added(block) => {
                if matches!(block.kind, Kind::Part | Kind::Section) {
                    heading = Some(plain(block));
                    told.clone_from(&heading);
                }
                ("added", vec![("added", plain(block))])
            }
            Change::Removed(block) => ("removed", vec![("removed", plain(block))]),
            Change::Changed(_, parts) => {
                let word = |part: &Part| match part {
                    Part::Same(text) => ("same", text.replace("**", "")),
                    Part::Removed(text) => ("removed", text.replace("**", "")),
                    Part::Added(text) => ("added", text.replace("**", "")),
                };
                ("changed", parts.iter().map(word).collect())
            }
        };
        let below = heading.clone().filter(|_| heading != told);
        told.clone_from(&heading);
        found.push(Changed { below, how, words });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_make_one_list_and_changes_name_their_section_once() {
        let before = "# 书\n\n## 积分\n- 分享 10\n- 点击 5\n\n## 结算\n月结";
        let kinds: Vec<_> = printed(before).iter().map(|p| (p.kind, p.lines.len())).collect();
        assert_eq!(
            kinds,
            [
                ("part", 1),
                ("section", 1),
                ("list", 2),
                ("section", 1),
                ("paragraph", 1)
            ]
        );
        let after = "# 书\n\n## 积分\n- 分享 12\n- 点击 6\n\n## 结算\n月结\n\n## 税\n税前";
        let told: Vec<_> = changes(before, after)
            .into_iter()
            .map(|c| (c.below, c.how))
            .collect();
        assert_eq!(
            told,
            [
                (Some("积分".to_owned()), "changed"),
                (None, "changed"),
                (None, "added"),
                (None, "added"),
            ]
        );
        assert!(changes(before, before).is_empty());
    }
}
