-- Pay: facts, people's attributes, settings of schemes, runs, their lines, and the ledger (engine.md).

create table facts (
    id integer primary key autoincrement,      -- the watermark: what was known when
    kind text not null,
    source text not null,                   -- who says so: tracker, csv, api, form
    source_key text not null,               -- their id for it
    revision integer not null,                 -- 0, 1, 2 …: a correction is a new revision
    subject text,                           -- employee code
    occurred text not null,                 -- a day, or an instant with its offset
    occurred_on text not null,              -- business day of it
    fields text not null,                   -- JSON: measures and dimensions
    content_hash blob not null,
    void integer not null check (void in (0, 1)),
    sent_by text not null,
    recorded_at integer not null,
    unique (kind, source, source_key, revision)
) strict;
create index facts_day on facts (kind, occurred_on);

create table roster_values (
    id integer primary key autoincrement,
    employee_id integer not null references employees (id),
    name text not null,
    value text not null,                    -- JSON
    from_on text not null,                  -- holds from this day on
    set_by text not null,
    recorded_at integer not null
) strict;
create index roster_values_of on roster_values (employee_id, name, from_on, id);

create table scheme_settings (                -- how a firm runs a scheme, from a day on
    id integer primary key autoincrement,
    scheme text not null,
    from_on text not null,
    document text,                          -- null: the one built in
    params text not null,                   -- JSON
    enabled integer not null check (enabled in (0, 1)),
    note text not null,
    set_by text not null,
    created_at integer not null
) strict;
create index scheme_settings_of on scheme_settings (scheme, from_on, id);

create table runs (
    id integer primary key autoincrement,
    scheme text not null,
    period text not null,                   -- label: 2026-11, 2026-Q4, 2026, or from..to
    from_on text not null,
    to_on text not null,                    -- the day after the last
    state text not null check (state in ('calculated', 'in_review', 'approved', 'closed', 'paid', 'superseded')),
    document text not null,                 -- the text it was computed by
    input_hash blob not null,               -- SHA-256 of parameters, roster and facts
    params text not null,
    roster text not null,
    watermark integer not null,                -- the last fact known
    outcome text not null,                  -- JSON: residuals, proposals, awards, warnings, excluded
    total integer not null,
    snapshot blob,                          -- SHA-256 over everything above and the lines, at close
    calculated_by text not null,
    calculated_for integer references employees (id),
    calculated_at integer not null,
    submitted_by text,
    submitted_at integer,
    approved_by text,
    approved_for integer references employees (id),
    approved_at integer,
    closed_by text,
    closed_at integer,
    paid_by text,
    paid_at integer
) strict;
create unique index runs_one on runs (scheme, from_on, to_on) where state <> 'superseded';
create index runs_period on runs (from_on, to_on);

create table run_lines (
    id integer primary key autoincrement,
    run_id integer not null references runs (id),
    kind text not null check (kind in ('line', 'late', 'guard')),
    origin_id integer references runs (id),    -- late: the closed run it corrects
    payee text not null,
    payee_kind text not null check (payee_kind in ('employee', 'department', 'customer')),
    component text not null,
    rule text not null,
    title_zh text not null,
    title_en text not null,
    amount integer not null check (amount <> 0),
    about text,
    due text,
    says_zh text not null,
    says_en text not null,
    trace text not null                     -- JSON
) strict;
create index run_lines_run on run_lines (run_id, id);
create index run_lines_payee on run_lines (payee, run_id);
create index run_lines_origin on run_lines (origin_id) where origin_id is not null;

create table ledger (
    id integer not null primary key,           -- 1, 2, 3 … without a hole
    at integer not null,
    debit text not null,
    credit text not null,
    amount integer not null check (amount > 0),
    currency text not null,
    run_id integer not null references runs (id),
    line_id integer references run_lines (id),
    key text not null unique,               -- what it books, once
    content_hash blob not null,
    prev_hash blob not null,
    hash blob not null,
    check (debit <> credit)
) strict;
create index ledger_debit on ledger (debit);
create index ledger_credit on ledger (credit);
create index ledger_run on ledger (run_id);

create table ledger_head (                    -- one row: who posts locks it
    id integer not null primary key check (id = 1),
    count integer not null,
    hash blob not null
) strict;
insert into ledger_head (id, count, hash) values (1, 0, X'00');

-- What is booked is never changed.
create trigger ledger_no_update before update on ledger
begin
    select raise(abort, 'the ledger only grows: post a reversal');
end;
create trigger ledger_no_delete before delete on ledger
begin
    select raise(abort, 'the ledger only grows: post a reversal');
end;
create trigger facts_no_update before update on facts
begin
    select raise(abort, 'facts only grow: record a revision');
end;
create trigger facts_no_delete before delete on facts
begin
    select raise(abort, 'facts only grow: record a revision');
end;
