-- Clicks, one row each, flagged and never dropped; how far each spool was read (attribution.md §2 and §3).

create table clicks (
    id uuid not null primary key,          -- UUIDv7: ids sort by the instant of the click
    link_id bigint not null references links (id),
    at bigint not null,
    employee_id bigint references employees (id),   -- credited; null: indirect, or after the last working day
    class text not null check (class in ('human', 'preview', 'bot', 'prefetch', 'repeat', 'internal', 'self', 'suspect')),
    reason text not null,
    was_class text,                         -- of an overruled click: what the rules had said
    was_reason text,
    visitor bytea,                          -- the cookie: brought along, or set by the answer
    visitor_hash bytea,                     -- the keyed hash, where no cookie was brought
    network text,                           -- /24 or /48, never a whole address
    country text,
    region text,
    city text,
    asn bigint,
    browser text,
    os text,
    device text,
    language text,
    referrer text,
    scan boolean not null,
    beacons bytea,                          -- the first 20, packed
    page_visitor bytea,                     -- what the first start beacon brought
    dwell_ms bigint,                          -- visible time believed; null: unmeasured
    valid boolean not null default false,
    earned boolean not null default false                   -- points were booked for it
);
create index clicks_link on clicks (link_id, id);
create index clicks_page_visitor on clicks (link_id, page_visitor, id) where page_visitor is not null;
create index clicks_valid on clicks (link_id, visitor, id) where valid;
create index clicks_valid_hash on clicks (link_id, visitor_hash, id) where valid;

create table orphan_beacons (
    click_id uuid not null primary key,    -- beacons that were read before their click
    beacons bytea not null,
    at bigint not null                        -- of the last one; forgotten after 48 h
);
create index orphan_beacons_at on orphan_beacons (at);

create table spool_checkpoints (
    node text not null primary key,
    segment bigint not null,
    position bigint not null,                 -- bytes of the segment that are in the store
    changed_at bigint not null
);
