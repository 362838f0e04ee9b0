-- More signs of what is odd: a browser of the employee's own, leads nobody answers, claims the CRM was faster than.
-- A check cannot be changed in place.

create table suspicions_with_more (
    id integer primary key autoincrement,
    employee_id integer not null references employees (id),
    day text not null,
    kind text not null check (kind in ('visitor', 'network', 'regular', 'dwell', 'instant', 'machine', 'own', 'kin', 'silent', 'late-claim')),
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
insert into suspicions_with_more select id, employee_id, day, kind, hits, base, evidence, status, found_at, decided_by,
    decided_at, reason from suspicions;
drop table suspicions;
alter table suspicions_with_more rename to suspicions;
create index suspicions_status on suspicions (status, id);
