//! Material of campaigns: what employees post.

use serde_json::json;

use crate::app::{Actor, App};
use crate::domain::{CampaignId, MaterialId};
use crate::storage::materials::MaterialFacts;
use crate::storage::{self, StoreError, insert_audit};

/// Longest copy, characters: a post in Moments folds at 100, Weibo takes 2 000.
const COPY_MAX: usize = 2000;

/// Longest title, characters.
const TITLE_MAX: usize = 80;

/// The fields that are wrong, by name: `code`, `title`, `pro`, `life`, `fun`, `ends_on`.
pub fn wrong_with(code: &str, facts: &MaterialFacts) -> Vec<&'static str> {
    let mut wrong = Vec::new();
    let code_fits = (1..=40).contains(&code.len())
        && code
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'));
    if !code_fits {
        wrong.push("code");
    }
    if !(1..=TITLE_MAX).contains(&facts.title.chars().count()) || facts.title.chars().any(char::is_control) {
        wrong.push("title");
    }
    for (name, text) in [("pro", &facts.pro), ("life", &facts.life), ("fun", &facts.fun)] {
        let odd = text
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
        if odd || text.chars().count() > COPY_MAX {
            wrong.push(name);
        }
    }
    if facts.pro.is_empty() && facts.life.is_empty() && facts.fun.is_empty() {
        wrong.push("pro");
    }
    if let (Some(first), Some(last)) = (facts.starts_on, facts.ends_on)
        && last < first
    {
        wrong.push("ends_on");
    }
    wrong
}

/// Stores material, new or known by its code. The caller asked [`wrong_with`] before.
pub async fn put_material(
    app: &App,
    actor: &Actor,
    campaign: CampaignId,
    code: &str,
    facts: &MaterialFacts,
) -> Result<MaterialId, StoreError> {
    let now_ms = app.clock.now_ms();
    let mut tx = app.store.begin().await?;
    let id = storage::materials::put_material(&mut tx, campaign, code, facts, now_ms).await?;
    let subject = format!("material:{campaign}/{code}");
    let detail = json!({"title": facts.title, "starts_on": facts.starts_on, "ends_on": facts.ends_on});
    insert_audit(&mut tx, now_ms, &actor.word(), "material.put", &subject, &detail).await?;
    tx.commit().await?;
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn material_has_a_code_a_title_and_at_least_one_voice() {
        let good = MaterialFacts {
            title: "今天发这条".into(),
            life: "上海这两天风一吹".into(),
            ..MaterialFacts::default()
        };
        assert!(wrong_with("a-1", &good).is_empty());
        assert_eq!(wrong_with("A 1", &good), ["code"]);
        let silent = MaterialFacts {
            life: String::new(),
            ..good.clone()
        };
        assert_eq!(wrong_with("a", &silent), ["pro"]);
        let backwards = MaterialFacts {
            starts_on: Some(date(2026, 11, 2)),
            ends_on: Some(date(2026, 11, 1)),
            title: String::new(),
            ..good
        };
        assert_eq!(wrong_with("a", &backwards), ["title", "ends_on"]);
    }
}
