"""Regions as ``.npz`` files, which are found again when they are loaded."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import InputError
from arrangement.exact.numbers import exact_table
from arrangement.files import archives
from arrangement.files.archives import Column, storable
from arrangement.networks.complex.activation_patterns import by_first
from arrangement.networks.complex.complex import Complex
from arrangement.networks.complex.domains import bounded_domain
from arrangement.networks.formats.readers import from_arrays, to_arrays
from arrangement.networks.layers import Layers
from arrangement.networks.regions.region_set import RegionSet

__all__ = ["load", "save"]

Found = TypeVar("Found", bound=RegionSet[Any])

COLUMNS = {
    "signs_of_regions": Column("int8", ("m", "S"), -1, 2),
    "by_class": Column("bool", ()),
    "merged": Column("bool", ()),
    "owner": Column("int64", ("m",), 0, "m"),
}
"""What is stored beside the network and the domain."""


def save(path: str | os.PathLike[str], regions: RegionSet[Any]) -> None:
    """Write network, domain, signs and owners; the file appears only when it is whole."""
    cells = regions.complex
    arrays: dict[str, NDArray[Any]] = {
        **{f"network.{k}": v for k, v in to_arrays(cells.layers.network).items()},
        "domain": storable(cells.domain.rows),
        "signs_of_regions": cells.signs_of_regions,
        "by_class": np.array(cells.by_class),
        "merged": np.array(regions.merged),
        "owner": regions.owner,
    }
    archives.write(path, "regions", arrays)


def load(path: str | os.PathLike[str], regions_of: Callable[[Complex, bool], Found]) -> Found:
    """What `save` was given; an InputError that names the file if it is something else.

    All is found again, which takes less than to check a complex that is stored: what
    `regions_of` makes of the complex, merged or not, has to be what the file says.
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
        columns = archives.described(arrays, COLUMNS, {})
        signs, by_class = columns["signs_of_regions"], bool(columns["by_class"])
        domain = bounded_domain((-rows[:, :-1], rows[:, -1]), d)
        cells = Complex(layers, domain, by_class=by_class)
        places = {row.tobytes(): c for c, row in enumerate(signs)}
        order = [places.get(row.tobytes(), -1) for row in cells.signs_of_regions]
        if len(signs) != len(order) or min(order) < 0:
            raise InputError("signs_of_regions: the network has other regions in the domain")
        found = regions_of(cells, bool(columns["merged"]))
        if not np.array_equal(by_first(columns["owner"][order]), found.owner):
            raise InputError("owner: the network's regions are made up of other cells")
        return found
