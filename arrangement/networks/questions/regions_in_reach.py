"""The nearest point with an output that is at least 0, region by region."""

from __future__ import annotations

import time
from fractions import Fraction
from itertools import product
from math import inf, isqrt

import numpy as np
from numpy.typing import NDArray

from arrangement.exact.numbers import primitive
from arrangement.exact.rational_programs import Program
from arrangement.networks.feed_forward import FeedForward
from arrangement.networks.layers import Layers
from arrangement.networks.questions.aims import Nearest
from arrangement.networks.questions.bounded_domain import Domain
from arrangement.networks.questions.branch_and_bound import Found
from arrangement.networks.regions.inequalities import Inequalities
from arrangement.networks.regions.region_search import PatternSearch

__all__ = ["nearest_in_regions"]

DIVES = 64
"""From so many the number of regions is estimated."""

MOST_REGIONS = 20_000
"""Of more the search would take minutes."""

MOST_IN_CROSS = 6
"""Inputs up to which the 2^d facets of a ball in l1 are worth their rows."""


def nearest_in_regions(
    margins: FeedForward, domain: Domain, aim: Nearest, found: Found, deadline: float
) -> Found | None:
    """The nearest point, from all regions that come as near as the best point so far.

    In each the outputs are affine: one that is negative in the whole ball is of no interest,
    else the point is projected on the polytope in which it is at least 0, exactly.

    Parameters
    ----------
    margins : FeedForward
    domain : Domain
    aim : Nearest
    found : Found
        What is known: the regions in a box round the ball of its point, or else all.
    deadline : float
        On the clock of time.monotonic().

    Returns
    -------
    Found or None
        None if there are too many regions, or too little time.
    """
    walls, layers = _near(domain, aim, found), Layers(margins)
    search = PatternSearch(layers, walls)
    if search.estimate(DIVES, rng=0).mean > MOST_REGIONS:
        return None
    inequalities, count = Inequalities(layers, walls), 0
    zero, low, high = (
        np.array(v, dtype=object) for v in ([0] * len(domain.low), domain.low, domain.high)
    )
    value, point = found.value, found.point
    for batch in search:
        count += len(batch.points)
        for choices in batch.choices.tolist():
            if time.monotonic() > deadline:
                return None
            for row in inequalities.functions(choices)[: margins.output_dimension]:
                output = [int(v) for v in row]
                if not any(output[:-1]) and output[-1] < 0:
                    continue
                if value is not None and not aim.is_in_reach(output, -value):
                    continue
                rows = inequalities.rows(choices)
                assert rows is not None, "the region has a point"
                own = np.array(primitive(output), dtype=object)
                if value is not None and aim.is_beyond(np.vstack([rows, own]), -value):
                    continue
                nearest = aim.projection(Program(zero, rows, low, high), own)
                if nearest is not None and (value is None or -aim.size(nearest) > value):
                    value, point = -aim.size(nearest), tuple(nearest)
    return Found(value, point, value, count, True)


def _near(domain: Domain, aim: Nearest, found: Found) -> NDArray[np.object_]:
    """The domain in a polytope round the ball of the best point, as rows."""
    if found.value is None:
        return domain.rows
    d = len(domain.low)
    normals = [tuple(s * (j == k) for k in range(d)) for j in range(d) for s in (1, -1)]
    if aim.norm != inf and d <= MOST_IN_CROSS:
        normals += product((1, -1), repeat=d)
    sides = []
    for normal in normals:
        far = aim.radius(-found.value)
        if aim.norm == 2:  # the ball's width along the normal, rounded up
            far *= isqrt(2**60 * sum(map(abs, normal))) + 1
            far /= 2**30
        here = sum((a * v for a, v in zip(normal, aim.x, strict=True)), Fraction(0))
        sides.append(primitive([*(-a for a in normal), here + far]))
    return np.vstack([domain.rows, np.array(sides, dtype=object)])
