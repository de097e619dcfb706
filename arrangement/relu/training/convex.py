"""Training one hidden layer of any width to proven optimality, as a convex program.

For weight decay β > 0 the least regularised loss of a network f(x) = Σ_j z_j max(0, w_j·x),

    min over K, w, z of  ½‖f − y‖² + (β/2) Σ_j (‖w_j‖² + z_j²),

is the optimum of the convex program of Pilanci and Ergen (2020)

    min over v_p, w_p of  ½‖Σ_p D_p X (v_p − w_p) − y‖² + β Σ_p (‖v_p‖ + ‖w_p‖)
    subject to  (2D_p − I) X v_p ≥ 0,  (2D_p − I) X w_p ≥ 0,

one pair of vectors for each activation pattern D_p. A vector v_p is the neuron with weights
v_p/√‖v_p‖ and output weight √‖v_p‖: of all scalings with that output it has the least decay.

Which patterns. The cone of a cell is closed, so it contains the faces around the cell, and on a
face D_p X v is max(0, X v) whichever side of a sample with x_i·v = 0 is called active. Patterns
that occur on lower-dimensional faces only therefore add nothing: the cells are all there is.

Other losses, several outputs. Any convex loss Σ_i l(f_i, y_i) may take the place of ½‖f − y‖².
With C outputs, z_j ∈ R^C, the decay is Σ_j (‖w_j‖² + ‖z_j‖₁²): its least scaling is
2‖w_j‖‖z_j‖₁, which is what a copy of the neuron for each output costs. So one output a
neuron loses nothing, and the program has vectors v_pc and w_pc for each output c: exact again.
With the Euclidean ‖z_j‖² it is a copositive program (Sahiner, Ergen, Pauly and Pilanci 2021),
and none in general can be solved; as ‖z‖ ≤ ‖z‖₁ ≤ √C‖z‖, its optimum for β is between those
here for β/√C and β. For few neurons see :mod:`arrangement.relu.losses.weight_decay`.

How it is solved. The program's dual is

    max over ν of  ½‖y‖² − ½‖ν − y‖²  subject to  |Σ_i ν_i max(0, x_i·u)| ≤ β for ‖u‖ ≤ 1.

For the cell p and either sign s, the largest s Σ_P ν_i x_i·u over its cone and the unit ball
is the length of the projection of g = s Σ_P ν_i x_i to the cone, and for every λ ≥ 0 it is at
most ‖g + Xᵀ(2D_p − I) λ‖. The program is solved for few cells; ν = y − f is looked
at on all cells, and those where it exceeds β enter, until there are none. The end is certified
by ν alone, scaled into the feasible set: it knows nothing of how the network was found. For
another loss the dual is −Σ_i l*(−ν_i), under the same constraint for each output.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial import ConvexHull, QhullError

from arrangement.arrangement import Arrangement
from arrangement.bounds import cover
from arrangement.checks import generator
from arrangement.errors import InputError, SizeError, SolverError
from arrangement.exact.numbers import exact_number, exact_table, shown
from arrangement.exact.packing import Words, pack_signs
from arrangement.progress import Progress
from arrangement.relu.losses.losses import Loss
from arrangement.relu.predictor import Predictor
from arrangement.relu.training.column_generation import Program
from arrangement.relu.training.convex_neurons import Fit
from arrangement.relu.weight_space import (
    Floats,
    lengths,
    sample_arrangement,
    sample_targets,
    sample_weights,
)

__all__ = ["ConvexTraining", "critical_beta", "train"]

MOST_PATTERNS = 2**20
"""Patterns that are looked at in every round."""

FEW_PATTERNS, DRAWN = 10_000, 100
"""The patterns that are all looked at unasked, seconds; and the random vectors beyond."""

MOST_OF_HULL = 5
"""In more dimensions most rows bound a drawn cone, and a convex hull takes longer than they."""

SECONDS = 1e-7
"""About how long one sample of one pattern takes in a round."""

LARGEST_GAP, LARGEST_OWN_GAP = 1e-6, 1e-2
"""The gaps beyond which an answer is refused, as shares of the zero function's loss and of the
network's own, which is far less where few samples weigh most."""


