-- Files of facts and attributes before they are confirmed; proposals and non-cash awards to be decided.

create table pay_imports (
    id integer primary key autoincrement,
    kind text not null,                     -- a kind of fact, or roster:<scheme>
    source text not null,                   -- who says so
    file_name text not null,
    items text not null,                    -- JSON: what each line would do, as it was shown
    made_by text not null,
    made_at integer not null,
    applied_by text,
    applied_at integer
) strict;

create table pay_offers (
    id integer primary key autoincrement,
    run_id integer not null references runs (id),
    kind text not null check (kind in ('proposal', 'award')),
    place integer not null,                    -- in the run's outcome
    payee text not null,
    payee_kind text not null check (payee_kind in ('employee', 'department', 'customer')),
    component text not null,
    title_zh text not null,
    title_en text not null,
    what text not null,                     -- pay_rise, promotion, demotion …; an award's unit
    quantity text not null,                 -- how much, how many
    amount integer,                            -- an award's cash equivalent (GC-29)
    about text,
    effective text,
    says_zh text not null,
    says_en text not null,
    state text not null check (state in ('open', 'accepted', 'declined', 'handed_over')),
    decided_by text,
    decided_at integer,
    reason text,
    handed_by text,
    handed_at integer,
    handed_note text,
    created_at integer not null,
    unique (run_id, kind, place)
) strict;
create index pay_offers_queue on pay_offers (kind, state, id);
