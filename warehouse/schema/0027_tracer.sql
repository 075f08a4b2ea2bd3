-- The items that the network looks at first, as topology.toml names them: a master list, and codes of items.
alter table ledger.network add column tracer_list varchar;
alter table ledger.network add column tracer_items varchar[];
