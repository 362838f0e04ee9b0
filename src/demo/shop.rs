//! What comes of traffic: shares told, numbers left, orders paid, money given back.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use rand::RngExt;

use crate::app::filing::Verdict;
use crate::app::interaction::{InteractionToFile, decide_on_interaction, file_interaction};
use crate::app::share::{ShareToFile, decide_on_share, file_share};
use crate::app::{Actor, ConversionInput, LeadContact, RefundInput, convert, refund};
use crate::attribution::ConversionKind;
use crate::demo::DemoError;
use crate::demo::firm::{PEOPLE, SURNAMES};
use crate::demo::material::{CAMPAIGNS, CHANNELS};
use crate::demo::traffic::{DemoLink, Stayed, minutes_after};
use crate::demo::world::{Crowd, World};
use crate::domain::{Money, Role};

/// The shop's till and telephone.
pub struct Shop {
    number: u32,
    refunds: Vec<(Timestamp, String, Money)>,
}

impl Shop {
    /// On its first day.
    pub fn new() -> Self {
        Self {
            number: 0,
            refunds: Vec::new(),
        }
    }

    fn next(&mut self, kind: &str) -> String {
        self.number += 1;
        format!("{kind}-{:05}", self.number)
    }

    /// Everybody tells of their shares of the day; some had a friend answer below.
    pub async fn shares(
        &mut self,
        world: &mut World,
        links: &[DemoLink],
        date: Date,
        week: i64,
        until: Timestamp,
    ) -> Result<(), DemoError> {
        let zone = world.app.programme.zone.clone();
        let morning = date.at(9, 30, 0, 0).to_zoned(zone)?.timestamp();
        for link in links {
            let campaign = &CAMPAIGNS[link.campaign];
            let person = &PEOPLE[link.person];
            let keen = u32::from(person.reach > 10) + 1;
            let posts =
                (campaign.from_week..campaign.to_week).contains(&week) && world.rng.random_ratio(keen, 22);
            let posted_at = minutes_after(morning, world.rng.random_range(0..600));
            if !posts || posted_at >= until {
                continue;
            }
            world.clock.set(minutes_after(posted_at, 2));
            let told = ShareToFile {
                employee: person.code.to_owned(),
                link: link.code.clone(),
                channel: CHANNELS[link.channel].0.to_owned(),
                posted_at,
                evidence_url: (link.person % 5 == 0)
                    .then(|| format!("https://moments.example/{}/{date}", person.code)),
                picture: None,
            };
            // People tell of their own; the office decides.
            let Some(employee) = world.app.store.employee_id_by_code(person.code).await? else {
                continue;
            };
            let own = Actor::Account {
                id: 0,
                roles: vec![Role::Employee],
                employee: Some(employee),
            };
            // Somebody who left tells of nothing any more.
            let Ok(share) = file_share(&world.app, &own, &told).await else {
                continue;
            };
            // Somebody looks at some of them later.
            if link.person % 9 == 0 && date.day() % 13 == 3 {
                let id = share.into_inner().id;
                let words = "截图里看不到“我在这里工作”的标签";
                decide_on_share(&world.app, &Actor::System, id, Verdict::Rejected, words).await?;
                continue;
            }
            if world.rng.random_ratio(1, 9) {
                let talk = InteractionToFile {
                    employee: person.code.to_owned(),
                    share: share.into_inner().id,
                    friend: format!("{}女士", SURNAMES[world.rng.random_range(0..SURNAMES.len())]),
                    occurred_at: minutes_after(posted_at, 1),
                    evidence_url: None,
                    picture: None,
                };
                let Ok(talk) = file_interaction(&world.app, &own, &talk).await else {
                    continue;
                };
                if world.rng.random_ratio(4, 5) {
                    let id = talk.into_inner().id;
                    decide_on_interaction(&world.app, &Actor::System, id, Verdict::Approved, "看过截图")
                        .await?;
                }
            }
        }
        Ok(())
    }

