//! Places: 1, 2, 2, 4.

use std::cmp::Ordering;

/// A board's value: a total shared by a number of members, compared exactly.
#[derive(Clone, Copy, Debug)]
pub struct Value {
    total: i64,
    members: i64,
}

impl Value {
    /// A person's value.
    pub const fn whole(total: i64) -> Self {
        Self { total, members: 1 }
    }

    /// A team's value: its total per active member; a team without members counts as one of one.
    pub fn shared(total: i64, members: i64) -> Self {
        Self {
            total,
            members: members.max(1),
        }
    }

    /// The undivided total.
    pub const fn total(self) -> i64 {
        self.total
    }

    /// Among how many it is divided, at least 1.
    pub const fn members(self) -> i64 {
        self.members
    }

    /// The value in hundredths, half away from zero: for display only.
    pub fn hundredths(self) -> i128 {
        let (total, members) = (i128::from(self.total) * 100, i128::from(self.members));
        let twice = total * 2 + if total < 0 { -members } else { members };
        twice / (members * 2)
    }

    /// The value in whole units, half away from zero: a team's fen per member.
    pub fn rounded(self) -> i64 {
        let (total, members) = (i128::from(self.total), i128::from(self.members));
        let twice = total * 2 + if total < 0 { -members } else { members };
        i64::try_from(twice / (members * 2)).unwrap_or(i64::MAX)
    }

    /// How much is missing to `better`, exactly; both sides stay within 128 bits.
    #[must_use]
    pub fn missing_to(self, better: Self) -> Self {
        let members = i128::from(self.members) * i128::from(better.members);
        let total = i128::from(better.total) * i128::from(self.members)
            - i128::from(self.total) * i128::from(better.members);
        let common = gcd(total.unsigned_abs(), members.unsigned_abs()).max(1);
        let small = |n: i128| i64::try_from(n / i128::try_from(common).unwrap_or(1)).unwrap_or(i64::MAX);
        Self {
            total: small(total),
            members: small(members),
        }
    }
}

fn gcd(a: u128, b: u128) -> u128 {
    if b == 0 { a } else { gcd(b, a % b) }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Value {}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        let left = i128::from(self.total) * i128::from(other.members);
        let right = i128::from(other.total) * i128::from(self.members);
        left.cmp(&right)
    }
}

/// A place on a board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place<K> {
    /// 1 is first; level values share a rank and the next is left out.
    pub rank: i64,
    /// Who.
    pub key: K,
    /// With what.
    pub value: Value,
    /// What is missing to draw level with the next better place; `None` for the first.
    pub missing: Option<Value>,
}

/// Ranks by value, best first, by competition ranking; within a tie in the order of the keys. Who has nothing (or less,
/// after refunds) has no place.
pub fn rank<K: Ord>(entries: impl IntoIterator<Item = (K, Value)>) -> Vec<Place<K>> {
    let mut entries: Vec<(K, Value)> = entries.into_iter().filter(|(_, value)| value.total > 0).collect();
    entries.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let mut places: Vec<Place<K>> = Vec::with_capacity(entries.len());
    for (index, (key, value)) in entries.into_iter().enumerate() {
        let place = match places.last() {
            Some(last) if last.value == value => (last.rank, last.missing),
            Some(last) => (
                i64::try_from(index + 1).unwrap_or(i64::MAX),
                Some(value.missing_to(last.value)),
            ),
            None => (1, None),
        };
        places.push(Place {
            rank: place.0,
            key,
            value,
            missing: place.1,
        });
    }
    places
}

/// Places moved since the period before: positive upward, `None` for who had no place then.
pub fn moved(before: Option<i64>, now: i64) -> Option<i64> {
    before.map(|before| before - now)
}
