"""``arrangement faces``: the face vector, or the faces of one dimension."""

from __future__ import annotations

import argparse
from typing import Any

from arrangement.cli.facts import Fact, Result, of_arrangement
from arrangement.cli.options import (
    NUMBERS,
    add_arrangement,
    add_domain,
    check_range,
    chosen,
    source_name,
)
from arrangement.cli.parser import Parser
from arrangement.cli.results_written import FORMATS, check_outputs
from arrangement.errors import InputError
from arrangement.results.sign_vectors import sign_strings

__all__ = ["add", "run"]


def add(parser: Parser) -> None:
    """Describe the command, and add its options."""
    parser.description = (
        f"{NUMBERS}\n\nA face is listed by its signs on the hyperplanes; with a "
        "domain, those that meet it."
    )
    add_arrangement(parser)
    add_domain(parser)
    parser.options("""
--dimension K:int  list the faces of dimension K
--method {count,enumerate}  the face vector by Whitney numbers of the restrictions (default
    without a domain), or by enumerating the faces
--plot FILE.png  draw the Hasse diagram of the lattice of all faces (.png, .pdf, .svg)
""")


def run(options: argparse.Namespace) -> Result:
    """Count the faces of every dimension, or list those of one."""
    check_outputs(options, options.file, pictures=FORMATS)
    arrangement, domain = chosen(options)
    if options.plot is not None:
        if domain is not None:
            raise InputError("--plot: not with a domain, all faces are drawn")
        from arrangement import plot

        plot.hasse_diagram(
            arrangement.face_lattice(), options.plot, source=source_name(options)
        )
    facts = of_arrangement(arrangement)
    if options.dimension is None:
        vector = arrangement.face_vector(method=options.method, domain=domain)
        inside = "" if domain is None else " in the domain"
        return Result([*facts, Fact(f"faces{inside} by dimension", list(vector))])
    check_range("--dimension", options.dimension, arrangement.dimension)
    faces = arrangement.faces(options.dimension, progress=True, domain=domain)
    rows = sign_strings(faces.signs)

    def listed() -> list[dict[str, Any]]:
        points, bounded = faces.points.tolist(), faces.bounded.tolist()
        names = ("signs", "point", "bounded")
        return [
            dict(zip(names, face, strict=True))
            for face in zip(rows, points, bounded, strict=True)
        ]

    return Result([*facts, Fact("faces", listed)], lines=rows, table=False)
