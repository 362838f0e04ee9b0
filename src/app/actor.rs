//! Who is doing something.

use crate::app::{Permission, allows};
use crate::domain::{EmployeeId, Role};
use crate::storage::{Store, StoreError};

/// An authenticated actor. Audit entries and decisions carry its [`Actor::word`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// An API key: an actor of its own, perhaps tied to a person.
    Key {
        /// Row of the key.
        id: i64,
        /// Its one role.
        role: Role,
        /// The person it is tied to.
        employee: Option<EmployeeId>,
    },
    /// A signed-in account.
    Account {
        /// Row of the account.
        id: i64,
        /// Its roles.
        roles: Vec<Role>,
        /// The employee it belongs to.
        employee: Option<EmployeeId>,
    },
    /// The program itself (chores, the command line of an operator on the machine).
    System,
}

impl Actor {
    /// Whether any of its roles allows this.
    pub fn may(&self, permission: Permission) -> bool {
        match self {
            Self::Key { role, .. } => allows(*role, permission),
            Self::Account { roles, .. } => roles.iter().any(|r| allows(*r, permission)),
            Self::System => true,
        }
    }

    /// The person behind it, if it is tied to one.
    pub fn employee(&self) -> Option<EmployeeId> {
        match self {
            Self::Key { employee, .. } | Self::Account { employee, .. } => *employee,
            Self::System => None,
        }
    }

    /// `key:3`, `account:7` or `system`.
    pub fn word(&self) -> String {
        match self {
            Self::Key { id, .. } => format!("key:{id}"),
            Self::Account { id, .. } => format!("account:{id}"),
            Self::System => "system".to_owned(),
        }
    }

    /// Whether a stored actor's word means the same actor: the same key or account, or one tied to the same person.
    /// The same actor on both sides of one decision is refused, admin included (api.md).
    pub async fn is_same(&self, store: &Store, word: &str) -> Result<bool, StoreError> {
        if self.word() == word {
            return Ok(true);
        }
        Ok(self.employee().is_some() && store.person_behind(word).await? == self.employee())
    }
}
