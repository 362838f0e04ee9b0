//! When a message that was not taken is tried again.

/// A message is given up when its next try would come later than this after the first, milliseconds: a day.
pub const GIVE_UP_MS: i64 = 24 * 3_600_000;

/// Pauses after the first, second … failure, seconds; the last one is repeated.
const PAUSES_S: [i64; 8] = [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400];

/// When to try again after the `failures`-th failure (from 1) at `now_ms` of a message first tried at `began_ms`; `None`: never.
/// `chance` (any number) stretches the pause by up to a tenth, so that receivers that fell together are not woken together.
pub fn next_try(began_ms: i64, failures: i64, now_ms: i64, chance: u32) -> Option<i64> {
    let place = usize::try_from(failures.max(1) - 1).unwrap_or(usize::MAX);
    let pause = PAUSES_S[place.min(PAUSES_S.len() - 1)] * 1000;
    let at = now_ms + pause + pause * i64::from(chance % 100) / 1000;
    (at - began_ms <= GIVE_UP_MS).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_a_day_is_the_end() {
        let mut now = 0;
        let mut tries = vec![0];
        for failures in 1.. {
            match next_try(0, failures, now, 0) {
                Some(at) => now = at,
                None => break,
            }
            tries.push(now / 1000);
        }
        assert_eq!(
            tries,
            [
                0, 5, 35, 155, 755, 2_555, 6_155, 13_355, 27_755, 42_155, 56_555, 70_955, 85_355
            ]
        );
    }

    #[test]
    fn chance_stretches_a_pause_by_less_than_a_tenth() {
        assert_eq!(next_try(0, 2, 1_000, 0), Some(31_000));
        assert_eq!(next_try(0, 2, 1_000, 99), Some(33_970));
        assert_eq!(next_try(0, 2, 1_000, 199), Some(33_970));
        assert_eq!(next_try(0, i64::MAX, 0, 0), Some(14_400_000));
        assert_eq!(next_try(0, 0, 0, 0), Some(5_000));
    }
}
