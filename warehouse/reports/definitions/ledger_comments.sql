-- What the tables of the ledger and their columns mean (W2). Schema `ledger` is central's memory of synchronisation;
-- it is
-- private: no snapshot has it.
comment on table main.schema_version is 'Which numbered files of the warehouse''s own schema were run.';
comment on column main.schema_version.version is 'number of the file';

comment on table main.report_text is
    'A hash of what tables, macros, views and comments were made of: they are made anew where this version''s differs.';
comment on column main.report_text.text is 'the hash';

comment on table ledger.topology_version is 'Every topology.toml that was applied.';
comment on column ledger.topology_version.version is 'counted from 1';
comment on column ledger.topology_version.content_hash is 'hash of the text';
comment on column ledger.topology_version.toml is 'the text; secrets are names of variables in it';
comment on column ledger.topology_version.applied_at is 'when it was applied';
comment on column ledger.topology_version.applied_by is 'user and host that applied it';
comment on column ledger.topology_version.cycle is 'the cycle that applied it';
comment on column ledger.topology_version.plan is 'the plan that was shown, as JSON; null: taken without apply';

comment on table ledger.counter is 'The last number of the sequence: one row.';
comment on column ledger.counter.last_seq is 'the number given last';

comment on table ledger.network is 'What topology.toml says of the network as a whole: one row.';
comment on column ledger.network.time_zone is 'where the network is: days and months are counted there';
comment on column ledger.network.currency is 'home currency: values are in it';
comment on column ledger.network.waits_for_apply is 'topology.toml asked the last cycle for what is not applied';
comment on column ledger.network.tracer_list is 'code of the master list of items to look at first; NULL without';
comment on column ledger.network.tracer_items is 'codes of more such items';

comment on table ledger.cycle is 'Every cycle that was admitted.';
comment on column ledger.cycle.cycle is 'counted from 1';
comment on column ledger.cycle.started_at is 'when it began';
comment on column ledger.cycle.topology_version is 'the topology it went by (`ledger.topology_version`)';
comment on column ledger.cycle.rules_version is 'hash of the rules it went by';
comment on column ledger.cycle.last_seq is 'the last number of the sequence when it was admitted';
comment on column ledger.cycle.is_routed is 'its change sets are registered too: nothing of it is left to do again';

comment on table ledger.delivery is 'The files of what sites said to change sets, as far as the ledger knows them.';
comment on column ledger.delivery.cycle is 'the cycle';
comment on column ledger.delivery.part is 'counted from 1 in the cycle, which has one but where it was cut off';
comment on column ledger.delivery.delivered_at is 'when they began';

comment on table ledger.site is 'What central knows of each site.';
comment on column ledger.site.site_id is 'number of the site';
comment on column ledger.site.site_code is 'code of the site';
comment on column ledger.site.database_uuid is 'identity of the database that was pulled; another one is refused';
comment on column ledger.site.epoch is 'grows when a restored database is let in again';
comment on column ledger.site.cluster is 'identity of the PostgreSQL cluster; NULL for SQLite';
comment on column ledger.site.bookmark is 'up to where its log was read; only package sites can read it';
comment on column ledger.site.withheld_everything is 'stores whose rows stayed at the site in the last pull';
comment on column ledger.site.withheld_stock is
    'stores whose stock and transactions stayed at the site in the last pull';
comment on column ledger.site.leaves is 'by which rule each table left the site at the last pull, as a short hash';
comment on column ledger.site.position is
    'number of the sequence up to which the site was given everything; NULL before first contact';
comment on column ledger.site.line is 'the line of this server when the site was pulled last (B53)';
comment on column ledger.site.change_set_number is 'number of the last change set made for it';
comment on column ledger.site.last_contact_at is 'when it last answered, well or not';
comment on column ledger.site.last_success_at is 'when a cycle with it last went through';
comment on column ledger.site.data_as_of_at is 'when it was last pulled: what happened there since is unknown';
comment on column ledger.site.consecutive_failures is 'tries since the last one that went through';
comment on column ledger.site.last_outcome is 'ok, unreachable, failed or blocked: how the last try ended';
comment on column ledger.site.last_error is 'what went wrong in the last try; NULL where nothing did';
comment on column ledger.site.queue_in is
    'changes waiting at the site, as of queue_in_as_of_at; NULL where it was not reached';
