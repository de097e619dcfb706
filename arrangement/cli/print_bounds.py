"""``arrangement bounds``: the numbers of an arrangement or a network beside their bounds."""

from __future__ import annotations

import argparse

from arrangement.bounds import (
    buck,
    cover,
    montufar_2014,
    montufar_2017,
    raghu,
    serra,
    zaslavsky,
)
from arrangement.cli.facts import Fact, Result, bounded_cells, of_arrangement
from arrangement.cli.options import NUMBERS, add_arrangement, chosen
from arrangement.cli.parser import Parser
from arrangement.errors import InputError
from arrangement.exact.numbers import exact_text

__all__ = ["add", "run"]


def add(parser: Parser) -> None:
    """Describe the command, and add its options."""
    parser.description = (
        f"{NUMBERS}\n\nThe bounds are those of Zaslavsky, Cover and Buck for the "
        "rank and the distinct\nhyperplanes. Cover's holds if all hyperplanes share a point."
    )
    add_arrangement(parser)
    parser.options("""
--faces  faces of every dimension, too
--network N0 N1:int ...  instead of an arrangement: the linear regions of a ReLU network with N0
    inputs and layers of N1, N2, ... units
""")


def run(options: argparse.Namespace) -> Result:
    """Compare the numbers with their bounds."""
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
    hyperplanes, *others = of_arrangement(arrangement)
    facts = [
        hyperplanes,
        Fact("distinct", n, None if n < arrangement.n_hyperplanes else {}),
        *others,
        Fact("cells", cells),
        bounded_cells(arrangement, bounded),
        _compared("Zaslavsky", cells, zaslavsky(n, rank)),
        _compared("Zaslavsky bounded", bounded, zaslavsky(n, rank, bounded=True)),
        _compared("Cover", cells, cover(n, rank) if arrangement.is_central else None),
    ]
    if options.faces:
        beyond = arrangement.dimension - rank
        vector = arrangement.face_vector()[beyond:]
        buck_bounds = [
            _compared(f"Buck, dimension {k}", faces, most)
            for k, (faces, most) in enumerate(zip(vector, buck(n, rank), strict=True), beyond)
        ]
        values = [bound.value for bound in buck_bounds]
        facts.append(Fact("Buck", values, {bound.name: bound.text for bound in buck_bounds}))
    return Result(facts)


def _compared(name: str, measured: int, bound: int | None) -> Fact:
    ratio = measured / bound if bound else None
    text = "none: the hyperplanes share no point" if bound is None else exact_text(bound)
    if ratio is not None:
        text += f"  measured / bound {ratio:.4f}"
    value = {"bound": bound, "measured": measured, "measured per bound": ratio}
    return Fact(name, value, text)


def _network(options: argparse.Namespace) -> Result:
    if options.file is not None or options.family is not None:
        raise InputError("--network: instead of an arrangement; give one of them")
    if options.faces:
        raise InputError("--faces: of an arrangement, not of a network")
    n_0, *widths = options.network
    facts = [Fact("inputs", n_0), Fact("layers", widths)]
    for bound, says in (
        (montufar_2014, "at least, for some network (Montufar 2014)"),
        (serra, "at most (Serra 2018)"),
        (montufar_2017, "at most (Montufar 2017)"),
        (raghu, "at most (Raghu 2017)"),
    ):
        count = bound(n_0, widths)
        facts.append(Fact(bound.__name__, count, {says: count}))
    return Result(facts)
