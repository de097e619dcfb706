"""How likely a random network lies in a cell with a minimum, without enumerating cells.

The cell of a network is the set of networks with its activation pattern D_1, …, D_K and output
signs s. There the outputs are A u with A = [s_1 D_1 X … s_K D_K X] and the least loss is that
of p = A A†y; it is attained iff A u = p for some u with the strict signs of the pattern. AAᵀ is
XXᵀ times, entry by entry, the numbers of neurons that are active on two samples both, so that
N × N or Kd × Kd numbers are enough, whatever the other is; where both are many, A is only
multiplied with.

With one solution u its signs are read off. Else T = (x_i·u_j) is sought in the intersection of
an affine space L and an orthant, by the method of Douglas and Rachford: it converges to a point
of both, or its steps do to a vector V that separates them, of the orthant's signs, orthogonal
to L's directions, with ⟨V, T⟩ < 0 on L. V is orthogonal to them iff QᵀV = Aᵀv for some v, and
then ⟨V, T⟩ = v·p on L, for v in the range of A v·y. A v that is only near is enough: what is
missing, E = QᵀV − Aᵀv, is taken off V as Q E, if V − Q E has the orthant's signs still.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg.lapack import dpotrf, dpotrs
from scipy.sparse.linalg import LinearOperator, lsmr

from arrangement.checks import number, whole
from arrangement.data.dataset import DataSet
from arrangement.errors import InputError, SizeError
from arrangement.progress import Progress, reporter
from arrangement.relu.confidence import checked_confidence, clopper_pearson
from arrangement.relu.weight_space import Floats, Indices, Mask

__all__ = ["SampledShare", "sampled_cells"]

MOST = 6000
"""The side of a dense matrix, 288 MB: if neither N nor Kd is less, there are products only."""

MOST_ENTRIES = 20_000_000
"""Pre-activations then, 160 MB a table."""

NONE, HOLDS, OPEN = 0, 1, 2

SMALL = 1e-9
"""Beside the size of its terms, what counts as none."""

ROUNDED = 1e-13
"""An entry of a unit vector that is this large has a sign."""


@dataclass(frozen=True)
class SampledShare:
    """Of the cells of random networks, the share that holds a differentiable minimum.

    Attributes
    ----------
    draws : int
        Networks whose cells were decided.
    holding, undecided : int
        Of them in cells with a minimum, and in cells that float64 or the steps left open.
    unique : int
        In cells that are known to have one least squares fit.
    confidence : float
    low, high : float
        Clopper and Pearson's interval for the share, valid whatever the undecided are.
    """

    draws: int
    holding: int
    undecided: int
    unique: int
    confidence: float
    low: float
    high: float

    @property
    def share(self) -> float:
        """Those that hold one among those that were decided; NaN if there are none."""
        decided = self.draws - self.undecided
        return self.holding / decided if decided else float("nan")


def sampled_cells(
    X: ArrayLike,
    y: ArrayLike,
    hidden: int = 1,
    *,
    draws: int = 100,
    bias: float | None = 1.0,
    around: tuple[ArrayLike, ArrayLike] | None = None,
    spread: float = 0.1,
    confidence: float = 0.95,
    max_steps: int = 500,
    random_state: int = 0,
    progress: Progress = None,
) -> SampledShare:
    """The share of cells with a differentiable minimum, by random networks.

    Parameters
    ----------
    X : array_like, shape (N, features)
    y : array_like, shape (N,)
    hidden : int
        K.
    draws : int
        Networks to draw: normal weights w and equally likely signs of z, unless `around`.
    bias : float, optional
        The value of the constant coordinate; None for none.
    around : (weights, output_weights), optional
        Draw near this network, of shapes (K, d) and (K,): with normal changes of each w_j, of
        `spread` times its length over √d; the signs of z are its own. Cells that a training
        run passes are those of its iterates with ``spread=0, draws=1``.
    spread : float
    confidence : float
        Of the interval.
    max_steps : int
        For a cell with many fits; products with the samples, where N and K times their rank
        are both above 6,000.
    random_state : int
    progress : bool or callable, optional

    Returns
    -------
    SampledShare

    Raises
    ------
    InputError
        If an argument is not what it must be.
    SizeError
        If both N and K times the rank of the samples are above 6,000, and N·K above
        20,000,000.

    Notes
    -----
    A cell counts as often as its share of the networks drawn, so by its solid angle. Decisions
    are those of float64: strict signs by 1e-9 of the size of their terms, and no minimum where
    a sign fails by as much or a separating vector misses its equations by less. What lies
    between is undecided. Memory is that of a few tables of N × d, N × K and min(N, Kd)².

    Examples
    --------
    >>> import numpy as np
    >>> from arrangement.relu import sampled_cells
    >>> rng = np.random.default_rng(0)
    >>> found = sampled_cells(rng.normal(size=(20, 30)), rng.normal(size=20), 20, draws=40)
    >>> found.holding, found.undecided, round(found.low, 2)
    (38, 0, 0.83)
    """
    data = DataSet(np.asarray(X), np.asarray(y), "X")
    K, draws = whole(hidden, "hidden", 1), whole(draws, "draws", 1)
    steps, confidence = whole(max_steps, "max_steps", 1), checked_confidence(confidence)
    given = data.X
    if bias is not None:
        constant = np.full((len(given), 1), number(bias, "bias"))
        given = np.concatenate([given, constant], axis=1)
    U, sizes = np.linalg.svd(given, full_matrices=False)[:2]
    rank = int(np.sum(sizes > max(given.shape) * np.finfo(np.float64).eps * sizes[0]))
    if not rank:
        raise InputError("X: all samples are zero, and there is no bias")
    Q = np.ascontiguousarray(U[:, :rank])
    side = min(len(Q), K * rank)
    if side > MOST and len(Q) * K > MOST_ENTRIES:
        raise SizeError(
            f"{len(Q):,} samples and {K:,} neurons: {len(Q) * K:,} pre-activations, more than "
            f"{MOST_ENTRIES:,}; reduce one of them"
        )
    centre = None
    if around is not None:
        w, z = (np.asarray(part, dtype=np.float64) for part in around)
        if w.shape != (K, given.shape[1]) or z.shape != (K,):
            raise InputError(
                f"around: shapes {w.shape} and {z.shape}; ({K}, {given.shape[1]}) and ({K},) "
                "are needed"
            )
        centre = w, z
    rng = np.random.default_rng(whole(random_state, "random_state", 0))
    report = reporter(progress, "cells")
    count, unique = [0, 0, 0], 0
    for done in range(draws):
        if centre is None:
            w, z = rng.normal(size=(K, given.shape[1])), rng.choice([-1.0, 1.0], K)
        else:
            length = np.linalg.norm(centre[0], axis=1, keepdims=True)
            noise = rng.normal(size=centre[0].shape) / np.sqrt(given.shape[1])
            w, z = centre[0] + spread * length * noise, centre[1]
        t = given @ w.T
        verdict, one = _decided(Q, data.y, t > 0, np.where(z < 0, -1.0, 1.0), t, steps)
        count[verdict] += 1
        unique += one
        report(done + 1, draws)
    holds, undecided = count[HOLDS], count[OPEN]
    low, high = map(float, clopper_pearson(holds, holds + undecided, draws, confidence))
    return SampledShare(draws, holds, undecided, unique, confidence, low, high)


def _decided(
    Q: Floats, y: Floats, on: Mask, s: Floats, start: Floats, steps: int
) -> tuple[int, bool]:
    """Does the cell with pattern `on`, (N, K), hold a minimum? And is its fit unique?"""
    alive = np.flatnonzero(on.any(axis=0))
    side = np.where(on, 1.0, -1.0)
    moving = np.isin(np.arange(len(s)), alive)
    level = float(np.sqrt(np.mean(y**2))) or 1.0
    small = min(len(Q), len(alive) * Q.shape[1]) <= MOST
    maps: _Cell = (_Dense if small else _Iterative)(Q, on, s, alive, steps)

    def separates(V: Floats) -> bool:
        """Is a vector of the orthant's signs, or one near to it, a proof of no minimum?"""
        V = V / (float(np.linalg.norm(V)) or 1.0)
        dual = maps.dual(V)
        along = Q @ (Q.T @ (V - active * dual[:, None]))
        # V − along misses no equation.
        rest = (side * (V - along))[:, moving].min()
        held = rest > ROUNDED or np.abs(along).max() < SMALL
        return bool(held and dual @ y < -SMALL * level)

    active = s * on
    if not maps.free:
        return _by_signs((side * maps.fit(y))[:, moving]), True
    for near in () if small else (1e-3, 1e-8):
        maps.near = near
        inside = np.where(moving, side * maps.fit(y), 0.0)
        outside, right = np.maximum(-inside, 0.0), float(np.maximum(inside, 0.0).sum())
        if not outside.any():
            break
        width = 0.5 * float(np.sum(outside**2)) / (right or 1.0)
        if separates(np.where(moving, side * (outside + width), 0.0)):
            return NONE, False
    least = SMALL * 1e5 * level / max(len(s), 1)
    maps.near = 1e-12
    target = maps.out(maps.fit(y))

    def onto(T: Floats) -> Floats:
        T = Q @ (Q.T @ T)
        return T + maps.fit(target - maps.out(T))

    scale = level / max(float(np.sqrt(np.mean(start**2))), 1e-300)
    Z = onto(start * scale)
    for step in range(steps):
        if not maps.left:
            break
        P = side * np.maximum(side * Z, least)
        L = onto(2 * P - Z)
        Z = Z + L - P
        if step % (10 if small else 3) == (9 if small else 2):
            low = onto(P)
            rounding = maps.error + SMALL * float(np.abs(P).max())
            if _by_signs((side * low)[:, moving], rounding) == HOLDS:
                return HOLDS, False
            V = side * np.maximum(side * (P - low), 0.0)
            V[:, ~moving] = 0.0
            if V.any() and separates(V):
                return NONE, False
    return OPEN, False


