"""Pieces of a landscape as files."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import InputError
from arrangement.files.output import atomic_output, is_stream
from arrangement.files.reading import file_name
from arrangement.relu.minima.pieces import Pieces

__all__ = ["TABLES", "save_pieces"]

TABLES = (".npz", ".csv")
"""The suffixes of a table of pieces."""

BLOCK = 1 << 12
"""Rows of a table of text that are made at once."""


def save_pieces(
    path: str | os.PathLike[str], pieces: Pieces, component: NDArray[np.int64]
) -> None:
    """Save the pieces as ``.npz``, or as a table of text, ``.csv``; see `Landscape.save`."""
    name = file_name(path)
    suffix = os.path.splitext(name)[1].lower()
    if suffix not in TABLES and not is_stream(name):
        raise InputError(f"{name}: the suffix must be {' or '.join(TABLES)}")
    if suffix == ".csv":
        with atomic_output(path, "w") as stream:
            csv.writer(stream, lineterminator="\n").writerows(_rows(pieces, component))
        return
    arrays: dict[str, Any] = pieces.node_columns()
    offset = arrays.pop("output_bias")
    neurons = ("signs", "output_signs", "weights", "output_weights")
    arrays |= {"component": component} | {name: getattr(pieces, name) for name in neurons}
    with atomic_output(path) as stream:
        np.savez_compressed(stream, **arrays, output_bias=offset)


def _rows(pieces: Pieces, component: NDArray[np.int64]) -> Iterator[list[Any]]:
    """The lines of the table: what a piece is, then its neurons one after the other."""
    m, K, d = pieces.weights.shape
    several = pieces.output_weights.shape[2:]
    outputs = [f"_{c}" for c in range(*several)] if several else [""]
    own: dict[str, Any] = pieces.node_columns()
    own["decided"] = pieces.decided.astype(int)
    own |= {"component": component, "output_bias": own.pop("output_bias")}
    heading = list(own)
    for j in range(K):
        heading += [f"signs_{j}", *(f"output_weight_{j}{c}" for c in outputs)]
        heading += [f"w_{j}_{i}" for i in range(d)]
    yield heading
    for start in range(0, m, BLOCK):
        rows = slice(start, start + BLOCK)
        columns: list[list[Any]] = [column[rows].tolist() for column in own.values()]
        signs = np.array(["-", "0", "+"])[pieces.table.signs[pieces.faces[rows]] + 1]
        for j in range(K):
            columns.append(["".join(row) for row in signs[:, j].tolist()])
            if several:
                columns.extend(pieces.output_weights[rows, j].T.tolist())
            else:
                columns.append(pieces.output_signs[rows, j].tolist())
            columns.extend(pieces.weights[rows, j].T.tolist())
        yield from map(list, zip(*columns, strict=True))