comment on column ledger.site.queue_in_as_of_at is 'when queue_in was counted';
comment on column ledger.site.queue_out is 'records central still has for the site';
comment on column ledger.site.is_released is 'its next change set may remove as much as it has to';
comment on column ledger.site.capture is 'how its tables were captured at its last pull';
comment on column ledger.site.is_gap_released is 'what is found after a gap in its capture may be very much, once';
comment on column ledger.site.is_in_topology is 'topology.toml names it';
comment on column ledger.site.is_enabled is 'cycles visit it';
comment on column ledger.site.overdue_after is 'silent for longer than this, it is overdue: in red';
comment on column ledger.site.late_after is 'not pulled for longer than this, it is late: its figures are not today''s';

comment on table ledger.decision is 'What operators decided, and cycles acted on.';
comment on column ledger.decision.number is 'counted from 1';
comment on column ledger.decision.cycle is 'the cycle that acted on it';
comment on column ledger.decision.kind is 'kind of decision: the word of the command';
comment on column ledger.decision.site_code is 'the site it is about';
comment on column ledger.decision.reason is 'why, in the operator''s words';
comment on column ledger.decision.decided_at is 'when';
comment on column ledger.decision.decided_by is 'user and host';
comment on column ledger.decision.entry is 'the change that was not admitted it is about (`ledger.quarantine.id`)';
comment on column ledger.decision.entries is 'the same of a decision about several of them';
comment on column ledger.decision.record_id is
    'the record it is about: the document of a transfer that begins though it is old';

comment on table ledger.visit is 'What happened with each site in each cycle.';
comment on column ledger.visit.cycle is 'the cycle';
comment on column ledger.visit.site_id is 'the site';
comment on column ledger.visit.started_at is 'when its turn came';
comment on column ledger.visit.outcome is 'ok, unreachable, failed or blocked (not tried)';
comment on column ledger.visit.error is 'what went wrong';
comment on column ledger.visit.pulled is 'changes that were pulled';
comment on column ledger.visit.admitted is 'of these, and of those that waited: admitted';
comment on column ledger.visit.rejected is 'likewise rejected';
comment on column ledger.visit.waiting is 'likewise still waiting';
comment on column ledger.visit.sent is 'records that its change set delivered';
comment on column ledger.visit.pull_seconds is 'how long the pull took';
comment on column ledger.visit.deliver_seconds is 'how long the delivery took';

comment on table ledger.record is 'Every record that central holds: whose it is, and who is to have it.';
comment on column ledger.record.table_name is 'table of the record';
comment on column ledger.record.record_id is 'id of the record';
comment on column ledger.record.owner is 'the store or patient it belongs to; NULL for central data';
comment on column ledger.record.maker is 'the site whose change made it what it is; NULL where central did';
comment on column ledger.record.document is 'id of the document that a line is of';
comment on column ledger.record.scopes is 'groups of records that it is in: sites with one of them hold it';
comment on column ledger.record.seq is 'its last number in the sequence';
comment on column ledger.record.about is
    'the record it is about, where scopes come from there: the order of goods received';
comment on column ledger.record.part is
    'which rule of its table holds for it, by the name of its condition; `otherwise` where it meets none';
comment on column ledger.record.shared is 'further scopes, because it belongs to a transfer';

comment on table ledger.sequence is 'All that was admitted or addressed to a site, in order.';
comment on column ledger.sequence.seq is 'place in the sequence';
comment on column ledger.sequence.cycle is 'the cycle';
comment on column ledger.sequence.kind is
    'change, rescope, adopt; addressed to one site: correct, remove, retry, resend';
comment on column ledger.sequence.table_name is 'table of the record';
comment on column ledger.sequence.record_id is 'id of the record';
comment on column ledger.sequence.op is 'upsert or delete';
comment on column ledger.sequence.maker is 'the site that it came from; NULL where central made it';
comment on column ledger.sequence.for_site is
    'the one site it is addressed to; NULL is all that hold a scope of the record';
