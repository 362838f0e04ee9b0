//! What the log calls an act, in words.

use crate::web::i18n::Lang;

/// Acts with words; one that has none yet is shown by its own name.
const ACTS: [&str; 91] = [
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
    "award.give",
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
    "payout.superseded",
    "pilot.add",
    "pilot.open",
    "pilot.remove",
    "pilot.start",
    "points.ask",
    "points.decide",
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
}
