"""Cells as ``.npz`` files."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement import exact
from arrangement.errors import InputError
from arrangement.exact.fields import FieldElement
from arrangement.exact.numbers import exact_table, primitive
from arrangement.exact.packing import check_words, unpack_signs, word_count
from arrangement.files import archives
from arrangement.files.archives import Column, storable
from arrangement.hyperplanes.hyperplanes import Arrangement
from arrangement.results.cells import Cells
from arrangement.results.columns import frozen

__all__ = ["load", "save"]

COLUMNS = {
    "packed": Column("uint64", ("m", "w")),
    "complete": Column("bool", ()),
    "points": Column("float64", ("m", "d"), optional=True),
}

BLOCK = 2**16
"""Points are held against sign vectors in blocks of this many."""


def save(cells: Cells, path: str | os.PathLike[str]) -> None:
    """Write arrangement, cells and known points; the file appears only when it is whole."""
    arrays: dict[str, NDArray[Any]] = {
        "normals": storable(cells.arrangement.normals),
        "offsets": storable(cells.arrangement.offsets),
        "packed": cells.packed,
        "complete": np.array(cells.complete),
    }
    if cells.domain is not None:
        arrays["domain"] = storable(cells.domain)
    if "points" in cells.__dict__:
        arrays["points"] = cells.points
    archives.write(path, "cells", arrays)


def load(path: str | os.PathLike[str]) -> Cells:
    """What `save` wrote; an InputError that names the file if it is something else."""
    arrays = archives.read(path, "cells")
    with archives.reading(path, "cells"):
        for name in ("normals", "offsets"):
            if name not in arrays:
                raise InputError(f"{name} are missing")
        arrangement = Arrangement(arrays["normals"], arrays["offsets"])
        n, d = arrangement.n_hyperplanes, arrangement.dimension
        columns = archives.described(arrays, COLUMNS, {"d": d, "w": word_count(n), "n": n})
        domain = None
        if "domain" in arrays:
            domain = exact_table(arrays["domain"], "domain", "row", 2, irrational=True)
            whole = all(isinstance(v, int | FieldElement) for v in domain.flat)
            if domain.shape[1] != d + 1 or not whole:
                raise InputError("the domain's rows are not d + 1 integers")
            if not all(any(row[:-1]) for row in domain):
                raise InputError("a row of the domain is zero")
            for i, row in enumerate(domain):  # text may be read with another generator
                domain[i] = primitive(row)
        packed = columns["packed"]
        if len(packed) == 0:
            raise InputError("packed: there is no cell")
        check_words(packed, n)
        cells = Cells(arrangement, packed, domain, complete=bool(columns["complete"]))
        _check_copies(cells)
        if "points" in columns:
            _check_points(cells, columns["points"])
            cells.__dict__["points"] = frozen(columns["points"])
        return cells


def _check_copies(cells: Cells) -> None:
    """An InputError unless equal hyperplanes have equal signs, up to orientation."""
    first, orientation = cells.arrangement.coincidence
    for i in np.flatnonzero(first != np.arange(len(first))).tolist():
        one, other = (
            cells.packed[:, k // 64] >> np.uint64(k % 64) & np.uint64(1) for k in (i, first[i])
        )
        if ((one == other) != (orientation[i] > 0)).any():
            raise InputError(f"packed: the signs on hyperplanes {first[i]} and {i} contradict")


def _check_points(cells: Cells, points: NDArray[np.float64]) -> None:
    """An InputError unless each point is exactly in its cell and the domain, or all NaN."""
    n, rows = cells.arrangement.n_hyperplanes, cells.arrangement.rows
    if cells.domain is not None:
        rows = np.concatenate([rows, cells.domain])
    given = np.isfinite(points).all(axis=1)
    wrong: NDArray[np.bool_] = np.asarray(~given & ~np.isnan(points).all(axis=1))
    which = np.flatnonzero(given)
    for start in range(0, len(which), BLOCK):
        part = which[start : start + BLOCK]
        signs = exact.signs_at(rows, points[part])
        wrong[part] = (signs[:, :n] != unpack_signs(cells.packed[part], n)).any(axis=1)
        wrong[part] |= (signs[:, n:] <= 0).any(axis=1)
    for i in np.flatnonzero(wrong).tolist():
        raise InputError(f"points: that of cell {i} is not inside it")
