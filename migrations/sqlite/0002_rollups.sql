-- Rollups: what pages read instead of rows. Each is a sum over rows and can be recounted (`bole doctor`).

create table employee_day (
    day text not null,                      -- business day
    employee_id integer not null references employees (id),
    requests integer not null default 0,
    human integer not null default 0,
    valid integer not null default 0,
    leads integer not null default 0,
    sales integer not null default 0,
    amount integer not null default 0,         -- net, minor units
    points integer not null default 0,
    primary key (day, employee_id)
) strict;
create index employee_day_employee on employee_day (employee_id, day);

-- A link's totals are the sum of two rows: what was folded in, and what was booked since. New clicks touch the few pages of
-- the links that are clicked now; a page of all links is written when there is much to fold into it.
create table link_totals (
    link_id integer not null primary key references links (id),
    requests integer not null default 0,
    human integer not null default 0,
    valid integer not null default 0,
    leads integer not null default 0,
    sales integer not null default 0,
    amount integer not null default 0
) strict;

create table link_recent (
    link_id integer not null primary key,
    requests integer not null default 0,
    human integer not null default 0,
    valid integer not null default 0,
    leads integer not null default 0,
    sales integer not null default 0,
    amount integer not null default 0
) strict;

create table campaign_hour (
    campaign_id integer not null references campaigns (id),
    channel text not null,
    hour integer not null,                     -- first ms of the hour, UTC
    requests integer not null default 0,
    human integer not null default 0,
    valid integer not null default 0,
    leads integer not null default 0,
    sales integer not null default 0,
    amount integer not null default 0,
    primary key (campaign_id, channel, hour)
) strict;
