-- Customers known by keyed hashes, conversions with their written decision, refunds, sealed contacts (attribution.md §5).

create table customers (
    id integer primary key autoincrement,
    seen_at integer not null,                  -- last looked up; the row that is locked while a decision is made
    created_at integer not null
) strict;

create table customer_keys (
    hash blob not null primary key,        -- HMAC-SHA256 of the contact's one spelling
    kind text not null check (kind in ('phone', 'email', 'id')),
    customer_id integer not null references customers (id),
    created_at integer not null
) strict;
create index customer_keys_customer on customer_keys (customer_id);

create table customer_imports (
    customer_id integer not null references customers (id),
    known_at integer not null,                 -- the firm knew the customer then
    primary key (customer_id, known_at)
) strict;

create table conversions (
    id integer primary key autoincrement,
    external_id text not null unique,       -- leads and sales share one namespace
    content_hash blob not null,            -- SHA-256 of what was sent: the same again, or something else
    kind text not null check (kind in ('lead', 'sale')),
    source text not null check (source in ('api', 'csv', 'form', 'claim')),
    occurred_at integer not null,
    day text not null,                      -- business day it is booked at
    amount integer not null check (amount >= 0),
    refunded integer not null default 0,
    currency text not null,
    product_class text,
    customer_id integer references customers (id),
    click_id blob,                         -- out of the token handed in
    coupon_code text,                       -- as handed in
    coupon_id integer references coupons (id),  -- redeemed
    coupon_refusal text,                    -- why it was not
    form_ms integer,                           -- how long the form was open
    first_status text not null,
    status text not null check (status in ('pending', 'approved', 'paid', 'rejected', 'refunded', 'held', 'uncredited')),
    via text check (via in ('coupon', 'click', 'customer', 'claim')),
    credited_to integer references employees (id),
    indirect_to integer references employees (id),
    link_id integer references links (id),
    campaign_id integer references campaigns (id),
    channel text,
    touch_id blob,                         -- the click that credited
    bound_at integer,                          -- since when the customer is bound to credited_to
    decision text not null,                 -- JSON: the steps, in order
    hold_until integer not null,               -- pending becomes approved then
    created_by text not null,
    created_at integer not null,
    decided_by text,
    decided_reason text,
    decided_at integer,
    changed_at integer not null,
    check (credited_to is null or indirect_to is null),
    check (refunded between 0 and amount)
) strict;
create index conversions_customer on conversions (customer_id, occurred_at);
create index conversions_credited on conversions (credited_to, occurred_at);
create index conversions_indirect on conversions (indirect_to, occurred_at) where indirect_to is not null;
create index conversions_occurred on conversions (occurred_at);
create index conversions_hold on conversions (hold_until) where status = 'pending';
create index conversions_status on conversions (status, id);
create index conversions_click on conversions (click_id) where click_id is not null;

create table refunds (
    id integer primary key autoincrement,
    external_id text not null unique,
    conversion_id integer not null references conversions (id),
    content_hash blob not null,
    amount integer not null check (amount > 0),
    occurred_at integer not null,
    first_status text not null,             -- of the conversion, after this refund
    first_rest integer not null,               -- what was left then
    created_by text not null,
    created_at integer not null
) strict;
create index refunds_conversion on refunds (conversion_id);

create table sealed_contacts (
    conversion_id integer not null primary key references conversions (id),
    nonce blob not null,
    sealed blob not null,                  -- XChaCha20-Poly1305 of the contact's JSON
    erase_at integer not null,
    created_at integer not null
) strict;
create index sealed_contacts_erase on sealed_contacts (erase_at);
