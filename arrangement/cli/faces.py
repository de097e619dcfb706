"""``arrangement faces``: the face vector, or the faces of one dimension."""

from __future__ import annotations

import argparse

from arrangement.cli.options import NUMBERS, Commands, add_arrangement, chosen, report
from arrangement.errors import InputError

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "faces",
        help="count the faces of every dimension, or list those of one",
        description=f"{NUMBERS}\n\nA face is listed by its signs on the hyperplanes.",
    )
    parser.set_defaults(run=_run)
    add_arrangement(parser)
    parser.add_argument(
        "--dimension", type=int, metavar="K", help="list the faces of dimension K"
    )
    parser.add_argument(
        "--method",
        choices=("count", "enumerate"),
        default="count",
        help="the face vector by Whitney numbers of the restrictions (default), or by "
        "enumerating the faces",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _run(options: argparse.Namespace) -> str:
    arrangement, domain = chosen(options)
    if domain is not None:
        raise InputError(f"{options.file}: faces are those of the whole space; no domain here")
    facts = {
        "hyperplanes": arrangement.n_hyperplanes,
        "dimension": arrangement.dimension,
        "rank": arrangement.rank,
    }
    if options.dimension is not None:
        faces = arrangement.faces(options.dimension, progress=True)
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
    vector = arrangement.face_vector(method=options.method)
    shown = list(vector) if options.json else ", ".join(map(str, vector))
    return report(facts | {"faces by dimension": shown}, options.json)
