"""``arrangement flats``: the flats by rank, and the intersection poset as GraphML."""

from __future__ import annotations

import argparse

from arrangement.cli import results_written
from arrangement.cli.options import NUMBERS, add_arrangement, chosen, report
from arrangement.cli.parser import Parser
from arrangement.errors import InputError
from arrangement.files.graphml import write_poset

__all__ = ["add"]


def add(parser: Parser) -> None:
    """Describe the command, and add its options."""
    parser.description = (
        f"{NUMBERS}\n\nA flat is an intersection of hyperplanes; hyperplanes are "
        "numbered from 0."
    )
    parser.set_defaults(run=_run)
    add_arrangement(parser)
    parser.add_argument("--rank", type=int, metavar="K", help="list the flats of codimension K")
    parser.add_argument(
        "--graphml", metavar="FILE", help="write the intersection poset (.gz: compressed)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _run(options: argparse.Namespace) -> str:
    results_written.check_outputs({"--graphml": options.graphml}, options.file)
    arrangement, domain = chosen(options)
    if domain is not None:
        raise InputError(f"{options.file}: flats are those of the whole space; no domain here")
    facts = {
        "hyperplanes": arrangement.n_hyperplanes,
        "dimension": arrangement.dimension,
        "rank": arrangement.rank,
    }
    if options.graphml is not None:
        write_poset(arrangement.intersection_poset(), options.graphml)
    if options.rank is not None:
        flats = arrangement.flats(options.rank, progress=True)
        if options.json:
            listed = [
                {"hyperplanes": list(map(int, flat.hyperplanes)), "mobius": int(mu)}
                for flat, mu in zip(flats, flats.mobius, strict=True)
            ]
            return report(facts | {"flats": listed}, True)
        return "".join(" ".join(map(str, flat.hyperplanes)) + "\n" for flat in flats)
    counts = [len(arrangement.flats(k)) for k in range(arrangement.rank + 1)]
    by_rank = counts if options.json else ", ".join(map(str, counts))
    return report(facts | {"flats by rank": by_rank}, options.json)
