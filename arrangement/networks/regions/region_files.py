"""Regions as ``.npz`` files, which are checked when they are loaded."""

from __future__ import annotations

import os
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import InputError
from arrangement.exact.numbers import exact_table
from arrangement.files import archives
from arrangement.files.archives import Column, storable
from arrangement.kernels.networks import pulling
from arrangement.kernels.networks.subdivision import BEGIN, DIM, END, LABEL
from arrangement.networks.complex.activation_patterns import by_first, last_positive, owners
from arrangement.networks.complex.complex import Complex
from arrangement.networks.complex.cutting import Arrays
from arrangement.networks.complex.domains import bounded_domain
from arrangement.networks.complex.geometry import boundaries
from arrangement.networks.complex.vertices import doubtful
from arrangement.networks.formats.readers import from_arrays, to_arrays
from arrangement.networks.layers import Layers, homogeneous
from arrangement.networks.regions.region_set import RegionSet, SolidRegion

__all__ = ["load", "save"]

Stored: TypeAlias = tuple[Complex, NDArray[np.int64], bool, NDArray[np.int64] | None]
"""The cells, the region of each, are they merged, and the classes of decision regions."""

COMPLEX = {
    "faces": Column("int32", ("F", 6)),
    "pool": Column("int32", ("P",), 0, "F"),
    "points": Column("float64", ("V", "d"), -np.inf),
    "spread": Column("float64", ("V",)),
    "parents": Column("int32", ("V", 3), -1),
    "origin": Column("int32", ("m", 2), -1),
    "signs_of_regions": Column("int8", ("m", "S"), -1, 2),
}
REGIONS = {
    "by_class": Column("bool", ()),
    "merged": Column("bool", ()),
    "owner": Column("int64", ("m",), 0, "m"),
    "class_numbers": Column("int64", ("r",), 0, "out", optional=True),
}

BLOCK = 2**20
"""Faces of faces are counted in blocks of about this many."""


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
    """What `save` was given; an InputError that names the file if it is something else."""
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
        columns = archives.described(arrays, COMPLEX, {"d": d})
        facts = {"m": len(columns["origin"]), "out": layers.output_dimension}
        columns_of_regions = archives.described(arrays, REGIONS, facts)
        by_class = bool(columns_of_regions["by_class"])
        _check_faces(columns["faces"], columns["pool"], columns["points"], facts["m"])
        domain = bounded_domain((-rows[:, :-1], rows[:, -1]), d)
        cells = Complex(layers, domain, by_class=by_class, arrays=Arrays(**columns))
        _check_complex(cells)
        return _checked(cells, **columns_of_regions)


def _checked(
    cells: Complex,
    by_class: NDArray[np.bool_],
    merged: NDArray[np.bool_],
    owner: NDArray[np.int64],
    class_numbers: NDArray[np.int64] | None = None,
) -> Stored:
    """The regions that are made up of the cells, if each is what it may be made up of."""
    each: RegionSet[SolidRegion] = RegionSet(cells, np.arange(cells.n_regions), merged=False)
    _check_interiors(each)
    if not np.array_equal(by_first(owner), owner):
        raise InputError("owner: the regions are not numbered by their first cells")
    if class_numbers is not None:
        number = last_positive(cells.signs_of_regions[:, cells.steps.n_hidden :])
        if not by_class or len(class_numbers) != owner.max() + 1:
            raise InputError("class_numbers do not fit the regions")
        if (class_numbers[owner] != number).any():
            raise InputError("class_numbers: a cell's outputs say another class")
        return cells, owner, True, class_numbers
    whole = owners(cells)
    if merged:
        first = np.unique(whole, return_index=True)[1]
        if not np.array_equal(owner, owner[first][whole]):
            raise InputError("owner: an activation region is in two regions")
    elif not np.array_equal(owner, whole):
        raise InputError("owner: not the activation regions")
    return cells, owner, bool(merged), None


