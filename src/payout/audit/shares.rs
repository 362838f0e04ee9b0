//! Amounts given out by weight, again: whole units, then one each by remainder; floors and caps by one level for all.

use dashu_ratio::RBig;

use super::eval::Why;
use super::value::floor;

/// A share of an amount in whole units.
#[derive(Clone)]
pub struct Part {
    pub exact: RBig,
    pub floor: RBig,
    pub place: usize,
    pub extra: bool,
    pub result: RBig,
}

/// Gives out whole units: what the weights give rounded down, then one each by remainder. `None`: no weights.
pub fn give(total: &RBig, unit: &RBig, weights: &[RBig]) -> Option<Vec<Part>> {
    if *total < RBig::ZERO {
        let mut mirror = give(&-total.clone(), unit, weights)?;
        for p in &mut mirror {
            for amount in [&mut p.exact, &mut p.floor, &mut p.result] {
                *amount = -amount.clone();
            }
        }
        return Some(mirror);
    }
    let sum = weights.iter().fold(RBig::ZERO, |a, b| a + b);
    if sum == RBig::ZERO {
        return None;
    }
    let mut parts: Vec<Part> = weights
        .iter()
        .map(|w| {
            let exact = total * w / &sum;
            let down = floor(&(&exact / unit)) * unit;
            Part {
                exact,
                result: down.clone(),
                floor: down,
                place: 0,
                extra: false,
            }
        })
        .collect();
    let mut left = parts.iter().fold(total.clone(), |left, p| left - &p.floor);
    let mut queue: Vec<usize> = (0..weights.len()).filter(|n| weights[*n] != RBig::ZERO).collect();
    queue.sort_by(|a, b| {
        let rest = |n: &usize| &parts[*n].exact - &parts[*n].floor;
        rest(b).cmp(&rest(a)).then(a.cmp(b))
    });
    for (place, n) in queue.into_iter().enumerate() {
        parts[n].place = place + 1;
        if left >= *unit {
            left -= unit;
            parts[n].extra = true;
            parts[n].result = &parts[n].result + unit;
        }
    }
    Some(parts)
}

pub struct Claim {
    pub weight: RBig,
    pub low: Option<RBig>,
    pub high: Option<RBig>,
}

/// With floors and caps: one level for all. Who stands at a floor or cap is found by trying every level at which
/// somebody would begin or cease to, from below.
fn level(total: &RBig, claims: &[Claim]) -> Result<Option<RBig>, Why> {
    let held = |c: &Claim, level: &RBig| {
        let x = level * &c.weight;
        match (&c.low, &c.high) {
            (Some(low), _) if x < *low => low.clone(),
            (_, Some(high)) if x > *high => high.clone(),
            _ => x,
        }
    };
    let given = |level: &RBig| claims.iter().fold(RBig::ZERO, |sum, c| sum + held(c, level));
    if given(&RBig::ZERO) > *total {
        return Err("floors above the amount");
    }
    let mut marks: Vec<RBig> = vec![RBig::ZERO];
    for c in claims.iter().filter(|c| c.weight > RBig::ZERO) {
        marks.extend([&c.low, &c.high].into_iter().flatten().map(|l| l / &c.weight));
    }
    marks.sort();
    let below = marks.iter().rev().find(|m| given(m) <= *total).cloned();
    let Some(below) = below else {
        return Err("no level");
    };
    // From here to the next mark only those between their floor and cap take more.
    let lies_open = |c: &&Claim| {
        let x = &below * &c.weight;
        c.low.as_ref().is_none_or(|l| x >= *l) && c.high.as_ref().is_none_or(|h| x < *h)
    };
    let open = claims
        .iter()
        .filter(lies_open)
        .fold(RBig::ZERO, |sum, c| sum + &c.weight);
    let missing = total - given(&below);
    if open == RBig::ZERO {
        return Ok((missing == RBig::ZERO).then_some(below));
    }
    Ok(Some(below + missing / open))
}

/// Shares with floors and caps; `None` in a place: nobody can take the rest.
pub fn give_within(total: &RBig, unit: &RBig, claims: &[Claim]) -> Result<(Vec<Part>, RBig), Why> {
    let zero = |amount: RBig| Part {
        exact: amount.clone(),
        floor: amount.clone(),
        place: 0,
        extra: false,
        result: amount,
    };
    let weights: Vec<RBig> = claims.iter().map(|c| c.weight.clone()).collect();
    if claims.iter().all(|c| c.low.is_none() && c.high.is_none()) {
        let parts = give(total, unit, &weights);
        let left = if parts.is_some() {
            RBig::ZERO
        } else {
            total.clone()
        };
        return Ok((parts.unwrap_or(vec![zero(RBig::ZERO); claims.len()]), left));
    }
    // Without a level everybody who has a weight is at a cap.
    let level = level(total, claims)?;
    let fixed: Vec<Option<RBig>> = claims
        .iter()
        .map(|c| {
            let x = level.as_ref().map(|l| l * &c.weight);
            match (&x, &c.low, &c.high) {
                (Some(x), Some(low), _) if x < low => Some(low.clone()),
                (Some(x), _, Some(high)) if x > high => Some(high.clone()),
                (None, _, Some(high)) if c.weight > RBig::ZERO => Some(high.clone()),
                (None, Some(low), _) => Some(low.clone()),
                _ => None,
            }
        })
        .collect();
    let rest = fixed.iter().flatten().fold(total.clone(), |rest, x| rest - x);
    let free: Vec<RBig> = weights
        .into_iter()
        .zip(&fixed)
        .map(|(w, f)| if f.is_some() { RBig::ZERO } else { w })
        .collect();
    let parts = give(&rest, unit, &free);
    let left = if parts.is_some() { RBig::ZERO } else { rest };
    let parts = parts.unwrap_or(vec![zero(RBig::ZERO); claims.len()]);
    let each = parts.into_iter().zip(fixed).map(|(p, f)| f.map_or(p, zero));
    Ok((each.collect(), left))
}
