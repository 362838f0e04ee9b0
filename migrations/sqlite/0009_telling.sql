-- Telling others: webhooks and group robots with their outbox, notices to people, what they opted out of, digests.

create table webhooks (
    id integer primary key autoincrement,
    url text not null,
    format text not null check (format in ('standard', 'wecom', 'feishu', 'dingtalk')),
    nonce blob,                            -- the secret messages are signed with, sealed; a robot may have none
    sealed blob,
    created_by text not null,
    created_at integer not null,
    deleted_at integer
) strict;

create table webhook_events (
    webhook_id integer not null references webhooks (id),
    event text not null check (event in ('click.valid', 'lead.created', 'sale.created', 'sale.refunded', 'claim.decided', 'board.frozen', 'payout.closed', 'payout.paid')),
    primary key (webhook_id, event)
) strict;
create index webhook_events_event on webhook_events (event);

create table outbox (
    id integer primary key autoincrement,
    message text not null unique,          -- webhook-id, made of what it tells: the same is filed once
    event text not null,
    body text not null,                    -- JSON, to the byte as it is signed and sent
    at integer not null
) strict;
create index outbox_at on outbox (at);

create table deliveries (
    id integer primary key autoincrement,
    outbox_id integer not null references outbox (id),
    webhook_id integer not null references webhooks (id),
    state text not null check (state in ('due', 'sent', 'failed')),
    attempts integer not null default 0,   -- since `began_at`
    began_at integer not null,             -- when it was filed, or asked to be sent again
    next_at integer not null,              -- not tried before
    leased_until integer not null default 0, -- while somebody tries it
    lease text not null default '',        -- who
    status integer,                        -- of the last answer
    detail text not null default '',       -- what was wrong the last time
    done_at integer,
    unique (webhook_id, outbox_id)
) strict;
create index deliveries_due on deliveries (next_at) where state = 'due';
create index deliveries_outbox on deliveries (outbox_id);

create table notices (
    id integer primary key autoincrement,
    employee_id integer not null references employees (id),
    kind text not null,
    about text not null,                   -- what it tells of: told once
    facts text not null,                   -- JSON: the values of its sentence
    at integer not null,
    read_at integer,
    unique (employee_id, kind, about)
) strict;
create index notices_employee on notices (employee_id, id);
create index notices_unread on notices (employee_id) where read_at is null;
create index notices_at on notices (at);

create table notice_optouts (
    employee_id integer not null references employees (id),
    channel text not null check (channel in ('app', 'mail')),
    kind text not null,
    at integer not null,
    primary key (employee_id, channel, kind)
) strict;

create table digests (
    id integer primary key autoincrement,
    employee_id integer not null references employees (id),
    week text not null,
    state text not null check (state in ('due', 'sent', 'failed', 'empty')),
    attempts integer not null default 0,
    began_at integer not null,
    next_at integer not null,
    leased_until integer not null default 0,
    detail text not null default '',
    done_at integer,
    unique (employee_id, week)
) strict;
create index digests_due on digests (next_at) where state = 'due';
