"""Basins: in which piece of minima gradient descent ends, by sampled runs.

With the output signs s fixed the loss is convex in u_j = |z_j| w_j on the closure of each tuple
of cells. So if a piece lies in the closure of the tuple that a run is in, it is the minimum
there: what is left to fall within the tuple is the difference of their losses, and a run has
ended where that is nothing. All other runs descend on. Of the pieces in a closure one has
the fewest vanishing pre-activations, for the minimizers in the closure are convex.

Gradient flow keeps ‖w_j‖² − z_j². So where u_j vanishes w_j does if ‖w_j‖ < |z_j|; else z_j
does, and w_j stays in its cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Any

import numpy as np

from arrangement.checks import check_instance, whole
from arrangement.exact.packing import pack_signs
from arrangement.in_notebooks import InNotebooks
from arrangement.progress import Progress, reporter
from arrangement.relu.confidence import checked_confidence, clopper_pearson
from arrangement.relu.initialisation import Initialisation, drawn_networks
from arrangement.relu.multisets import multiset_index
from arrangement.relu.weight_space import Floats, Indices, Mask, Signs

if TYPE_CHECKING:
    from arrangement.relu.landscape import Landscape
    from arrangement.relu.minima.pieces import Pieces
    from arrangement.relu.problem import Problem

__all__ = ["Basins", "sampled_basins"]

REST = 1e-6
"""A loss that falls by less than this share of mean(y²) has ended."""

SIZE = 1.0
"""The largest step, times a bound of the curvature: descent for sure where that is constant."""

FEWEST = 32
"""Steps after which it is first asked where a run is, then of a quarter more each time."""

PASSES = 40
"""So many shares of samples on whose hyperplanes a neuron is held are corrected in one step."""

BEYOND = 1e-9
"""So far beyond a kink, as a share of what an active sample adds to it, a step that is drawn
back ends; so that it goes on where nothing draws it back from there."""

ROUNDED = 1e-14
"""A loss that has risen by less of itself has not."""

LARGEST = 1 << 20
"""Numbers in one table of pre-activations."""

PORTION = 1 << 10
"""Pieces that are compared with a run at once."""

Point = tuple[Floats, Floats, Floats]


@dataclass(frozen=True, eq=False)
class Basins(InNotebooks):
    """Where runs of gradient descent started, and the pieces that they ended in.

    Attributes
    ----------
    start : ndarray of int, shape (runs,)
        The tuple of cells that the run started in, or entered first if it started on a face:
        a row of `landscape.graph`, with one neuron of `landscape.cells`; −1 if it entered none.
    piece : ndarray of int, shape (runs,)
        The row of `landscape.pieces` that it ended in; −1 where that is undecided.
    initial_loss, final_loss : ndarray, shape (runs,)
    steps : ndarray of int, shape (runs,)
        Steps of descent, to within a quarter.
    rows : ndarray of int, shape (k,)
        The pieces that runs ended in, by rising loss.
    count : ndarray of int, shape (k,)
        How many runs did.
    low, high : ndarray, shape (k,)
        Clopper and Pearson's interval for the share of each, whatever the undecided are.
    confidence : float
        Of each interval by itself.

    Examples
    --------
    >>> from arrangement.relu import OneHiddenLayer, sampled_basins
    >>> landscape = OneHiddenLayer([[0], [1], [2]], [1, 0, 1]).landscape()
    >>> basins = sampled_basins(landscape, runs=20)
    >>> len(basins), sorted(basins.to_dict())[:3]
    (20, ['confidence', 'pieces', 'runs'])
    """

    start: Indices
    piece: Indices
    initial_loss: Floats
    final_loss: Floats
    steps: Indices
    rows: Indices
    count: Indices
    low: Floats
    high: Floats
    confidence: float

    @property
    def share(self) -> Floats:
        """Of all runs, the share that ended in each of `rows`, shape (k,)."""
        share: Floats = self.count / max(len(self), 1)
        return share

    @property
    def undecided(self) -> int:
        """Runs whose end is not known."""
        return int(np.sum(self.piece < 0))

    def to_dict(self) -> dict[str, Any]:
        """The columns as lists: of the runs, and of the pieces.

        Returns
        -------
        dict of str to lists
        """
        runs = "start", "piece", "initial_loss", "final_loss", "steps"
        pieces = "rows", "count", "share", "low", "high"
        return {
            "confidence": self.confidence,
            "undecided": self.undecided,
            "runs": {name: getattr(self, name).tolist() for name in runs},
            "pieces": {name: getattr(self, name).tolist() for name in pieces},
        }

    def __len__(self) -> int:
        return len(self.piece)

    def __repr__(self) -> str:
        return (
            f"Basins: {len(self):,} runs ended in {len(self.rows):,} pieces, "
            f"{self.undecided:,} undecided"
        )


def sampled_basins(
    landscape: Landscape,
    runs: int = 200,
    initialisation: Initialisation = "he_normal",
    *,
    max_steps: int = 50_000,
    confidence: float = 0.95,
    random_state: int = 0,
    progress: Progress = None,
) -> Basins:
    """From which cells gradient descent ends in which piece.

    Parameters
    ----------
    landscape : Landscape
        With all its pieces: runs that end in others are undecided.
    runs : int
    initialisation : str or (distribution, weights, biases)
        As of :func:`dead_probability`; that of the output layer, which has K inputs and one
        output, is the same.
    max_steps : int
        Of a run; where it has not ended by then, it is undecided.
    confidence : float
        Of the intervals, between 0 and 1.
    random_state : int
    progress : bool or callable, optional

    Returns
    -------
    Basins

    Raises
    ------
    InputError
        If an argument is not what it must be.

    Notes
    -----
    Plain gradient descent on (w, z) and the output bias, in the coordinates of the samples as
    given, each step at most the inverse of a bound of the curvature. At a kink that draws it
    back from both sides a run goes on along it, as gradient flow does. No step raises the loss:
    one that would is undone and made shorter. A run has ended in a piece if the piece lies in
    the closure of its tuple of cells, with its output signs, so that it is the minimum there,
    and its loss is within 10⁻⁶ mean(y²) of that of the run.

    Examples
    --------
    Half of all starts are dead, and stay so; others get dead on their way:

    >>> from arrangement.relu import OneHiddenLayer, sampled_basins
    >>> landscape = OneHiddenLayer([[1], [2]], [1, 2], bias=None).landscape()
    >>> found = sampled_basins(landscape, 400)
    >>> found
    Basins: 400 runs ended in 2 pieces, 0 undecided
    >>> landscape.pieces.kind[found.rows].tolist(), found.count.tolist()
    (['isolated', 'dead'], [141, 259])
    """
    check_instance(landscape, "landscape", "Landscape")
    runs, most = whole(runs, "runs", 1), whole(max_steps, "max_steps", 1)
    confidence = checked_confidence(confidence)
    problem = landscape.problem
    problem.refuse_other_losses("sampled_basins()")
    rng = np.random.default_rng(whole(random_state, "random_state", 0))
    starts = drawn_networks(problem, initialisation, runs, rng)
    report = reporter(progress, "runs")
    portion = min(64, max(1, LARGEST // (problem.hidden * problem.n_samples)))
    ends = []
    for first in range(0, runs, portion):
        part = slice(first, first + portion)
        chosen = starts[0][part], starts[1][part], starts[2][part]
        ends.append(_ends(landscape, chosen, most))
        report(min(first + portion, runs), runs)
    start, piece, steps, before, after = (
        np.concatenate(column) for column in zip(*ends, strict=True)
    )
    rows, count = np.unique(piece[piece >= 0], return_counts=True)
    undecided = int(np.sum(piece < 0))
    low, high = clopper_pearson(count, count + undecided, runs, confidence)
    return Basins(start, piece, before, after, steps, rows, count, low, high, confidence)


def _ends(
    landscape: Landscape, start: Point, most: int
) -> tuple[Indices, Indices, Indices, Floats, Floats]:
    """The columns of some runs: start, piece, steps, first and last loss."""
    descent = _Descent.of(landscape.problem)
    w, z, b = start
    before = descent.losses(start)
    square = float(np.mean(descent.y**2))
    level = REST * (np.full(len(z), square) if square else before)
    cells, piece = np.full((2, len(z)), -1)
    steps, after = np.zeros(len(z), dtype=np.int64), before.copy()
    going, size, done = np.arange(len(z)), np.full(len(z), SIZE), 0
    while len(going):
        signs = np.sign(w @ descent.X.T).astype(np.int8)
        after[going], steps[going] = descent.losses((w, z, b)), done
        new = cells[going] < 0
        cells[going[new]] = _nodes(landscape, signs[new])
        piece[going] = [
            _piece_below(landscape.pieces, *run)
            for run in zip(signs, w, z, after[going], level, strict=True)
        ]
        left = piece[going] < 0
        going, size, level = going[left], size[left], level[left]
        w, z, b = w[left], z[left], b[left]
        if done >= most:
            break
        steps_now = min(most - done, max(FEWEST, done // 4))
        w, z, b = descent.run((w, z, b), size, steps_now)
        done += steps_now
    return cells, piece, steps, before, after


@dataclass(frozen=True, eq=False)
class _Descent:
    """Gradient descent of many runs (w, z, b), of shapes (R, K, d), (R, K) and (R,)."""

    X: Floats
    y: Floats
    leak: float
    free: bool

    @classmethod
    def of(cls, problem: Problem) -> _Descent:
        given = problem.arrangement.normals.astype(np.float64)
        return cls(given, problem.targets, problem.negative_slope, problem.output_bias)

    def residuals(self, point: Point) -> tuple[Mask, Floats, Floats]:
        """The active samples and the outputs of the neurons, (R, K, N), and r, (R, N)."""
        w, z, b = point
        t = w @ self.X.T
        on = t > 0
        hidden = np.where(on, t, self.leak * t)
        return on, hidden, (z[:, None] @ hidden)[:, 0] + b[:, None] - self.y

    def losses(self, point: Point) -> Floats:
        """The mean squared error of each run."""
        r = self.residuals(point)[2]
        return np.asarray(np.mean(r * r, axis=1))

    def run(self, point: Point, size: Floats, steps: int) -> tuple[Floats, Floats, Floats]:
        """Some steps, in place; `size` is that of the next."""
        curve = float(np.linalg.norm(self.X, 2)) ** 2 + len(self.y) * self.free
        kept, level = point, np.full(len(size), np.inf)
        for _ in range(steps):
            on, hidden, r = self.residuals(point)
            square = np.sum(r * r, axis=1)
            risen = ~(square <= level * (1 + ROUNDED))
            if risen.any():
                for now, then in zip(point, kept, strict=True):
                    now[risen] = then[risen]
                size[risen] /= 4
                on, hidden, r = self.residuals(point)
                square = np.sum(r * r, axis=1)
            kept, level = point, square
            np.minimum(1.25 * size, SIZE, out=size)
            w, z, b = point
            dw = np.where(on, r[:, None], self.leak * r[:, None]) @ self.X
            dz = (hidden @ r[:, :, None])[:, :, 0]
            # ½Σr² has JᵀJ + Σ r ∇²f, of these norms at most; N/2 cancels.
            bound = curve * (np.sum(z * z, axis=1) + np.sum(w * w, axis=(1, 2)) + self.free)
            bound += np.sqrt(np.sum(dw * dw, axis=(1, 2)))
            eta = size / np.where(bound > 0, bound, 1.0)
            rate = eta[:, None] * z
            moved = w - rate[:, :, None] * dw
            self._slide(moved, on, (1 - self.leak) * rate[:, :, None] * r[:, None])
            point = moved, z - eta[:, None] * dz, b - eta * np.sum(r, axis=1) * self.free
        return point

    def _slide(self, moved: Floats, on: Mask, pull: Floats) -> None:
        """Where a step crosses a kink that draws it back, let it end there, hardly beyond.

        `pull` times x_i is what an active sample adds to a step: on a convex kink the step may
        take any share of it. These shares are found one after the other.
        """
        t = moved @ self.X.T
        run, j = np.nonzero(np.any((pull > 0) & (on != (t > 0)), axis=2))
        if not len(run):
            return
        side = np.where(on[run, j], 1.0, -1.0)
        pull, t = np.maximum(pull[run, j], 0.0), side * t[run, j]
        reach = pull * np.sum(self.X**2, axis=1)
        bends = reach > np.finfo(np.float64).tiny
        share, own = np.zeros_like(t), np.arange(len(run))
        for _ in range(PASSES):
            change = np.clip(
                share - np.where(bends, t / np.where(bends, reach, 1.0) + BEYOND, 1.0), 0, 1
            )
            change -= share
            i = np.argmax(np.abs(change) * reach, axis=1)
            change = change[own, i]
            if not np.any(np.abs(change) > BEYOND / 8):
                break
            share[own, i] += change
            moved[run, j] += ((side * pull)[own, i] * change)[:, None] * self.X[i]
            t = side * (moved[run, j] @ self.X.T)


def _nodes(landscape: Landscape, signs: Signs) -> Indices:
    """The multisets of cells with some signs, (R, K, N); −1 where there is a zero."""
    R, K, n = signs.shape
    cells = landscape.cells.look_up(pack_signs(signs.reshape(R * K, n))).reshape(R, K)
    cells.sort(axis=1)
    node = multiset_index(np.maximum(cells, 0), len(landscape.cells))
    return np.where(signs.all(axis=(1, 2)) & (cells >= 0).all(axis=1), node, -1)


def _piece_below(
    pieces: Pieces, signs: Signs, w: Floats, z: Floats, loss: float, level: float
) -> int:
    """The piece that a run has ended in; −1 if it has not."""
    first, last = np.searchsorted(pieces.loss, [loss - level, loss + level])
    best, fewest = -1, signs.size + 1
    s = np.where(z < 0, -1, 1)
    inner_vanishes = np.linalg.norm(w, axis=1) <= np.abs(z)
    for start in range(int(first), int(last), PORTION):
        rows = np.arange(start, min(start + PORTION, int(last)))
        faces, out = pieces.signs[rows], pieces.output_signs[rows]
        idle = pieces.table.idle[pieces.faces[rows]]
        # below[p, j, k]: may neuron k of the run be neuron j of the piece?
        below = np.all((faces[:, :, None] == 0) | (faces[:, :, None] == signs), axis=3) & (
            (out[:, :, None] == s) | (out == 0)[:, :, None]
        )
        below &= ((faces != 0).any(axis=2) | (out == 0))[:, :, None] | inner_vanishes
        below &= ((out != 0) | idle)[:, :, None] | ~inner_vanishes
        own = np.arange(len(z))
        meets = np.any(
            [below[:, own, list(order)].all(axis=1) for order in permutations(own)], axis=0
        )
        zeros = np.where(meets, np.sum(faces == 0, axis=(1, 2)), signs.size + 1)
        k = int(np.argmin(zeros))
        if zeros[k] < fewest:
            best, fewest = int(rows[k]), int(zeros[k])
    return best
