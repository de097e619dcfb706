"""``arrangement faces``: the face vector, or the faces of one dimension."""

from __future__ import annotations

import argparse

from arrangement.cli.options import NUMBERS, add_arrangement, add_domain, chosen, report
from arrangement.cli.parser import Parser

__all__ = ["add"]


def add(parser: Parser) -> None:
    """Describe the command, and add its options."""
    parser.description = (
        f"{NUMBERS}\n\nA face is listed by its signs on the hyperplanes; with a "
        "domain, those that meet it."
    )
    parser.set_defaults(run=_run)
    add_arrangement(parser)
    add_domain(parser)
    parser.add_argument(
        "--dimension", type=int, metavar="K", help="list the faces of dimension K"
    )
    parser.add_argument(
        "--method",
        choices=("count", "enumerate"),
        help="the face vector by Whitney numbers of the restrictions (default without a "
        "domain), or by enumerating the faces",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _run(options: argparse.Namespace) -> str:
    arrangement, domain = chosen(options)
    facts = {
        "hyperplanes": arrangement.n_hyperplanes,
        "dimension": arrangement.dimension,
        "rank": arrangement.rank,
    }
    if options.dimension is not None:
        faces = arrangement.faces(options.dimension, progress=True, domain=domain)
        rows = ["".join("-0+"[s + 1] for s in row) for row in faces.signs.tolist()]
        if not options.json:
            return "".join(f"{row}\n" for row in rows)
        listed = [
            {"signs": row, "point": point, "bounded": bounded}
            for row, point, bounded in zip(
                rows, faces.points.tolist(), faces.bounded.tolist(), strict=True
            )
        ]
        return report(facts | {"faces": listed}, True)
    vector = arrangement.face_vector(method=options.method, domain=domain)
    shown = list(vector) if options.json else ", ".join(map(str, vector))
    inside = "" if domain is None else " in the domain"
    return report(facts | {f"faces{inside} by dimension": shown}, options.json)
