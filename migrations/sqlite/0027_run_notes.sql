-- Words kept with a payout: why it was sent back from its review, why what it warned of may stand (GC-22).

create table run_notes (
    id integer primary key autoincrement,
    run_id integer not null references runs (id),
    step text not null check (step in ('returned', 'approved', 'closed')),
    words text not null,
    written_by text not null,
    written_at integer not null
) strict;
create index run_notes_run on run_notes (run_id);

-- What the guards took at the close was not in the sum of payouts that closed before sums were taken anew there.
update runs set total = coalesce((select sum(amount) from run_lines where run_id = runs.id), 0) where state in ('closed', 'paid');