comment on column ledger.sequence.scopes_before is 'scopes of the record before it';

comment on table ledger.site_scope is 'Which groups of records each site holds, from where to where in the sequence.';
comment on column ledger.site_scope.site_id is 'the site';
comment on column ledger.site_scope.scope is 'the group: everywhere, store:S, active:S, patient:P';
comment on column ledger.site_scope.from_seq is 'from this number on';
comment on column ledger.site_scope.to_seq is 'up to this number; NULL while it holds';

comment on table ledger.instance is 'Which stores are on which site, as the topology applied last says.';
comment on column ledger.instance.site_id is 'the site';
comment on column ledger.instance.store_id is 'the store (`store.id`)';
comment on column ledger.instance.sync_type is 'active, collector or transfer';

comment on table ledger.withheld is 'Stores whose data stayed at their site in the last cycle.';
comment on column ledger.withheld.store_id is 'the store (`store.id`)';
comment on column ledger.withheld.is_everything is 'all of it; no means stock and transactions only';

comment on table ledger.quarantine is 'Every change that was not admitted, kept whole.';
comment on column ledger.quarantine.id is 'number of the entry';
comment on column ledger.quarantine.site_id is 'the site it came from';
comment on column ledger.quarantine.table_name is 'table of the record';
comment on column ledger.quarantine.record_id is 'id of the record';
comment on column ledger.quarantine.op is 'upsert, delete, or withdraw (it is there and leaves its site no longer)';
comment on column ledger.quarantine.verdict is 'rejected or waiting';
comment on column ledger.quarantine.reason is 'reason code (`ledger.reason`)';
comment on column ledger.quarantine.malformed is 'what is wrong with its values; NULL where nothing is';
comment on column ledger.quarantine.unreadable is 'which cells were no values of their kind; NULL where none was';
comment on column ledger.quarantine.is_snapshot is 'it came with the first pull of the site';
comment on column ledger.quarantine.site_row is 'the row as the site had it, as JSON';
comment on column ledger.quarantine.central_row is 'the row as central had it then, as JSON; NULL where it had none';
comment on column ledger.quarantine.first_seen_at is 'when it first came';
comment on column ledger.quarantine.last_seen_at is 'when it came last';
comment on column ledger.quarantine.first_cycle is 'the cycle it first came in';
comment on column ledger.quarantine.cycle is 'the cycle it came in last';
comment on column ledger.quarantine.state is
    'open, admitted (later), closed, superseded (by a later change) or discarded';
comment on column ledger.quarantine.closed_cycle is 'the cycle it was closed in; NULL while open';
comment on column ledger.quarantine.note is 'what the operator noted';
comment on column ledger.quarantine.closed_by is 'user and host that closed it; NULL where a cycle did';

comment on table ledger.change_set is 'What was made for each site: files, numbered and hashed.';
comment on column ledger.change_set.site_id is 'the site';
comment on column ledger.change_set.number is 'counted from 1 for each site';
comment on column ledger.change_set.cycle is 'the cycle that made it';
comment on column ledger.change_set.from_seq is 'after this number of the sequence';
comment on column ledger.change_set.to_seq is 'up to this number of the sequence';
comment on column ledger.change_set.content_hash is 'hash of its content';
comment on column ledger.change_set.path is 'its folder, below `data/change_sets`';
comment on column ledger.change_set.upserts is 'rows it writes';
comment on column ledger.change_set.deletes is 'rows it removes';
comment on column ledger.change_set.state is 'pending, held (it removes too much), applied, superseded or failed';
comment on column ledger.change_set.answered_at is 'when the site''s answer was recorded';
comment on column ledger.change_set.answer is 'the site''s answer, as JSON';

comment on table ledger.skipped is 'Rows that are not at a site as they were sent in a change set.';
comment on column ledger.skipped.site_id is 'the site';
comment on column ledger.skipped.number is 'number of the change set';
comment on column ledger.skipped.table_name is 'table of the record';
comment on column ledger.skipped.record_id is 'id of the record';
comment on column ledger.skipped.why is 'edited_since_pull, still_referenced, refused_by_site or altered_by_site';
comment on column ledger.skipped.said is 'the words of the site''s database, or the table that refers to the row';
comment on column ledger.skipped.is_open is 'it is so still: nothing arrived since';

