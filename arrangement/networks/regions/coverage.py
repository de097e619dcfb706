"""What random points find of the regions of a network."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement import exact
from arrangement.checks import generator
from arrangement.errors import InputError, SizeError
from arrangement.exact.numbers import shown
from arrangement.in_notebooks import InNotebooks
from arrangement.networks.regions.linear_regions import LinearRegions
from arrangement.networks.regions.region_set import RegionSet, SolidRegion

__all__ = ["Coverage", "Sample", "coverage"]

BLOCK = 2**15
"""Points are drawn in blocks of this many."""

RAREST = 1e-5
"""A domain that fills less of its bounding box than this is not sampled."""


@dataclass(frozen=True)
class Sample:
    """What the first points found, and what as many find on average.

    Attributes
    ----------
    n_points : int
    n_found : int
        Regions that contain one of the points.
    expected : float
        The mean of `n_found` over all samples: Σ 1 − (1 − p_i)ⁿ, with p_i the share of region
        i in the volume of the domain.
    volume_share : float
        What the found regions fill of the domain.
    expected_volume_share : float
        Its mean over all samples: Σ p_i (1 − (1 − p_i)ⁿ).
    """

    n_points: int
    n_found: int
    expected: float
    volume_share: float
    expected_volume_share: float


@dataclass(frozen=True)
class Coverage(InNotebooks):
    """What points drawn uniformly in the domain find of all regions.

    Attributes
    ----------
    n_points : int
    n_between : int
        Points that lie between regions, on a kink; they find none.
    n_regions, n_found : int
    share : float
        n_found / n_regions.
    volume_share : float
        What the found regions fill of the domain.
    n_affine_maps, n_maps_found : int or None
        Distinct affine maps, of all regions and of those found; None for decision regions,
        which have none.
    smallest_found, largest_missed : float
        Volumes as shares of the domain's; NaN if no region was found, or none missed.
    curve : tuple of Sample
        For the first n/100, the first n/10 and all points.
    """

    n_points: int
    n_between: int
    n_regions: int
    n_found: int
    share: float
    volume_share: float
    n_affine_maps: int | None
    n_maps_found: int | None
    smallest_found: float
    largest_missed: float
    curve: tuple[Sample, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, lists and dicts; None for NaN, which JSON has not."""
        facts = asdict(self)
        facts["curve"] = list(facts["curve"])
        return {key: None if value != value else value for key, value in facts.items()}


MOST_POINTS = 10**9
"""Points that are drawn in some minutes."""


def coverage(
    regions: RegionSet[SolidRegion], n_points: int, rng: np.random.Generator | int | None = None
) -> Coverage:
    """What points drawn uniformly in the domain find of the regions.

    Which region a point is in is decided exactly: the signs of all neurons come from float64
    with error bounds, and from rational arithmetic where these leave one open. Expected
    numbers come from the volumes in float64.

    Parameters
    ----------
    regions : Regions or DecisionRegions
        Merged ones and decision regions, too.
    n_points : int
        How many points; float64 coordinates. In a polytope those of its bounding box that are
        inside.
    rng : Generator or seed, optional

    Raises
    ------
    InputError
        If n_points is no positive integer.
    SizeError
        If the domain is a polytope that fills almost nothing of its bounding box.

    Examples
    --------
    Three regions, of which one has length 2⁻¹⁰:

    >>> from arrangement.networks import Network
    >>> network = Network([[[1], [1]], [[1, 1]]], [[0, 2.0**-10], [0]])
    >>> found = network.regions([(-1, 1)]).coverage(100, rng=1)
    >>> found.n_found, found.n_regions, round(found.curve[-1].expected, 3)
    (2, 3, 2.048)
    """
    if isinstance(n_points, bool) or not isinstance(n_points, int | np.integer) or n_points < 1:
        raise InputError(f"n_points = {shown(n_points)} must be a positive integer")
    n = int(n_points)
    if n > MOST_POINTS:
        raise SizeError(f"n_points = {shown(n)}: more than {MOST_POINTS:,} take too long")
    if not regions.complex.domain.has_float64_points:
        raise InputError(
            "coverage: points are drawn in float64, whose numbers are too far apart for this "
            "domain, or do not reach; move it to the origin, or scale it"
        )
    draw = generator(rng)
    volumes = regions.volume_shares
    # The first point that fell in each region.
    first = np.full(len(regions), n, dtype=np.int64)
    between = drawn = tried = 0
    while drawn < n:
        # In a box hardly a point is lost; elsewhere more are drawn than wanted.
        count = min(n - drawn, BLOCK) if drawn == tried else BLOCK
        points = _inside(regions, draw, count)[: n - drawn]
        tried += count
        if drawn + len(points) < RAREST * tried and tried > 10 / RAREST:
            raise SizeError(
                f"of {tried:,} points of the bounding box {drawn + len(points)} are in the "
                "domain; give a polytope that fills more of its box"
            )
        owners = regions.owners_of(regions.complex.signs_at(points))
        hit = owners >= 0
        between += int((~hit).sum())
        np.minimum.at(first, owners[hit], drawn + np.flatnonzero(hit))
        drawn += len(points)
    curve = tuple(
        _sample(volumes, first, k) for k in sorted({max(1, n // 100), max(1, n // 10), n})
    )
    found = first < n
    maps = regions.affine_map_numbers if isinstance(regions, LinearRegions) else None
    return Coverage(
        n_points=n,
        n_between=between,
        n_regions=len(regions),
        n_found=int(found.sum()),
        share=float(found.mean()),
        volume_share=curve[-1].volume_share,
        n_affine_maps=None if maps is None else len(np.unique(maps)),
        n_maps_found=None if maps is None else len(np.unique(maps[found])),
        smallest_found=float(volumes[found].min()) if found.any() else float("nan"),
        largest_missed=float(volumes[~found].max()) if not found.all() else float("nan"),
        curve=curve,
    )


def _sample(volumes: NDArray[np.float64], first: NDArray[np.int64], k: int) -> Sample:
    # 1 − (1 − p)ᵏ without cancellation; a region that is everything has p = 1.
    with np.errstate(divide="ignore"):
        chance = -np.expm1(k * np.log1p(-np.minimum(volumes, 1.0)))
    found = first < k
    return Sample(
        n_points=k,
        n_found=int(found.sum()),
        expected=float(chance.sum()),
        volume_share=1.0 if found.all() else float(volumes[found].sum()),
        expected_volume_share=float(volumes @ chance),
    )


def _inside(
    regions: RegionSet[SolidRegion], draw: np.random.Generator, count: int
) -> NDArray[np.float64]:
    """Those of some points drawn in the bounding box that lie in the domain's interior."""
    domain = regions.complex.domain
    corners = np.array([[float(v) for v in x] for x in domain.vertices])
    u = draw.random((count, corners.shape[1]))
    points = corners.min(axis=0) * (1 - u) + corners.max(axis=0) * u
    return points[(exact.signs_at(domain.rows, points) > 0).all(axis=1)]
