-- The changes that a decision is about that chose several (A2); null for others.
alter table ledger.decision add column entries bigint[];