comment on table ledger.merged is 'Records that were merged away, and what they are now.';
comment on column ledger.merged.table_name is 'table of the record';
comment on column ledger.merged.merged_id is 'id of the record that was merged away';
comment on column ledger.merged.kept_id is 'id of the record that stays';

comment on table ledger.merged_at is 'The sites that had a record when it was merged away.';
comment on column ledger.merged_at.table_name is 'table of the record';
comment on column ledger.merged_at.merged_id is 'id of the record that was merged away';
comment on column ledger.merged_at.site_id is 'a site that had it';

comment on table ledger.transfer is
    'Transfers between stores: what began one, what responds to it, or what it waits for.';
comment on column ledger.transfer.kind is
    'stock_transfer, stock_return, requisition, internal_order or internal_order_goods';
comment on column ledger.transfer.table_name is 'table of the initiating half';
comment on column ledger.transfer.record_id is 'id of the initiating half';
comment on column ledger.transfer.from_store is 'the store of the initiating half (`store.id`)';
comment on column ledger.transfer.to_store is 'the store of the responding half (`store.id`)';
comment on column ledger.transfer.responding_table is 'table of the responding half';
comment on column ledger.transfer.responding_id is 'id of the responding half; NULL while there is none';
comment on column ledger.transfer.waits is 'reason code for there being none; NULL once there is one';
comment on column ledger.transfer.begun_at is 'as the initiating half says';
comment on column ledger.transfer.is_snapshot is 'the initiating half came with the first pull of its site';
comment on column ledger.transfer.first_cycle is 'the cycle it was first seen in';
comment on column ledger.transfer.made_by is 'who made the responding half: central or site';
comment on column ledger.transfer.made_cycle is 'in which cycle that was, or was seen';
comment on column ledger.transfer.made_at is 'when that was, or was seen';
comment on column ledger.transfer.is_deleted is 'the initiating half was deleted';
comment on column ledger.transfer.is_responding_deleted is 'the responding half was deleted';
comment on column ledger.transfer.is_recall_asked is
    'the receiver was corrected: its site is asked to take the responding half back, if its store has not taken it in';
comment on column ledger.transfer.recalled_id is 'id of the responding half that was taken back; NULL where none was';

comment on table ledger.half_version is
    'The lines of responding halves that are not taken in: as they were made, and as they are to be since.';
comment on column ledger.half_version.responding_table is 'table of the responding half';
comment on column ledger.half_version.responding_id is 'id of the responding half';
comment on column ledger.half_version.version is '0: as made; the last one is what its site is asked to bring it to';
comment on column ledger.half_version.lines is 'the lines, each as JSON, by id';

comment on table ledger.before_store is
    'Documents that were in the state which begins a transfer while their other party was no store: history.';
comment on column ledger.before_store.table_name is 'table of the document';
comment on column ledger.before_store.record_id is 'id of the document';
comment on column ledger.before_store.type is 'its type then';
comment on column ledger.before_store.store_id is 'its store';
comment on column ledger.before_store.other_name_id is 'its other party then (`name.id`)';

comment on table ledger.publication is 'The snapshot that was published last: one row, or none before the first.';
comment on column ledger.publication.number is 'number of the snapshot';
comment on column ledger.publication.cycle is 'the last cycle in it';
comment on column ledger.publication.published_at is 'when it was published';

comment on table ledger.snapshot_history is
    'What each published snapshot said in figures, as report snapshot_history has it.';
comment on column ledger.snapshot_history.number is 'of the snapshot';
comment on column ledger.snapshot_history.cycle is 'the last cycle in it';
comment on column ledger.snapshot_history.as_of_at is 'the moment that it speaks of';
comment on column ledger.snapshot_history.as_of_date is 'the day of that, where the network is';
comment on column ledger.snapshot_history.stores_total is 'stores in reports';
comment on column ledger.snapshot_history.stores_current is 'of these, pulled within late_after';
comment on column ledger.snapshot_history.stores_incomplete is
    'of these, those of which something was lacking (`completeness`)';
