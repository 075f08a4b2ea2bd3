-- Whom a record is about and which rule of its table holds for it; goods received are about their order (B36).
alter table ledger.record add column about varchar;

alter table ledger.record add column part bigint default 0;

update ledger.record set about = g.purchase_order_id, scopes = list_append(scopes, 'order:' || g.purchase_order_id)
from replica.goods_received as g
where record.table_name = 'goods_received' and g.id = record.record_id and g.purchase_order_id is not null;

update ledger.record set about = g.purchase_order_id, scopes = list_append(scopes, 'order:' || g.purchase_order_id)
from replica.goods_received as g
where record.table_name = 'goods_received_line' and g.id = record.document and g.purchase_order_id is not null;

-- Records sent again on purpose.
create table ledger.entry (
    seq bigint not null,
    cycle bigint not null,
    kind varchar not null check (kind in ('change', 'rescope', 'adopt', 'correct', 'remove', 'retry', 'resend')),
    table_name varchar not null,
    record_id varchar not null,
    op varchar not null check (op in ('upsert', 'delete')),
    maker bigint,
    for_site bigint,
    scopes_before varchar[] not null
);

insert into ledger.entry select * from ledger.sequence order by seq;

drop table ledger.sequence;

alter table ledger.entry rename to sequence;

-- Records that were merged away, and what they are now.
create table ledger.merged (
    table_name varchar not null,
    merged_id varchar not null,
    kept_id varchar not null
);

-- The sites that had a record when it was merged away.
create table ledger.merged_at (
    table_name varchar not null,
    merged_id varchar not null,
    site_id bigint not null
);

-- What operators decide about changes that were not admitted (A2).
alter table ledger.decision add column entry bigint;

alter table ledger.quarantine add column note varchar;

alter table ledger.quarantine add column closed_by varchar;
