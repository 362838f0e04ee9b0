//! What actors are called: who gave, who decided, who published.
//!
//! # Why
//! A stored actor is a word (`account:7`, `key:3`, `system`), and every page and file that prints one prints the same
//! name for it.

use std::collections::BTreeMap;

use crate::storage::StoreError;
use crate::web::Web;
use crate::web::i18n::Lang;

/// Names of accounts and keys, in the language of who looks.
pub struct Actors {
    lang: Lang,
    known: BTreeMap<String, String>,
}

impl Actors {
    /// Reads all names there are.
    pub async fn load(web: &Web, lang: Lang) -> Result<Self, StoreError> {
        let known = web.app.store.actor_names().await?;
        Ok(Self { lang, known })
    }

    /// The name behind an actor's word; the word itself where there is none any more.
    pub fn name(&self, word: &str) -> String {
        match self.known.get(word) {
            Some(name) => name.clone(),
            None if word == "system" => self.lang.t("actor-system").to_string(),
            None => word.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_its_name_the_program_a_word_and_who_is_gone_what_was_stored() {
        let known = BTreeMap::from([("account:7".to_owned(), "王芳".to_owned())]);
        for (lang, system) in [(Lang::Zh, "系统"), (Lang::En, "the system")] {
            let actors = Actors {
                lang,
                known: known.clone(),
            };
            assert_eq!(actors.name("account:7"), "王芳");
            assert_eq!(actors.name("system"), system);
            assert_eq!(actors.name("key:3"), "key:3");
        }
    }
}
