"""Extrema of outputs, distances to the decision boundary, differences of networks."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from arrangement.checks import check_instance, choice, nonnegative
from arrangement.errors import InputError
from arrangement.exact.numbers import exact_table, shown
from arrangement.networks.feed_forward import FeedForward
from arrangement.networks.questions.aims import Largest, Nearest
from arrangement.networks.questions.answers import (
    Equality,
    Extremum,
    OutputRange,
    Robustness,
    Status,
)
from arrangement.networks.questions.bounded_domain import Domain
from arrangement.networks.questions.branch_and_bound import MOST_BISECTED, Found, search
from arrangement.networks.questions.one_kink import composed, difference, one_kink
from arrangement.networks.questions.regions_in_reach import nearest_in_regions
from arrangement.progress import Progress

__all__ = ["equality", "extremum", "largest_difference", "output_range", "robustness"]

NORMS = {"l1": 1, "l2": 2, "linf": math.inf}


def extremum(
    network: FeedForward,
    c: Any,
    domain: Any,
    sign: int,
    gap: Any,
    time_limit: Any,
    progress: Progress,
) -> Extremum:
    """The largest (sign 1) or least (sign −1) c·f(x); see :meth:`Network.maximum`."""
    out = network.output_dimension
    functional = exact_table(c, "c", "entry", 1)
    if len(functional) != out:
        raise InputError(f"c has {len(functional)} entries, but the network has {out} outputs")
    asked = Domain.of(domain, network.input_dimension)
    limits = nonnegative(gap, "gap"), _deadline(time_limit)
    return _extremum(one_kink(network), functional, asked, sign, *limits, progress)


def _extremum(
    network: FeedForward,
    functional: Any,
    domain: Domain,
    sign: int,
    gap: Fraction,
    deadline: float,
    progress: Progress,
) -> Extremum:
    objective = composed(network, [sign * functional], [0])
    aim = Largest(network.input_dimension)
    found = search(objective, domain, aim, gap, deadline, progress=progress)
    return _extremum_of(found, sign)


def _extremum_of(found: Found, sign: int) -> Extremum:
    """What was found of a function that every point of the domain has."""
    assert found.value is not None
    assert found.point is not None
    assert found.bound is not None
    value, bound = sign * found.value, sign * found.bound
    return Extremum(value, found.point, bound, _status(found), found.n_parts)


def output_range(
    network: FeedForward, domain: Any, gap: Any, time_limit: Any, progress: Progress
) -> OutputRange:
    """The least and the largest value of each output; see :meth:`Network.output_range`."""
    out = network.output_dimension
    asked, allowed = Domain.of(domain, network.input_dimension), nonnegative(gap, "gap")
    deadline, units = _deadline(time_limit), np.eye(out, dtype=object)
    simple = one_kink(network)

    def end_of(i: int, until: float) -> Extremum:
        sign = -1 if i < out else 1
        return _extremum(simple, units[i % out], asked, sign, allowed, until, progress)

    ends: list[Extremum] = []
    for i in range(2 * out):
        now = time.monotonic()
        ends.append(end_of(i, now + max(0.0, deadline - now) / (2 * out - i)))
    for i, end in enumerate(ends):  # what others left of their time
        if end.status == "time_limit" and time.monotonic() < deadline:
            ends[i] = end_of(i, deadline)
    return OutputRange(tuple(ends[:out]), tuple(ends[out:]))


def robustness(
    network: FeedForward,
    x: Sequence[Any],
    domain: Any,
    norm: str,
    gap: Any,
    time_limit: Any,
    progress: Progress,
) -> Robustness:
    """The nearest point of another class; see :meth:`Network.robustness`."""
    choice(norm, tuple(NORMS), "norm")
    out = network.output_dimension
    if out < 2:
        raise InputError("robustness: the network has one output, and so no classes")
    outputs = network.exact_forward(x)
    point = tuple(map(Fraction, exact_table(x, "x", "entry", 1)))
    asked = Domain.of(domain, network.input_dimension)
    if point not in asked:
        raise InputError("robustness: x is not in the domain; give one that contains it")
    own = outputs.index(max(outputs))
    others = [i for i in range(out) if i != own]
    unit = np.eye(out, dtype=object)
    margins = composed(
        one_kink(network), [unit[i] - unit[own] for i in others], [0] * len(others)
    )
    with np.errstate(all="ignore"):
        towards = _steepest(margins, point)
        ahead = towards / np.abs(towards).max(initial=0.0)
    aim = Nearest(point, NORMS[norm], np.where(towards < 0, -1, 1))
    near = np.array([float(v) for v in point])
    low, high = asked.floats()
    starts = [np.where(towards > 0, high, np.where(towards < 0, low, near))]
    if np.isfinite(ahead).all():
        starts.append(near + ahead * float((high - low).max()))
    found = _nearest(
        margins,
        asked,
        aim,
        nonnegative(gap, "gap"),
        _deadline(time_limit),
        [point, *starts],
        progress,
    )
    names = network.labels.tolist() if network.labels is not None else list(range(out))
    nearest = None
    if found.point is not None:
        there = network.exact_forward(found.point)
        nearest = names[max(others, key=lambda i: there[i])]
    return Robustness(
        norm,
        names[own],
        nearest,
        None if found.value is None else -found.value,
        found.point,
        None if found.bound is None else -found.bound,
        _status(found),
        found.n_parts,
    )


SHARES = Fraction(1, 16), Fraction(1, 8), Fraction(1, 4), Fraction(1, 2), Fraction(3, 4)
"""Of the distance of the best point, the radii of balls that are searched before its own."""


PARTS_BEFORE_REGIONS = 8000
"""After so many parts of few inputs the regions in reach are gone through, if they are few."""


def _nearest(
    margins: FeedForward,
    domain: Domain,
    aim: Nearest,
    gap: Fraction,
    deadline: float,
    starts: list[Any],
    progress: Progress,
) -> Found:
    """The nearest point at which a margin is not negative.

    Bounds are the better the smaller the box. With few inputs boxes are halved and the nearest
    ones looked at first; with more, balls that grow are searched one after another.
    """
    first = search(margins, domain, aim, gap, -math.inf, starts, None)
    if first.value is None or first.in_time or len(domain.low) <= MOST_BISECTED:
        shares: Sequence[Fraction] = ()
    else:
        shares = SHARES
    size = None if first.value is None else -first.value
    n_parts, bound = first.n_parts, first.bound
    for share in shares:
        assert size is not None
        floor = -size * (share**2 if aim.curved else share)
        found = search(margins, domain, aim, gap, deadline, (), progress, floor=floor)
        n_parts += found.n_parts
        if found.value is not None and found.in_time:
            return replace(found, n_parts=n_parts)
        if found.value is not None and found.value > -size:
            size, first = -found.value, found
        bound = found.bound if bound is None or found.bound is None else min(bound, found.bound)
        if not found.in_time:
            return Found(-size, first.point, bound, n_parts, False)
    again = starts if first.point is None else [first.point]
    if len(domain.low) <= MOST_BISECTED:
        limits = deadline, again, progress
        first = search(margins, domain, aim, gap, *limits, most_parts=PARTS_BEFORE_REGIONS)
        now, n_parts = time.monotonic(), n_parts + first.n_parts
        if first.in_time or now > deadline:
            return replace(first, n_parts=n_parts)
        half = now + (deadline - now) / 2
        exactly = nearest_in_regions(margins, domain, aim, first, half)
        if exactly is not None:
            return replace(exactly, n_parts=n_parts + exactly.n_parts)
        again = again if first.point is None else [first.point]
        bound = first.bound
    found = search(margins, domain, aim, gap, deadline, again, progress)
    if bound is not None and found.bound is not None:
        found = replace(found, bound=min(bound, found.bound))
    return replace(found, n_parts=n_parts + found.n_parts)


def _steepest(margins: FeedForward, x: tuple[Fraction, ...]) -> Any:
    """The slope of the margin that is largest next to a point, about."""
    near = np.array([float(v) for v in x])
    best = int(margins.forward(near).argmax())
    slope = margins.weights[-1][best]
    values = margins.preactivations(near)
    for l in range(margins.depth - 2, -1, -1):
        slope = (slope * np.where(values[l] > 0, 1.0, margins.slopes[l])) @ margins.weights[l]
    return slope


def largest_difference(
    network: FeedForward, other: Any, domain: Any, gap: Any, time_limit: Any, progress: Progress
) -> Extremum:
    """The largest |f_i(x) − g_i(x)|; see :meth:`Network.largest_difference`."""
    found = _difference(network, other, domain, nonnegative(gap, "gap"), time_limit, progress)
    return _extremum_of(found, 1)


def equality(
    network: FeedForward, other: Any, domain: Any, time_limit: Any, progress: Progress
) -> Equality:
    """Whether two networks are equal; see :meth:`Network.equals`."""
    zero = Fraction(0)
    found = _difference(network, other, domain, zero, time_limit, progress, enough=zero)
    top = _extremum_of(found, 1)
    if top.value > 0:
        return Equality(False, top.point, top.value, top.bound, top.n_parts)
    is_equal = True if top.bound == 0 else None
    return Equality(is_equal, None, zero, top.bound, top.n_parts)


def _difference(
    network: FeedForward,
    other: Any,
    domain: Any,
    gap: Fraction,
    time_limit: Any,
    progress: Progress,
    enough: Fraction | None = None,
) -> Found:
    check_instance(other, "other", "Network")
    sizes = [(n.input_dimension, n.output_dimension) for n in (network, other)]
    if sizes[0] != sizes[1]:
        raise InputError(
            "other: {} inputs and {} outputs, but this network has {} and {}".format(
                *sizes[1], *sizes[0]
            )
        )
    asked = Domain.of(domain, network.input_dimension)
    unit = np.eye(network.output_dimension, dtype=object)
    both = np.concatenate([unit, -unit])
    apart = composed(difference(network, other), both, [0] * len(both))
    aim = Largest(network.input_dimension)
    return search(
        apart, asked, aim, gap, _deadline(time_limit), progress=progress, enough=enough
    )


def _status(found: Found) -> Status:
    if found.value == found.bound:
        return "optimal"
    return "gap" if found.in_time else "time_limit"


def _deadline(time_limit: Any) -> float:
    if time_limit is None:
        return math.inf
    try:
        seconds = float(time_limit)
    except (TypeError, ValueError):
        seconds = math.nan
    if not seconds >= 0:
        raise InputError(f"time_limit {shown(time_limit)} must be a number of seconds, or None")
    return time.monotonic() + seconds