def _by_signs(T: Floats, error: float = 0.0) -> int:
    """HOLDS if all entries are clearly positive, NONE if one is clearly not."""
    least = T.min(axis=0, initial=np.inf)
    size = SMALL * np.abs(T).max(axis=0, initial=0.0) + error
    if np.all(least > size):
        return HOLDS
    return NONE if np.any(least < -size) else OPEN


class _Cell:
    """A = [s_1 D_1 Q … s_K D_K Q] of one cell, for tables T = (q_i·u_j) of shape (N, K).

    Where there are only products, `left` is how many pairs of them may still be made, `near`
    how near they have to come, and `error` what they leave open of the last fit.
    """

    near, error, left = 0.0, 0.0, 1
    free = True

    def __init__(self, Q: Floats, on: Mask, s: Floats, alive: Indices, steps: int) -> None:
        self.Q, self.on, self.s, self.alive = Q, on, s, alive

    def out(self, T: Floats) -> Floats:
        """A u."""
        return np.asarray(np.sum(self.s * self.on * T, axis=1))

    def fit(self, v: Floats) -> Floats:
        """T of A†v."""
        raise NotImplementedError

    def dual(self, T: Floats) -> Floats:
        """The v in the range of A with Aᵀv nearest to QᵀT."""
        raise NotImplementedError


