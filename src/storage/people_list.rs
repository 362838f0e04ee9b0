//! People as an admin looks for them: searched, filtered, sorted, page by page, with their sign-in beside them.

use jiff::civil::Date;

use crate::storage::convert::like;
use crate::storage::{Store, StoreError, reading};

/// Who is looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// Everybody.
    #[default]
    All,
    /// At work today, or hired for later.
    Active,
    /// Left.
    Left,
    /// At work and without a sign-in.
    Without,
}

/// By what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortBy {
    /// Code.
    #[default]
    Code,
    /// Full name.
    Name,
    /// Team today.
    Team,
    /// First working day, latest first.
    Hired,
}

/// What is asked.
#[derive(Clone, Debug, Default)]
pub struct PeopleQuery {
    /// Found in code, name or e-mail, whatever its case.
    pub text: String,
    /// A team's name.
    pub team: Option<String>,
    /// Who.
    pub standing: Standing,
    /// Order.
    pub sort: SortBy,
    /// Rows skipped.
    pub skip: i64,
    /// Rows at most.
    pub limit: i64,
}

/// Somebody in the list.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct PersonRow {
    /// Row.
    pub id: i64,
    /// Code.
    pub code: String,
    /// Full name.
    pub name: String,
    /// E-mail.
    pub email: Option<String>,
    /// Team today; of whoever has not begun, on their first day.
    pub team: Option<String>,
    /// ISO text.
    pub hired_on: Option<String>,
    /// Last working day, ISO text.
    pub left_on: Option<String>,
    /// Words parted by commas; `None`: no account.
    pub roles: Option<String>,
    /// Whether the account has a password of its owner's own.
    pub has_password: bool,
    /// Whether an admin turned it off.
    pub is_disabled: bool,
}

// `$1` day, `$2` pattern, `$3` team or empty, `$4` standing.
const FROM: &str = "from (select e.id, e.code, e.code_key, e.name, e.email, e.hired_on, e.left_on, a.roles, \
     (a.password_hash is not null and a.temporary = 0) as has_password, a.disabled_at is not null as is_disabled, \
     (select t.name from team_members m join teams t on t.id = m.team_id where m.employee_id = e.id \
     and m.from_on <= case when e.hired_on > $1 then e.hired_on else $1 end \
     and (m.to_on is null or m.to_on >= $1) order by m.from_on limit 1) as team \
     from employees e left join accounts a on a.employee_id = e.id) p \
     where (p.code_key like $2 escape '!' or lower(p.name) like $2 escape '!' \
     or lower(coalesce(p.email, '')) like $2 escape '!') \
     and ($3 = '' or p.team = $3) \
     and ($4 = 'all' or ($4 = 'left' and p.left_on < $1) \
     or ($4 <> 'left' and (p.left_on is null or p.left_on >= $1) and ($4 = 'active' or p.roles is null)))";

fn pattern(text: &str) -> String {
    format!("%{}%", like(&text.trim().to_lowercase()))
}

const fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::All => "all",
        Standing::Active => "active",
        Standing::Left => "left",
        Standing::Without => "without",
    }
}

impl Store {
    /// A page of people and how many there are in all.
    pub async fn people(
        &self,
        asked: &PeopleQuery,
        today: Date,
    ) -> Result<(Vec<PersonRow>, i64), StoreError> {
        let order = match asked.sort {
            SortBy::Code => "p.code_key",
            SortBy::Name => "p.name, p.code_key",
            SortBy::Team => "coalesce(p.team, ''), p.code_key",
            SortBy::Hired => "coalesce(p.hired_on, '') desc, p.code_key",
        };
        // Both texts are made of our own words.
        let list = format!(
            "select p.id, p.code, p.name, p.email, p.team, p.hired_on, p.left_on, p.roles, p.has_password, \
             p.is_disabled {FROM} order by {order} limit $5 offset $6"
        );
        let count = format!("select count(*) {FROM}");
        let team = asked.team.as_deref().unwrap_or("");
        Ok(reading!(self, |db| {
            let rows: Vec<PersonRow> = sqlx::query_as(sqlx::AssertSqlSafe(list))
                .bind(today.to_string())
                .bind(pattern(&asked.text))
                .bind(team)
                .bind(standing(asked.standing))
                .bind(asked.limit)
                .bind(asked.skip)
                .fetch_all(db)
                .await?;
            let (all,): (i64,) = sqlx::query_as(sqlx::AssertSqlSafe(count))
                .bind(today.to_string())
                .bind(pattern(&asked.text))
                .bind(team)
                .bind(standing(asked.standing))
                .fetch_one(db)
                .await?;
            (rows, all)
        }))
    }
}
