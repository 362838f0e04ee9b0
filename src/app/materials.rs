//! Material of campaigns: what employees post. Written by one, approved by another, seen from its first day on.

use serde_json::json;
use url::Url;

use crate::app::pictures::cleaned;
use crate::app::{Actor, App, Permission, Refused, unprintable};
use crate::domain::{CampaignId, MaterialId, MaterialState};
use crate::storage::materials::{self, Material, MaterialFacts, decide_material, lock_material};
use crate::storage::{StoreError, insert_audit};

/// Longest copy, characters: a post in Moments folds at 100, Weibo takes 2 000.
const COPY_MAX: usize = 2000;

/// Longest title, characters.
const TITLE_MAX: usize = 80;

/// Longest address of a film, characters.
const URL_MAX: usize = 2000;

/// The fields that are wrong, by name: `code`, `title`, `pro`, `life`, `fun`, `video_url`, `ends_on`.
pub fn wrong_with(code: &str, facts: &MaterialFacts) -> Vec<&'static str> {
    let mut wrong = Vec::new();
    let code_fits = (1..=40).contains(&code.len())
        && code
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'));
    if !code_fits {
        wrong.push("code");
    }
    if !(1..=TITLE_MAX).contains(&facts.title.chars().count()) || facts.title.chars().any(unprintable) {
        wrong.push("title");
    }
    for (name, text) in [("pro", &facts.pro), ("life", &facts.life), ("fun", &facts.fun)] {
        let odd = text
            .chars()
            .any(|c| unprintable(c) && !matches!(c, '\n' | '\r' | '\t'));
        if odd || text.chars().count() > COPY_MAX {
            wrong.push(name);
        }
    }
    if facts.pro.is_empty() && facts.life.is_empty() && facts.fun.is_empty() {
        wrong.push("pro");
    }
    let film = |text: &str| {
        Url::parse(text).is_ok_and(|u| matches!(u.scheme(), "http" | "https") && u.has_host())
            && text.chars().count() <= URL_MAX
    };
    if facts.video_url.as_deref().is_some_and(|text| !film(text)) {
        wrong.push("video_url");
    }
    if let (Some(first), Some(last)) = (facts.starts_on, facts.ends_on)
        && last < first
    {
        wrong.push("ends_on");
    }
    wrong
}

/// What is to become of a piece of material.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaterialStep {
    /// Employees see it from its first day on.
    Approve,
    /// Nobody sees it any more; links that were made with it go on.
    Withdraw,
}

/// Stores material, new or known by its code. What is new, or says something else than before, is a draft until somebody
/// approves it; a change of its days alone leaves it where it stands. The caller asked [`wrong_with`] before.
pub async fn put_material(
    app: &App,
    actor: &Actor,
    campaign: CampaignId,
    code: &str,
    facts: &MaterialFacts,
) -> Result<MaterialId, StoreError> {
    let now_ms = app.clock.now_ms();
    let by = actor.word();
    let mut tx = app.store.begin().await?;
    let known = lock_material(&mut tx, campaign, code).await?;
    let says_the_same = |m: &&Material| {
        let dated = MaterialFacts {
            starts_on: facts.starts_on,
            ends_on: facts.ends_on,
            ..m.facts.clone()
        };
        dated == *facts
    };
    let (state, made_by) = match known.as_ref().filter(says_the_same) {
        Some(same) => (same.state, same.made_by.as_str()),
        None => (MaterialState::Draft, by.as_str()),
    };
    let id = materials::put_material(&mut tx, campaign, code, facts, state, made_by, now_ms).await?;
    let detail = json!({"title": facts.title, "starts_on": facts.starts_on, "ends_on": facts.ends_on,
                        "state": state.as_str()});
    insert_audit(
        &mut tx,
        now_ms,
        &by,
        "material.put",
        &subject(campaign, code),
        &detail,
    )
    .await?;
    tx.commit().await?;
    Ok(id)
}

/// Puts the picture of a piece of material, cleaned; it is a draft then.
pub async fn put_material_picture(
    app: &App,
    actor: &Actor,
    campaign: CampaignId,
    code: &str,
    file: Vec<u8>,
) -> Result<(), Refused> {
    let kept = cleaned("/picture", file).await?;
    let now_ms = app.clock.now_ms();
    let by = actor.word();
    let mut tx = app.store.begin().await?;
    let known = lock_material(&mut tx, campaign, code).await?;
    let known = known.ok_or_else(|| Refused::NotFound(format!("material {code:?}")))?;
    let picture = (kept.media_type, kept.bytes.as_slice());
    materials::put_material_picture(&mut tx, known.id, picture, MaterialState::Draft, &by, now_ms).await?;
    let detail = json!({"media_type": kept.media_type, "bytes": kept.bytes.len()});
    insert_audit(
        &mut tx,
        now_ms,
        &by,
        "material.picture",
        &subject(campaign, code),
        &detail,
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Approves material or withdraws it. Who wrote what stands there does not approve it (product.md, "Roles").
pub async fn decide_on_material(
    app: &App,
    actor: &Actor,
    campaign: CampaignId,
    code: &str,
    step: MaterialStep,
) -> Result<Material, Refused> {
    if !actor.may(Permission::WriteCampaigns) {
        return Err(Refused::Forbidden("only who writes campaigns may do this"));
    }
    let missing = || Refused::NotFound(format!("material {code:?}"));
    let now_ms = app.clock.now_ms();
    let by = actor.word();
    let mut tx = app.store.begin().await?;
    let known = lock_material(&mut tx, campaign, code)
        .await?
        .ok_or_else(missing)?;
    let state = match step {
        MaterialStep::Approve => MaterialState::Approved,
        MaterialStep::Withdraw => MaterialState::Withdrawn,
    };
    if known.state == state {
        return Ok(known);
    }
    let system = *actor == Actor::System;
    if step == MaterialStep::Approve && !system && actor.is_same(&app.store, &known.made_by).await? {
        return Err(Refused::Forbidden("who wrote it cannot approve it"));
    }
    decide_material(&mut tx, known.id, state, &by, now_ms).await?;
    let detail = json!({"state": state.as_str()});
    insert_audit(
        &mut tx,
        now_ms,
        &by,
        "material.decide",
        &subject(campaign, code),
        &detail,
    )
    .await?;
    let stored = lock_material(&mut tx, campaign, code)
        .await?
        .ok_or_else(missing)?;
    tx.commit().await?;
    Ok(stored)
}

fn subject(campaign: CampaignId, code: &str) -> String {
    format!("material:{campaign}/{code}")
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
        for film in ["javascript:alert(1)", "视频号", "ftp://v.example/1"] {
            let film = MaterialFacts {
                video_url: Some(film.into()),
                ..good.clone()
            };
            assert_eq!(wrong_with("a", &film), ["video_url"]);
        }
        let backwards = MaterialFacts {
            starts_on: Some(date(2026, 11, 2)),
            ends_on: Some(date(2026, 11, 1)),
            title: String::new(),
            ..good
        };
        assert_eq!(wrong_with("a", &backwards), ["title", "ends_on"]);
    }
}
