//! Names of others on boards.

use crate::domain::DisplayName;

/// Surnames of two characters (复姓).
const COMPOUND: [&str; 62] = [
    "欧阳", "司马", "诸葛", "上官", "司徒", "东方", "独孤", "南宫", "万俟", "闻人", "夏侯", "皇甫", "尉迟",
    "公羊", "澹台", "公冶", "宗政", "濮阳", "淳于", "单于", "太叔", "申屠", "公孙", "仲孙", "轩辕", "令狐",
    "钟离", "宇文", "长孙", "慕容", "鲜于", "闾丘", "司空", "亓官", "司寇", "子车", "颛孙", "端木", "巫马",
    "公西", "漆雕", "乐正", "壤驷", "公良", "拓跋", "夹谷", "宰父", "谷梁", "段干", "百里", "东郭", "南门",
    "呼延", "羊舌", "微生", "梁丘", "左丘", "东门", "西门", "第五", "赫连", "纳兰",
];

/// How a person appears to others (attribution.md §8): as they chose; until asked, the surname and `*`; hidden, `*`.
/// A chosen nickname that is blank counts as not chosen.
pub fn board_name(name: &str, nickname: Option<&str>, choice: DisplayName) -> String {
    let nickname = nickname.map(str::trim).filter(|n| !n.is_empty());
    match (choice, nickname) {
        (DisplayName::Full, _) => name.trim().to_owned(),
        (DisplayName::Nickname, Some(nickname)) => nickname.to_owned(),
        (DisplayName::Hidden, _) => "*".to_owned(),
        (DisplayName::Unasked | DisplayName::Nickname, _) => surname(name),
    }
}

/// Surname and `*`: `张*`, `欧阳*`, `Lee *`. A single Latin word shows its first letter only: it may be a given name.
fn surname(name: &str) -> String {
    let name = name.trim();
    let Some(first) = name.chars().next() else {
        return "*".to_owned();
    };
    if !is_han(first) {
        let surname = match name.split_once([',', '，']) {
            Some((surname, _)) => surname.trim(),
            None => match name.rsplit_once(char::is_whitespace) {
                Some((_, surname)) => surname,
                None => return format!("{first}*"),
            },
        };
        return format!("{surname} *");
    }
    // A name of two characters is one and one, even when both together are a compound surname.
    let compound = name.chars().count() > 2 && COMPOUND.iter().any(|two| name.starts_with(two));
    let surname: String = name.chars().take(if compound { 2 } else { 1 }).collect();
    format!("{surname}*")
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3134f}')
}
