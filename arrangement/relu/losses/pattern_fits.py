"""The least loss of activation patterns under any convex loss, with penalties.

While neuron j keeps its pattern D_j, the outputs f = Σ_j D_j X R_j are linear in R_j = z_j w_j,
and a convex loss is minimised by one convex program. With output weights z_j given, R_j is held
in the closed cell: sign(z_j) (2D_j − I) X R_j ≥ 0. There |z_j| = 1 loses nothing, as (αw, z/α)
has the same output. With several outputs (classes) z_j is a vector, R_j = w_j z_jᵀ, and it is
w_j that is held in the cell.

Without output weights the maps R_j are free. For one output that is the least loss of the
pattern's linear map (`Landscape.min_loss`), a lower bound for both signs; for several outputs
it is what d neurons with that pattern reach, since d vectors of an open cell span the space.

Penalties are of the products R_j. For the weights themselves, ‖w_j‖² + ‖z_j‖², see
:mod:`arrangement.relu.losses.weight_decay`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from arrangement.checks import check_flag, entries
from arrangement.errors import InputError
from arrangement.in_notebooks import InNotebooks
from arrangement.progress import Progress, reporter
from arrangement.relu.losses.conic import minimise
from arrangement.relu.losses.losses import Loss, Penalty, checked_slope
from arrangement.relu.weight_space import Floats, Mask, float_samples, sample_arrangement

if TYPE_CHECKING:
    from arrangement.results.cells import Cells

__all__ = [
    "CellwiseMinima", "PatternMinimum", "Setting", "activations", "cellwise_minima",
    "pattern_minimum",
]  # fmt: skip


@dataclass(frozen=True, eq=False)
class PatternMinimum(InNotebooks):
    """The least penalised loss of a tuple of activation patterns.

    Attributes
    ----------
    fun : float
        Loss and penalty, evaluated at the point below.
    loss : float
        The mean of l(f_i, y_i) there.
    R : ndarray, shape (K, d) or (K, d, classes)
        The maps z_j w_j of the neurons.
    output_bias : float or ndarray of shape (classes,)
        The constant added to the outputs; 0 where none was asked for.
    outputs : ndarray, shape (N,) or (N, classes)
    attained : bool
        False where only an infimum exists, that weights growing without limit approach; `fun`
        is then as near to it as the solver came.
    """

    fun: float
    loss: float
    R: Floats
    output_bias: Any
    outputs: Floats
    attained: bool

    def __repr__(self) -> str:
        note = "" if self.attained else ", not attained"
        return f"PatternMinimum: {self.fun:.6g} (loss {self.loss:.6g}{note})"


@dataclass(frozen=True, eq=False)
class CellwiseMinima(InNotebooks):
    """The least penalised loss of one neuron in every cell.

    Attributes
    ----------
    cells : Cells
        The m cells of the samples' arrangement; the columns below follow their order.
    min_fun : ndarray, shape (m,)
        The least over the cell's linear maps, wherever it is taken: a lower bound.
    R : ndarray, shape (m, d) or (m, d, classes)
        Where that is.
    output_weights : ndarray, shape (S,) or (S, classes)
        The output weights of the closed cells that follow.
    closed_fun : ndarray, shape (m, S)
        The least over the closed cell, for each of the output weights.
    closed_R : ndarray, shape (m, S, d) or (m, S, d, classes)
    attained, closed_attained : ndarray of bool, shapes (m,) and (m, S)
        False where only an infimum exists.
    """

    cells: Cells
    min_fun: Floats
    R: Floats
    output_weights: Floats
    closed_fun: Floats
    closed_R: Floats
    attained: Mask
    closed_attained: Mask

    @property
    def best(self) -> tuple[int, int]:
        """The cell and the row of `output_weights` with the least `closed_fun`."""
        if not self.closed_fun.size:
            raise AttributeError(
                "best: of closed cells, which need output_weights; see min_fun"
            )
        k, column = np.unravel_index(np.argmin(self.closed_fun), self.closed_fun.shape)
        return int(k), int(column)

    def __repr__(self) -> str:
        text = f"CellwiseMinima: {len(self.cells)} cells"
        if self.closed_fun.size:
            text += f", least {self.closed_fun.min():.6g}"
        return text


def pattern_minimum(
    X: ArrayLike,
    y: ArrayLike,
    patterns: ArrayLike,
    output_weights: ArrayLike | None = None,
    *,
    loss: str = "squared",
    penalty: str | None = None,
    alpha: float | None = None,
    l1_ratio: float = 0.5,
    threshold: float = 1.0,
    margin: float = 1.0,
    classes: int | None = None,
    bias: float | Fraction | str | None = 1.0,
    bias_penalty: bool = False,
    output_bias: bool = False,
    negative_slope: float = 0.0,
) -> PatternMinimum:
    """The least loss of the networks whose neurons have given activation patterns.

    Minimises (1/N) Σ_i l(f_i, y_i) + penalty(R) over f = Σ_j D_j X R_j, with R_j = z_j w_j in
    the closed cell of pattern j when output weights z_j are given, and free otherwise.

    Parameters
    ----------
    X : array_like, shape (N, features)
        The samples.
    y : array_like, shape (N,)
        Numbers, labels −1 and +1, or classes 0, 1, …, as the loss asks for.
    patterns : array_like, shape (N,) or (K, N)
        Of each neuron: bool or 0/1, active or not, or signs −1/+1 such as `Cells.signs`.
    output_weights : array_like, shape (K,) or (K, classes), optional
        Not 0. For one output only their signs matter.
    loss : str
        See :mod:`arrangement.relu.losses.losses`.
    penalty : {None, "l1", "l2", "elasticnet"}
        On the entries of all R_j, those of a bias only with `bias_penalty`.
    alpha : float, optional
        Weight of the penalty; needed with one.
    l1_ratio : float
        Of the elastic net: 1 is "l1", 0 is "l2".
    threshold : float
        Of the Huber loss.
    margin : float
        Δ of the hinge losses.
    classes : int, optional
        Number of classes; the largest label and one more when left out.
    bias : number, optional
        The value of a constant coordinate appended to every sample; None for none.
    bias_penalty : bool
        Is the weight of that coordinate penalised too?
    output_bias : bool
        Is a constant, without penalty, added to each output?
    negative_slope : float
        Slope of an inactive neuron (leaky ReLU).

    Returns
    -------
    PatternMinimum

    Raises
    ------
    InputError
        If a name is unknown, a number out of range, or a label or shape does not fit.
    SolverError
        If Clarabel finds no optimum, or the samples are beyond float64.

    Examples
    --------
    >>> from arrangement.relu.losses.pattern_fits import pattern_minimum
    >>> X, y = [[0.0], [1.0], [2.0]], [0.0, 1.0, 9.0]
    >>> found = pattern_minimum(X, y, [1, 1, 1], loss="absolute")
    >>> round(found.fun, 6)  # (1/3)·7: the line through two of the three points
    1.166667
    """
    losses = Loss(loss, threshold, margin), Penalty(penalty, alpha, l1_ratio)
    setting = Setting(X, y, *losses, classes, bias, bias_penalty, output_bias, negative_slope)
    active = activations(patterns, len(setting.X))
    z = None
    if output_weights is not None:
        z = _output_weights(output_weights, len(active), setting.outputs)
    return _Program(setting, len(active), z is not None).solve(active, z)


def cellwise_minima(
    X: ArrayLike,
    y: ArrayLike,
    output_weights: ArrayLike | None = None,
    *,
    loss: str = "squared",
    penalty: str | None = None,
    alpha: float | None = None,
    l1_ratio: float = 0.5,
    threshold: float = 1.0,
    margin: float = 1.0,
    classes: int | None = None,
    bias: float | Fraction | str | None = 1.0,
    bias_penalty: bool = False,
    output_bias: bool = False,
    negative_slope: float = 0.0,
    progress: Progress = None,
) -> CellwiseMinima:
    """The least loss of one neuron in each cell of the samples' arrangement.

    Parameters
    ----------
    output_weights : array_like, shape (S,) or (S, classes), optional
        The output weights for which the minimum over the closed cell is found: +1 and −1 when
        left out; with several classes none, the columns of closed cells are then empty.
    progress : bool or callable, optional
        True shows progress on stderr when that is a terminal; a callable is called with
        (cells done, cells in all).
    X, y, loss, penalty, alpha, l1_ratio, threshold, margin, classes, bias, bias_penalty, \
