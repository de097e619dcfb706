"""Branch and bound over parts of a domain: best bound first, until the bound is reached."""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import InputError
from arrangement.exact import rational_programs
from arrangement.exact.inner_points import inner_point
from arrangement.exact.solver import ProgramSolver
from arrangement.networks.complex.vertices import nearest
from arrangement.networks.feed_forward import FeedForward
from arrangement.networks.layers import Layers, homogeneous
from arrangement.networks.questions.aims import Aim, Nearest
from arrangement.networks.questions.bounded_domain import Domain, Point
from arrangement.networks.questions.relaxation import Parts, Relaxation, Split
from arrangement.progress import Progress, reporter

__all__ = ["MOST_BISECTED", "Found", "search"]

MOST_BISECTED = 8
"""Inputs up to which a part with many unstable neurons is bisected."""

PATIENCE = 2
"""Halvings of each side of a part without a neuron that became stable."""

FEW_UNSTABLE = 8
"""Neurons that are unstable in a part whose linear program is worth its time at once."""

BATCH = 64
"""Parts that are bisected together."""

NEARLY = 1e-9
"""The share of the first gap below which a bound is computed exactly; of time only."""

SAMPLES = 33
"""Points of a ray on which outputs are looked at."""


@dataclass(frozen=True)
class Found:
    """What a search has found.

    Attributes
    ----------
    value : Fraction or None
        The largest value that was found, None if no point was.
    point : tuple of Fractions or None
        Where it is.
    bound : Fraction or None
        No value is larger; None if there is no point at all.
    n_parts : int
        How many parts of the domain were looked at.
    in_time : bool
    """

    value: Fraction | None
    point: Point | None
    bound: Fraction | None
    n_parts: int
    in_time: bool


@dataclass(eq=False)
class _Node:
    """A part of the domain, in which one output is bounded."""

    parts: Parts
    splits: tuple[Split, ...]
    output: int
    slope: NDArray[np.float64]
    n_unstable: int
    idle: int  # halvings since a neuron became stable


def search(
    network: FeedForward,
    domain: Domain,
    aim: Aim,
    gap: Fraction = Fraction(0),
    deadline: float = np.inf,
    starts: Any = (),
    progress: Progress = None,
    enough: Fraction | None = None,
    floor: Fraction | None = None,
    most_parts: float = np.inf,
) -> Found:
    """The largest value of an aim on a domain, over all outputs of a network.

    A part is bounded by lines in float64 with bounds on all rounding, then by a linear program
    whose prices are hints for such a bound, and, where that is as good as the best value, by
    the program in rational numbers. Where no neuron is unstable the program is no relaxation,
    so that the search ends with a bound that is attained.

    Parameters
    ----------
    network : FeedForward
        Of neurons of one kink.
    domain : Domain
    aim : Aim
    gap : Fraction
        What the bound may be above the value.
    deadline : float
        On the clock of time.monotonic().
    starts : sequence of ndarrays and tuples of Fractions
        Points to look at first.
    progress : bool or callable, optional
    enough : Fraction, optional
        A larger value ends the search.
    floor : Fraction, optional
        Only larger values are sought; without any the bound is this.
    most_parts : int, optional
        The search ends after about so many, as if time were over.
    """
    with np.errstate(all="ignore"):  # what overflows is a hint, or no bound
        limits = gap, deadline, enough, floor, most_parts
        return _Search(network, domain, aim, *limits).run(starts, progress)


