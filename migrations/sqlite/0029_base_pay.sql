-- Base pay is nobody's variable pay: what is owed back is never taken from it (GC-13). Said by the document, kept with the line.

alter table run_lines add column base integer not null default 0 check (base in (0, 1));
