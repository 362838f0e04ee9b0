-- What managers look at and decide: slices of days, points by hand, votes, goals, pilots, honours, published boards, suspicions.

-- Days cut by content, channel and region. Counted from rows by a chore, off the clicks' way; a day is counted again when
-- `campaign_hour` says that something was booked on it since. At most 60 contents and 40 regions a campaign and day keep
-- their name, the others are summed under '…'.
create table slice_days (
    day text not null primary key,          -- business day
    print text not null,                    -- what campaign_hour summed up to before the rows were read
    counted_at integer not null
) strict;

create table slices (
    day text not null,
    campaign_id integer not null references campaigns (id),
    channel text not null,
    material text not null,
    region text not null,                   -- country and region; empty: unknown
    requests integer not null,
    human integer not null,
    valid integer not null,
    preview integer not null,
    bot integer not null,
    prefetch integer not null,
    repeated integer not null,
    internal integer not null,
    own integer not null,
    suspect integer not null,
    leads integer not null,
    sales integer not null,
    amount integer not null,
    primary key (day, campaign_id, channel, material, region)
) strict, without rowid;

-- The same days by one side alone: what a page reads that is narrowed to days and a campaign at most.
create table slice_sides (
    side text not null check (side in ('channel', 'material', 'region')),
    day text not null,
    campaign_id integer not null references campaigns (id),
    key text not null,                      -- of that side
    requests integer not null,
    human integer not null,
    valid integer not null,
    preview integer not null,
    bot integer not null,
    prefetch integer not null,
    repeated integer not null,
    internal integer not null,
    own integer not null,
    suspect integer not null,
    leads integer not null,
    sales integer not null,
    amount integer not null,
    primary key (side, day, campaign_id, key)
) strict, without rowid;

create table person_slices (
    day text not null,
    employee_id integer not null references employees (id),
    channel text not null,
    human integer not null,
    valid integer not null,
    visitors integer not null,              -- different ones that day
    network integer not null,               -- human clicks out of the busiest network that day
    leads integer not null,
    sales integer not null,
    amount integer not null,
    primary key (day, employee_id, channel)
) strict, without rowid;

-- Which week's clicks a day's leads and orders go back to.
create table cohort_slices (
    day text not null,
    week text not null,                     -- Monday of the customer's first known click
    campaign_id integer not null references campaigns (id),
    leads integer not null,
    sales integer not null,
    amount integer not null,
    primary key (day, week, campaign_id)
) strict, without rowid;

-- Links by who posted what where; counted up to a link's row that `meta` remembers, those since are counted when read.
create table link_people (
    campaign_id integer not null references campaigns (id),
    channel text not null,
    employee_id integer not null references employees (id),
    links integer not null,
    primary key (campaign_id, channel, employee_id)
) strict, without rowid;

-- Points by hand. One person asks, another decides.
create table point_adjustments (
    id integer primary key autoincrement,
    employee_id integer not null references employees (id),
    points integer not null check (points <> 0),
    reason text not null,
    status text not null check (status in ('pending', 'approved', 'rejected')),
    asked_by text not null,
    asked_for integer references employees (id),
    asked_at integer not null,
    decided_by text,
    decided_at integer,
    decision_reason text
) strict;
create index point_adjustments_status on point_adjustments (status, id);
create index point_adjustments_employee on point_adjustments (employee_id, id);

-- The ledger knows one more rule. A check cannot be changed in place here: the table is made anew, rows and ids as they were.
create table point_entries_wider (
    id integer primary key autoincrement,
    employee_id integer not null references employees (id),
    rule text not null check (rule in ('share', 'click', 'interaction', 'best-creator', 'adjustment', 'redemption', 'expiry')),
    source text not null,
    seq integer not null,
    points integer not null check (points <> 0),
    at integer not null,
    day text not null,
    recorded_at integer not null,
    expires_on text,
    note text not null default '',
    unique (rule, source, seq)
) strict;
insert into point_entries_wider select id, employee_id, rule, source, seq, points, at, day, recorded_at, expires_on, note from point_entries;
drop table point_entries;
alter table point_entries_wider rename to point_entries;
create index point_entries_employee on point_entries (employee_id, id);
create index point_entries_other on point_entries (employee_id, id) where rule <> 'click';
create trigger point_entries_no_update before update on point_entries
begin
    select raise(abort, 'point_entries only grows: post a reversal');
