-- What each node's loader stored lately, so that the others remember it too instead of forgetting all they know. Written
-- only while there are others; the oldest go.
create table loader_batches (
    node text not null,
    number integer not null,                 -- of the node's batch
    part integer not null,                   -- clicks far apart in time are ranges of their own
    first_at integer not null,               -- instants of its clicks, both included
    last_at integer not null,
    primary key (node, number, part)
) strict, without rowid;

-- The same table once more: a list of eight words in a check is a table of its own that SQLite fills and asks for each
-- row, a sixth of what a click costs. One after the other, the first one is mostly it.
create table clicks_again (
    id blob not null primary key,          -- UUIDv7: ids sort by the instant of the click
    link_id integer not null,
    at integer not null,
    employee_id integer,                     -- credited; null: indirect, or after the last working day
    class text not null check (class = 'human' or class = 'repeat' or class = 'bot' or class = 'preview'
        or class = 'prefetch' or class = 'internal' or class = 'self' or class = 'suspect'),
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
insert into clicks_again select * from clicks order by id;
drop table clicks;
alter table clicks_again rename to clicks;

-- Whether a valid click earns is decided by those of its visitor that earned within 24 h before it: found without walking
-- along all that did not.
create index clicks_link on clicks ((at / 86400000), link_id, id);
create index clicks_page_visitor on clicks (link_id, page_visitor, id) where page_visitor is not null;
create index clicks_suspect on clicks (id) where class = 'suspect';
create index clicks_valid on clicks (link_id, visitor, earned, id) where valid and visitor is not null;
create index clicks_valid_hash on clicks (link_id, visitor_hash, page_visitor, earned, id) where valid and visitor_hash is not null;
create index clicks_valid_page on clicks (link_id, page_visitor, earned, id) where valid and page_visitor is not null;
