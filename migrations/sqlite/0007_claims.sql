-- Claims: deals filed by hand, their timeline, their files, and what the CRM says (attribution.md §6).

create table claims (
    id integer primary key autoincrement,
    employee_id integer not null references employees (id),
    kind text not null check (kind in ('lead', 'sale')),
    status text not null check (status in ('submitted', 'needs_information', 'verified', 'rejected', 'appealed', 'upheld', 'overturned')),
    content_hash blob not null,             -- SHA-256 of what was filed: the same again is the same claim
    customer_id integer not null references customers (id),
    order_no text,                          -- as written
    order_key text,                         -- as compared
    bought text not null default '',
    amount integer not null check (amount >= 0),
    currency text not null,
    occurred_on text not null,
    story text not null,
    nonce blob,                             -- the customer's name and contact, sealed; erased on its date
    sealed blob,
    erase_at integer not null,
    held_until integer not null,               -- while undecided, nobody else's claim is taken until then
    external_id text,                       -- the conversion it became, or credited
    filed_by text not null,
    filed_for integer references employees (id),
    filed_at integer not null,
    decided_by text,                        -- of the last decision
    decided_for integer references employees (id),
    decided_at integer,
    changed_at integer not null
) strict;
create index claims_employee on claims (employee_id, id);
create index claims_status on claims (status, id);
create index claims_customer on claims (customer_id);
create index claims_order on claims (order_key) where order_key is not null;
create index claims_erase on claims (erase_at) where sealed is not null;

create table claim_orders (                 -- the row that is locked while a claim on the order is taken
    order_key text not null primary key,
    seen_at integer not null
) strict;

create table claim_events (
    id integer primary key autoincrement,
    claim_id integer not null references claims (id),
    step text not null check (step in ('filed', 'supplied', 'attached', 'needs_information', 'verified', 'rejected', 'appealed', 'upheld', 'overturned', 'contested', 'crm_seen')),
    actor text not null,
    employee_id integer references employees (id),  -- the person behind it, where there is one
    reason text not null,
    at integer not null
) strict;
create index claim_events_claim on claim_events (claim_id, id);
create unique index claim_events_contest on claim_events (claim_id, employee_id) where step = 'contested';

create table claim_files (
    id integer primary key autoincrement,
    claim_id integer not null references claims (id),
    name text not null,
    media_type text not null check (media_type in ('image/png', 'image/jpeg', 'application/pdf')),
    hash blob not null,                     -- SHA-256: the same file again is the same attachment
    bytes blob not null,
    created_at integer not null,
    unique (claim_id, hash)
) strict;

create table crm_records (
    id integer primary key autoincrement,
    external_id text not null unique,
    content_hash blob not null,
    customer_id integer references customers (id),
    order_no text,
    order_key text,
    source_note text not null,
    created_by text not null,               -- who wrote it into the CRM
    occurred_on text not null,
    sent_by text not null,
    received_at integer not null,
    verified text not null default '[]'     -- JSON: claims it verified when it came
) strict;
create index crm_records_customer on crm_records (customer_id) where customer_id is not null;
create index crm_records_order on crm_records (order_key) where order_key is not null;
