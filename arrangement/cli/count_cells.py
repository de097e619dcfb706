"""``arrangement count``: the characteristic polynomial and what it counts."""

from __future__ import annotations

import argparse

from arrangement.arrangement import Arrangement
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
from arrangement.counting.by_chambers import audit_count, chamber_counts, count_by_chambers
from arrangement.errors import InputError

__all__ = ["add", "run"]


def add(parser: Parser) -> None:
    """Describe the command, and add its options."""
    parser.description = NUMBERS
    add_arrangement(parser)
    add_domain(parser)
    parser.options(
        """
--symmetry {auto,none,chambers}=auto  count flats that a symmetry maps to each other once, which
    is the default; or count cells alone: those in a chamber of the reflections that keep the
    arrangement, and in its faces, in tasks
--audit N  check the counts that --symmetry chambers has left in --checkpoint DIR, N of them
    by counting again in Python's integers
--classes  count the cells up to all reflections that permute the hyperplanes, and nothing else
""",
        audit={"type": int},
    )
    add_jobs(parser, checkpoint=True)


def run(options: argparse.Namespace) -> Result:
    """Count the cells, with a domain those in it."""
    arrangement, domain = chosen(options)
    by_chambers = options.symmetry == "chambers"
    if by_chambers and (domain is not None or options.classes):
        raise InputError("--symmetry chambers: not with a domain, nor with --classes")
    if options.audit is not None and not (by_chambers and options.checkpoint):
        raise InputError("--audit: only with --symmetry chambers and --checkpoint DIR")
    if options.audit is not None and options.audit < 0:
        raise InputError(f"--audit {options.audit}: at least 0")
    if by_chambers:
        work = _by_chambers if options.audit is None else _audited
        return work(options, arrangement)
    if options.classes and (domain is not None or options.symmetry == "none"):
        raise InputError("--classes: not with a domain, nor with --symmetry none")
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
    with workers(options.jobs) as executor:
        chi = arrangement.characteristic_polynomial(
            symmetry=symmetry, progress=True, executor=executor, checkpoint=options.checkpoint
        )
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


def _by_chambers(options: argparse.Namespace, arrangement: Arrangement) -> Result:
    """Count cells in a chamber."""
    seconds = stopwatch()
    counts = chamber_counts(arrangement)
    with workers(options.jobs) as executor:
        found = count_by_chambers(counts, True, executor, options.checkpoint)
    facts = [
        *of_arrangement(arrangement),
        Fact("reflection group", counts.group),
        Fact("order of the group", counts.order),
        Fact("cells up to reflections", found.n_classes),
        Fact("cells counted", found.n_counted),
        Fact("cells", found.n_cells),
    ]
    return Result([*facts, seconds()])


def _audited(options: argparse.Namespace, arrangement: Arrangement) -> Result:
    """Check what was counted."""
    seconds = stopwatch()
    found = audit_count(arrangement, options.checkpoint, samples=options.audit)
    facts = [
        *of_arrangement(arrangement),
        Fact("tasks", found.n_tasks),
        Fact("tasks done", found.n_done),
        Fact("tasks counted again", found.n_again),
        Fact("of them a piece in Python", found.n_pieces),
        Fact("cells up to reflections", found.n_classes, found.n_classes or "not known yet"),
        Fact("cells", found.n_cells, found.n_cells or "not known yet"),
        Fact(
            "cells to count",
            found.expected,
            f"{found.expected:.4g} ± {found.doubt:.1g}",
        ),
    ]
    return Result([*facts, seconds()])
