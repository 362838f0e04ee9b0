//! What the log calls an act, in words.

use crate::web::i18n::Lang;

/// Acts with words; one that has none yet is shown by its own name.
const ACTS: [&str; 100] = [
    "account.created",
    "account.invited",
    "account.locked",
    "account.password",
    "account.password_given",
    "account.password_set",
    "account.password_taken",
    "account.roles",
    "account.sessions_ended",
    "account.subject",
    "account.unlocked",
    "account.wait_ended",
    "attributes.set",
    "award.accepted",
    "award.declined",
    "award.give",
    "award.handed_over",
    "award.withdrawn",
    "board.freeze",
    "board.publish",
    "campaign.changed",
    "campaign.created",
    "campaign.picture",
    "claim.decided",
    "click.overrule",
    "contact.read",
    "conversion.approved",
    "conversion.held",
    "conversion.noted",
    "conversion.redecided",
    "conversion.refunded",
    "conversion.rejected",
    "conversion.released",
    "coupon.changed",
    "coupon.created",
    "crm.record",
    "employee.changed",
    "employee.created",
    "employees.imported",
    "fact.entered",
    "fact.revised",
    "fact.voided",
    "facts.imported",
    "goal.end",
    "goal.set",
    "honour.give",
    "honour.withdraw",
    "interaction.decide",
    "key.made",
    "key.revoked",
    "link.changed",
    "link.minted",
    "material.decide",
    "material.picture",
    "material.put",
    "notices.optout",
    "objection.accept",
    "objection.answer",
    "objection.appeal",
    "objection.decline",
    "objection.dismiss",
    "objection.opened",
    "objection.reply",
    "objection.withdraw",
    "payout.approved",
    "payout.calculated",
    "payout.closed",
    "payout.exported",
    "payout.held",
    "payout.in_review",
    "payout.paid",
    "payout.released",
    "payout.returned",
    "payout.superseded",
    "pilot.add",
    "pilot.open",
    "pilot.remove",
    "pilot.start",
    "points.ask",
    "points.decide",
    "proposal.accepted",
    "proposal.declined",
    "proposal.handed_over",
    "proposal.withdrawn",
    "rules.accepted",
    "rules.published",
    "scheme.changed",
    "share.decide",
    "shop.cancelled",
    "shop.handed",
    "shop.item",
    "shop.picture",
    "suspicion.decide",
    "team.founded",
    "team.renamed",
    "vote.count",
    "vote.open",
    "webhook.delete",
    "webhook.make",
    "webhook.replay",
];

/// An act in words; its own name where it has none.
pub fn act_words(lang: Lang, action: &str) -> String {
    if ACTS.contains(&action) {
        lang.word("act", action.replace(['.', '_'], "-")).to_string()
    } else {
        action.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_act_has_words_and_an_unknown_one_stands_as_it_is() {
        for lang in Lang::ALL {
            for act in ACTS {
                let words = act_words(lang, act);
                assert!(!words.contains("Unknown") && words != act, "{act}: {words}");
            }
            assert_eq!(act_words(lang, "new.act"), "new.act");
        }
    }

    fn sources(folder: &std::path::Path, into: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                sources(&path, into);
            } else if path.extension().is_some_and(|e| e == "rs") {
                into.push(std::fs::read_to_string(&path).unwrap());
            }
        }
    }

    #[test]
    fn every_act_that_is_written_has_words() {
        let mut files = Vec::new();
        sources(
            &std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
            &mut files,
        );
        let call =
            regex::Regex::new(r#"insert_audit\(\s*(?:&mut )?[a-z_]+,\s*[^,]+,\s*[^,]+,\s*"([a-z_.-]+)""#);
        let call = call.unwrap();
        let written: std::collections::BTreeSet<String> = files
            .iter()
            .flat_map(|text| call.captures_iter(text).map(|found| found[1].to_owned()))
            .collect();
        assert!(written.len() > 50, "{} found", written.len());
        for act in &written {
            assert!(ACTS.contains(&act.as_str()), "{act} has no words");
        }
    }
}
