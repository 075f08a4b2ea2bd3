-- More about a row that a site has not got as it was sent: its database's own words, or what refers to it.
alter table ledger.skipped add column said varchar;
