-- The employees' side: material with approval and pictures, check-in evidence, the programme's rules, the points shop.

alter table materials add column video_url text;
alter table materials add column state text not null default 'approved' check (state in ('draft', 'approved', 'withdrawn'));
alter table materials add column made_by text not null default 'system';    -- who wrote what stands there
alter table materials add column decided_by text;                           -- who approved or withdrew it
alter table materials add column decided_at integer;
alter table materials add column published_at integer;                      -- when it was first approved
alter table materials add column changed_at integer not null default 0;
update materials set published_at = created_at, changed_at = created_at;

create table material_pictures (
    material_id integer not null primary key references materials (id),
    media_type text not null,
    bytes blob not null,
    changed_at integer not null
) strict;

-- A screenshot of a share or an exchange: 'share' 17, 'interaction' 9.
create table evidence_pictures (
    kind text not null check (kind in ('share', 'interaction')),
    subject_id integer not null,
    media_type text not null,
    bytes blob not null,
    created_at integer not null,
    primary key (kind, subject_id)
) strict;

-- The programme's white paper. A published version never changes: a trigger refuses it.
create table rules_versions (
    id integer primary key autoincrement,
    number integer not null unique,         -- 1, 2, …: what people call it by
    body text not null,
    effective_on text not null,             -- first business day it is in force
    note text not null default '',          -- what changed, in a sentence
    published_by text not null,
    published_at integer not null
) strict;

create table rules_acceptances (
    employee_id integer not null references employees (id),
    version_id integer not null references rules_versions (id),
    accepted_at integer not null,
    primary key (employee_id, version_id)
) strict;

create trigger rules_versions_no_update before update on rules_versions
begin
    select raise(abort, 'a published version never changes: publish another');
end;
create trigger rules_versions_no_delete before delete on rules_versions
begin
    select raise(abort, 'a published version never changes: publish another');
end;

create table shop_items (
    id integer primary key autoincrement,
    title text not null,
    description text not null default '',
    kind text not null check (kind in ('voucher', 'goods', 'leave', 'privilege')),
    price integer not null check (price > 0),               -- points
    stock integer check (stock >= 0),                       -- null: as many as are asked for
    limit_count integer check (limit_count > 0),            -- per person and limit_period; null: no limit
    limit_period text not null default 'ever' check (limit_period in ('week', 'month', 'quarter', 'year', 'ever')),
    starts_on text,
    ends_on text,
    use_days integer check (use_days > 0),                  -- days to use it after it was handed over; null: for ever
    on_sale integer not null default 0 check (on_sale in (0, 1)),
    made_by text not null,
    created_at integer not null,
    changed_at integer not null
) strict;

-- Whose teams may redeem; no row: everybody's.
create table shop_item_teams (
    item_id integer not null references shop_items (id),
    team_id integer not null references teams (id),
    primary key (item_id, team_id)
) strict;

create table shop_pictures (
    item_id integer not null primary key references shop_items (id),
    media_type text not null,
    bytes blob not null,
    changed_at integer not null
) strict;

create table shop_orders (
    id integer primary key autoincrement,
    item_id integer not null references shop_items (id),
    employee_id integer not null references employees (id),
    once text not null,                     -- of the form it came from: sent twice it is one order
    title text not null,                    -- as it was called when ordered
    points integer not null check (points > 0),
    ordered_at integer not null,
    day text not null,                      -- business day of ordered_at
    status text not null check (status in ('ordered', 'handed', 'cancelled')),
    code text,                              -- of the voucher handed over
    use_by text,                            -- its last day
    decided_by text,
    decided_at integer,
    reason text,
    unique (employee_id, once)
) strict;
create index shop_orders_status on shop_orders (status, id);
create index shop_orders_person on shop_orders (employee_id, item_id, day);
create index shop_orders_item on shop_orders (item_id);
