"""The checks: what has to hold after each cycle, in a sentence each, with what to do where it does not."""

import dagster as dg

from sync_rules.for_people.runbooks import CHECKS, to_read

_SENTENCES = {
    "every_change_has_a_verdict": "All that was pulled was admitted, was rejected, or waits (A1). Besides: what was "
    "held back before, or found by comparing tables. Red: the cycle stops before anything is routed; nothing is lost.",
    "replicas_refer_to_what_is_there": "No record of central names one that is not there (M3). "
    "Red: look which, and whether it waits; if `supplysync replay` differs, put the warehouse back.",
    "every_record_has_one_owner": "Central knows each record that it holds once, and each store is active at one site "
    "(R1, T2). Red: `supplysync replay` says whether something else wrote the warehouse.",
    "no_patient_data_in_the_snapshot": "What is published has no patients, no accounts, no secrets and no ledger "
    "(B16). Red: take `published` away from its readers, then publish anew.",
    "sites_have_what_central_has": "A few tables of one site in turn are there as central has them (O6). "
    "Red: `supplysync verify SITE` shows the rows, and `--repair` what can be done.",
    "every_due_site_was_reached": "Each site that was due answered, and none is silent for longer than it may be. Not "
    "reached is normal, and visible (B12). Red: `silent` says since when; `supplysync check` says what its computer "
    "answers.",
}


def spec(name: str, asset: str, *, blocking: bool = False) -> dg.AssetCheckSpec:
    """A check of an asset, described; ``blocking``: where it fails the cycle goes no further."""
    said = f"{_SENTENCES[name]} More: {to_read(CHECKS[name])}"
    return dg.AssetCheckSpec(name, asset=asset, description=said, blocking=blocking)


def result(name: str, found: object, *, is_error: bool = True, **numbers: int | str) -> dg.AssetCheckResult:
    """What a check ``found`` (nothing, where it passed), with the numbers that it looked at."""
    listed = list(found) if isinstance(found, list | tuple) else [found] if found else []
    severity = dg.AssetCheckSeverity.ERROR if is_error else dg.AssetCheckSeverity.WARN
    said = ", ".join(str(one) for one in listed[:50]) or "nothing"
    return dg.AssetCheckResult(
        check_name=name, passed=not listed, severity=severity, metadata={"found": said, **numbers}
    )
