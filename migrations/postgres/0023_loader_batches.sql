-- What each node's loader stored lately, so that the others remember it too instead of forgetting all they know. Written
-- only while there are others; the oldest go.
create table loader_batches (
    node text not null,
    number bigint not null,                  -- of the node's batch
    part bigint not null,                    -- clicks far apart in time are ranges of their own
    first_at bigint not null,                -- instants of its clicks, both included
    last_at bigint not null,
    primary key (node, number, part)
);

-- Whether a valid click earns is decided by those of its visitor that earned within 24 h before it: found without walking
-- along all that did not.
drop index clicks_valid;
drop index clicks_valid_hash;
create index clicks_valid on clicks (link_id, visitor, earned, id) where valid and visitor is not null;
create index clicks_valid_hash on clicks (link_id, visitor_hash, page_visitor, earned, id) where valid and visitor_hash is not null;
create index clicks_valid_page on clicks (link_id, page_visitor, earned, id) where valid and page_visitor is not null;
