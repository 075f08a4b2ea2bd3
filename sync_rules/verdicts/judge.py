"""May the site that made this change make it? One reason code for every change (spec section 5).

Set-based over all changes of a batch: its facts are worked out (``facts``), the first case that holds gives each a
reason of its own (``cases``), and what cannot stand with the others is taken back (``merges``, ``documents``).
"""

from __future__ import annotations

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD, BatchMerge, BatchReference, Change, Judgement
from sync_rules.table.policies import Authority
from sync_rules.transfers.frames import BatchAnswer
from sync_rules.verdicts.cases.by_authority import REASON
from sync_rules.verdicts.context import Central
from sync_rules.verdicts.documents import settle
from sync_rules.verdicts.facts.frame import Facts
from sync_rules.verdicts.facts.homes import with_homes
from sync_rules.verdicts.facts.ownership import with_implied_homes, with_owners, with_rules
from sync_rules.verdicts.facts.rights import with_rights
from sync_rules.verdicts.merges import judge_merges


def judge(
    changes: FrameOf[Change],
    references: FrameOf[BatchReference],
    central: Central,
    merges: FrameOf[BatchMerge] | None = None,
    answers: FrameOf[BatchAnswer] | None = None,
) -> FrameOf[Judgement]:
    """The verdict on each change, in the order of ``changes``. ``merges``: of the merges among the changes;
    ``answers``: which document each responding half among them answers.

    A merge is judged by what is so after the pull (B61): central's state, with what the batch edits and without what it
    deletes, as far as that is admitted. It is judged until it rests on nothing that is not: what does not stand is
    counted no more, so the rounds end. Whatever order a site's people worked in, the end decides.
    """
    merges = BatchMerge.empty() if merges is None else merges
    answers = BatchAnswer.empty() if answers is None else answers
    own = facts_of(changes, central).with_columns(reason=REASON)
    gone = central.merged.select(parent_table="table_name", parent_id="merged_id")
    asked = references.join(gone, on=["parent_table", "parent_id"], how="anti")  # merged away is not missing
    counted = _authorised(own)
    while True:
        once = _first_site_only(judge_merges(own, merges, central, counted))
        settled = settle(
            once, BatchReference.check(asked), merges, central.held, central.referring, answers, central.refused
        )
        standing = counted.join(_authorised(settled), on="entry", how="semi")
        if merges.is_empty() or standing.height == counted.height:
            break
        counted = standing
    return Judgement.check(settled.select("entry", "reason", owner="new_owner", about="new_about", part="new_part"))


def _authorised(judged: pl.DataFrame) -> pl.DataFrame:
    return judged.filter(pl.col("reason") == "authorised").select("entry")


def facts_of(changes: FrameOf[Change], central: Central) -> FrameOf[Facts]:
    """All that is known of each change, in the order of ``changes``."""
    known = with_rules(with_owners(with_implied_homes(changes, central.placed), central.held))
    return Facts.check(with_rights(with_homes(known, central), central).select(Facts.names()))


def _first_site_only(own: pl.DataFrame) -> pl.DataFrame:
    """Of two sites that make one record in the same batch the first makes it; the other takes over (R2). Of two
    that edit a record together, the second has not seen what the first did (R8)."""
    is_shared = Facts.is_held & (Facts.new_authority == str(Authority.HOME_OR_VISIBLE))
    counts = (pl.col("reason") == "authorised") & ((Facts.op == "upsert") | is_shared)
    first = Facts.entry.filter(counts).min().over(RECORD)
    is_late = counts & (Facts.entry > first)
    late = pl.when(is_shared).then(pl.lit("edited_elsewhere")).otherwise(pl.lit("takes_over"))
    return own.with_columns(reason=pl.when(is_late).then(late).otherwise("reason"))
