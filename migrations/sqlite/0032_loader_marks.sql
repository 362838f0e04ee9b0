-- How far each node's spool is in the store, in time: boards freeze when all nodes are past the instant (attribution.md, section 8).
create table loader_marks (
    node text not null primary key,
    loaded_to bigint not null,              -- what was answered before is in the store
    said_at bigint not null
);
