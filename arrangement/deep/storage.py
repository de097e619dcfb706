"""Regions as ``.npz`` files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from arrangement.deep.complex import Complex
from arrangement.deep.domains import polytope_of
from arrangement.deep.formats import from_arrays, to_arrays
from arrangement.deep.layers import Layers
from arrangement.deep.vertices import ExactVertices
from arrangement.errors import InputError
from arrangement.files import read_arrays
from arrangement.output import atomic_output
from arrangement.parsing import exact_table, exact_text

if TYPE_CHECKING:
    from arrangement.deep.regions import Regions

__all__ = ["load", "save"]

COLUMNS = ("faces", "pool", "points", "spread", "parents", "origin", "signs_of_regions")


def save(regions: Regions, path: str | os.PathLike[str]) -> None:
    """Write network, domain, complex and owners; the file appears only when it is whole."""
    from arrangement.deep.decisions import DecisionRegions

    cells, layers = regions.complex, regions.layers
    rows: NDArray[Any] = cells.domain.rows
    arrays: dict[str, NDArray[Any]] = {
        **{f"network.{k}": v for k, v in to_arrays(layers.network).items()},
        "domain": np.array([exact_text(v) for v in rows.flat], dtype=str).reshape(rows.shape),
        "steps": np.array(cells.steps, dtype=np.int64).reshape(-1, 4),
        "constant": np.array(list(cells.constant.items()), dtype=np.int64).reshape(-1, 2),
        "n_hidden_steps": np.array(cells.n_hidden_steps),
        "by_class": np.array(cells.by_class),
        "owner": regions.owner,
        "merged": np.array(regions.merged),
        **{name: getattr(cells, name) for name in COLUMNS},
    }
    if isinstance(regions, DecisionRegions):
        arrays["class_numbers"] = regions.class_numbers
    with atomic_output(path) as stream:
        np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]


def load(path: str | os.PathLike[str]) -> Regions:
    """What `save` wrote; an InputError that names the file if it is something else."""
    from arrangement.deep.decisions import DecisionRegions
    from arrangement.deep.regions import Regions

    arrays = read_arrays(path)
    try:
        if isinstance(arrays, np.ndarray):
            raise ValueError("it holds one array, and no others by name")
        start = len("network.")
        given = {k[start:]: v for k, v in arrays.items() if k.startswith("network.")}
        layers = Layers(from_arrays(given))
        cells = Complex.__new__(Complex)
        cells.layers, cells.dimension = layers, layers.input_dimension
        cells.domain = polytope_of(exact_table(arrays["domain"], "domain", "row", 2))
        cells.steps = [tuple(step) for step in arrays["steps"].tolist()]
        cells.constant = dict(arrays["constant"].tolist())
        cells.n_hidden_steps = int(arrays["n_hidden_steps"])
        cells.by_class, cells.counts = bool(arrays["by_class"]), None
        for name in COLUMNS:
            setattr(cells, name, arrays[name])
        m, d = len(cells.origin), cells.dimension
        if (
            cells.signs_of_regions.shape != (m, len(cells.steps))
            or cells.points.shape != (len(cells.parents), d)
            or (cells.faces[:, 0] == d).sum() != m
            or arrays["owner"].shape != (m,)
        ):
            raise ValueError("its columns do not fit each other")
        cells.exact = ExactVertices(layers, cells.domain.vertices, cells.parents, cells.steps)
        if "class_numbers" in arrays:
            return DecisionRegions(cells, arrays["owner"], arrays["class_numbers"])
        return Regions(cells, arrays["owner"], bool(arrays["merged"]))
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise InputError(f"{os.fspath(path)}: not a file of saved regions ({error})") from None