def _check_faces(
    faces: NDArray[np.int32], pool: NDArray[np.int32], points: NDArray[Any], m: int
) -> None:
    """An InputError unless the faces have boundaries as those of convex polytopes have."""
    d = points.shape[1]
    dimension, begin, end, label = faces[:, [DIM, BEGIN, END, LABEL]].T.astype(np.int64)
    solid = dimension > 0
    corner = ~solid
    if len(faces) == 0 or dimension.min() != 0 or dimension.max() != d:
        raise InputError("faces: dimensions are out of range")
    joints = np.concatenate([[0], end[solid]])
    if not np.array_equal(joints[:-1], begin[solid]) or joints[-1] != len(pool):
        raise InputError("faces: boundaries are not one after the other")
    if not np.array_equal(np.sort(begin[corner]), np.arange(len(points))):
        raise InputError("faces: not one for each vertex")
    sizes = np.where(solid, end - begin, 0)
    if (sizes < dimension + 1)[solid].any() or (sizes != 2)[dimension == 1].any():
        raise InputError("faces: a boundary has too few parts")
    owner = np.repeat(np.arange(len(faces)), sizes)
    if (pool >= owner).any() or (dimension[pool] != dimension[owner] - 1).any():
        raise InputError("pool: a boundary is not of faces before, of one dimension less")
    pairs = np.sort(owner * len(faces) + pool)
    if (pairs[1:] == pairs[:-1]).any():
        raise InputError("pool: a face is twice in a boundary")
    cofaces = np.bincount(pool, minlength=len(faces))
    if (cofaces[dimension < d] == 0).any() or (cofaces[dimension == d - 1] > 2).any():
        raise InputError("pool: faces do not fit together")
    if (dimension == d).sum() != m or not np.array_equal(
        np.sort(label[dimension == d]), np.arange(m)
    ):
        raise InputError("faces: the regions are not numbered from 0 on")
    flat = dimension == d - 1
    if ((label[flat] >= 0) != (cofaces[flat] == 2)).any():
        raise InputError("faces: a wall inside, or a kink on the domain's boundary")
    _check_diamonds(np.flatnonzero(dimension > 1), begin, sizes, pool)


def _check_diamonds(
    which: NDArray[np.int64],
    begin: NDArray[np.int64],
    sizes: NDArray[np.int64],
    pool: NDArray[np.int32],
) -> None:
    """An InputError unless in each face each ridge lies in exactly two facets."""
    total = np.concatenate([[0], np.cumsum(sizes[pool])])
    below = total[begin[which] + sizes[which]] - total[begin[which]]
    block = np.cumsum(below) // BLOCK
    for k in np.unique(block):
        part = which[block == k]
        facet, face = boundaries(part, begin, sizes, pool)
        ridge, place = boundaries(facet, begin, sizes, pool)
        pair = np.sort(face[place] * len(begin) + ridge)
        odd = len(pair) % 2 or (pair[::2] != pair[1::2]).any()
        if odd or (pair[2::2] == pair[1:-1:2]).any():
            raise InputError("pool: a boundary does not close")


