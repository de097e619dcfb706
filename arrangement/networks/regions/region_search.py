"""The regions of a network one after the other, proved, in memory for one of them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arrangement import exact
from arrangement.exact.inner_points import inner_point
from arrangement.exact.numbers import common_denominator
from arrangement.exact.solver import WORTH_CONFIRMING
from arrangement.kernels.networks import pattern_search as kernel
from arrangement.kernels.reasons import DONE
from arrangement.memory import refuse
from arrangement.networks.complex.domains import FURTHEST, box_round, float_box
from arrangement.networks.complex.vertices import nearest
from arrangement.networks.feed_forward import FeedForward
from arrangement.networks.layers import Layers
from arrangement.networks.regions.division import Floats, Point
from arrangement.networks.regions.inequalities import Choices, Inequalities

__all__ = ["Batch", "Estimate", "PatternSearch", "joined", "rounded"]

Integers = NDArray[np.object_]

Frame = list[tuple[Fraction, Fraction]]
"""Of each coordinate the middle of the box, and half its width."""

LEAST = Fraction(1, 2**200)
"""A box of sides that are shorter, or longer than the inverse, is seen in other coordinates."""

CAPACITY = 4096
"""Regions in a batch."""

LOOK = 256
"""Regions after which a part of a search looks at the clock."""

PART = 2**14
"""Regions in a part of a search, at most and about."""

SECONDS = 0.5
"""What a part of a search takes, about."""


class Batch(NamedTuple):
    """Some regions, proved to be there.

    Attributes
    ----------
    choices : ndarray of int32, shape (k, n)
        The piece of each neuron in force: 1 and 0 for active and inactive.
    points : ndarray of float64, shape (k, d)
        A point strictly inside, or NaN.
    witnesses : dict of int to tuple of Fractions
        A point strictly inside where `points` has none.
    """

    choices: NDArray[np.int32]
    points: Floats
    witnesses: dict[int, Point]


class Estimate(NamedTuple):
    """A number that was estimated from samples, and the standard error of the estimate."""

    mean: float
    error: float


def joined(batches: Sequence[Batch]) -> Batch:
    """One batch of some, in order."""
    starts = np.cumsum([0, *(len(b.points) for b in batches)]).tolist()
    witnesses = {
        start + i: point
        for start, batch in zip(starts, batches, strict=False)
        for i, point in batch.witnesses.items()
    }
    choices, points = (np.concatenate([b[c] for b in batches]) for c in (0, 1))
    return Batch(choices, points, witnesses)


def rounded(choices: NDArray[np.int32], inside: Sequence[Point]) -> Batch:
    """A batch of regions, with a point inside each, which is kept where float64 has it not."""
    points = np.array([[nearest(v) for v in x] for x in inside]).reshape(len(inside), -1)
    points[~np.isfinite(points).all(axis=1)] = np.nan
    near = points.tolist()
    witnesses = {
        i: x
        for i, x in enumerate(inside)
        if np.isnan(points[i, 0]) or tuple(map(Fraction, near[i])) != x
    }
    return Batch(choices, points, witnesses)


class PatternSearch:
    """The regions of a network in a domain, neuron by neuron, depth first.

    The loop (:mod:`arrangement.kernels.networks.pattern_search`) leaves out what is proved to
    have no region, by multipliers; a region that it finds counts once the network has been
    evaluated at a point of it, and what is unsure in float64 is decided exactly. So nothing is
    missing and nothing is invented, whatever a float did.

    Parameters
    ----------
    layers : Layers
    walls : ndarray of Python ints, shape (r, d + 1)
        Rows [g | c] of a bounded domain, g·x + c > 0 inside.
    """

    def __init__(self, layers: Layers, walls: Integers) -> None:
        self.given = layers, walls
        box = box_round(walls)
        self._frame = None if _is_usual(box) else [((a + b) / 2, (b - a) / 2) for a, b in box]
        if self._frame is not None:
            layers, walls = _moved(layers, walls, self._frame)
            box = [(Fraction(-1), Fraction(1))] * len(box)
        self.layers, self.walls = layers, walls
        self.depth = len(layers.hidden_widths)
        self.inequalities = Inequalities(layers, walls)
        self.starts = self.inequalities.starts
        n, d = self.starts[-1], layers.input_dimension
        self.middle = np.array([float((a + b) / 2) for a, b in box])
        low, high = float_box(box)
        # Powers of two, so that scaled coordinates are exact.
        self.units = np.exp2(np.ceil(np.log2(high - low)))
        self._network = self._kernel_network(low / self.units, high / self.units)
        most = max(layers.pieces - 1, 1) * n + len(walls)
        entries = 8 * (n + 1) * (most + 1) * (d + 1)
        refuse(entries, f"{n} neurons and {d} inputs", "reduce the neurons or the inputs")
        rows = max((len(w) for w in layers.weights), default=1)
        self._search = kernel.Search(
            wanted=np.full(n, -1, np.int32),
            choice=np.zeros(n, np.int32),
            trial=np.full(n + 1, -1, np.int32),
            own=np.zeros(n, np.int32),
            others=np.zeros(n, np.int32),
            counts=np.array([0, 0, 0, kernel.UNKNOWN, 0, 0]),
            tables=np.zeros((max(self.depth, 1), rows, d + 1)),
            errors=np.zeros((max(self.depth, 1), rows)),
        )
        self._stack = kernel.Stack(
            rows=np.zeros((most, d + 1)),
            bounds=np.zeros(most),
            origins=np.zeros((most, 3), np.int32),
            size=np.zeros(n + 1, np.int64),
            points=np.zeros((n + 1, d)),
            table=np.zeros((n + 1, most + 1, d + 1)),
            basic=np.zeros((n + 1, most), np.int32),
            nonbasic=np.tile(np.arange(d, dtype=np.int32), (n + 1, 1)),
            upper=np.zeros((n + 1, d), np.int8),
        )
        self._found = kernel.Found(np.zeros((CAPACITY, n), np.int32), np.zeros((CAPACITY, d)))
        self._enclose()

    def __reduce__(self) -> tuple[Any, ...]:
        return PatternSearch, self.given

    def _kernel_network(self, low: Floats, high: Floats) -> kernel.Network:
        layers, L = self.layers, max(self.depth, 1)
        rows = max(len(w) for w in layers.weights)
        columns = max(w.shape[1] for w in layers.weights)
        weights, biases = np.zeros((L, rows, columns)), np.zeros((L, rows))
        slopes, inexact = np.zeros((L, rows)), np.zeros(L, np.int64)
        for l in range(self.depth):
            w = layers.weights[l]
            with np.errstate(over="ignore"):  # of which the loop tells no sign
                weights[l, : len(w), : w.shape[1]] = w * self.units if l == 0 else w
            biases[l, : len(w)] = layers.biases[l]
            if not layers.is_maxout:
                slopes[l, : layers.hidden_widths[l]] = layers.slopes[l]
            inexact[l] = not layers.network.layer_is_float64(l)
        widths = np.array([len(low), *layers.hidden_widths])
        return kernel.Network(
            weights, biases, slopes, inexact, widths, layers.pieces, low, high
        )

    def _enclose(self) -> None:
        """The polytope that all begin with: the walls that are no sides of the box."""
        inside = inner_point(self.walls, self.middle)
        assert inside is not None, "the domain has interior points"
        self._stack.points[0] = [float(v) for v in inside] / self.units
        self._sides: dict[tuple[int, int], list[int]] = {}
        self._rest: list[list[int]] = []
        for row in self.walls.tolist():
            (c, v), *more = [(c, v) for c, v in enumerate(row[:-1]) if v]
            if more:
                self._rest.append(row)
            else:
                self._sides[c, 1 if v > 0 else -1] = row
        if not self._rest:
            return
        values, errors, _ = exact.float_rows(np.array(self._rest, dtype=object))
        scale = np.append(self.units, 1.0)
        values, errors = values * scale, errors * scale
        reach = np.append(
            np.maximum(np.abs(self._network.low), np.abs(self._network.high)), 1.0
        )
        scales = np.exp2(-np.ceil(np.log2(np.abs(values[:, :-1]).sum(axis=1))))
        bounds = (errors @ reach) * scales * (1 + 1e-9)
        rows = np.ascontiguousarray(values * scales[:, None])
        kernel.enclose(self._network, self._stack, rows, bounds)

    def __iter__(self) -> Iterator[Batch]:
        """All regions, in batches."""
        return self.below(())

    def below(self, choices: Sequence[int]) -> Iterator[Batch]:
        """The regions in which the first neurons have these pieces, in batches."""
        return self._below(choices, self._found)

    def _below(self, choices: Sequence[int], found: kernel.Found) -> Iterator[Batch]:
        self._search.wanted[:] = -1
        self._search.wanted[: len(choices)] = choices
        self._begin(diving=False)
        done = False
        while not done:
            done = self._go_on(found)
            count = int(self._search.counts[kernel.FOUND])
            self._search.counts[kernel.FOUND] = 0
            points = found.points[:count] * self.units
            yield self._proved(found.choices[:count], points)

    def part(self, prefixes: Sequence[Choices]) -> tuple[Batch, list[Choices]]:
        """Some of the regions in which the first neurons have one of these lists of pieces.

        Parameters
        ----------
        prefixes : sequence of tuples of int
            Of which none begins with another.

        Returns
        -------
        batch : Batch
            In the order of the search.
        left : list of tuples of int
            The regions that follow, as they were given: those that begin with one of these.
        """
        end, count = time.monotonic() + SECONDS, 0
        found = kernel.Found(self._found.choices[:LOOK], self._found.points[:LOOK])
        batches = []
        for at, prefix in enumerate(prefixes):
            for batch in self._below(prefix, found):
                batches.append(batch)
                count += len(batch.points)
                if count >= PART or time.monotonic() > end:
                    return joined(batches), [*self._open(len(prefix)), *prefixes[at + 1 :]]
        return joined(batches), []

    def _open(self, start: int) -> list[Choices]:
        """What a search that stopped has yet to try from some neuron on, in its order."""
        search, options = self._search, max(2, self.layers.pieces)
        if search.counts[kernel.LEVEL] < 0:
            return []
        path = search.choice.tolist()
        left = [tuple(path)]
        for s in range(len(path) - 1, start - 1, -1):
            own = int(search.own[s])
            order = [*(p for p in range(options) if p != own), own]
            left += [(*path[:s], p) for p in order[search.trial[s] :]]
        return left

    def cutting(self, choices: Sequence[int]) -> NDArray[np.bool_]:
        """Which neurons cut what the pieces of those before them leave, in a region there is?

        The kinks of the others do not come into the region's facets, but where they coincide
        with those of earlier neurons.
        """
        for _ in self.below(choices):
            pass
        return np.asarray(self._search.others > 0)

    def estimate(self, dives: int, rng: Any = None) -> Estimate:
        """The number of regions from random ways down to one of them (Knuth 1975).

        Parameters
        ----------
        dives : int
        rng : int or numpy.random.Generator, optional

        Returns
        -------
        Estimate
            Unbiased; pieces that are open in float64 count as what they are.
        """
        search, k = self._search, max(2, self.layers.pieces)
        random, sizes = np.random.default_rng(rng), np.ones(dives)
        for i in range(dives):
            search.wanted[:] = random.integers(0, k, len(search.wanted))
            self._begin(diving=True)
            self._go_on(self._found)
            # A piece other than that at the point is chosen when it is drawn, that at the
            # point also when one is drawn that has no region.
            own = search.choice == search.own
            sizes[i] = np.where(own, k / (k - search.others), k).prod()
        return Estimate(float(sizes.mean()), float(sizes.std() / np.sqrt(dives)))

    @property
    def bytes_each(self) -> int:
        """What a region takes in a batch."""
        return 4 * len(self._search.choice) + 8 * len(self.units)

    def _begin(self, diving: bool) -> None:
        self._search.trial[0] = -1
        self._search.counts[:] = 0
        self._search.counts[kernel.ANSWER] = kernel.UNKNOWN
        self._search.counts[kernel.DIVING] = diving

    def _go_on(self, found: kernel.Found) -> bool:
        """Search until all is found, or the room for regions is full: is it all?"""
        while True:
            reason = kernel.search(self._network, self._search, self._stack, found)
            if reason != kernel.ASKED:
                return bool(reason == DONE)
            self._answer()

    def _answer(self) -> None:
        """Decide what the loop asks for."""
        counts = self._search.counts
        s, option, rival = (int(counts[i]) for i in (kernel.LEVEL, kernel.OPTION, kernel.RIVAL))
        choices = [*self._search.choice[:s].tolist(), option]
        rows = self.inequalities.rows(choices)
        tight = self._tight_rows(choices[:-1])
        point = None
        if rows is not None and not self._is_refuted(choices, rival, tight):
            point = self._beside_vertex(choices, rival, tight, rows)
            if point is None:
                point = inner_point(rows, self._stack.points[s + 1] * self.units)
        counts[kernel.ANSWER] = kernel.DEAD if point is None else kernel.ALIVE
        if point is not None:
            self._stack.points[s + 1] = [nearest(v) for v in point] / self.units

    def _tight_rows(self, before: list[int]) -> list[list[int] | None]:
        """The rows that are 0 at the vertex where the loop stopped, in its order, exactly.

        None for a side of the box that is no wall.
        """
        stack, s = self._stack, len(before) + 1
        found: list[list[int] | None] = []
        for k, v in enumerate(stack.nonbasic[s].tolist()):
            if v < len(self.units):
                found.append(self._sides.get((v, -1 if stack.upper[s, k] else 1)))
            else:
                i, p, q = stack.origins[v - len(self.units)].tolist()
                contest = self.inequalities.contest
                found.append(self._rest[p] if i < 0 else contest(before, i, p, q))
        return found

    def _is_refuted(
        self, choices: list[int], rival: int, tight: list[list[int] | None]
    ) -> bool:
        """Do the rows that the loop's last vertex lies on prove that there is no region?

        They are independent, so that the certificate is the only one that there may be.
        """
        stack, (*before, option) = self._stack, choices
        s, d = len(choices), len(self.units)
        coefficients = stack.table[s, stack.size[s], :d]
        blamed = [self.inequalities.contest(before, s - 1, option, rival)]
        for k in np.flatnonzero(np.abs(coefficients) > WORTH_CONFIRMING).tolist():
            row = tight[k]
            if row is None:
                return False
            blamed.append(row)
        # A constant row is fulfilled, by a tie if it is 0: it proves nothing.
        rows = np.array([row for row in blamed if any(row[:-1])], dtype=object)
        return exact.is_infeasible(rows, range(len(rows)))

    def _beside_vertex(
        self, choices: list[int], rival: int, tight: list[list[int] | None], rows: Integers
    ) -> Point | None:
        """A point between the loop's last vertex and its point at the level before, or None."""
        x = self._stack.points[len(choices) - 1] * self.units
        if None in tight or not np.isfinite(x).all():
            return None
        *v, scale = exact.null_vector(np.array(tight, dtype=object))
        if scale == 0:
            return None
        vertex = [Fraction(int(c), int(scale)) for c in v]
        inside = list(map(Fraction, x.tolist()))
        *g, c = self.inequalities.contest(choices[:-1], len(choices) - 1, choices[-1], rival)
        there, here = (
            sum(a * y for a, y in zip(g, z, strict=True)) + c for z in (vertex, inside)
        )
        if there <= 0:
            return None
        share = Fraction(there) / (there - min(here, 0)) / 2
        point = [a + share * (b - a) for a, b in zip(vertex, inside, strict=True)]
        positive = (exact.signs_at(rows, [point]) > 0).all()
        return tuple(point) if positive else None

    def _proved(self, choices: NDArray[np.int32], points: Floats) -> Batch:
        """Those regions of a batch that there are, with points inside."""
        if not len(points):
            return Batch(choices, points, {})
        points = np.where(np.isfinite(points), points, self.middle)
        sure = (exact.signs_at(self.walls, points) > 0).all(axis=1)
        values, error = points.T, np.zeros(points.T.shape)
        for l in range(self.depth):
            values, error = self.layers.propagate(l, values, error)
            part = choices[:, self.starts[l] : self.starts[l + 1]].T
            sure &= _agree(self.layers, l, values, error, part)
            values, error = self.layers.pass_on(l, values, error)
        there = np.ones(len(points), dtype=np.bool_)
        witnesses = {}
        for i in np.flatnonzero(~sure).tolist():
            rows = self.inequalities.rows(choices[i].tolist())
            found = None if rows is None else inner_point(rows, points[i])
            there[i] = found is not None
            if found is None:
                continue
            points[i] = [nearest(v) for v in found]
            if not np.isfinite(points[i]).all() or tuple(map(Fraction, points[i])) != found:
                witnesses[int(there[:i].sum())] = found
        batch = Batch(choices[there], points[there], witnesses)
        if self._frame is None or not there.any():
            return batch
        return _moved_back(batch, self._frame)


