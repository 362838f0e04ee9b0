-- Signing in: temporary passwords, waits after wrong ones, one-time links, OpenID subjects; imports looked at first.

alter table accounts add column temporary bigint not null default 0 check (temporary in (0, 1)); -- the password was given by an admin

create table signin_waits (
    login_hash bytea not null,             -- keyed hash of the login as typed, known or not; empty: any login
    network_hash bytea not null,           -- keyed hash of the network; empty: any network
    failures bigint not null,
    wait_until bigint,
    known_at bigint,                    -- when this login was right from this network
    changed_at bigint not null,
    primary key (login_hash, network_hash)
);
create index signin_waits_changed on signin_waits (changed_at);

create table signin_links (
    token_hash bytea not null primary key, -- SHA-256 of the token
    account_id bigint not null references accounts (id),
    purpose text not null check (purpose in ('signin', 'password')),
    created_at bigint not null,
    expires_at bigint not null,
    used_at bigint
);
create index signin_links_account on signin_links (account_id, created_at);

create table account_subjects (
    issuer text not null,
    subject text not null,
    account_id bigint not null references accounts (id),
    created_at bigint not null,
    primary key (issuer, subject)
);
create index account_subjects_account on account_subjects (account_id);

create table people_imports (              -- files uploaded and shown, not yet confirmed
    token_hash bytea not null primary key,
    actor text not null,
    file bytea not null,
    plan_hash bytea not null,               -- what was shown
    created_at bigint not null
);
create index people_imports_created on people_imports (created_at);

create index sessions_account on sessions (account_id);
create index audit_log_actor on audit_log (actor, id);
create index audit_log_action on audit_log (action, id);
create index audit_log_subject on audit_log (subject, id);
