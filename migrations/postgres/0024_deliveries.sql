-- A webhook's messages are listed newest first and counted by state: without these each look reads all messages there are.

create index deliveries_webhook on deliveries (webhook_id, id);
create index deliveries_state on deliveries (webhook_id, state, done_at);