def _agree(
    layers: Layers, l: int, values: Floats, error: Floats, choices: NDArray[np.int32]
) -> NDArray[np.bool_]:
    """At which points are the pieces of a layer certainly these, no two of them equal?"""
    if not layers.is_maxout:
        wrong = (np.where(choices > 0, values, -values) <= error) & (
            layers.slopes[l][:, None] != 1.0
        )
        return np.asarray(~(wrong | np.isnan(values)).any(axis=0))
    k = layers.pieces
    values, error = (v.reshape(-1, k, values.shape[1]) for v in (values, error))
    chosen = choices[:, None, :].astype(np.int64)
    with np.errstate(invalid="ignore"):  # infinity less an infinite bound: nothing is known
        least = np.take_along_axis(values - error, chosen, axis=1)
        beaten = (values + error < least) | (np.arange(k)[None, :, None] == chosen)
    return np.asarray(beaten.all(axis=(0, 1)))


def _is_usual(box: Sequence[tuple[Fraction, Fraction]]) -> bool:
    """Do float64 coordinates tell the points of a box apart well?"""
    return all(
        max(abs(a), abs(b)) <= FURTHEST * (b - a) and LEAST <= b - a <= 1 / LEAST
        for a, b in box
    )


def _moved(layers: Layers, walls: Integers, frame: Frame) -> tuple[Layers, Integers]:
    """The network and the domain in coordinates in which the box goes from −1 to 1."""
    centers, units = np.array(frame, dtype=object).T
    rows = [
        [*(g * u for g, u in zip(row[:-1], units, strict=True)),
         row[-1] + sum(g * c for g, c in zip(row[:-1], centers, strict=True))]
        for row in walls.tolist()
    ]  # fmt: skip
    moved = [common_denominator(np.array(row, dtype=object))[0] for row in rows]
    # All activations are positively homogeneous; without σ numbers could be beyond float64.
    network, sigma = layers.network, 1 / max(map(abs, (1, *centers, *units)))
    first, *others = network.exact_weights
    biases = [b * sigma for b in network.exact_biases]
    biases[0] = biases[0] + first @ centers * sigma
    small = [first * units * sigma, *others]
    _, _, activation, slope, labels = network.as_arguments()
    seen = FeedForward(small, biases, activation, slope, labels)
    return Layers(seen), np.array(moved, dtype=object)


def _moved_back(found: Batch, frame: Frame) -> Batch:
    seen = [found.witnesses.get(i, x) for i, x in enumerate(found.points.tolist())]
    return rounded(
        found.choices,
        [
            tuple(
                center + unit * Fraction(v) for (center, unit), v in zip(frame, x, strict=True)
            )
            for x in seen
        ],
    )
