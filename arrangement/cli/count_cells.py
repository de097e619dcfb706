"""``arrangement count``: the characteristic polynomial and what it counts."""

from __future__ import annotations

import argparse
import time

from arrangement.cli.options import (
    NUMBERS,
    add_arrangement,
    add_checkpoint,
    add_domain,
    add_jobs,
    chosen,
    report,
    workers,
)
from arrangement.cli.parser import Parser
from arrangement.errors import InputError

__all__ = ["add"]


def add(parser: Parser) -> None:
    """Describe the command, and add its options."""
    parser.description = NUMBERS
    parser.set_defaults(run=_run)
    add_arrangement(parser)
    add_domain(parser)
    parser.add_argument(
        "--symmetry",
        choices=("auto", "none"),
        default="auto",
        help="count flats that a symmetry maps to each other once; default: auto",
    )
    add_jobs(parser)
    add_checkpoint(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _run(options: argparse.Namespace) -> str:
    arrangement, domain = chosen(options)
    for option in ("jobs", "checkpoint"):
        if domain is None and getattr(options, option) is not None:
            raise InputError(f"--{option}: only with a domain")
    started = time.perf_counter()
    if domain is not None:
        with workers(options.jobs) as executor:
            count = arrangement.n_cells(
                domain=domain, progress=True, executor=executor, checkpoint=options.checkpoint
            )
        facts = {
            "hyperplanes": arrangement.n_hyperplanes,
            "dimension": arrangement.dimension,
            "cells in the domain": count,
            "seconds": round(time.perf_counter() - started, 3),
        }
        return report(facts, options.json)
    symmetry = None if options.symmetry == "none" else options.symmetry
    chi = arrangement.characteristic_polynomial(symmetry=symmetry, progress=True)
    seconds = time.perf_counter() - started
    d = arrangement.dimension
    whitney = [abs(c) for c in chi]
    return report(
        {
            "hyperplanes": arrangement.n_hyperplanes,
            "dimension": d,
            "rank": arrangement.rank,
            "characteristic polynomial": list(chi) if options.json else _polynomial(chi),
            "Whitney numbers": whitney if options.json else ", ".join(map(str, whitney)),
            "cells": sum(whitney),
            "bounded cells"
            if arrangement.is_essential or options.json
            else "relatively bounded cells": abs(sum(chi)),
            "seconds": round(seconds, 3),
        },
        options.json,
    )


def _polynomial(coefficients: tuple[int, ...]) -> str:
    """Coefficients from the highest power down, as they are written by hand.

    Examples
    --------
    >>> _polynomial((1, -4, 0, 5))
    't^3 - 4 t^2 + 5'
    """
    degree = len(coefficients) - 1
    text = ""
    for k, c in enumerate(coefficients):
        if c == 0 and degree > 0:
            continue
        power = {0: "", 1: "t"}.get(degree - k, f"t^{degree - k}")
        size = str(abs(c)) if abs(c) != 1 or not power else ""
        term = f"{size} {power}".strip()
        text += f" {'-' if c < 0 else '+'} {term}" if text else f"{'-' * (c < 0)}{term}"
    return text
