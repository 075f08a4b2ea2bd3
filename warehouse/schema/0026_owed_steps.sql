-- A site that was let in again makes its own edits once it has what the lost line changed (B50, X1): from which place
-- of its log on (null: all of it), and up to where the sequence must have reached it; null: it took them.
alter table ledger.readmission add column since varchar;
alter table ledger.readmission add column owed_to bigint;