@dataclass(frozen=True, eq=False)
class ConvexTraining(Predictor):
    """A network f(x) = Σ_j z_j max(0, w_j·x) of least regularised loss, and the proof.

    Shapes with C are those of C > 1 outputs.

    Attributes
    ----------
    fun : float
        ½‖f − y‖² + (β/2) Σ_j (‖w_j‖² + z_j²), or with another loss, evaluated at the network
        below.
    lower_bound : float
        The dual's value at `dual`. No network of any width whose neurons have the patterns
        looked at (all networks, when `complete`) has a smaller regularised loss, up to the
        rounding of float64.
    weights : ndarray, shape (K, d)
        The weights w_j of the K ≤ N neurons (N an output), ‖w_j‖ = ‖z_j‖; the bias last. The
        zero function has K = 0.
    output_weights : ndarray, shape (K,) or (K, C)
        The output weights z_j; of several outputs each neuron feeds one.
    outputs : ndarray, shape (N,) or (N, C)
        f at the samples. With a strictly convex loss, such as squares, it is unique: every
        optimal network has these outputs.
    dual : ndarray, shape (N,) or (N, C)
        A feasible point ν of the dual, y − f for squares where the optimum is exact.
    dual_norm : float
        An upper bound on the size of Σ_i ν_i max(0, x_i·u) over the patterns looked at and
        ‖u‖ ≤ 1; at most β.
    n_patterns : int
        Number of patterns looked at.
    complete : bool
        Are these all patterns, so that `lower_bound` holds for every network?
    n_columns : int
        Number of pairs (pattern, sign) that the program had to be solved with in the end.
    beta : float
    bias, output_bias, negative_slope
        See :class:`~arrangement.relu.predictor.Predictor`; the program has not the last two.

    Examples
    --------
    >>> from arrangement.relu.training import convex
    >>> convex.train([[0.0], [1.0], [2.0]], [1.0, 0.0, 1.0], beta=0.1)
    ConvexTraining: regularised loss 0.240343, 3 neurons, all 6 patterns
    """

    fun: float
    lower_bound: float
    outputs: Floats
    dual: Floats
    dual_norm: float
    n_patterns: int
    complete: bool
    n_columns: int
    beta: float

    @property
    def gap(self) -> float:
        """`fun` − `lower_bound`, ≥ 0 up to rounding."""
        return self.fun - self.lower_bound

    def __repr__(self) -> str:
        which = "all" if self.complete else "sampled"
        return (
            f"ConvexTraining: regularised loss {self.fun:.6g}, "
            f"{len(self.weights)} neurons, {which} {self.n_patterns} patterns"
        )


