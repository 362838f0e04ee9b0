//! What a CRM record's source note says: `员工推荐-<name or employee code>`.

use super::deal::half_width;

/// Longest note read, characters.
const LONGEST: usize = 200;
/// What such a note begins with.
const PREFIX: &str = "员工推荐";
/// Dashes as keyboards, input methods and office programs write them.
const DASHES: [char; 10] = ['-', '‐', '‑', '‒', '–', '—', '―', '−', '﹣', '－'];

/// A note that names who recommended: what stands after the dash, spaces inside folded, half-width.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceNote(String);

/// Who a note names, among the people known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// One person.
    One(i64),
    /// Several people of one name: a human must tell.
    Several,
    /// Nobody known.
    Nobody,
}

impl SourceNote {
    /// Reads a note. `None` when it is not of this form.
    pub fn parse(text: &str) -> Option<Self> {
        if text.chars().count() > LONGEST {
            return None;
        }
        let rest = text.trim().strip_prefix(PREFIX)?.trim_start();
        let name = rest.trim_start_matches(DASHES);
        if name.len() == rest.len() {
            return None;
        }
        let folded: Vec<String> = name
            .split_whitespace()
            .map(|word| word.chars().map(half_width).collect())
            .collect();
        let name = folded.join(" ");
        (!name.is_empty()).then_some(Self(name))
    }

    /// What stands after the dash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Who it names: by code first, whatever its case, then by full name. `people` are (row, code, name).
    pub fn named<'p>(&self, people: impl Iterator<Item = (i64, &'p str, &'p str)>) -> Named {
        let same = |text: &str| fold(text) == fold(&self.0);
        let (mut by_code, mut by_name) = (None, Vec::new());
        for (row, code, name) in people {
            if same(code) {
                by_code = Some(row);
            } else if same(name) {
                by_name.push(row);
            }
        }
        match (by_code, by_name.as_slice()) {
            (Some(row), []) => Named::One(row),
            (None, [row]) => Named::One(*row),
            (None, []) => Named::Nobody,
            // One person's code is another's name: as good as two of one name.
            _ => Named::Several,
        }
    }
}

fn fold(text: &str) -> String {
    text.split_whitespace()
        .flat_map(str::chars)
        .map(half_width)
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_with_any_dash_and_any_spaces() {
        for text in [
            "员工推荐-张三",
            "员工推荐－张三",
            " 员工推荐 — 张三 ",
            "员工推荐——张三",
            "员工推荐\u{3000}–\u{3000}张三",
        ] {
            assert_eq!(SourceNote::parse(text).expect(text).as_str(), "张三", "{text:?}");
        }
        assert_eq!(
            SourceNote::parse("员工推荐-Ｚ００７").map(|n| n.0).as_deref(),
            Some("Z007")
        );
        for other in [
            "",
            "员工推荐",
            "员工推荐-",
            "员工推荐张三",
            "客户推荐-张三",
            "来自员工推荐-张三",
        ] {
            assert_eq!(SourceNote::parse(other), None, "{other:?}");
        }
    }

    #[test]
    fn a_name_two_people_share_is_for_a_human() {
        let people = [
            (1, "z001", "张三"),
            (2, "z002", "张三"),
            (3, "li", "李 雷"),
            (4, "wang", "Z001"),
        ];
        let who = |note: &str| {
            SourceNote::parse(note)
                .expect(note)
                .named(people.iter().map(|(row, code, name)| (*row, *code, *name)))
        };
        assert_eq!(who("员工推荐-张三"), Named::Several);
        assert_eq!(who("员工推荐-Z002"), Named::One(2));
        assert_eq!(who("员工推荐-李雷"), Named::One(3), "a space inside a name");
        assert_eq!(
            who("员工推荐-Z001"),
            Named::Several,
            "a code that is somebody's name"
        );
        assert_eq!(who("员工推荐-赵四"), Named::Nobody);
    }
}
