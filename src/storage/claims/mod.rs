//! Claims, their timeline and their files; the CRM's records (attribution.md §6).

mod crm;
mod events;
mod files;
mod queue;
mod read;
mod row;
mod write;

pub use crm::{CrmRecord, NewCrmRecord, insert_record, note_verified, records_of};
pub use events::{ClaimEvent, NewEvent, has_contested, insert_event};
pub use files::{ClaimFile, NewFile, file_count, file_with, insert_file};
pub use queue::QueueFilter;
pub use read::{ClaimFilter, open_claims_about, true_claim_of};
pub use row::{Claim, NewClaim};
pub use write::{
    ClaimMove, insert_claim, lock_claim, lock_order, move_claim, set_conversion, set_doubts, set_order,
};
