-- Signs are looked for a business day at a time (attribution.md, section 9).
create index conversions_day on conversions (day);
