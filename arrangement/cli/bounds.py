"""``arrangement bounds``: the number of cells beside what it can be at most."""

from __future__ import annotations

import argparse
from typing import Any

from arrangement.cli.options import NUMBERS, Commands, add_arrangement, chosen, report
from arrangement.errors import InputError

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "bounds",
        help="count the cells and compare with Zaslavsky's and Cover's bounds",
        description=f"{NUMBERS}\n\nThe bounds are those for the rank and the distinct "
        "hyperplanes.\nCover's holds if all hyperplanes share a point.",
    )
    parser.set_defaults(run=_run)
    add_arrangement(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _run(options: argparse.Namespace) -> str:
    from arrangement.bounds import cover, zaslavsky

    arrangement, domain = chosen(options)
    if domain is not None:
        raise InputError(
            f"{options.file}: these are the cells in a domain, but the bounds are for whole "
            "arrangements"
        )
    cells = len(arrangement.cells(progress=True))
    first, _ = arrangement.coincidence
    n, rank = len(set(first.tolist())), arrangement.rank
    facts: dict[str, Any] = {"hyperplanes": arrangement.n_hyperplanes}
    if options.json or n < arrangement.n_hyperplanes:
        facts["distinct"] = n
    facts |= {"dimension": arrangement.dimension, "rank": rank, "cells": cells}
    bounds: dict[str, int | None] = {
        "Zaslavsky": zaslavsky(n, rank),
        "Cover": cover(n, rank) if arrangement.is_central else None,
    }
    for name, bound in bounds.items():
        ratio = None if bound is None else cells / bound
        if options.json:
            facts[name] = {"bound": bound, "measured per bound": ratio}
        elif bound is not None:
            facts[name] = f"{bound}  measured / bound {ratio:.4f}"
        else:
            facts[name] = "none: the hyperplanes share no point"
    return report(facts, options.json)
