-- What was shown before a topology was applied, as JSON (T9); whether topology.toml asks for something else now (B44).
alter table ledger.topology_version add column plan varchar;

alter table ledger.network add column waits_for_apply boolean default false;
