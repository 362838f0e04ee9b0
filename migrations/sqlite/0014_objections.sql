-- Objections to lines, lines that are held or wait for their day, and files that were handed out.

create table objections (
    id integer primary key autoincrement,
    line_id integer not null references run_lines (id),  -- of the run that counts: follows when it is calculated again
    run_id integer not null references runs (id),
    employee_id integer not null references employees (id),
    state text not null check (state in ('open', 'accepted', 'declined', 'appealed', 'dismissed', 'withdrawn')),
    remedy text check (remedy in ('recalculate', 'fact')),
    opened_at integer not null,
    decided_by text,                        -- the first decision; an appeal is for another person
    decided_for integer references employees (id),
    decided_at integer
) strict;
create unique index objections_one on objections (line_id) where state <> 'withdrawn';
create index objections_run on objections (run_id, state);
create index objections_employee on objections (employee_id, id);
create index objections_state on objections (state, id);

create table objection_steps (              -- only grows
    id integer primary key autoincrement,
    objection_id integer not null references objections (id),
    step text not null check (step in ('open', 'answer', 'reply', 'accept', 'decline', 'appeal', 'dismiss', 'withdraw')),
    actor text not null,
    person integer references employees (id),
    words text not null,
    at integer not null
) strict;
create index objection_steps_of on objection_steps (objection_id, id);

create table line_holds (
    id integer primary key autoincrement,
    line_id integer not null references run_lines (id),
    reason text not null,
    held_by text not null,
    held_for integer references employees (id),
    held_at integer not null,
    release_reason text,
    released_by text,
    released_for integer references employees (id),
    released_at integer
) strict;
create unique index line_holds_one on line_holds (line_id) where released_at is null;

create table waiting_lines (                -- booked, and left out when their run was paid: held, or not due yet
    line_id integer not null primary key references run_lines (id),
    account text not null,
    amount integer not null,
    until_on text,                          -- not before this day
    paid_in integer references runs (id)
) strict;
create index waiting_lines_open on waiting_lines (account) where paid_in is null;

create table pay_exports (
    id integer primary key autoincrement,
    run_id integer not null references runs (id),
    kind text not null,
    digest blob not null,                   -- SHA-256 of what it says
    total integer not null,
    made_by text not null,
    made_at integer not null
) strict;
create index pay_exports_run on pay_exports (run_id, kind, id);
