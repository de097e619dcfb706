"""How likely a random network lies in a cell with a minimum, without enumerating cells.

The cell of a network is the set of networks with its activation pattern D_1, …, D_K and output
signs s. There the outputs are A u with A = [s_1 D_1 X … s_K D_K X] and the least loss is that
of p = A A†y; it is attained iff A u = p for some u with the strict signs of the pattern. AAᵀ is
XXᵀ times, entry by entry, the numbers of neurons that are active on two samples both, so that
N × N or Kd × Kd numbers are enough, whatever the other is.

With one solution u its signs are read off. Else T = (x_i·u_j) is sought in the intersection of
an affine space L and an orthant, by the method of Douglas and Rachford: it converges to a point
of both, or its steps do to a vector V that separates them, of the orthant's signs, orthogonal
to L's directions, with ⟨V, T⟩ < 0 on L.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg.lapack import dpotrf, dpotrs

from arrangement.checks import number, whole
from arrangement.data.dataset import DataSet
from arrangement.errors import InputError, SizeError
from arrangement.progress import Progress, reporter
from arrangement.relu.confidence import checked_confidence, clopper_pearson
from arrangement.relu.weight_space import Floats, Mask

__all__ = ["SampledShare", "sampled_cells"]

MOST = 6000
"""Of N and Kd the less is at most this: the side of a dense matrix, 288 MB."""

NONE, HOLDS, OPEN = 0, 1, 2

SMALL = 1e-9
"""Beside the size of its terms, what counts as none."""


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
        In cells with one least squares fit.
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
        For a cell with many fits.
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
        If both N and K times the rank of the samples are above 6,000.

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
    if side > MOST:
        raise SizeError(
            f"{len(Q):,} samples of rank {rank:,} and {K} neurons: of N and K·rank the less is "
            f"{side:,}, more than {MOST:,}; reduce one of them"
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
    n, d = Q.shape
    active = s * on
    alive = np.flatnonzero(on.any(axis=0))
    solve, width = _solver(Q, on[:, alive])
    free = width < len(alive) * d

    def fit(v: Floats) -> Floats:
        """T of A†v."""
        if n <= len(alive) * d:
            return Q @ (Q.T @ (active * solve(v)[:, None]))
        right = (Q.T @ (on[:, alive] * v[:, None])).T.ravel()
        table = np.zeros(active.shape)
        table[:, alive] = Q @ solve(right).reshape(len(alive), d).T * s[alive]
        return table

    def out(T: Floats) -> Floats:
        return np.asarray(np.sum(active * T, axis=1))

    side = np.where(on, 1.0, -1.0)
    best = fit(y)
    target = out(best)
    moving = np.isin(np.arange(len(s)), alive)
    if not free:
        return _by_signs((side * best)[:, moving]), True
    level = float(np.sqrt(np.mean(y**2))) or 1.0
    least = SMALL * 1e5 * level / max(len(s), 1)

    def onto(T: Floats) -> Floats:
        T = Q @ (Q.T @ T)
        return T + fit(target - out(T))

    scale = level / max(float(np.sqrt(np.mean(start**2))), 1e-300)
    Z = onto(start * scale)
    for step in range(steps):
        P = side * np.maximum(side * Z, least)
        L = onto(2 * P - Z)
        Z = Z + L - P
        if step % 10 == 9:
            low = onto(P)
            if _by_signs((side * low)[:, moving]) == HOLDS:
                return HOLDS, False
            V = side * np.maximum(side * (P - low), 0.0)
            V[:, ~moving] = 0.0
            size = float(np.linalg.norm(V))
            if size:
                V /= size
                along = Q @ (Q.T @ V)
                along = along - fit(out(along))
                if np.abs(along).max() < SMALL and float(np.sum(V * best)) < -SMALL * level:
                    return NONE, False
    return OPEN, False


def _by_signs(T: Floats) -> int:
    """HOLDS if all entries are clearly positive, NONE if one is clearly not."""
    least = T.min(axis=0, initial=np.inf)
    size = SMALL * np.abs(T).max(axis=0, initial=0.0)
    if np.all(least > size):
        return HOLDS
    return NONE if np.any(least < -size) else OPEN


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
