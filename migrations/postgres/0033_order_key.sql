-- A claim names an order as somebody typed it: the shop's own is found by its one spelling (attribution.md, section 6).
alter table conversions add column order_key text;
update conversions set order_key = upper(replace(external_id, ' ', '')) where source <> 'claim';
create index conversions_order on conversions (order_key) where order_key is not null;
