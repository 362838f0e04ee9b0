-- Facts are read by their days, by their keys, and where they were revised: none of it by looking at all of a kind.
-- And what a run gives for each order, for the guards across schemes.

create index facts_revised on facts (kind, id) where revision > 0;
create index facts_key on facts (kind, source_key);
create index facts_subject on facts (kind, subject, occurred_on);
create index roster_values_named on roster_values (name, employee_id, from_on, id);
create index pay_offers_payee on pay_offers (payee, run_id);

create table run_claims (                     -- parts of lines, by the facts with money they were made of
    run_id integer not null references runs (id),
    payee text not null,
    component text not null,
    kind text not null,                     -- of the fact
    fact_key text not null,
    amount integer not null,                     -- fen of the line
    of_amount integer not null                   -- fen of the fact
) strict;
create index run_claims_key on run_claims (run_id, fact_key);
