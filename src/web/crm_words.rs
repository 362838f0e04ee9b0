//! What a CRM record said about a claim, in the words of whoever reads it.
//!
//! # Why
//! The timeline keeps one text for everybody, `CRM 88164: 员工推荐-sunli (names somebody else)`: its parts are the
//! record's own, and the doubt behind them is the program's.

use crate::attribution::claim::Doubt;
use crate::web::i18n::Lang;

/// A reason of the timeline as people read it; what no record said stays as somebody wrote it.
pub fn crm_words(lang: Lang, reason: &str) -> String {
    let Some((id, seen)) = reason.strip_prefix("CRM ").and_then(|rest| rest.split_once(": ")) else {
        return reason.to_owned();
    };
    let (note, doubt) = Doubt::split(seen).map_or((seen, None), |(note, doubt)| (note, Some(doubt)));
    let text = lang
        .t("claim-crm-seen")
        .with("id", id)
        .with("note", note)
        .to_string();
    match doubt {
        Some(doubt) => {
            let why = lang.word("claim-doubt", doubt.key()).to_string();
            format!("{text}{}", lang.t("claim-crm-doubt").with("why", why))
        }
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_record_said_is_read_in_ones_own_language_and_what_people_wrote_stays() {
        for (reason, zh, en) in [
            (
                "CRM CRM-1: 员工推荐-sunli (names somebody else)",
                "CRM 记录 CRM-1，来源备注：员工推荐-sunli（写的是别人）",
                "CRM record CRM-1, source note: 员工推荐-sunli (it names somebody else)",
            ),
            (
                "CRM 7: 员工推荐 (北店)",
                "CRM 记录 7，来源备注：员工推荐 (北店)",
                "CRM record 7, source note: 员工推荐 (北店)",
            ),
            ("CRM 查不到", "CRM 查不到", "CRM 查不到"),
            ("请补一张聊天截图。", "请补一张聊天截图。", "请补一张聊天截图。"),
        ] {
            assert_eq!(crm_words(Lang::Zh, reason), zh);
            assert_eq!(crm_words(Lang::En, reason), en);
        }
    }

    #[test]
    fn every_doubt_has_its_words() {
        for doubt in Doubt::ALL {
            let said = crm_words(Lang::Zh, &format!("CRM 1: x ({doubt})"));
            assert!(
                !said.contains(&doubt.to_string()) && said.ends_with('）'),
                "{said}"
            );
        }
    }
}
