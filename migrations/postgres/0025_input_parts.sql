-- What a run read, part by part: a replay that hashes differently says what differs. '{}': calculated before this was noted.

alter table runs add column input_parts text not null default '{}';
