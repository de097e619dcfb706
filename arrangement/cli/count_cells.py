"""``arrangement count``: the characteristic polynomial and what it counts."""

from __future__ import annotations

import argparse

from arrangement.cli.facts import (
    Fact,
    Result,
    bounded_cells,
    of_arrangement,
    polynomial_text,
    stopwatch,
)
from arrangement.cli.options import (
    NUMBERS,
    add_arrangement,
    add_domain,
    add_jobs,
    chosen,
    workers,
)
from arrangement.cli.parser import Parser
from arrangement.errors import InputError

__all__ = ["add", "run"]


def add(parser: Parser) -> None:
    """Describe the command, and add its options."""
    parser.description = NUMBERS
    add_arrangement(parser)
    add_domain(parser)
    parser.options("""
--symmetry {auto,none}=auto  count flats that a symmetry maps to each other once; default: auto
--classes  count the cells up to all reflections that permute the hyperplanes, and nothing else
""")
    add_jobs(parser, checkpoint=True)


def run(options: argparse.Namespace) -> Result:
    """Count the cells, with a domain those in it."""
    arrangement, domain = chosen(options)
    if options.classes:
        if domain is not None or options.symmetry == "none":
            raise InputError("--classes: not with a domain, nor with --symmetry none")
    elif domain is None:
        for option in ("jobs", "checkpoint"):
            if getattr(options, option) is not None:
                raise InputError(f"--{option}: only with a domain or --classes")
    seconds = stopwatch()
    if domain is not None:
        with workers(options.jobs) as executor:
            count = arrangement.n_cells(
                domain=domain, progress=True, executor=executor, checkpoint=options.checkpoint
            )
        facts = [
            Fact("hyperplanes", arrangement.n_hyperplanes),
            Fact("dimension", arrangement.dimension),
            Fact("cells in the domain", count),
        ]
        return Result([*facts, seconds()])
    if options.classes:
        with workers(options.jobs) as executor:
            count = arrangement.n_classes(
                progress=True, executor=executor, checkpoint=options.checkpoint
            )
        return Result([*of_arrangement(arrangement), Fact("classes", count), seconds()])
    symmetry = None if options.symmetry == "none" else options.symmetry
    chi = arrangement.characteristic_polynomial(symmetry=symmetry, progress=True)
    took = seconds()
    whitney = [abs(c) for c in chi]
    facts = [
        *of_arrangement(arrangement),
        Fact("characteristic polynomial", list(chi), lambda: polynomial_text(chi)),
        Fact("Whitney numbers", whitney),
        Fact("cells", sum(whitney)),
        bounded_cells(arrangement, abs(sum(chi))),
    ]
    return Result([*facts, took])
