//! One business day of traffic: who opens which link when, how long they stay, what comes of it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use rand::RngExt;
use rand::rngs::StdRng;

use crate::demo::firm::PEOPLE;
use crate::demo::material::{CAMPAIGNS, CHANNELS};
use crate::demo::visitors::MACHINES;
use crate::demo::world::{Crowd, Visitor, World, pick};

/// One link of the demo.
#[derive(Clone, Debug)]
pub struct DemoLink {
    /// Its code.
    pub code: String,
    /// Index into the staff.
    pub person: usize,
    /// Index into the campaigns.
    pub campaign: usize,
    /// Index into the channels.
    pub channel: usize,
}

/// Somebody who stayed, and may leave a number or buy.
#[derive(Clone, Debug)]
pub struct Stayed {
    /// When they left the page.
    pub at: Timestamp,
    /// Their click's token.
    pub token: String,
    /// Who.
    pub visitor: u64,
    /// Index into the links.
    pub link: usize,
}

/// Share of a day's clicks per hour, 0–23 o'clock.
const HOURS: [u32; 24] = [
    6, 3, 2, 1, 1, 2, 8, 22, 30, 34, 38, 44, 70, 58, 36, 32, 34, 38, 46, 56, 82, 94, 64, 28,
];

enum Next {
    Click {
        link: usize,
        visitor: Option<u64>,
    },
    Beacon {
        token: String,
        visitor: u64,
        kind: u8,
        visible_ms: i64,
    },
}

/// Plays one day of about `clicks` clicks up to `until`; returns who stayed. `week` is the week of the demo.
pub async fn day(
    world: &mut World,
    crowd: &mut Crowd,
    links: &[DemoLink],
    (date, week): (Date, i64),
    clicks: u32,
    until: Timestamp,
) -> Vec<Stayed> {
    let zone = world.app.programme.zone.clone();
    let Ok(midnight) = date.to_zoned(zone) else {
        return Vec::new();
    };
    let mut queue: BinaryHeap<Reverse<(i64, usize)>> = BinaryHeap::new();
    let mut plans: Vec<Option<Next>> = Vec::new();
    let weights = weights(links, week);
    if weights.last().is_none_or(|(sum, _)| *sum == 0) {
        return Vec::new();
    }
    for _ in 0..clicks {
        let at = midnight.timestamp().as_millisecond() + moment(&mut world.rng);
        let link = chosen(&weights, &mut world.rng);
        let visitor = (!world.rng.random_ratio(9, 100)).then(|| visitor_of(&links[link], &mut world.rng));
        queue.push(Reverse((at, plans.len())));
        plans.push(Some(Next::Click { link, visitor }));
    }
    let mut stayed = Vec::new();
    while let Some(Reverse((at_ms, n))) = queue.pop() {
        let (Ok(at), Some(next)) = (Timestamp::from_millisecond(at_ms), plans[n].take()) else {
            continue;
        };
        if at >= until {
            break;
        }
        match next {
            Next::Click { link, visitor: None } => {
                let mut machine = Visitor::machine(pick(&MACHINES, &mut world.rng), &mut world.rng);
                world.click(at, &links[link].code, false, &mut machine).await;
            }
            Next::Click {
                link,
                visitor: Some(number),
            } => {
                let scan = world.rng.random_ratio(1, 12);
                let Some(token) = world.click(at, &links[link].code, scan, crowd.get(number)).await else {
                    continue;
                };
                let (started, dwell_ms) = (at_ms + 900, dwell(&mut world.rng));
                let limit = world.app.programme.dwell_limit_ms;
                let mut later = |when: i64, kind: u8, visible_ms: i64| {
                    queue.push(Reverse((when, plans.len())));
                    plans.push(Some(Next::Beacon {
                        token: token.clone(),
                        visitor: number,
                        kind,
                        visible_ms,
                    }));
                };
                later(started, 1, 0);
                if dwell_ms > limit {
                    later(started + limit + 250, 2, limit + 200);
                    let left = started + dwell_ms;
                    if let Ok(left) = Timestamp::from_millisecond(left) {
                        stayed.push(Stayed {
                            at: left,
                            token: token.clone(),
                            visitor: number,
                            link,
                        });
                    }
                }
                later(started + dwell_ms, 3, dwell_ms);
            }
            Next::Beacon {
                token,
                visitor,
                kind,
                visible_ms,
            } => {
                world
                    .beacon(at, &token, kind, visible_ms, crowd.get(visitor))
                    .await;
            }
        }
    }
    stayed.retain(|s| s.at < until);
    stayed
}

/// Running sums of the links' weights in this week.
fn weights(links: &[DemoLink], week: i64) -> Vec<(u32, usize)> {
    let mut sum = 0;
    links
        .iter()
        .enumerate()
        .map(|(n, link)| {
            let campaign = &CAMPAIGNS[link.campaign];
            if (campaign.from_week..campaign.to_week).contains(&week) {
                // People have their weeks: the order of the board is not carved in stone.
                let person = i64::try_from(link.person).unwrap_or(0);
                let mood = 6 + (person * 7 + week * 5 + week * person) % 9;
                sum +=
                    PEOPLE[link.person].reach * CHANNELS[link.channel].1 * u32::try_from(mood).unwrap_or(1);
            }
            (sum, n)
        })
        .collect()
}

fn chosen(weights: &[(u32, usize)], rng: &mut StdRng) -> usize {
    let total = weights.last().map_or(1, |(sum, _)| *sum);
    let at = rng.random_range(0..total);
    weights[weights.partition_point(|(sum, _)| *sum <= at)].1
}

/// Milliseconds after midnight.
fn moment(rng: &mut StdRng) -> i64 {
    let mut at = rng.random_range(0..HOURS.iter().sum::<u32>());
    let mut hour = 0;
    for (n, weight) in (0i64..).zip(HOURS) {
        hour = n;
        match at.checked_sub(weight) {
            Some(rest) => at = rest,
            None => break,
        }
    }
    hour * 3_600_000 + rng.random_range(0..3_600_000)
}

/// A friend of the person whose link it is; the more reach, the more friends. Some come again and again.
fn visitor_of(link: &DemoLink, rng: &mut StdRng) -> u64 {
    let friends = u64::from(PEOPLE[link.person].reach) * 90;
    let close = rng.random_ratio(1, 5);
    let friend = rng.random_range(0..if close { friends / 12 + 1 } else { friends });
    link.person as u64 * 1_000_000 + friend
}

/// How long somebody looks, milliseconds.
fn dwell(rng: &mut StdRng) -> i64 {
    match rng.random_range(0..100) {
        0..34 => rng.random_range(1_200..9_000),
        34..55 => rng.random_range(9_000..29_000),
        55..58 => rng.random_range(29_000..31_500),
        58..90 => rng.random_range(31_500..90_000),
        _ => rng.random_range(90_000..400_000),
    }
}

/// The instant a number of minutes after another.
pub fn minutes_after(at: Timestamp, minutes: i64) -> Timestamp {
    at.checked_add(minutes.minutes()).unwrap_or(at)
}
