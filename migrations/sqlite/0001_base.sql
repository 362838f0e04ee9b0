-- People, campaigns, links, coupons, sign-in, keys, audit.
-- Times are milliseconds UTC, dates ISO text (business days), money minor units.

create table teams (
    id integer primary key autoincrement,
    code text not null unique,
    name text not null,
    created_at integer not null
) strict;

create table employees (
    id integer primary key autoincrement,
    code text not null,
    code_key text not null unique,          -- lower case: what codes are matched by
    name text not null,
    email text,
    phone text,
    nickname text,
    display text not null default 'unasked' check (display in ('unasked', 'full', 'nickname', 'hidden')),
    hired_on text,
    left_on text,                           -- last working day
    created_at integer not null,
    changed_at integer not null
) strict;
create index employees_changed on employees (changed_at);

create table team_members (
    employee_id integer not null references employees (id),
    team_id integer not null references teams (id),
    from_on text not null,                  -- first day, inclusive
    to_on text,                             -- last day, inclusive; null: still there
    primary key (employee_id, from_on)
) strict;
create index team_members_team on team_members (team_id);

create table accounts (
    id integer primary key autoincrement,
    login text not null unique,             -- lower case: e-mail or employee code
    employee_id integer unique references employees (id),
    name text not null,
    password_hash text,                     -- argon2id, PHC string
    roles text not null,                    -- words, parted by commas
    lang text not null default 'zh' check (lang in ('zh', 'en')),
    failed_count integer not null default 0,
    locked_until integer,
    created_at integer not null,
    disabled_at integer
) strict;

create table sessions (
    id_hash blob not null primary key,     -- SHA-256 of the session id
    account_id integer references accounts (id),
    data text not null,
    expires_at integer not null
) strict;
create index sessions_expires on sessions (expires_at);

create table api_keys (
    id integer primary key autoincrement,
    name text not null,
    key_hash blob not null unique,         -- SHA-256 of the key
    role text not null,
    employee_id integer references employees (id),
    created_at integer not null,
    expires_at integer,
    revoked_at integer
) strict;

create table campaigns (
    id integer primary key autoincrement,
    slug text not null unique,
    name text not null,
    description text not null default '',
    destination text not null,
    allowed_hosts text not null,            -- JSON array of host names
    starts_on text,
    ends_on text,
    fallback_url text,
    attribution_window_days integer,           -- null: the programme's
    disabled_at integer,
    created_at integer not null,
    changed_at integer not null
) strict;
create index campaigns_changed on campaigns (changed_at);

create table campaign_pictures (
    campaign_id integer not null primary key references campaigns (id),
    media_type text not null,
    bytes blob not null,
    changed_at integer not null
) strict;

create table materials (
    id integer primary key autoincrement,
    campaign_id integer not null references campaigns (id),
    code text not null,
    title text not null,
    copy_pro text not null default '',
    copy_life text not null default '',
    copy_fun text not null default '',
    starts_on text,
    ends_on text,
    created_at integer not null,
    unique (campaign_id, code)
) strict;

create table links (
    id integer primary key autoincrement,
    code text not null,
    code_key text not null unique,          -- lower case; never reused, rows are never deleted
    employee_id integer not null references employees (id),
    campaign_id integer not null references campaigns (id),
    channel text not null,
    material text not null default '',
    parent_id integer references links (id),   -- the link that brought the visitor who re-shared
    visitor blob,                          -- of a child link: whose it is
    destination text,                       -- own destination; null: the campaign's
    utm text,                               -- JSON of own utm fields; null: the defaults
    expires_at integer,
    disabled_at integer,
    created_at integer not null,
    changed_at integer not null
) strict;
create unique index links_natural on links (employee_id, campaign_id, channel, material) where parent_id is null;
create unique index links_child on links (parent_id, visitor) where parent_id is not null;
create index links_changed on links (changed_at);
create index links_employee on links (employee_id, parent_id);
create index links_campaign on links (campaign_id);

create table coupons (
    id integer primary key autoincrement,
    code text not null,
    code_key text not null unique,
    employee_id integer not null references employees (id),
    campaign_id integer not null references campaigns (id),
    percent_off integer check (percent_off between 1 and 100),
    amount_off integer check (amount_off > 0),
    starts_on text,
    ends_on text,
    max_redemptions integer check (max_redemptions > 0),
    redeemed integer not null default 0,
    disabled_at integer,
    created_at integer not null,
    changed_at integer not null,
    check ((percent_off is null) <> (amount_off is null)),
    check (max_redemptions is null or redeemed <= max_redemptions)
) strict;
create index coupons_employee on coupons (employee_id, campaign_id);

create table coupon_redemptions (
    source text not null primary key,       -- the conversion's external id; refunds free no redemption
    coupon_id integer not null references coupons (id),
    at integer not null
) strict;
create index coupon_redemptions_coupon on coupon_redemptions (coupon_id);

create table audit_log (
    id integer primary key autoincrement,
    at integer not null,
    actor text not null,                    -- account:7, key:3, system
    action text not null,
    subject text not null,
    detail text not null                    -- JSON
) strict;
create index audit_log_at on audit_log (at);

create table idempotency_keys (
    actor text not null,
    key text not null,
    request_hash blob not null,
    status integer not null,
    body text not null,
    created_at integer not null,
    primary key (actor, key)
) strict;

create table token_keys (
    kid integer not null primary key check (kid between 0 and 255),
    nonce blob not null,                   -- the key is derived from the master secret and this
    created_at integer not null
) strict;

create table visitor_salts (
    day text not null primary key,          -- business day; destroyed after 48 h, left out of backups
    salt blob not null,
    created_at integer not null
) strict;

create table meta (
    name text not null primary key,
    value text not null
) strict;
