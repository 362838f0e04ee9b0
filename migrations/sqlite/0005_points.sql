-- Points: the ledger, its balances, and what is filed for points (attribution.md §7).

create table point_entries (
    id integer primary key autoincrement,
    employee_id integer not null references employees (id),
    rule text not null check (rule in ('share', 'click', 'interaction', 'best-creator', 'redemption', 'expiry')),
    source text not null,                   -- what it stands for: click:<uuid>, share:17, best-creator:2026-11
    seq integer not null,                      -- of earnings: 0 award, 1 its reversal, 2 awarded again, …
    points integer not null check (points <> 0),
    at integer not null,                       -- when the fact happened
    day text not null,                      -- business day it is booked to
    recorded_at integer not null,
    expires_on text,                        -- last day of what was earned; null on what was spent or lapsed
    note text not null default '',
    unique (rule, source, seq)
) strict;
create index point_entries_employee on point_entries (employee_id, id);
-- What a person reads beside their clicks.
create index point_entries_other on point_entries (employee_id, id) where rule <> 'click';

create table point_balances (
    employee_id integer not null primary key references employees (id),
    balance integer not null                   -- the sum of the person's entries
) strict;

create table shares (
    id integer primary key autoincrement,
    employee_id integer not null references employees (id),
    link_id integer not null references links (id),
    campaign_id integer not null references campaigns (id),
    material text not null,
    channel text not null,
    posted_at integer not null,
    day text not null,                      -- business day of posted_at
    evidence_url text,
    status text not null check (status in ('approved', 'rejected')),
    outcome text not null check (outcome in ('earned', 'repeated-item', 'daily-limit', 'after-leaving', 'rejected')),
    points integer not null,                   -- in force; 0 unless it earned
    filed_by text not null,                 -- account:7, key:3
    filed_for integer references employees (id),   -- the person the filing actor is tied to
    filed_at integer not null,
    decided_by text,
    decided_at integer,
    reason text,
    unique (link_id, posted_at)
) strict;
create index shares_day on shares (employee_id, day);
create unique index shares_first on shares (employee_id, campaign_id, material, channel) where outcome = 'earned';

create table interactions (
    id integer primary key autoincrement,
    employee_id integer not null references employees (id),
    share_id integer not null references shares (id),
    friend text not null,                   -- as the employee calls them
    friend_key text not null,               -- trimmed, lower case: once per friend per post
    occurred_at integer not null,
    day text not null,
    evidence_url text,
    status text not null check (status in ('pending', 'approved', 'rejected')),
    outcome text not null check (outcome in ('pending', 'earned', 'after-leaving', 'rejected')),
    points integer not null,
    filed_by text not null,
    filed_for integer references employees (id),
    filed_at integer not null,
    decided_by text,
    decided_at integer,
    reason text,
    unique (share_id, friend_key)
) strict;
create index interactions_status on interactions (status, id);
create index interactions_employee on interactions (employee_id, id);

create table awards (
    id integer primary key autoincrement,
    kind text not null check (kind in ('best-creator')),
    month text not null,                    -- 2026-11
    employee_id integer not null references employees (id),
    points integer not null,
    reason text not null,
    given_by text not null,
    given_at integer not null,
    unique (kind, month)
) strict;
create index awards_employee on awards (employee_id);

-- The ledger only ever grows.
create trigger point_entries_no_update before update on point_entries
begin
    select raise(abort, 'point_entries only grows: post a reversal');
end;
create trigger point_entries_no_delete before delete on point_entries
begin
    select raise(abort, 'point_entries only grows: post a reversal');
end;