def train(
    X: ArrayLike,
    y: ArrayLike,
    beta: float | Fraction | str,
    bias: float | Fraction | str | None = 1.0,
    patterns: str | int = "all",
    rng: np.random.Generator | int | None = None,
    progress: Progress = None,
    *,
    loss: str = "squared",
    threshold: float = 1.0,
    margin: float = 1.0,
    classes: int | None = None,
    sample_weight: ArrayLike | None = None,
) -> ConvexTraining:
    """The network of any width with the least regularised loss, with its certificate.

    Minimises ½‖f − y‖² + (β/2) Σ_j (‖w_j‖² + z_j²) over all widths K and all networks
    f(x) = Σ_j z_j max(0, w_j·x). At most N neurons are needed. With another loss
    Σ_i l(f_i, y_i) takes the place of ½‖f − y‖², with several outputs ‖z_j‖₁² that of z_j².

    Parameters
    ----------
    X : array_like, shape (N, features)
        The samples, each taken exactly as given.
    y : array_like, shape (N,), or (N, C) for the squared loss
        Numbers, labels −1 and +1, or classes 0, 1, …, as the loss asks for.
    beta : number
        Weight decay, above 0.
    bias : number, optional
        The value of a constant coordinate appended to every sample; its weight, the last entry
        of each w_j, decays like the others. None for neurons without bias.
    patterns : "all", "auto" or int
        ``"all"``: every activation pattern, that is every cell of the samples' arrangement; the
        optimum is then that of all networks. A number: the patterns of so many random normal
        vectors only, as is usual elsewhere; equal ones count once. ``"auto"``: all if there
        are at most 10,000, else those of 100 random vectors; `complete` tells which.
    rng : numpy.random.Generator or int, optional
        Where the random vectors come from.
    progress : bool or callable, optional
        True shows progress on stderr when that is a terminal; a callable is called with
        (gap closed, gap at the start), in units of a billionth of the latter.
    loss, threshold, margin, classes
        As in :func:`pattern_minimum`: any of :mod:`arrangement.relu.losses.losses`.
    sample_weight : array_like, shape (N,), optional
        What each sample's loss counts, at least 0; those of weight 0 are left out, but for the
        patterns. Ones by default.

    Returns
    -------
    ConvexTraining

    Raises
    ------
    InputError
        If X or y is no table of finite numbers of matching length, beta is not above 0,
        `patterns` is neither "all", "auto" nor a positive integer, `rng` is no seed, a label is
        not one of the loss, or a weight is below 0.
    SizeError
        If there may be more than a million patterns, and all are to be looked at.
    SolverError
        If the gap between the network and the dual cannot be closed in float64: to a millionth
        of the zero function's loss, and a hundredth of the network's own.

    References
    ----------
    M. Pilanci and T. Ergen, *Neural networks are convex regularizers: exact polynomial-time
    convex optimization formulations for two-layer networks*, ICML 2020.

    Examples
    --------
    >>> from arrangement.relu.training import convex
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [0.0, 1.0, 0.0, 1.0]
    >>> best = convex.train(X, y, beta=0.01)
    >>> best.complete, best.gap < 1e-7, len(best.weights) <= 4
    (True, True, True)
    >>> convex.train(X, y, beta=0.01, patterns=2, rng=0).fun > best.fun
    True
    >>> three = convex.train(X, [0, 1, 2, 1], beta=0.1, loss="softmax")
    >>> three.outputs.argmax(axis=1).tolist(), three.gap < 1e-7
    ([0, 1, 2, 1], True)
    """
    decay, draw = _positive(beta), generator(rng)
    kind = Loss(loss, threshold, margin)
    full = arrangement = sample_arrangement(X, bias)
    weights = sample_weights(sample_weight, full.n_hyperplanes)
    columns = [
        kind.targets(column, len(weights), classes)
        for column in _columns(y, len(weights), kind)
    ]
    counted = np.flatnonzero(weights)
    if len(counted) < len(weights):
        arrangement = Arrangement.from_samples(full.normals[counted])
    packed, facets, complete = _patterns(
        arrangement, arrangement.normals.astype(np.float64), patterns, draw, progress
    )
    given = full.normals.astype(np.float64)

    def trained(targets: Floats, outputs: int) -> ConvexTraining:
        # Samples and targets of size one: f and y in units of `b`, w in units of b/a.
        squared = kind.name == "squared"
        X, y = given[counted], targets[counted]
        a, b = float(np.abs(X).max()), (float(np.abs(y).max()) or 1.0) if squared else 1.0
        fit = Fit(kind, y / b, outputs, weights[counted] * (0.5 if squared else 1.0))
        first = arrangement.coincidence[0]
        program = Program(X / a, fit, decay / (a * b), packed, facets, complete, first)
        V, place, nu = program.solve(progress)

        V = V * (b / a)
        size = np.sqrt(np.linalg.norm(V, axis=1))
        w, z = V / size[:, None], program.columns[place] * size[:, None]
        f = np.maximum(given @ w.T, 0.0) @ z
        fun = b * b * fit.value(f[counted] / b)
        fun += 0.5 * decay * float(np.sum(w**2) + np.sum(z**2))
        scaled, norm = program.feasible(fit.nu(f[counted] / b) if fit.smooth else nu)
        lower_bound = b * b * fit.dual(scaled)
        zero = b * b * fit.value(np.zeros_like(scaled))
        if fun - lower_bound > min(LARGEST_GAP * zero, LARGEST_OWN_GAP * fun):
            raise SolverError(
                f"the gap of {fun - lower_bound:.2g} between the network and the dual could "
                "not be closed in float64: scale the features alike, take a larger beta, or "
                "weights of samples that differ less"
            )
        dual = np.zeros_like(f)
        dual[counted] = scaled * b
        if outputs == 1:
            z, f, dual = z[:, 0], f[:, 0], dual[:, 0]
        return ConvexTraining(
            fun,
            lower_bound,
            f,
            dual,
            norm * a * b,
            len(packed),
            complete,
            len(program.chosen),
            decay,
            weights=w,
            output_weights=z,
            bias=None if bias is None else float(exact_number(bias)),
        )

    found = [trained(*column) for column in columns]
    return found[0] if _is_row(y) else _together(found)


