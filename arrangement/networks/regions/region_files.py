"""Regions as ``.npz`` files, which are checked when they are loaded."""

from __future__ import annotations

import os
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import InputError
from arrangement.exact.numbers import exact_table
from arrangement.files import archives
from arrangement.files.archives import Column, storable
from arrangement.networks.complex.activation_patterns import by_first, last_positive, owners
from arrangement.networks.complex.complex import Complex
from arrangement.networks.complex.domains import bounded_domain
from arrangement.networks.formats.readers import from_arrays, to_arrays
from arrangement.networks.layers import Layers

__all__ = ["load", "save"]

Stored: TypeAlias = tuple[Complex, NDArray[np.int64], bool, NDArray[np.int64] | None]
"""The cells, the region of each, are they merged, and the classes of decision regions."""

COMPLEX = ("faces", "pool", "points", "spread", "parents", "origin", "signs_of_regions")
"""What is stored of a complex."""

COLUMNS = {
    "signs_of_regions": Column("int8", ("m", "S"), -1, 2),
    "by_class": Column("bool", ()),
    "merged": Column("bool", ()),
    "owner": Column("int64", ("m",), 0, "m"),
    "class_numbers": Column("int64", ("r",), 0, "out", optional=True),
}
"""What is read beside the network and the domain."""


def save(
    path: str | os.PathLike[str],
    cells: Complex,
    owner: NDArray[np.int64],
    merged: bool,
    class_numbers: NDArray[np.int64] | None = None,
) -> None:
    """Write network, domain, complex and owners; the file appears only when it is whole."""
    arrays: dict[str, NDArray[Any]] = {
        **{f"network.{k}": v for k, v in to_arrays(cells.layers.network).items()},
        "domain": storable(cells.domain.rows),
        "by_class": np.array(cells.by_class),
        "owner": owner,
        "merged": np.array(merged),
        **{name: getattr(cells, name) for name in COMPLEX},
    }
    if class_numbers is not None:
        arrays["class_numbers"] = class_numbers
    archives.write(path, "regions", arrays)


def load(path: str | os.PathLike[str]) -> Stored:
    """What `save` was given; an InputError that names the file if it is something else.

    The complex is found again, which takes less than to check what is stored of it.
    """
    arrays = archives.read(path, "regions")
    with archives.reading(path, "regions"):
        start = len("network.")
        given = {k[start:]: v for k, v in arrays.items() if k.startswith("network.")}
        layers = Layers(from_arrays(given))
        d = layers.input_dimension
        if "domain" not in arrays:
            raise InputError("domain is missing")
        rows = exact_table(arrays["domain"], "domain", "row", 2)
        if rows.shape[1] != d + 1:
            raise InputError("the domain is not of the network's inputs")
        columns = archives.described(arrays, COLUMNS, {"out": layers.output_dimension})
        signs, by_class = columns.pop("signs_of_regions"), bool(columns.pop("by_class"))
        domain = bounded_domain((-rows[:, :-1], rows[:, -1]), d)
        cells = Complex(layers, domain, by_class=by_class)
        places = {row.tobytes(): c for c, row in enumerate(signs)}
        order = [places.get(row.tobytes(), -1) for row in cells.signs_of_regions]
        if len(signs) != len(order) or min(order) < 0:
            raise InputError("signs_of_regions: the network has other regions in the domain")
        return _checked(cells, np.array(order), **columns)


def _checked(
    cells: Complex,
    order: NDArray[np.int64],
    merged: NDArray[np.bool_],
    owner: NDArray[np.int64],
    class_numbers: NDArray[np.int64] | None = None,
) -> Stored:
    """The regions that are made up of the cells, if each is what it may be made up of."""
    number = owner[order]
    if class_numbers is not None:
        classes = last_positive(cells.signs_of_regions[:, cells.steps.n_hidden :])
        if not cells.by_class or len(class_numbers) != owner.max() + 1:
            raise InputError("class_numbers do not fit the regions")
        if (class_numbers[number] != classes).any():
            raise InputError("class_numbers: a cell's outputs say another class")
        owner = by_first(number)
        return cells, owner, True, classes[np.unique(owner, return_index=True)[1]]
    owner, whole = by_first(number), owners(cells)
    if merged:
        first = np.unique(whole, return_index=True)[1]
        if not np.array_equal(owner, owner[first][whole]):
            raise InputError("owner: an activation region is in two regions")
    elif not np.array_equal(owner, whole):
        raise InputError("owner: not the activation regions")
    return cells, owner, bool(merged), None