class _Search:
    def __init__(
        self,
        network: FeedForward,
        domain: Domain,
        aim: Aim,
        gap: Fraction,
        deadline: float,
        enough: Fraction | None,
        floor: Fraction | None,
        most_parts: float,
    ) -> None:
        self.network, self.domain, self.aim = network, domain, aim
        self.gap, self.deadline, self.enough = gap, deadline, enough
        self.floor, self.most_parts = floor, most_parts
        self.left: Any = None  # the largest bound that was good enough, but is not reached
        self.layers = Layers(network)
        self.relaxation = Relaxation(network, domain.walls)
        self.solver = ProgramSolver()
        self.value: Fraction | None = None
        self.point: Point | None = None
        self.heap: list[tuple[Any, int, _Node]] = []
        self.order = itertools.count()
        self.n_parts = 0
        self.last = network.depth - 1
        self.scale = self.rounding = 0.0
        self.inside: Point | None = None
        self.box = domain.floats()
        # Outputs that depend on nothing: no rounding is left in their bounds.
        last = zip(network.exact_weights[-1], network.exact_biases[-1], strict=True)
        self.constant = {i: b for i, (row, b) in enumerate(last) if not any(row)}

    # What is known

    def offer(self, x: Any) -> None:
        """Look at a point: float64, which is moved into the box, or exact."""
        if isinstance(x, np.ndarray):
            if not np.isfinite(x).all():
                return
            x = self.domain.nearest_in_box(x)
            if len(self.domain.walls) and (x := self._moved_inside(x)) is None:
                return
        x = tuple(x)
        column = self.layers.preactivations([homogeneous(x)], self.last)[0]
        *values, scale = (int(v) for v in column)
        value = self.aim.value(x, [Fraction(v, scale) for v in values])
        if value is not None and (self.value is None or value > self.value):
            self.value, self.point = value, x

    def _moved_inside(self, x: Point) -> Point | None:
        """The point, or one a little nearer to an interior point, that is in the domain."""
        if x in self.domain:
            return x
        if self.inside is None:
            self.inside = inner_point(self.domain.rows, np.mean(self.box, axis=0))
            assert self.inside is not None, "the domain has interior points"
        for bits in (40, 20):
            part = Fraction(1, 2**bits)
            moved = tuple(a + part * (b - a) for a, b in zip(x, self.inside, strict=True))
            if moved in self.domain:
                return moved
        return None

    def look(self, x: NDArray[np.float64]) -> None:
        """Look at a float64 point, and near it, if its value promises something."""
        if isinstance(self.aim, Nearest):
            self._look_along(x)
        elif self.value is None or self.network.forward(x).max() > nearest(self.value):
            self.offer(x)

    def _look_along(self, x: NDArray[np.float64]) -> None:
        """The first point with an output that is at least 0 on the ray through a point."""
        assert isinstance(self.aim, Nearest)
        centre = self.aim.near
        step = x - centre
        size = float(np.abs(step).max(initial=0.0))
        if not 0 < size < np.inf:
            return
        low, high = self.box
        room = np.where(step > 0, (high - centre) / step, (low - centre) / step)
        end = min(4.0, float(np.nanmin(np.where(step == 0, np.inf, room))))
        times = np.linspace(0.0, end, SAMPLES)
        while True:
            on = self.network.forward(centre + times[:, None] * step).max(axis=1) >= 0
            if not on.any():
                return
            first = int(on.argmax())
            if first == 0 or times[first] - times[first - 1] <= 1e-13 * times[first]:
                break
            times = np.linspace(times[first - 1], times[first], SAMPLES)
        for t in (times[first], times[first] * (1 + 1e-12), times[first] * (1 + 1e-9)):
            before = self.value
            self.offer(centre + t * step)
            if self.value != before:
                return

    def settled(self, bound: Any) -> bool:
        """Is there nothing to be gained where this is a bound?"""
        if self.value is None:
            return self.floor is not None and bool(bound <= self.floor)
        if bound <= self.value:
            return True
        if bound > self.value + self.gap:
            return False
        self.left = bound if self.left is None else max(self.left, bound)
        return True

    # Parts

    def run(self, starts: Any, progress: Progress) -> Found:
        low, high = self.box
        parts = self._bounded_by(low[None], high[None])
        for x in starts:
            (self.look if isinstance(x, np.ndarray) else self.offer)(x)
        parts = self._within(parts)
        self.relaxation.tighten(parts)
        for l, ends in enumerate(parts.most):
            _refuse_infinite(ends, l)
        if not self.aim.constrains:
            self.rounding = self._rounding(np.stack([low, low / 2 + high / 2, high]))
        self.look((low + high) / 2)
        for output in range(self.network.output_dimension):
            self._push(parts, [()], output, [np.inf])
        if self.heap and self.value is not None:
            self.scale = abs(nearest(-self.heap[0][0]) - nearest(self.value))
        show = reporter(progress, "parts")
        in_time = True
        while self.heap:
            bound = -self.heap[0][0]
            if self.settled(bound) or (
                self.enough is not None and self.value is not None and self.value > self.enough
            ):
                break
            if time.monotonic() > self.deadline or self.n_parts > self.most_parts:
                in_time = False
                break
            show(self.n_parts, self.n_parts + len(self.heap))
            batch: list[tuple[Any, _Node]] = []
            while self.heap and len(batch) < BATCH and not self.settled(-self.heap[0][0]):
                key, _, node = heapq.heappop(self.heap)
                if self._is_bisected(node) and not self._is_close(-key):
                    batch.append((-key, node))
                elif batch:
                    heapq.heappush(self.heap, (key, next(self.order), node))
                    break
                else:
                    try:
                        self._program(-key, node)
                    except TimeoutError:
                        heapq.heappush(self.heap, (key, next(self.order), node))
                    break
            if batch:
                self._bisect(batch)
        show(self.n_parts, self.n_parts)
        known = [self.floor if self.value is None else self.value, self.left]
        known += [-self.heap[0][0]] if self.heap else []
        reached = [v for v in known if v is not None]
        _refuse_infinite([v for v in reached if isinstance(v, float)], self.last)
        top = max(map(Fraction, reached), default=None)
        return Found(self.value, self.point, top, self.n_parts, in_time)

    def _bounded_by(self, low: NDArray[np.float64], high: NDArray[np.float64]) -> Parts:
        """Boxes in which no preactivation is bounded yet."""
        layers = [np.full((len(low), n), np.inf) for n in self.network.hidden_widths]
        return Parts(low, high, [-v for v in layers], layers)

    def _rounding(self, points: NDArray[np.float64]) -> float:
        """How far bounds in a single point may be apart: no halving brings them nearer."""
        parts = self._bounded_by(points, points)
        self.relaxation.tighten(parts)
        unit = np.eye(self.network.output_dimension)[None].repeat(len(points), axis=0)
        ends = [self.relaxation.upper(parts, self.last, sign * unit)[0] for sign in (1, -1)]
        return 4 * float(np.nan_to_num(sum(ends)).max())

    def _push(
        self,
        parts: Parts,
        splits: list[tuple[Split, ...]],
        output: int,
        above: list[Any],
        halved: Sequence[_Node] = (),
    ) -> None:
        """Bound an output in parts, and keep those that may hold something better."""
        k, out = len(parts.low), self.network.output_dimension
        unit = np.zeros((k, 1, out))
        unit[:, 0, output] = 1.0
        bounds, slopes = self.relaxation.upper(parts, self.last, unit)
        empty = parts.is_empty()
        self.n_parts += k
        counts = sum(one.sum(axis=1) for one in parts.unstable(self.network.slopes))
        counts = np.broadcast_to(counts, k)
        closest = bounds
        if isinstance(self.aim, Nearest):
            box = parts.low[:, None], parts.high[:, None]
            unit *= self.aim.multiplier(slopes, bounds, *box)[..., None]
            closest, _ = self.relaxation.upper(parts, self.last, unit, support=self.aim.support)
        for i in range(k):
            bound: Any = float(bounds[i, 0])
            if self.aim.constrains:
                if bound < 0:
                    continue
                bound = min(0.0, float(closest[i, 0]))
            elif output in self.constant:
                bound = self.constant[output]
            bound = min(bound, above[i])
            if empty[i] or self.settled(bound):
                continue
            count, idle = int(counts[i]), 0
            if halved and count >= halved[i].n_unstable:
                idle = halved[i].idle + 1
            node = _Node(parts[i : i + 1], splits[i], output, slopes[i, 0], count, idle)
            heapq.heappush(self.heap, (-bound, next(self.order), node))

    def _within(self, parts: Parts) -> Parts:
        """Parts cut down to the ball of the best point, where distances are sought."""
        best = self.floor if self.value is None else self.value
        if isinstance(self.aim, Nearest) and best is not None:
            self.relaxation.support = self.aim.in_ball(-best)
            low, high = self.aim.ball(-best)
            parts.low, parts.high = np.maximum(parts.low, low), np.minimum(parts.high, high)
        return parts

    def _is_bisected(self, node: _Node) -> bool:
        if len(self.domain.low) > MOST_BISECTED:
            return False
        # Where many kinks meet no halving sets them apart: programs do, and split neurons.
        if node.splits or node.idle > PATIENCE * len(self.domain.low):
            return False
        return node.n_unstable > FEW_UNSTABLE

    def _bisect(self, batch: list[tuple[Any, _Node]]) -> None:
        """Halve boxes where an output's line and its slope vary most."""
        for output in {node.output for _, node in batch}:
            group = [(bound, node) for bound, node in batch if node.output == output]
            whole = _joined([node.parts for _, node in group])
            slopes = np.abs([node.slope for _, node in group])
            slopes += self.relaxation.variation(whole, [output] * len(group))
            gains = np.nan_to_num(slopes * (whole.high - whole.low))
            rows, above, splits, halved = [], [], [], []
            for (bound, node), j in zip(group, gains.argmax(axis=1).tolist(), strict=True):
                box = node.parts
                middle = box.low[0, j] / 2 + box.high[0, j] / 2
                for side in ("high", "low"):
                    half = _copy(box)
                    getattr(half, side)[0, j] = middle
                    rows.append(half)
                above += [bound, bound]
                splits += [node.splits, node.splits]
                halved += [node, node]
            parts = self._within(_joined(rows))
            self.relaxation.tighten(parts)
            for x in np.unique(
                np.where([n.slope > 0 for _, n in group],
                         [n.parts.high[0] for _, n in group],
                         [n.parts.low[0] for _, n in group])[:4], axis=0
            ):  # fmt: skip
                self.look(x)
            self._push(parts, splits, output, above, halved)

    def _program(self, bound: Any, node: _Node) -> None:
        """Bound a part by a linear program, and split a neuron if that does not settle it."""
        part = self._within(_copy(node.parts))
        relaxation, aim = self.relaxation, self.aim
        inside, outputs, names = relaxation.program(part, node.splits, exact=False)
        known: list[Any] = []
        if self.point is not None:
            known.append(np.array([float(v) for v in self.point]))
        for _ in range(6):
            program = aim.program(inside, outputs[node.output], False, known)
            guess = self.solver.solve(program)
            if guess.point is None or not isinstance(aim, Nearest) or not aim.curved:
                break
            x = aim.point(guess.point)
            size = float(((x - aim.near) ** 2).sum())
            if size + program.cost @ guess.point <= 1e-7 * size:
                break
            known.append(x)
        prices = guess.prices[: len(names)]
        hints = relaxation.hints(names, prices, node.splits)
        unit = np.zeros((1, 1, len(outputs)))
        unit[0, 0, node.output] = guess.prices[len(names)] if aim.constrains else 1.0
        if guess.point is None:
            if not aim.constrains:
                unit[:] = 0.0
            if guess.prices.any() and relaxation.upper(part, self.last, unit, hints)[0] < 0:
                return
        else:
            proved = relaxation.upper(part, self.last, unit, hints, aim.support)[0]
            bound = min(bound, float(proved[0, 0]))
            if self.settled(bound):
                return
            self.look(np.clip(aim.point(guess.point), part.low[0], part.high[0]))
            if self.settled(bound):
                return
        unstable = part.unstable(self.network.slopes)
        is_leaf = not any(one.any() for one in unstable)
        if is_leaf or self._is_close(bound):
            answer = self._exactly(part, node, guess, known, is_leaf)
            if answer is None:
                return
            bound = min(bound, answer)
            if self.settled(bound) or is_leaf:
                return
        l, j = self._kink(unstable, part, guess, names)
        children, splits = [], []
        for sign in (-1, 1):
            child = _copy(part)
            (child.most if sign < 0 else child.least)[l][0, j] = 0.0
            children.append(child)
            splits.append((*node.splits, (l, j, sign)))
        parts = _joined(children)
        relaxation.tighten(parts)
        self._push(parts, splits, node.output, [bound, bound])

    def _is_close(self, bound: Any) -> bool:
        if self.value is None:
            return False
        missing = nearest(bound) - nearest(self.value)
        near = NEARLY * max(self.scale, abs(nearest(self.value)) * 1e-3)
        return missing <= max(near, self.rounding)

    def _exactly(
        self, part: Parts, node: _Node, guess: Any, known: list[Any], is_leaf: bool
    ) -> Fraction | None:
        """The bound of a part's program in rational numbers; None if it has no point."""
        inside, outputs, _ = self.relaxation.program(part, node.splits, exact=True)
        d = len(self.domain.low)
        low, high = self.box
        for j in range(d):  # the domain's own ends are no float64
            if part.low[0, j] <= low[j]:
                inside.low[j] = self.domain.low[j]
            if part.high[0, j] >= high[j]:
                inside.high[j] = self.domain.high[j]
        output = outputs[node.output]
        aim = self.aim
        if is_leaf and isinstance(aim, Nearest) and aim.curved:
            x = aim.projection(inside, output)
            if x is None:
                return None
            self.offer(x)
            return -aim.size(x)
        points: list[Any] = [] if self.point is None else [self.point]
        points += [[Fraction(v) for v in x.tolist()] for x in known[1:]]
        program = aim.program(inside, output, True, points)
        found = rational_programs.maximum(
            program, guess.basic, guess.tight, self.deadline, guess.upper
        )
        if found is None:
            return None
        value, variables = found
        self.offer(aim.point(variables))
        return value

    def _kink(
        self,
        unstable: list[NDArray[np.bool_]],
        part: Parts,
        guess: Any,
        names: list[tuple[str, int, int]],
    ) -> tuple[int, int]:
        """The neuron whose chord costs most at the solution, or the widest one."""
        best, found = 0.0, None
        if guess.point is not None:
            x = self.aim.point(guess.point)
            values = self.network.preactivations(np.asarray(x))
            for (name, l, j), price in zip(names, guess.prices.tolist(), strict=False):
                if name == "chord" and price > 0:
                    a, b, s = part.least[l][0, j], part.most[l][0, j], self.network.slopes[l][j]
                    z = min(max(values[l][j], a), b)
                    chord = (b - s * a) / (b - a) * (z - a) + s * a
                    height = abs(chord - (z if z > 0 else s * z))
                    if price * height > best:
                        best, found = price * height, (l, j)
        if found is not None:
            return found
        widths = [
            np.where(one[0], np.minimum(-a[0], b[0]), -1.0)
            for one, a, b in zip(unstable, part.least, part.most, strict=True)
        ]
        l = next(l for l, one in enumerate(unstable) if one.any())
        return l, int(widths[l].argmax())


def _refuse_infinite(ends: Any, l: int) -> None:
    if not np.isfinite(ends).all():
        raise InputError(
            f"layer {l}: values on the domain are beyond float64; scale the weights or give a "
            "smaller domain"
        )


def _copy(parts: Parts) -> Parts:
    return _joined([parts])


def _joined(parts: list[Parts]) -> Parts:
    return Parts(
        np.concatenate([one.low for one in parts]),
        np.concatenate([one.high for one in parts]),
        [np.concatenate(v) for v in zip(*(one.least for one in parts), strict=True)],
        [np.concatenate(v) for v in zip(*(one.most for one in parts), strict=True)],
    )
