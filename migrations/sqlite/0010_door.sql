-- Signing in: temporary passwords, waits after wrong ones, one-time links, OpenID subjects; imports looked at first.

alter table accounts add column temporary integer not null default 0 check (temporary in (0, 1)); -- the password was given by an admin

create table signin_waits (
    login_hash blob not null,             -- keyed hash of the login as typed, known or not; empty: any login
    network_hash blob not null,           -- keyed hash of the network; empty: any network
    failures integer not null,
    wait_until integer,
    known_at integer,                    -- when this login was right from this network
    changed_at integer not null,
    primary key (login_hash, network_hash)
) strict;
create index signin_waits_changed on signin_waits (changed_at);

create table signin_links (
    token_hash blob not null primary key, -- SHA-256 of the token
    account_id integer not null references accounts (id),
    purpose text not null check (purpose in ('signin', 'password')),
    created_at integer not null,
    expires_at integer not null,
    used_at integer
) strict;
create index signin_links_account on signin_links (account_id, created_at);

create table account_subjects (
    issuer text not null,
    subject text not null,
    account_id integer not null references accounts (id),
    created_at integer not null,
    primary key (issuer, subject)
) strict;
create index account_subjects_account on account_subjects (account_id);

create table people_imports (              -- files uploaded and shown, not yet confirmed
    token_hash blob not null primary key,
    actor text not null,
    file blob not null,
    plan_hash blob not null,               -- what was shown
    created_at integer not null
) strict;
create index people_imports_created on people_imports (created_at);

create index sessions_account on sessions (account_id);
create index audit_log_actor on audit_log (actor, id);
create index audit_log_action on audit_log (action, id);
create index audit_log_subject on audit_log (subject, id);