output_bias, negative_slope
        As in :func:`pattern_minimum`.

    Returns
    -------
    CellwiseMinima

    Examples
    --------
    >>> from arrangement.relu.losses.pattern_fits import cellwise_minima
    >>> X, y = [[-1.0], [0.0], [2.0]], [1.0, 0.0, 3.0]
    >>> found = cellwise_minima(X, y, loss="huber", threshold=0.5)
    >>> found
    CellwiseMinima: 6 cells, least 0.25
    >>> k, column = found.best
    >>> found.cells.signs[k].tolist(), float(found.output_weights[column])
    ([-1, -1, 1], 1.0)
    """
    losses = Loss(loss, threshold, margin), Penalty(penalty, alpha, l1_ratio)
    setting = Setting(X, y, *losses, classes, bias, bias_penalty, output_bias, negative_slope)
    outputs = setting.outputs
    if output_weights is None:
        table = np.array([1.0, -1.0]) if outputs == 1 else np.zeros((0, outputs))
    else:
        table = _output_weights(output_weights, None, outputs)
    free, held = (_Program(setting, 1, fixed) for fixed in (False, True))
    cells = setting.arrangement.cells(progress=None if callable(progress) else progress)
    report = reporter(progress, "cells")
    own, closed = [], []
    for k, signs in enumerate(cells.signs):
        active = signs[None] > 0
        own.append(free.solve(active, None))
        closed += [held.solve(active, z[None]) for z in table]
        report(k + 1, len(cells))
    inner = own[0].R.shape[1:]
    shape = len(cells), len(table)
    return CellwiseMinima(
        cells,
        np.array([found.fun for found in own]),
        np.array([found.R[0] for found in own]),
        table,
        np.array([found.fun for found in closed]).reshape(shape),
        np.array([found.R[0] for found in closed]).reshape(*shape, *inner),
        np.array([found.attained for found in own]),
        np.array([found.attained for found in closed], dtype=bool).reshape(shape),
    )


class Setting:
    """What is fitted and how that is judged, checked."""

    def __init__(
        self,
        X: ArrayLike,
        y: ArrayLike,
        loss: Loss,
        penalty: Penalty,
        classes: int | None,
        bias: float | Fraction | str | None,
        bias_penalty: bool,
        output_bias: bool,
        negative_slope: float,
    ) -> None:
        self.loss, self.penalty = loss, penalty
        self.arrangement = sample_arrangement(X, bias)
        self.X = float_samples(self.arrangement, bias is not None)
        self.y, self.outputs = loss.targets(y, len(self.X), classes)
        check_flag(bias_penalty, "bias_penalty")
        check_flag(output_bias, "output_bias")
        self.output_bias = output_bias
        self.counted = np.ones(self.X.shape[1])  # 0 for coordinates that are not penalised
        if bias is not None and not bias_penalty:
            self.counted[-1] = 0.0
        self.slope = checked_slope(negative_slope)


class _Program:
    """The convex program of K patterns; patterns and output weights are its parameters.

    Columns of X are scaled to their largest entry, and the penalty is that of R as given.
    """

    def __init__(self, setting: Setting, K: int, fixed: bool) -> None:
        import cvxpy as cp

        self.setting = setting
        X, y, counted, outputs = setting.X, setting.y, setting.counted, setting.outputs
        n, d = X.shape
        self.scale = np.abs(X).max(axis=0)
        self.scale[self.scale == 0] = 1.0
        scaled = X / self.scale
        several = outputs > 1
        wide = np.ones((1, outputs))
        self.maps = [
            cp.Variable((d, outputs) if several and not fixed else d) for _ in range(K)
        ]
        self.shares = [cp.Parameter((n, outputs) if several else n) for _ in range(K)]
        self.sides = [cp.Parameter(n) for _ in range(K)] if fixed else []
        self.sizes = [cp.Parameter(2, nonneg=True) for _ in range(K)]
        self.constant = cp.Variable(outputs) if several else cp.Variable()
        f: Any = np.ones((n, 1)) @ cp.reshape(self.constant, (1, outputs), order="C")
        f = f if several else cp.reshape(f, (n,), order="C")
        cost: Any = 0
        l1, l2 = setting.penalty.weights
        for R, share, size in zip(self.maps, self.shares, self.sizes, strict=True):
            along = scaled @ R
            if several and fixed:
                along = cp.reshape(along, (n, 1), order="C") @ wide
            f = f + cp.multiply(share, along)
            factor = counted / self.scale
            given = cp.multiply(factor if R.ndim == 1 else factor[:, None] @ wide, R)
            if l1:
                cost = cost + l1 * size[0] * cp.sum(cp.abs(given))
            if l2:
                cost = cost + 0.5 * l2 * size[1] * cp.sum_squares(given)
        held = [
            cp.multiply(self.sides[j], scaled @ self.maps[j]) >= 0
            for j in range(len(self.sides))
        ]
        if not setting.output_bias:
            held.append(self.constant == 0)
        self.problem = cp.Problem(cp.Minimize(setting.loss.expression(f, y) + cost), held)
        self.recession = None
        if setting.loss.separable:
            # A direction along which no margin falls and some margin rises lowers the loss for
            # ever; without one the minimum is attained (Rockafellar 1970, theorem 27.1).
            # Whatever is penalised stays.
            gain = cp.Variable((n, outputs) if several else n)
            still = [
                R[np.flatnonzero(counted)] == 0
                for R in self.maps
                if (l1 or l2) and counted.any()
            ]
            self.recession = cp.Problem(
                cp.Maximize(cp.sum(gain)),
                [setting.loss.margins(f, y) >= gain, gain >= 0, gain <= 1, *held, *still],
            )

    def solve(self, active: Mask, z: Floats | None) -> PatternMinimum:
        """The minimum for patterns (K, N), and output weights in the closed cells."""
        setting, slope = self.setting, self.setting.slope
        several = setting.outputs > 1
        for j, pattern in enumerate(active):
            share = np.where(pattern, 1.0, slope)
            side = np.where(pattern, 1.0, -1.0)
            self.sizes[j].value = np.ones(2)
            if not several:
                self.shares[j].value = share
                if z is not None:
                    self.sides[j].value = np.sign(z[j]) * side
                continue
            row = np.ones(setting.outputs) if z is None else z[j]
            self.shares[j].value = share[:, None] * row
            if z is not None:
                self.sides[j].value = side
                self.sizes[j].value = np.array([np.abs(z[j]).sum(), z[j] @ z[j]])
        minimise(self.problem)
        maps = np.array([R.value for R in self.maps])
        R = maps / (self.scale if maps.ndim == 2 else self.scale[:, None])
        if several and z is not None:
            R = R[:, :, None] * z[:, None, :]
        constant = np.asarray(self.constant.value, dtype=np.float64) + 0.0
        share = np.where(active, 1.0, slope)
        f = np.einsum("kn,nd,kd...->n...", share, setting.X, R) + constant
        loss = float(np.mean(setting.loss.values(f, setting.y)))
        counted = setting.counted if R.ndim == 2 else setting.counted[:, None]
        attained = True
        if self.recession is not None:
            minimise(self.recession)
            # Directions may be scaled: the optimum is 0, or at least 1.
            attained = bool(self.recession.value < 0.5)
        return PatternMinimum(
            loss + setting.penalty.value(R * counted),
            loss,
            R,
            constant if several else float(constant),
            f,
            attained,
        )


def activations(patterns: ArrayLike, n: int) -> Mask:
    """Patterns of 0/1, bool or signs −1/+1 as a table of bool, shape (K, n)."""
    table = entries(patterns)
    if table.ndim == 1:
        table = table[None]
    if table.ndim != 2 or table.shape[1] != n or not len(table):
        raise InputError(
            f"patterns has shape {table.shape}, but there are {n} samples: give shape "
            f"({n},) for one neuron, (K, {n}) for K"
        )
    values: set[Any] = set(np.unique(table).tolist())
    if not (values <= {0, 1} or values <= {-1, 1}):
        raise InputError(
            "patterns must be of 0 and 1, or of −1 and +1, not of "
            + ", ".join(map(str, sorted(values)[:5]))
        )
    return np.asarray(table > 0)


def _output_weights(values: ArrayLike, K: int | None, outputs: int) -> Floats:
    try:
        if entries(values).dtype.kind in "cmM":
            raise TypeError
        table = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("output_weights must be numbers") from None
    if table.ndim == 0:
        table = table[None]
    rows = len(table) if K is None else K
    wanted = (rows,) if outputs == 1 else (rows, outputs)
    if table.shape != wanted or not rows:
        raise InputError(f"output_weights has shape {table.shape}, not {wanted}")
    flat = table.reshape(rows, -1)
    for j in np.flatnonzero(~np.isfinite(flat).all(axis=1) | ~flat.any(axis=1)):
        raise InputError(
            f"output_weights, row {j}: {table[j]}, but a finite one that is not 0 is needed"
        )
    return table