comment on column ledger.snapshot_history.sites_total is 'sites of the network, disabled ones left out';
comment on column ledger.snapshot_history.sites_silent is
    'of these, not pulled for longer than overdue_after, or never';
comment on column ledger.snapshot_history.stock_value is
    'all that was on the shelves of stores whose stock was known, in the home currency';
comment on column ledger.snapshot_history.usable_value is 'of that, neither expired nor on hold';
comment on column ledger.snapshot_history.expired_value is 'of that, expired';
comment on column ledger.snapshot_history.at_risk_value is
    'what would expire within twelve months before it was used, what had expired left out';
comment on column ledger.snapshot_history.in_transit_value is 'on the way, in no store''s stock';
comment on column ledger.snapshot_history.pairs_known is
    'pairs of store and item that the store had, and of which it was known whether there was some';
comment on column ledger.snapshot_history.pairs_out is 'of these, out of stock';
comment on column ledger.snapshot_history.pairs_unknown is 'pairs of which it was not known';
comment on column ledger.snapshot_history.below_min_pairs is 'pairs below the store''s minimum, with some left';
comment on column ledger.snapshot_history.adequate_pairs is 'pairs with enough';
comment on column ledger.snapshot_history.overstocked_pairs is 'pairs with too much';
comment on column ledger.snapshot_history.no_consumption_pairs is 'pairs with stock that nobody needed';
comment on column ledger.snapshot_history.transfers_under_way is 'transfers that were not done';
comment on column ledger.snapshot_history.rejected is 'rejected changes that nobody had dealt with';
comment on column ledger.snapshot_history.waiting is 'changes that waited for what they depend on';
comment on column ledger.snapshot_history.doubts is 'doubtful records, the lines of `data_quality`';

comment on table ledger.unpublished is 'Replica rows that were written or deleted since the last snapshot.';
comment on column ledger.unpublished.table_name is 'table of the record';
comment on column ledger.unpublished.record_id is 'id of the record';
comment on column ledger.unpublished.store_id is 'store of the row before; NULL of a new one, and where it names none';
comment on column ledger.unpublished.item_id is 'item that the row was of before; NULL likewise';
comment on column ledger.unpublished.document_id is 'document that the row was a line of before; NULL likewise';

comment on table ledger.reason is 'What reason codes mean.';
comment on column ledger.reason.code is 'the code';
comment on column ledger.reason.rule is 'number of the rule behind it';
comment on column ledger.reason.explanation is 'what it means, in words';

comment on table ledger.queue_of_day is 'how many records were still to go out to each site at the end of each day';
comment on column ledger.queue_of_day.site_id is 'id of the site';
comment on column ledger.queue_of_day.day is 'the day, where the network is';
comment on column ledger.queue_of_day.queue_out is 'records, after the last cycle of the day';
comment on table ledger.gap is 'what was found in tables read whole after a gap in capture, by cycle and site';
comment on column ledger.gap.cycle is 'the cycle';
comment on column ledger.gap.site_id is 'id of the site';
comment on column ledger.gap.table_name is 'the table';
comment on column ledger.gap.made is 'records that central did not hold';
comment on column ledger.gap.changed is 'records whose rows were others';
comment on column ledger.gap.deleted is 'records that the site had and lacks';
comment on column ledger.gap.put_right is 'records of others that are sent again';
comment on column ledger.gap.kept is 'records that central held of that table from that site';
comment on column ledger.gap.is_held is 'too many to be believed: it waits for `supplysync release`';

comment on table ledger.bookmark is 'up to where each pull read its site''s log (B50)';
comment on column ledger.bookmark.site_id is 'id of the site';
comment on column ledger.bookmark.cycle is 'the cycle of the pull';
comment on column ledger.bookmark.path is 'the folder of the pull, below data/pulls';
comment on column ledger.bookmark.bookmark is 'the place, opaque; NULL: forgotten, no site goes back to there';

