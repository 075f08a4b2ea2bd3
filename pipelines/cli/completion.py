"""Words that a shell completes: codes of sites, as topology.toml has them."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import click


def site_codes(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    """The codes of sites that begin so; none where the file cannot be read: a shell has no place for an error."""
    said = ctx.params.get("folder") or ctx.find_root().params.get("folder") or os.environ.get("SUPPLYSYNC_PROJECT")
    try:
        found = tomllib.loads((Path(said or ".") / "topology.toml").read_text(encoding="utf-8-sig"))
        codes = [str(site["code"]) for site in found["site"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [code for code in codes if code.startswith(incomplete)]