end;
create trigger point_entries_no_delete before delete on point_entries
begin
    select raise(abort, 'point_entries only grows: post a reversal');
end;

-- Best creator of a month, by vote.
create table creator_votes (
    id integer primary key autoincrement,
    month text not null unique,
    closes_at integer not null,
    opened_by text not null,
    opened_at integer not null,
    closed_at integer,                      -- counted; null: still open, or not counted yet
    winner_id integer references employees (id)   -- null: nobody, or a tie the manager settles
) strict;

create table creator_candidates (
    vote_id integer not null references creator_votes (id),
    employee_id integer not null references employees (id),
    work text not null,                     -- what they made
    primary key (vote_id, employee_id)
) strict;

create table creator_ballots (
    vote_id integer not null references creator_votes (id),
    voter_id integer not null references employees (id),
    employee_id integer not null references employees (id),
    at integer not null,
    primary key (vote_id, voter_id),
    check (voter_id <> employee_id)
) strict;

create table team_goals (
    id integer primary key autoincrement,
    team_id integer references teams (id),  -- null: the whole firm
    metric text not null check (metric in ('points', 'clicks', 'leads', 'sales')),
    first_on text not null,
    last_on text not null,
    target integer not null check (target > 0),   -- of sales: minor units
    reward text not null,
    set_by text not null,
    set_at integer not null,
    ended_by text,                          -- withdrawn
    ended_at integer,
    check (first_on <= last_on)
) strict;
create index team_goals_days on team_goals (last_on);

-- Campaigns that chosen people try first.
create table pilots (
    campaign_id integer not null primary key references campaigns (id),
    started_by text not null,
    started_at integer not null,
    opened_by text,                         -- to everybody
    opened_at integer
) strict;

create table pilot_members (
    id integer primary key autoincrement,
    campaign_id integer not null references pilots (campaign_id),
    employee_id integer references employees (id),
    team_id integer references teams (id),
    added_by text not null,
    added_at integer not null,
    check ((employee_id is null) <> (team_id is null)),
    unique (campaign_id, employee_id),
    unique (campaign_id, team_id)
) strict;

create table honours (
    id integer primary key autoincrement,
    employee_id integer not null references employees (id),
    kind text not null check (kind in ('chief', 'badge', 'training', 'co-creation')),
    title text not null,
    span text not null,                     -- a year, quarter or month, as its label
    reason text not null,
    given_by text not null,
    given_at integer not null,
    withdrawn_by text,
    withdrawn_at integer,
    withdrawn_reason text
) strict;
create index honours_employee on honours (employee_id, id);
create unique index honours_chief on honours (span) where kind = 'chief' and withdrawn_at is null;

-- A board that was announced; again when it was restated.
create table board_publications (
    id integer primary key autoincrement,
    period text not null,
    metric text not null check (metric in ('points', 'clicks', 'leads', 'sales')),
    unit text not null check (unit in ('employee', 'team')),
    edition integer not null check (edition > 0),
    restated integer not null,              -- rows that differed from the frozen ones when it was published
    note text not null,
    published_by text not null,
    published_at integer not null,
    unique (period, metric, unit, edition)
) strict;

-- What looks odd, with its evidence; none of it has a consequence before a person decides.
create table suspicions (
    id integer primary key autoincrement,
    employee_id integer not null references employees (id),
    day text not null,
    kind text not null check (kind in ('visitor', 'network', 'regular', 'dwell', 'instant', 'machine', 'own')),
    hits integer not null,                  -- clicks or conversions it is about
    base integer not null,                  -- out of how many
    evidence text not null,                 -- JSON
    status text not null check (status in ('open', 'held', 'cleared', 'confirmed')),
    found_at integer not null,
    decided_by text,
    decided_at integer,
    reason text,
    unique (employee_id, day, kind)
) strict;
create index suspicions_status on suspicions (status, id);
-- Those that wait for a person: few, found without reading days.
create index clicks_suspect on clicks (id) where class = 'suspect';
