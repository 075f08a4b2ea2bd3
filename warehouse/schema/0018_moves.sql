-- Stores on their way from one site to another, and those that went it (B47); each state that they were in.
create table ledger.move (
    move bigint not null,
    store_id varchar not null,
    from_site bigint not null,
    to_site bigint not null,
    state varchar not null check (state in ('wanted', 'cut', 'filling', 'activating', 'done', 'cancelled')),
    is_forced boolean not null,
    is_accepted boolean not null,
    filled_seq bigint,
    asked_by varchar not null
);

create table ledger.move_step (
    move bigint not null,
    state varchar not null,
    cycle bigint not null,
    entered_at timestamptz not null
);
