"""``arrangement info``: what is quickly known of an arrangement, on one page."""

from __future__ import annotations

import argparse
from fractions import Fraction

import numpy as np

from arrangement.arrangement import Arrangement
from arrangement.bounds import zaslavsky
from arrangement.cli.facts import (
    Fact,
    Result,
    bounded_cells,
    of_arrangement,
    polynomial_text,
    short,
)
from arrangement.cli.options import NUMBERS, add_arrangement, chosen
from arrangement.cli.parser import Parser
from arrangement.cli.results_written import check_outputs
from arrangement.exact.numbers import exact_text
from arrangement.exact.one_field import field_of
from arrangement.files.hyperplane_files import FORMATS

__all__ = ["add", "run"]

FEW = 20_000
"""Only what can have no more cells is counted."""

COUNTS = ("simple", "characteristic polynomial", "cells", "bounded cells", "faces by dimension")

SHOWN = 10
"""Labels that the table has; JSON has all."""


def add(parser: Parser) -> None:
    """Describe the command, and add its options."""
    parser.description = NUMBERS
    add_arrangement(parser)
    parser.options("""
--out FILE  write the hyperplanes in the format of the suffix: .txt, .csv, .json, .npz, .ine
    (cdd and lrs), .poly (polymake), .m2 (Macaulay2) or .sage (SageMath)
""")


def run(options: argparse.Namespace) -> Result:
    """Tell what is quickly known, and write the hyperplanes."""
    suffixes = [suffixes[0] for suffixes in FORMATS.values()]
    check_outputs(options, options.file, saved=suffixes)
    arrangement, domain = chosen(options)
    facts = [*_of_rows(arrangement), *_counts(arrangement)]
    if domain is not None:
        sides = f"{len(domain[1])} inequalities in the file; all else is of the whole space"
        facts.append(Fact("domain", len(domain[1]), sides))
    if options.out is not None:
        arrangement.write(options.out)
    return Result(facts)


def _of_rows(arrangement: Arrangement) -> list[Fact]:
    """What the hyperplanes are."""
    n, labels = len(arrangement), [label for label in arrangement.labels if label]
    hyperplanes, *others = of_arrangement(arrangement)
    normals = arrangement.given[:, :-1]
    parallels = Arrangement.from_exact(np.column_stack([normals, np.full(n, 0, dtype=object)]))
    named = ", ".join(labels[:SHOWN]) + ", …" * (len(labels) > SHOWN)
    facts = [
        hyperplanes,
        Fact("distinct", len(arrangement.different)),
        Fact("directions", len(parallels.different)),
        *others,
        Fact("numbers", _numbers(arrangement)),
        Fact("labels", list(arrangement.labels) if labels else [], named or "none"),
    ]
    for name in ("linear", "central", "essential"):
        holds = bool(getattr(arrangement, f"is_{name}"))
        facts.append(Fact(name, holds, "yes" if holds else "no"))
    if arrangement.is_central:
        point = [exact_text(v) for v in arrangement.center().point]
        facts.append(Fact("point of the center", point, f"({', '.join(point)})"))
    return facts


def _numbers(arrangement: Arrangement) -> str:
    """What kind of numbers the rows are made of, as they are given."""
    field = field_of(arrangement.given)
    if field is not None:
        return f"algebraic, of degree {field.degree}: Q({field.generator})"
    denominators = {Fraction(v).denominator for v in arrangement.given.flat}
    if denominators <= {1}:
        return "integers"
    powers = all(q & (q - 1) == 0 for q in denominators)
    return "dyadic rationals, as floats are" if powers else "rationals"


def _counts(arrangement: Arrangement) -> list[Fact]:
    """What there is of cells and faces, if that is little; else what there can be at most."""
    most = zaslavsky(len(arrangement.different), arrangement.rank)
    facts = [Fact("cells at most", most, lambda: short(exact_text(most)))]
    if most > FEW:
        return [*facts, *(Fact(name, None, "not looked for") for name in COUNTS)]
    simple = bool(arrangement.is_simple)
    chi, faces = arrangement.characteristic_polynomial(), arrangement.face_vector()
    return [
        *facts,
        Fact("simple", simple, "yes" if simple else "no"),
        Fact("characteristic polynomial", list(chi), polynomial_text(chi)),
        Fact("cells", arrangement.n_cells()),
        bounded_cells(arrangement, arrangement.n_bounded_cells()),
        Fact("faces by dimension", list(faces)),
    ]
