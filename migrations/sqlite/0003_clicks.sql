-- Clicks, one row each, flagged and never dropped; how far each spool was read (attribution.md §2 and §3).

-- What many clicks have in common, once. A click names them by number: a fifth of the values to store.
create table click_agents (
    id integer primary key autoincrement,
    browser text not null,
    os text not null,
    device text not null,
    language text not null,                 -- the first one asked for; empty: none
    referrer text not null,                 -- host; empty: none
    unique (browser, os, device, language, referrer)
) strict;

create table click_places (
    id integer primary key autoincrement,
    country text not null,                  -- ISO 3166; empty in all of them: unknown
    region text not null,
    city text not null,
    asn integer not null,                    -- 0: unknown
    unique (country, region, city, asn)
) strict;

-- No references: the loader has just looked link, employee, agent and place up in the same transaction, none of them is
-- ever deleted, and four checks a click cost as much as the click.
create table clicks (
    id blob not null primary key,          -- UUIDv7: ids sort by the instant of the click
    link_id integer not null,
    at integer not null,
    employee_id integer,                     -- credited; null: indirect, or after the last working day
    class text not null check (class in ('human', 'preview', 'bot', 'prefetch', 'repeat', 'internal', 'self', 'suspect')),
    reason text not null,
    was_class text,                         -- of an overruled click: what the rules had said
    was_reason text,
    visitor blob,                          -- the cookie: brought along, or set by the answer
    visitor_hash blob,                     -- the keyed hash, where no cookie was brought
    network integer,                         -- /24 or /48 as a number, never a whole address
    place_id integer,
    agent_id integer,
    scan integer not null,
    beacons blob,                          -- the first 20, packed
    page_visitor blob,                     -- what the first start beacon brought
    dwell_ms integer,                          -- visible time believed; null: unmeasured
    valid integer not null default false,
    earned integer not null default false                   -- points were booked for it
) strict, without rowid;
-- Per day (UTC): new clicks touch the pages of their day only, however many links there are.
create index clicks_link on clicks ((at / 86400000), link_id, id);
create index clicks_page_visitor on clicks (link_id, page_visitor, id) where page_visitor is not null;
create index clicks_valid on clicks (link_id, visitor, id) where valid;
create index clicks_valid_hash on clicks (link_id, visitor_hash, id) where valid;

create table orphan_beacons (
    click_id blob not null primary key,    -- beacons that were read before their click
    beacons blob not null,
    at integer not null                        -- of the last one; forgotten after 48 h
) strict;
create index orphan_beacons_at on orphan_beacons (at);

create table spool_checkpoints (
    node text not null primary key,
    segment integer not null,
    position integer not null,                 -- bytes of the segment that are in the store
    changed_at integer not null
) strict;
