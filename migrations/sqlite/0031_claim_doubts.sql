-- What speaks against what a claim credits: it stays with the claim, whichever conversion has its credit (attribution.md, section 9).
alter table claims add column doubts text not null default '[]';