comment on table ledger.prune is 'what was forgotten last (B55)';
comment on column ledger.prune.cycle is 'by which cycle';
comment on column ledger.prune.pruned_at is 'when';
comment on column ledger.prune.pulls_to is 'landed pulls of cycles up to that one are not kept any more';
comment on column ledger.prune.known_after is 'the sequence and what became of cycles are whole after that one';

comment on table ledger.line is 'the lines of this server: one begins with it, another where it was restored (B53)';
comment on column ledger.line.line is 'its id';
comment on column ledger.line.ancestors is 'the lines that it goes on from';
comment on column ledger.line.cycle is 'the cycle that it began with';

comment on table ledger.readmission is 'sites that were let in again: restored, copied or lost (B50, O5)';
comment on column ledger.readmission.number is 'the decision (`ledger.decision`)';
comment on column ledger.readmission.site_id is 'id of the site';
comment on column ledger.readmission.what is 'from where on: `fork:CYCLE:UUID`, or `whole:UUID`';
comment on column ledger.readmission.taken is 'the tables that were taken as the site had them; `*`: all';
comment on column ledger.readmission.cycle is 'the cycle that let it in; null: the site was not pulled since';
comment on column ledger.readmission.since is 'the place of the log that it was read from; null: all of it';
comment on column ledger.readmission.owed_to is
    'its own steps wait until the sequence was delivered to it up to here; null: they do not wait';

comment on table ledger.repeat_count is 'how often lines are to be counted off repeats that are edited elsewhere';
comment on column ledger.repeat_count.line_id is 'id of the line';
comment on column ledger.repeat_count.repeat_id is 'id of the repeat';
comment on column ledger.repeat_count.times is '1; -1: taken back; 0: it is not counted';
comment on column ledger.repeat_count.cycle is 'the cycle that found it';
comment on column ledger.repeat_count.site_id is 'id of the site that it went out to; NULL: not yet';
comment on column ledger.repeat_count.number is 'and the number of the change set';
comment on column ledger.repeat_count.is_at_home is
    'people counted it where they dispensed it, and it is not counted again';

comment on table ledger.before_switch is 'changes from before a switch of procurement reached their site';
comment on column ledger.before_switch.site_id is 'id of the site';
comment on column ledger.before_switch.table_name is 'table of the record';
comment on column ledger.before_switch.record_id is 'id of the record';
comment on table ledger.rehome is 'Patients and prescribers whom an operator gave another home store (O8).';
comment on column ledger.rehome.number is 'the decision (`ledger.decision`)';
comment on column ledger.rehome.table_name is 'patient or prescriber';
comment on column ledger.rehome.record_id is 'who';
comment on column ledger.rehome.store_id is 'the new home store';
comment on column ledger.rehome.cycle is 'the cycle that gave it; null: the site that edits them was not pulled since';
comment on table ledger.placed_store is 'By which code the topology places each store (T10).';
comment on column ledger.placed_store.store_id is 'the store';
comment on column ledger.placed_store.placed_as is 'its code in topology.toml; its record may carry another one';
comment on table ledger.move is 'Stores on their way from one site to another, and those that went it (B47).';
comment on column ledger.move.move is 'counted from 1';
comment on column ledger.move.store_id is 'the store; (central data): what primary edits';
comment on column ledger.move.from_site is 'where it was active';
comment on column ledger.move.to_site is 'where it is to be active';
comment on column ledger.move.state is 'wanted, cut, filling, activating, done or cancelled';
comment on column ledger.move.is_forced is 'central handed it over: the old site is lost';
comment on column ledger.move.is_accepted is 'an operator lets it go on without what keeps it in its state';
comment on column ledger.move.filled_seq is 'up to where of the sequence the new site has to be to have all of it';
comment on column ledger.move.asked_by is 'user and host that asked for it';
comment on table ledger.move_step is 'Each state that a move was in.';
comment on column ledger.move_step.move is 'the move (`ledger.move`)';
comment on column ledger.move_step.state is 'the state that it came into';
comment on column ledger.move_step.cycle is 'by which cycle';
comment on column ledger.move_step.entered_at is 'when';
