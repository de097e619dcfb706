"""``arrangement flats``: the flats by rank, and the intersection poset as GraphML."""

from __future__ import annotations

import argparse

from arrangement.cli.facts import Fact, Result, of_arrangement
from arrangement.cli.options import NUMBERS, add_arrangement, check_range, chosen, source_name
from arrangement.cli.parser import Parser
from arrangement.cli.results_written import FORMATS, check_outputs
from arrangement.errors import InputError
from arrangement.files.graphml import write_poset

__all__ = ["add", "run"]


def add(parser: Parser) -> None:
    """Describe the command, and add its options."""
    parser.description = (
        f"{NUMBERS}\n\nA flat is an intersection of hyperplanes; hyperplanes are "
        "numbered from 0."
    )
    add_arrangement(parser)
    parser.options("""
--rank K:int  list the flats of codimension K
--graphml FILE  write the intersection poset (.gz: compressed)
--plot FILE.png  draw its Hasse diagram (.png, .pdf, .svg)
""")


def run(options: argparse.Namespace) -> Result:
    """Count the flats of every rank, or list those of one."""
    check_outputs(options, options.file, pictures=FORMATS)
    arrangement, domain = chosen(options)
    if domain is not None:
        raise InputError(f"{options.file}: flats are those of the whole space; no domain here")
    if options.graphml is not None:
        write_poset(arrangement.intersection_poset(), options.graphml)
    if options.plot is not None:
        from arrangement import plot

        poset, labels = arrangement.intersection_poset(), arrangement.labels
        plot.hasse_diagram(poset, options.plot, labels=labels, source=source_name(options))
    facts = of_arrangement(arrangement)
    if options.rank is None:
        counts = [len(arrangement.flats(k)) for k in range(arrangement.rank + 1)]
        return Result([*facts, Fact("flats by rank", counts)])
    check_range("--rank", options.rank, arrangement.dimension)
    flats = arrangement.flats(options.rank, progress=True)
    listed = [
        {"hyperplanes": list(map(int, flat.hyperplanes)), "mobius": int(mu)}
        for flat, mu in zip(flats, flats.mobius, strict=True)
    ]
    rows = [" ".join(map(str, flat.hyperplanes)) for flat in flats]
    return Result([*facts, Fact("flats", listed)], lines=rows, table=False)
