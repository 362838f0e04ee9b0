-- More signs of what is odd: a browser of the employee's own, leads nobody answers, claims the CRM was faster than.

alter table suspicions drop constraint suspicions_kind_check;
alter table suspicions add constraint suspicions_kind_check check (kind in ('visitor', 'network', 'regular', 'dwell', 'instant', 'machine', 'own', 'kin', 'silent', 'late-claim'));