def _columns(y: ArrayLike, n: int, loss: Loss) -> list[Any]:
    """The targets of each output."""
    if _is_row(y):
        return [y]
    table = exact_table(y, "y", "row", 2)
    if len(table) != n or not table.shape[1]:
        raise InputError(
            f"y has shape {table.shape}, but X has {n} samples: one row a sample is needed, "
            "and one column an output"
        )
    if loss.name != "squared":
        raise InputError(
            f"y has shape {table.shape}: several outputs are for the squared loss; for classes "
            'give their numbers 0, 1, … and loss="softmax"'
        )
    return list(table.T)


def _is_row(y: ArrayLike) -> bool:
    try:
        return np.ndim(y) < 2
    except ValueError:  # rows of several lengths
        return False


def _together(found: Sequence[ConvexTraining]) -> ConvexTraining:
    """The network of all outputs, which are problems of their own under the squared loss."""
    C = len(found)
    one = found[0]
    return ConvexTraining(
        sum(part.fun for part in found),
        sum(part.lower_bound for part in found),
        np.column_stack([part.outputs for part in found]),
        np.column_stack([part.dual for part in found]),
        max(part.dual_norm for part in found),
        one.n_patterns,
        one.complete,
        sum(part.n_columns for part in found),
        one.beta,
        weights=np.concatenate([part.weights for part in found]),
        output_weights=np.concatenate(
            [np.outer(part.output_weights, np.eye(C)[c]) for c, part in enumerate(found)]
        ),
        bias=one.bias,
    )


def critical_beta(
    X: ArrayLike, y: ArrayLike, bias: float | Fraction | str | None = 1.0
) -> float:
    """The least weight decay β for which the zero function is optimal.

    It is the largest size of Σ_i y_i max(0, x_i·u) over ‖u‖ ≤ 1.

    Parameters
    ----------
    X, y, bias
        As in :func:`train`.

    Returns
    -------
    float

    Examples
    --------
    >>> from arrangement.relu.training import convex
    >>> convex.critical_beta([[3.0], [-1.0]], [1.0, 4.0], bias=None)
    4.0
    """
    arrangement = sample_arrangement(X, bias)
    y, _ = sample_targets(y, arrangement.n_hyperplanes)
    given = arrangement.normals.astype(np.float64)
    packed, facets, _ = _patterns(arrangement, given, "all", None, None)
    a, b = float(np.abs(given).max()), float(np.abs(y).max()) or 1.0
    fit = Fit(Loss("squared"), y / b, 1, np.full(len(y), 0.5))
    program = Program(given / a, fit, 0.0, packed, facets, True, arrangement.coincidence[0])
    return float(program.support(y[:, None] / b, 0.0)[0].max()) * a * b


