-- What other days gave for an order is looked up by the order (GC-22, GC-23), not among all lines.
create index run_lines_about on run_lines (about) where about is not null;
create index run_claims_fact on run_claims (fact_key);