def _check_complex(cells: Complex) -> None:
    """An InputError unless vertices, labels, signs and pedigrees are those of the network."""
    n, corners = len(cells.points), len(cells.domain.vertices)
    m, n_steps = len(cells.origin), len(cells.steps)
    parents, signs = cells.parents, cells.signs_of_regions
    if n < corners or (parents[:corners] != -1).any():
        raise InputError("parents: the first vertices are not those of the domain")
    new = parents[corners:]
    number = np.arange(corners, n)
    if (new < 0).any() or (new[:, :2] >= number[:, None]).any() or (new[:, 2] >= n_steps).any():
        raise InputError("parents: not earlier vertices and a step")
    parent, step = cells.origin[1:].T
    if (cells.origin[0] != -1).any() or (cells.origin[1:] < 0).any():
        raise InputError("origin: the first region is not the domain, or another is")
    if (parent > np.arange(m - 1)).any() or (step >= n_steps).any():
        raise InputError("origin: not an earlier region and a step")
    if signs.shape[1] != n_steps:
        raise InputError(f"signs_of_regions: {signs.shape[1]} steps, not {n_steps}")
    if not np.array_equal(cells.steps.complete(signs.copy()), signs):
        raise InputError("signs_of_regions: those of equal neurons contradict")
    label = cells.faces[:, LABEL]
    flat = np.flatnonzero(cells.faces[:, DIM] == cells.dimension - 1)
    if label[flat].max() >= n_steps or label[flat].min() < -len(cells.domain.rows):
        raise InputError("faces: a label is out of range")
    if not (cells.spread >= 0).all():
        raise InputError("spread: negative")
    _check_zeros(cells, flat)
    for v in doubtful(cells.points, cells.spread, corners):
        near, spread = cells.exact.float_coordinates(v)
        if (cells.points[v] != near).any() or cells.spread[v] != spread:
            raise InputError(f"points: vertex {v} is not rounded from the exact one")


def _check_zeros(cells: Complex, flat: NDArray[np.int64]) -> None:
    """An InputError unless what made a face of codimension 1 vanishes at its vertices, and a
    vertex lies between its parents, where the signs of its step differ."""
    points, spread, parents = cells.points, cells.spread, cells.parents
    begin, corner = pulling.corners(flat, cells.faces, cells.pool)
    label = np.repeat(cells.faces[flat, LABEL], np.diff(begin))
    order = np.argsort(label, kind="stable")
    corner, label = corner[order], label[order]
    c = len(cells.domain.vertices)
    for v, x in enumerate(cells.domain.vertices):
        if spread[v] < np.inf and any(
            abs(Fraction(p) - q) > Fraction(float(spread[v]))
            for p, q in zip(points[v].tolist(), x, strict=True)
        ):
            raise InputError(f"points: vertex {v} is not that of the domain")
    new = np.arange(c, len(points))
    new = new[np.argsort(parents[c:, 2], kind="stable")]
    one, other, step = parents[new].T
    with np.errstate(over="ignore"):
        margin = (spread[new] + spread[one] + spread[other])[:, None]
        low = np.minimum(points[one], points[other]) - margin
        high = np.maximum(points[one], points[other]) + margin
    if ((points[new] < low) | (points[new] > high)).any():
        raise InputError("points: a vertex is not between its parents")
    open_: list[int] = []
    for s, (h, wrong) in enumerate(cells.heights(points, spread)):
        on = corner[np.searchsorted(label, s) : np.searchsorted(label, s, "right")]
        made = new[np.searchsorted(step, s) : np.searchsorted(step, s, "right")]
        if (np.abs(h[on]) > wrong[on]).any() or (np.abs(h[made]) > wrong[made]).any():
            raise InputError(f"points: step {s} does not vanish at a vertex where it must")
        a, b = parents[made, 0], parents[made, 1]
        certain = (np.abs(h[a]) > wrong[a]) & (np.abs(h[b]) > wrong[b])
        if (certain & ((h[a] > 0) == (h[b] > 0))).any():
            raise InputError(f"parents: step {s} has one sign at both")
        open_.extend(made[~certain].tolist())
    for v in sorted(open_):  # parents have lower numbers
        a, b, s = parents[v].tolist()
        ends = [cells.exact_signs(x)[s] for x in cells.exact.coordinates([a, b])]
        if ends[0] * ends[1] >= 0:
            raise InputError(f"parents: those of vertex {v} are not on both sides")


def _check_interiors(each: RegionSet[SolidRegion]) -> None:
    """An InputError unless every cell has a point with exactly its signs in its interior."""
    cells = each.complex
    for i in np.flatnonzero(np.isnan(each.points).any(axis=1)).tolist():
        column = homogeneous(each.witness(i))
        signs = cells.exact_signs(column)
        if not np.array_equal(signs, cells.signs_of_regions[i]):
            raise InputError(f"signs_of_regions: those of region {i} are not the network's")
