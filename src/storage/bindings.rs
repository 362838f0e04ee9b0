//! Whose customer somebody is: read off their credited conversions (attribution.md §5).

use crate::attribution::Status;
use crate::domain::{CampaignId, CustomerId, EmployeeId, LinkId};
use crate::storage::{StoreError, Tx, writing};

/// The conversion that binds a customer at an instant: the last credited one up to it, else the first after it.
#[derive(Clone, Debug)]
pub struct BindingRow {
    /// Who brought the customer.
    pub employee: EmployeeId,
    /// Since when.
    pub bound_at: i64,
    /// Whether it is held.
    pub held: bool,
    /// Its link.
    pub link: Option<LinkId>,
    /// Its campaign and channel.
    pub campaign: Option<(CampaignId, String)>,
}

/// Who a customer is bound to around `at_ms`; conversions that were rejected bind nobody.
pub async fn binding(
    tx: &mut Tx,
    customer: CustomerId,
    at_ms: i64,
    except: i64,
) -> Result<Option<BindingRow>, StoreError> {
    type Found = (i64, i64, String, Option<i64>, Option<i64>, Option<String>);
    let row: Option<Found> =
        writing!(tx, |db| {
            let before: Option<Found> = sqlx::query_as(
                "select credited_to, bound_at, status, link_id, campaign_id, channel from conversions \
             where customer_id = $1 and occurred_at <= $2 and id <> $3 and credited_to is not null \
             and bound_at is not null and status <> 'rejected' order by occurred_at desc, id desc limit 1",
            )
            .bind(customer.0)
            .bind(at_ms)
            .bind(except)
            .fetch_optional(&mut *db)
            .await?;
            match before {
                Some(row) => Some(row),
                None => sqlx::query_as(
                    "select credited_to, bound_at, status, link_id, campaign_id, channel from conversions \
                     where customer_id = $1 and occurred_at > $2 and id <> $3 and credited_to is not null \
                     and bound_at is not null and status <> 'rejected' order by occurred_at, id limit 1",
                )
                .bind(customer.0)
                .bind(at_ms)
                .bind(except)
                .fetch_optional(&mut *db)
                .await?,
            }
        });
    Ok(row.map(
        |(employee, bound_at, status, link, campaign, channel)| BindingRow {
            employee: EmployeeId(employee),
            bound_at,
            held: status == Status::Held.as_str(),
            link: link.map(LinkId),
            campaign: campaign.map(CampaignId).zip(channel),
        },
    ))
}
