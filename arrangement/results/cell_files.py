"""Cells as ``.npz`` files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arrangement import exact
from arrangement.errors import InputError
from arrangement.exact.fields import FieldElement
from arrangement.exact.numbers import exact_table, primitive_rows
from arrangement.exact.packing import Words, check_words, unpack_signs, word_count
from arrangement.files import archives
from arrangement.files.archives import Column, storable
from arrangement.hyperplanes.hyperplanes import Hyperplanes

__all__ = ["Stored", "load", "save"]

COLUMNS = {
    "packed": Column("uint64", ("m", "w")),
    "complete": Column("bool", ()),
    "points": Column("float64", ("m", "d"), optional=True),
}

ARRANGEMENT = ("normals", "offsets", "domain")

BLOCK = 2**16
"""Points are held against sign vectors in blocks of this many."""


class Stored(NamedTuple):
    """What a file of cells holds; see :class:`~arrangement.results.cells.Cells`.

    Beside it there may be more, by name.
    """

    arrangement: Hyperplanes
    packed: Words
    domain: NDArray[np.object_] | None
    complete: bool
    points: NDArray[np.float64] | None
    extra: Mapping[str, NDArray[Any]] = MappingProxyType({})


def save(path: str | os.PathLike[str], stored: Stored) -> None:
    """Write arrangement, cells and known points; the file appears only when it is whole."""
    arrays: dict[str, NDArray[Any]] = {
        **stored.extra,
        "normals": storable(stored.arrangement.normals),
        "offsets": storable(stored.arrangement.offsets),
        "packed": stored.packed,
        "complete": np.array(stored.complete),
    }
    if any(stored.arrangement.labels):
        arrays["labels"] = np.array(stored.arrangement.labels)
    if stored.domain is not None:
        arrays["domain"] = storable(stored.domain)
    if stored.points is not None:
        arrays["points"] = stored.points
    archives.write(path, "cells", arrays)


def load(path: str | os.PathLike[str]) -> Stored:
    """What `save` was given; an InputError that names the file if it is something else."""
    arrays = archives.read(path, "cells")
    with archives.reading(path, "cells"):
        for name in ("normals", "offsets"):
            if name not in arrays:
                raise InputError(f"{name} are missing")
        arrangement = Hyperplanes.user_class(
            arrays["normals"], arrays["offsets"], arrays.get("labels")
        )
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
            domain = primitive_rows(domain, d + 1)  # text may be read with another generator
        packed = columns["packed"]
        if len(packed) == 0:
            raise InputError("packed: there is no cell")
        check_words(packed, n)
        points = columns.get("points")
        extra = {k: v for k, v in arrays.items() if k not in {*COLUMNS, *ARRANGEMENT}}
        stored = Stored(arrangement, packed, domain, bool(columns["complete"]), points, extra)
        _check_copies(stored)
        if points is not None:
            _check_points(stored, points)
        return stored


def _check_copies(cells: Stored) -> None:
    """An InputError unless equal hyperplanes have equal signs, up to orientation."""
    first, orientation = cells.arrangement.coincidence
    for i in np.flatnonzero(first != np.arange(len(first))).tolist():
        one, other = (
            cells.packed[:, k // 64] >> np.uint64(k % 64) & np.uint64(1) for k in (i, first[i])
        )
        if ((one == other) != (orientation[i] > 0)).any():
            raise InputError(f"packed: the signs on hyperplanes {first[i]} and {i} contradict")


def _check_points(cells: Stored, points: NDArray[np.float64]) -> None:
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
