-- Which cells of a change that was held back were no values of their kind: its row does not show them. What else is
-- wrong with its values is judged each time anew.
alter table ledger.quarantine add column unreadable varchar;

update ledger.quarantine set unreadable = malformed;
