//! What changed between two versions, block by block, and inside a block word by word.

use crate::rules::{Block, Kind};

/// Largest table of a comparison inside a block (words times words); beyond it both texts are shown whole.
const MAX_TABLE: usize = 4_000_000;

/// A run of words inside a changed block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// In both.
    Same(String),
    /// Only before.
    Removed(String),
    /// Only after.
    Added(String),
}

/// A block beside its counterpart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// In both.
    Same(Block),
    /// Only before.
    Removed(Block),
    /// Only after.
    Added(Block),
    /// In both, with other words.
    Changed(Kind, Vec<Part>),
}

/// What changed from one text to another, in reading order.
pub fn diff(before: &[Block], after: &[Block]) -> Vec<Change> {
    let mut found = Vec::new();
    let (mut gone, mut come): (Vec<&Block>, Vec<&Block>) = (Vec::new(), Vec::new());
    for step in steps(before, after) {
        match step {
            Step::Same(block) => {
                settle(&mut found, &mut gone, &mut come);
                found.push(Change::Same(block.clone()));
            }
            Step::Removed(block) => gone.push(block),
            Step::Added(block) => come.push(block),
        }
    }
    settle(&mut found, &mut gone, &mut come);
    found
}

/// Pairs what went with what came between two blocks that stayed.
fn settle(found: &mut Vec<Change>, gone: &mut Vec<&Block>, come: &mut Vec<&Block>) {
    let mut rest = std::mem::take(come).into_iter().peekable();
    for old in gone.drain(..) {
        let partner = rest
            .peek()
            .filter(|new| new.kind == old.kind)
            .and_then(|new| parts(&old.text, &new.text));
        match partner {
            Some(parts) => {
                rest.next();
                found.push(Change::Changed(old.kind, parts));
            }
            None => found.push(Change::Removed(old.clone())),
        }
    }
    found.extend(rest.map(|new| Change::Added(new.clone())));
}

/// Two texts word by word; `None` when they have less than a third in common.
fn parts(before: &str, after: &str) -> Option<Vec<Part>> {
    let (old, new) = (words(before), words(after));
    if old.len().saturating_mul(new.len()) > MAX_TABLE {
        return None;
    }
    let mut found: Vec<Part> = Vec::new();
    let mut same = 0;
    for step in steps(&old, &new) {
        match (step, found.last_mut()) {
            (Step::Same(word), last) => {
                same += word.chars().count();
                match last {
                    Some(Part::Same(text)) => text.push_str(word),
                    _ => found.push(Part::Same((*word).to_owned())),
                }
            }
            (Step::Removed(word), Some(Part::Removed(text))) => text.push_str(word),
            (Step::Added(word), Some(Part::Added(text))) => text.push_str(word),
            (Step::Removed(word), _) => found.push(Part::Removed((*word).to_owned())),
            (Step::Added(word), _) => found.push(Part::Added((*word).to_owned())),
        }
    }
    let longer = before.chars().count().max(after.chars().count());
    (same * 3 >= longer).then_some(found)
}

/// Words: runs of ASCII letters and digits; everything else character by character.
fn words(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut begin = 0;
    let mut in_word = false;
    for (at, c) in text.char_indices() {
        let part = c.is_ascii_alphanumeric();
        if at > begin && !(part && in_word) {
            found.push(&text[begin..at]);
            begin = at;
        }
        in_word = part;
    }
    if begin < text.len() {
        found.push(&text[begin..]);
    }
    found
}

enum Step<'a, T> {
    Same(&'a T),
    Removed(&'a T),
    Added(&'a T),
}

/// The longest common subsequence as steps; removals come before additions.
fn steps<'a, T: PartialEq>(before: &'a [T], after: &'a [T]) -> Vec<Step<'a, T>> {
    let width = after.len() + 1;
    // common[i][j]: the longest of before[i..] and after[j..].
    let mut common = vec![0_u32; (before.len() + 1) * width];
    for i in (0..before.len()).rev() {
        for j in (0..after.len()).rev() {
            common[i * width + j] = if before[i] == after[j] {
                common[(i + 1) * width + j + 1] + 1
            } else {
                common[(i + 1) * width + j].max(common[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut found = Vec::with_capacity(before.len().max(after.len()));
    while i < before.len() || j < after.len() {
        if i < before.len() && j < after.len() && before[i] == after[j] {
            found.push(Step::Same(&before[i]));
            (i, j) = (i + 1, j + 1);
        } else if i < before.len()
            && (j == after.len() || common[(i + 1) * width + j] >= common[i * width + j + 1])
        {
            found.push(Step::Removed(&before[i]));
            i += 1;
        } else {
            found.push(Step::Added(&after[j]));
            j += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::blocks;
    use proptest::prelude::*;

    #[test]
    fn a_changed_figure_is_shown_inside_its_sentence() {
        let before = blocks("# 积分\n- 分享一次 10 积分\n- 有效点击 5 积分\n\n月底结算。");
        let after = blocks("# 积分\n- 分享一次 12 积分\n- 有效点击 5 积分\n- 评论互动 15 积分\n\n月底结算。");
        let found = diff(&before, &after);
        let words = |part: &Part| match part {
            Part::Same(t) => t.clone(),
            Part::Removed(t) => format!("[-{t}]"),
            Part::Added(t) => format!("[+{t}]"),
        };
        let told: Vec<String> = found
            .iter()
            .filter_map(|change| match change {
                Change::Same(_) => None,
                Change::Changed(_, parts) => Some(parts.iter().map(words).collect()),
                Change::Added(block) => Some(format!("+{}", block.text)),
                Change::Removed(block) => Some(format!("-{}", block.text)),
            })
            .collect();
        assert_eq!(told, ["分享一次 [-10][+12] 积分", "+评论互动 15 积分"]);
    }

    #[test]
    fn a_sentence_written_anew_is_not_torn_into_letters() {
        let found = diff(
            &blocks("严禁购买点击。"),
            &blocks("奖金税前发放，个税由公司代扣。"),
        );
        assert!(
            matches!(found.as_slice(), [Change::Removed(_), Change::Added(_)]),
            "{found:?}"
        );
    }

    proptest! {
        #[test]
        fn both_versions_can_be_read_out_of_the_comparison(
            before in proptest::collection::vec("[ab一二 ]{0,6}", 0..8),
            after in proptest::collection::vec("[ab一二 ]{0,6}", 0..8),
        ) {
            let (before, after) = (blocks(&before.join("\n\n")), blocks(&after.join("\n\n")));
            let (mut old, mut new) = (Vec::new(), Vec::new());
            for change in diff(&before, &after) {
                match change {
                    Change::Same(block) => { old.push(block.text.clone()); new.push(block.text); }
                    Change::Removed(block) => old.push(block.text),
                    Change::Added(block) => new.push(block.text),
                    Change::Changed(_, parts) => {
                        let side = |keep: fn(&Part) -> Option<&str>| parts.iter().filter_map(keep).collect::<String>();
                        old.push(side(|p| match p { Part::Same(t) | Part::Removed(t) => Some(t), Part::Added(_) => None }));
                        new.push(side(|p| match p { Part::Same(t) | Part::Added(t) => Some(t), Part::Removed(_) => None }));
                    }
                }
            }
            prop_assert_eq!(old, before.into_iter().map(|b| b.text).collect::<Vec<_>>());
            prop_assert_eq!(new, after.into_iter().map(|b| b.text).collect::<Vec<_>>());
        }
    }
}
