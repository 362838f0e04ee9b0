-- Failed sign-ins are counted in signin_waits (0010_door.sql); these were never used.
alter table accounts drop column failed_count;
alter table accounts drop column locked_until;
