create schema replica;

create schema ledger;

create schema reports;

create table ledger.topology_version (
    version integer not null,
    content_hash varchar not null,
    toml varchar not null,
    applied_at timestamptz not null,
    applied_by varchar not null,
    cycle bigint not null
);

create table ledger.counter (
    last_seq bigint not null
);

insert into ledger.counter values (0);

create table ledger.network (
    time_zone varchar not null,
    currency varchar not null
);

create table ledger.cycle (
    cycle bigint not null,
    started_at timestamptz not null,
    topology_version integer not null,
    rules_version varchar not null,
    last_seq bigint not null,
    is_routed boolean not null
);

create table ledger.site (
    site_id bigint not null,
    site_code varchar not null,
    database_uuid varchar,
    epoch integer,
    cluster varchar,
    bookmark varchar,
    withheld_everything varchar[],
    withheld_stock varchar[],
    position bigint,
    change_set_number bigint not null,
    last_contact_at timestamptz,
    last_success_at timestamptz,
    data_as_of_at timestamptz,
    consecutive_failures integer not null,
    last_outcome varchar,
    last_error varchar,
    queue_in bigint,
    queue_in_as_of_at timestamptz,
    queue_out bigint,
    is_released boolean not null default false,
    is_in_topology boolean not null,
    is_enabled boolean not null,
    overdue_after interval not null,
    late_after interval not null
);

create table ledger.decision (
    number bigint not null,
    cycle bigint not null,
    kind varchar not null,
    site_code varchar not null,
    reason varchar,
    decided_at timestamptz not null,
    decided_by varchar not null
);

create table ledger.visit (
    cycle bigint not null,
    site_id bigint not null,
    started_at timestamptz not null,
    outcome varchar not null check (outcome in ('ok', 'unreachable', 'failed')),
    error varchar,
    pulled bigint not null,
    admitted bigint not null,
    rejected bigint not null,
    waiting bigint not null,
    sent bigint not null,
    pull_seconds double not null,
    deliver_seconds double not null
);

create table ledger.record (
    table_name varchar not null,
    record_id varchar not null,
    owner varchar,
    maker bigint,
    document varchar,
    scopes varchar[] not null,
    seq bigint not null
);

create table ledger.sequence (
    seq bigint not null,
    cycle bigint not null,
    kind varchar not null check (kind in ('change', 'rescope', 'adopt', 'correct', 'remove', 'retry')),
    table_name varchar not null,
    record_id varchar not null,
    op varchar not null check (op in ('upsert', 'delete')),
    maker bigint,
    for_site bigint,
    scopes_before varchar[] not null
);

create table ledger.site_scope (
    site_id bigint not null,
    scope varchar not null,
    from_seq bigint not null,
    to_seq bigint
);

create table ledger.instance (
    site_id bigint not null,
    store_id varchar not null,
    sync_type varchar not null
);

create table ledger.withheld (
    store_id varchar not null,
    is_everything boolean not null
);

create table ledger.quarantine (
    id bigint not null,
    site_id bigint not null,
    table_name varchar not null,
    record_id varchar not null,
    op varchar not null,
    verdict varchar not null check (verdict in ('rejected', 'waiting')),
    reason varchar not null,
    malformed varchar,
    is_snapshot boolean not null,
    site_row varchar,
    central_row varchar,
    first_seen_at timestamptz not null,
    last_seen_at timestamptz not null,
    first_cycle bigint not null,
    cycle bigint not null,
    state varchar not null check (state in ('open', 'admitted', 'closed', 'superseded', 'discarded')),
    closed_cycle bigint
);

create table ledger.change_set (
    site_id bigint not null,
    number bigint not null,
    cycle bigint not null,
    from_seq bigint not null,
    to_seq bigint not null,
    content_hash varchar not null,
    path varchar not null,
    upserts bigint not null,
    deletes bigint not null,
    state varchar not null check (state in ('pending', 'held', 'applied', 'superseded', 'failed')),
    answered_at timestamptz,
    answer varchar
);

create table ledger.skipped (
    site_id bigint not null,
    number bigint not null,
    table_name varchar not null,
    record_id varchar not null,
    why varchar not null,
    is_open boolean not null
);
