"""``arrangement bounds``: the numbers of an arrangement or a network beside their bounds."""

from __future__ import annotations

import argparse
from typing import Any

from arrangement.bounds import (
    buck,
    cover,
    montufar_2014,
    montufar_2017,
    raghu,
    serra,
    zaslavsky,
)
from arrangement.cli.options import NUMBERS, add_arrangement, chosen, report
from arrangement.cli.parser import Parser
from arrangement.errors import InputError
from arrangement.exact.numbers import exact_text

__all__ = ["add"]


def add(parser: Parser) -> None:
    """Describe the command, and add its options."""
    parser.description = (
        f"{NUMBERS}\n\nThe bounds are those of Zaslavsky, Cover and Buck for the "
        "rank and the distinct\nhyperplanes. Cover's holds if all hyperplanes share a point."
    )
    parser.set_defaults(run=_run)
    add_arrangement(parser)
    parser.add_argument("--faces", action="store_true", help="faces of every dimension, too")
    parser.add_argument(
        "--network",
        nargs="+",
        type=int,
        metavar=("N0", "N1"),
        help="instead of an arrangement: the linear regions of a ReLU network with N0 inputs "
        "and layers of N1, N2, ... units",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _run(options: argparse.Namespace) -> str:
    if options.network is not None:
        return _network(options)
    arrangement, domain = chosen(options)
    if domain is not None:
        raise InputError(
            f"{options.file}: these are the cells in a domain, but the bounds are for whole "
            "arrangements"
        )
    cells = arrangement.n_cells()
    bounded = arrangement.n_bounded_cells()
    first, _ = arrangement.coincidence
    n, rank = len(set(first.tolist())), arrangement.rank
    facts: dict[str, Any] = {"hyperplanes": arrangement.n_hyperplanes}
    if options.json or n < arrangement.n_hyperplanes:
        facts["distinct"] = n
    facts |= {
        "dimension": arrangement.dimension,
        "rank": rank,
        "cells": cells,
    }
    essential = arrangement.is_essential or options.json
    facts["bounded cells" if essential else "relatively bounded cells"] = bounded
    bounds: dict[str, tuple[int, int | None]] = {
        "Zaslavsky": (cells, zaslavsky(n, rank)),
        "Zaslavsky bounded": (bounded, zaslavsky(n, rank, bounded=True)),
        "Cover": (cells, cover(n, rank) if arrangement.is_central else None),
    }
    if options.faces:
        beyond = arrangement.dimension - rank
        vector = arrangement.face_vector()[beyond:]
        for k, (faces, most) in enumerate(zip(vector, buck(n, rank), strict=True), beyond):
            bounds[f"Buck, dimension {k}"] = (faces, most)
    for name, (measured, bound) in bounds.items():
        facts[name] = _compared(measured, bound, options.json)
    if options.json and options.faces:
        facts["Buck"] = [facts.pop(name) for name in list(facts) if name.startswith("Buck")]
    return report(facts, options.json)


def _compared(measured: int, bound: int | None, as_json: bool) -> Any:
    ratio = measured / bound if bound else None
    if as_json:
        return {"bound": bound, "measured": measured, "measured per bound": ratio}
    if bound is None:
        return "none: the hyperplanes share no point"
    text = exact_text(bound)
    return text if ratio is None else f"{text}  measured / bound {ratio:.4f}"


def _network(options: argparse.Namespace) -> str:
    if options.file is not None or options.family is not None:
        raise InputError("--network: instead of an arrangement; give one of them")
    if options.faces:
        raise InputError("--faces: of an arrangement, not of a network")
    n_0, *widths = options.network
    facts = {
        "inputs": n_0,
        "layers": widths if options.json else ", ".join(map(str, widths)) or "none",
    }
    for bound, says in (
        (montufar_2014, "at least, for some network (Montufar 2014)"),
        (serra, "at most (Serra 2018)"),
        (montufar_2017, "at most (Montufar 2017)"),
        (raghu, "at most (Raghu 2017)"),
    ):
        facts[bound.__name__ if options.json else says] = bound(n_0, widths)
    return report(facts, options.json)