def _positive(beta: Any) -> float:
    try:
        value = float(exact_number(beta))
    except (AttributeError, ValueError, TypeError, OverflowError, ZeroDivisionError):
        value = 0.0
    if isinstance(beta, bool) or not value > 0 or not isfinite(value):
        raise InputError(
            f"beta={shown(beta)}: the weight decay must be a finite number above 0; without it "
            "no network is best"
        )
    return value


def _patterns(
    arrangement: Arrangement,
    X: Floats,
    patterns: str | int,
    rng: np.random.Generator | int | None,
    progress: Progress,
) -> tuple[Words, Callable[[int], Sequence[int]], bool]:
    """The sign vectors of the patterns, packed: all cells, or those of random vectors.

    Beside them a function that gives the facets of one, and whether they are all.
    """
    if isinstance(patterns, str):
        if patterns not in ("all", "auto"):
            raise InputError(
                f'patterns={shown(patterns)}: "all", "auto", or a number of random vectors'
            )
        n = len(arrangement.different)
        most = cover(n, arrangement.rank)
        if most > FEW_PATTERNS and patterns == "auto":
            return _patterns(arrangement, X, DRAWN, rng, progress)
        if most > MOST_PATTERNS:
            hours = most * n * SECONDS / 3600
            raise SizeError(
                f"{n} samples in general position have {most:,} patterns for weights of rank "
                f"{arrangement.rank}: each of ten rounds and more would take about "
                f"{hours:,.1g} h, and at most {MOST_PATTERNS:,} are looked at; take fewer "
                "samples or features, or sample the patterns (patterns=1000)"
            )
        cells = arrangement.cells(progress=None if callable(progress) else progress)
        return cells.packed, lambda k: cells[k].facets(), True
    if isinstance(patterns, bool) or not isinstance(patterns, int | np.integer) or patterns < 1:
        raise InputError(
            f'patterns={shown(patterns)}: "all", or a number of random vectors of at least 1'
        )
    if patterns > MOST_PATTERNS:
        raise SizeError(f"patterns={patterns}: at most {MOST_PATTERNS:,} are looked at")
    # A sign that rounding gets wrong gives a cone that is still one of valid neurons.
    u = generator(rng).normal(size=(int(patterns), X.shape[1]))
    packed, at = np.unique(pack_signs(np.where(u @ X.T >= 0, 1, -1)), axis=0, return_index=True)
    return packed, lambda k: facets_around(X, u[at[k]]), False


def facets_around(X: Floats, u: Floats) -> list[int]:
    """Rows of X whose zero sets bound the cone of the pattern of u: enough, perhaps more.

    The rows x_i, turned to x_i·u > 0 and scaled to x_i·u = 1, are points of a hyperplane, and
    those that are no vertices of their convex hull are implied by the vertices. In float64:
    what counts is what the program's end is proved by, on all rows.
    """
    unit = X / lengths(X)[:, None]
    t = unit @ u
    # Of rows that are nearly orthogonal to u the points are far away, and the others all alike.
    near = np.abs(t) > 1e-4 * np.abs(t).max()
    points = unit[near] / t[near, None]
    flat = 1e-9 * np.abs(points).max()
    points -= points.mean(axis=0)
    S, Vt = np.linalg.svd(points, full_matrices=False)[1:]
    points = points @ Vt[flat < S].T
    if points.shape[1] > MOST_OF_HULL:
        return list(range(len(X)))
    if points.shape[1] == 0:
        vertices = np.zeros(1, dtype=np.int64)
    elif points.shape[1] == 1:
        vertices = np.array([points.argmin(), points.argmax()])
    else:
        try:
            vertices = ConvexHull(points).vertices
        except QhullError:  # flat to rounding
            return list(range(len(X)))
    return [*np.flatnonzero(near)[vertices].tolist(), *np.flatnonzero(~near).tolist()]


def __dir__() -> list[str]:
    return sorted(__all__)
