-- Months per person, and frozen boards (attribution.md §8): what stood there at the period's end + 24 h. Names are read when shown.

create table employee_month (
    month text not null,                    -- its first business day; the sum of the person's days in it
    employee_id integer not null references employees (id),
    requests integer not null default 0,
    human integer not null default 0,
    valid integer not null default 0,
    leads integer not null default 0,
    sales integer not null default 0,
    amount integer not null default 0,
    points integer not null default 0,
    primary key (month, employee_id)
) strict;

create table boards (
    id integer primary key autoincrement,
    period text not null,                   -- 2026-W47, 2026-11, 2026-Q4
    metric text not null check (metric in ('points', 'clicks', 'leads', 'sales')),
    unit text not null check (unit in ('employee', 'team')),
    frozen_at integer not null,
    unique (period, metric, unit)
) strict;

create table board_rows (
    board_id integer not null references boards (id),
    subject_id integer not null,               -- employee or team, by the board's unit
    place integer not null check (place > 0),
    total integer not null,
    members integer not null check (members > 0),
    primary key (board_id, subject_id)
) strict;