    /// What came of those who stayed today, and the refunds that are due.
    pub async fn sell(
        &mut self,
        world: &mut World,
        crowd: &mut Crowd,
        links: &[DemoLink],
        stayed: &[Stayed],
    ) -> Result<(), DemoError> {
        for visit in stayed {
            let link = &links[visit.link];
            let campaign = &CAMPAIGNS[link.campaign];
            let phone = crowd.get(visit.visitor).phone.clone();
            let roll = world.rng.random_range(0..1000);
            if roll < 34 {
                self.lead(world, visit, link, phone.clone()).await?;
            }
            if campaign.price.1 > 0 && (20..56).contains(&roll) {
                self.sale(world, visit, link, phone).await?;
            }
        }
        let now = world.app.now();
        let due: Vec<_> = self.refunds.extract_if(.., |(at, ..)| *at <= now).collect();
        for (occurred_at, conversion, amount) in due {
            let external_id = self.next("refund");
            let input = RefundInput {
                conversion,
                external_id,
                amount,
                occurred_at,
            };
            refund(&world.app, &Actor::System, &input).await?;
        }
        Ok(())
    }

    async fn lead(
        &mut self,
        world: &mut World,
        visit: &Stayed,
        link: &DemoLink,
        phone: String,
    ) -> Result<(), DemoError> {
        let mut input = ConversionInput::new(ConversionKind::Lead, self.next("lead"), visit.at);
        input.click = Some(visit.token.clone());
        // Once in a while somebody tries their own number.
        let own = world.rng.random_ratio(1, 90);
        input.phone = Some(if own {
            format!("1590000{:04}", link.person)
        } else {
            phone
        });
        let surname = SURNAMES[world.rng.random_range(0..SURNAMES.len())];
        input.contact = LeadContact {
            name: Some(format!("{surname}女士")),
            ..LeadContact::default()
        };
        convert(&world.app, &Actor::System, input).await?;
        Ok(())
    }

    async fn sale(
        &mut self,
        world: &mut World,
        visit: &Stayed,
        link: &DemoLink,
        phone: String,
    ) -> Result<(), DemoError> {
        let campaign = &CAMPAIGNS[link.campaign];
        let (low, high) = campaign.price;
        let mut price = low + (high - low) * i64::from(world.rng.random_range(0..4u8)) / 8;
        price -= price % 100;
        let coupon = campaign.coupon_off > 0 && world.rng.random_ratio(2, 5);
        let paid = Money::from_minor(if coupon {
            price - campaign.coupon_off
        } else {
            price
        });
        let external_id = self.next("order");
        let mut input = ConversionInput::new(ConversionKind::Sale, external_id.clone(), visit.at);
        input.amount = Some(paid);
        input.phone = Some(phone);
        input.product_class = Some(campaign.slug.to_owned());
        if coupon {
            let person = PEOPLE[link.person].code;
            input.coupon = coupon_of(world, person, campaign.slug).await?;
        }
        // Some pay at the counter, where nobody sees the link they came by; the coupon speaks for itself.
        if !world.rng.random_ratio(1, 8) {
            input.click = Some(visit.token.clone());
        }
        convert(&world.app, &Actor::System, input).await?;
        if world.rng.random_ratio(1, 22) {
            let whole = world.rng.random_ratio(1, 2);
            let back = if whole {
                paid
            } else {
                Money::from_minor(paid.minor() / 2)
            };
            let at = visit
                .at
                .checked_add((24 * world.rng.random_range(2..12i64)).hours())?;
            self.refunds.push((at, external_id, back));
        }
        Ok(())
    }
}

/// The code of a person's coupon for a campaign.
async fn coupon_of(world: &World, person: &str, campaign: &str) -> Result<Option<String>, DemoError> {
    let store = &world.app.store;
    let (Some(employee), Some(campaign)) = (
        store.employee_id_by_code(person).await?,
        store.campaign(campaign).await?,
    ) else {
        return Ok(None);
    };
    let found = store.coupons(Some(employee), Some(campaign.id), None, 1).await?;
    Ok(found.into_iter().next().map(|coupon| coupon.code))
}