class _Dense(_Cell):
    def __init__(self, Q: Floats, on: Mask, s: Floats, alive: Indices, steps: int) -> None:
        super().__init__(Q, on, s, alive, steps)
        self.solve, width = _solver(Q, on[:, alive])
        self.wide = len(Q) <= len(alive) * Q.shape[1]
        self.free = width < len(alive) * Q.shape[1]

    def _inverted(self, T: Floats) -> Floats:
        """(AᵀA)⁺ of QᵀT, for signs s = 1, times Q."""
        right = (self.Q.T @ T[:, self.alive]).T.ravel()
        table = np.zeros(T.shape)
        table[:, self.alive] = (
            self.Q @ self.solve(right).reshape(len(self.alive), self.Q.shape[1]).T
        )
        return table

    def fit(self, v: Floats) -> Floats:
        if self.wide:
            return self.Q @ (self.Q.T @ (self.s * self.on * self.solve(v)[:, None]))
        return self.s * self._inverted(self.on * v[:, None])

    def dual(self, T: Floats) -> Floats:
        if self.wide:
            return self.solve(self.out(self.Q @ (self.Q.T @ T)))
        return np.asarray(np.sum(self.on * self._inverted(self.s * T), axis=1))


class _Iterative(_Cell):
    """By the method of Fong and Saunders (2011), with products only.

    Its iterates for `dual` lie in the range of A, however early it stops.
    """

    def __init__(self, Q: Floats, on: Mask, s: Floats, alive: Indices, steps: int) -> None:
        super().__init__(Q, on[:, alive], s[alive], alive, steps)
        self.near, self.left, self.neurons = 1e-3, steps, len(s)
        shape = len(Q), len(alive) * Q.shape[1]
        self.A = LinearOperator(shape, self._times, self._transposed, dtype=np.float64)

    def _table(self, u: Floats) -> Floats:
        return self.Q @ u.reshape(len(self.alive), self.Q.shape[1]).T

    def _times(self, u: Floats) -> Floats:
        return np.einsum("ij,ij->i", self.active, self._table(u))

    def _transposed(self, v: Floats) -> Floats:
        return np.asarray((self.Q.T @ (self.active * v.reshape(-1, 1))).T.ravel())

    @cached_property
    def active(self) -> Floats:
        return self.s * self.on

    def out(self, T: Floats) -> Floats:
        return np.asarray(np.einsum("ij,ij->i", self.active, T[:, self.alive]))

    def _solved(self, A: LinearOperator, right: Floats, near: float) -> Floats:
        if not self.left or not right.any():
            self.error = np.inf if right.any() else 0.0
            return np.zeros(A.shape[1])
        u, _, done, _, rest, size, condition, _ = lsmr(
            A, right, atol=near, btol=near, conlim=1e12, maxiter=self.left
        )
        self.left = max(self.left - done, 0)
        self.error = 10 * float(rest * (condition / size) ** 2) if size else np.inf
        return np.asarray(u)

    def fit(self, v: Floats) -> Floats:
        table = np.zeros((len(self.Q), self.neurons))
        table[:, self.alive] = self._table(self._solved(self.A, v, self.near))
        return table

    def dual(self, T: Floats) -> Floats:
        right = (self.Q.T @ T[:, self.alive]).T.ravel()
        return self._solved(self.A.T, right, max(1e-2 * self.near, 1e-13))


def _solver(Q: Floats, on: Mask) -> tuple[Callable[[Floats], Floats], int]:
    """(AAᵀ)⁺ or (AᵀA)⁺, whichever is smaller, for signs s = 1, and the rank of A."""
    n, d = Q.shape
    K = on.shape[1]
    if n <= K * d:
        gram = (Q @ Q.T) * (on.astype(np.float64) @ on.T.astype(np.float64))
    else:
        gram = np.empty((K, d, K, d))
        for j in range(K):
            for k in range(j, K):
                both = on[:, j] & on[:, k]
                gram[j, :, k] = Q[both].T @ Q[both]
                gram[k, :, j] = gram[j, :, k].T
        gram = gram.reshape(K * d, K * d)
    if len(gram):
        factor, failed = dpotrf(gram, lower=True)
        size = np.diag(factor)
        if not failed and size.min() > 1e-5 * size.max():
            return lambda v: np.asarray(dpotrs(factor, v, lower=True)[0]), len(gram)
    values, vectors = np.linalg.eigh(gram)
    kept = values > 1e-11 * max(float(values.max(initial=0.0)), 1e-300)
    basis, values = vectors[:, kept], values[kept]
    return lambda v: np.asarray(basis @ ((basis.T @ v) / values)), len(values)
