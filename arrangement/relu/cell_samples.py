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

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg.lapack import dpotrf, dpotrs
from scipy.optimize import linprog
from scipy.sparse import block_diag, csr_array, hstack
from scipy.sparse.linalg import LinearOperator, lsmr

from arrangement.checks import entries, float_table, number, whole
from arrangement.data.dataset import DataSet
from arrangement.errors import InputError, SizeError
from arrangement.exact.numbers import shown
from arrangement.in_notebooks import InNotebooks
from arrangement.memory import memory
from arrangement.progress import Progress, reporter
from arrangement.relu.confidence import checked_confidence, clopper_pearson
from arrangement.relu.weight_space import Floats, Indices, Mask, exact_bias

__all__ = ["SampledShare", "sampled_cells"]

MOST = 6000
"""The side of a dense matrix, 288 MB: if neither N nor Kd is less, there are products only."""

MOST_OF_PROGRAM = 200_000
"""N·K times the rank, for a linear program that decides a cell: ten seconds."""

MOST_ENTRIES = 20_000_000
"""Pre-activations then, 160 MB a table."""

NONE, HOLDS, OPEN = 0, 1, 2

SMALL = 1e-9
"""Beside the size of its terms, what counts as none."""

ROUNDED = 1e-13
"""An entry of a unit vector that is this large has a sign."""

FAR = 1e4
"""Fits are not looked for farther than this, beside the targets, in a cell that is round."""

FLAT, DEPENDENT = 1e-9, 1e-14
"""Beside the size of their terms, slopes at a fit, and A v where v is in A's null space."""

REFINED = 2
"""How often a fit is computed again from the samples as given."""

ALIKE, BESIDE = 1e-3, 1e-10
"""Beside the largest: samples that small have the rank checked, and entries that small any
dependence doubted."""

PROBES = 4
"""So many random vectors of a null space are tried."""


@dataclass(frozen=True)
class SampledShare(InNotebooks):
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

    Examples
    --------
    >>> import numpy as np
    >>> from arrangement.relu import sampled_cells
    >>> rng = np.random.default_rng(0)
    >>> found = sampled_cells(rng.normal(size=(8, 3)), rng.normal(size=8), 2, draws=20)
    >>> found.draws, found.low <= found.share <= found.high
    (20, True)
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
    bias: float | Fraction | str | None = 1.0,
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
        If an argument is not what it must be, or samples differ so much in size that float64
        does not tell their rank.
    SizeError
        If both N and K times the rank of the samples are above 6,000, and N·K above
        20,000,000; or if tables of N × K and K × d do not fit in memory.

    Notes
    -----
    A cell counts as often as its share of the networks drawn, so by its solid angle. Decisions
    are those of float64: of a fit that is computed again from its residuals, strict signs by
    1e-9 of the size of their terms and by ten times the last change; no minimum where a sign
    fails by as much, or a vector separates that misses its equations by too little to matter
    for weights of a size that the cell makes likely. What is dependent to within rounding
    counts as dependent. What lies between is undecided, and so is a network on a face. Memory
    is that of a few tables of N × d, N × K and min(N, Kd)².

    Examples
    --------
    >>> import numpy as np
    >>> from arrangement.relu import sampled_cells
    >>> rng = np.random.default_rng(0)
    >>> found = sampled_cells(rng.normal(size=(20, 30)), rng.normal(size=20), 20, draws=40)
    >>> found.holding, found.undecided, round(found.low, 2)
    (38, 0, 0.83)
    """
    data = DataSet(entries(X), entries(y), "X")
    if data.y.dtype.kind == "U":
        raise InputError(f"y, entry 0: {shown(str(data.y[0]))} is no number")
    K, draws = whole(hidden, "hidden", 1), whole(draws, "draws", 1)
    steps, confidence = whole(max_steps, "max_steps", 1), checked_confidence(confidence)
    spread, given = number(spread, "spread"), data.X
    if spread < 0:
        raise InputError(f"spread = {spread:g}: a number of at least 0 is needed")
    if bias is not None:
        constant = np.full((len(given), 1), float(exact_bias(bias)))
        given = np.concatenate([given, constant], axis=1)
    samples = _Samples.of(given)
    side = min(len(given), K * samples.Q.shape[1])
    if side > MOST and len(given) * K > MOST_ENTRIES:
        raise SizeError(
            f"{len(given):,} samples and {K:,} neurons: {len(given) * K:,} pre-activations, "
            f"more than {MOST_ENTRIES:,}; reduce one of them"
        )
    least = 8 * K * (4 * len(given) + 2 * given.shape[1])
    if least > memory():
        raise SizeError(
            f"{len(given):,} samples and {K:,} neurons: tables of {least / 1e9:,.1f} GB, more "
            "than fit in memory; reduce one of them"
        )
    centre = None
    if around is not None:
        if not isinstance(around, tuple | list) or len(around) != 2:
            raise InputError("around: weights and output weights, two tables, are needed")
        w, z = (float_table(part, "around") for part in around)
        if w.shape != (K, given.shape[1]) or z.shape != (K,):
            raise InputError(
                f"around: shapes {w.shape} and {z.shape}; ({K}, {given.shape[1]}) and ({K},) "
                "are needed"
            )
        if not (np.isfinite(w).all() and np.isfinite(z).all()):
            raise InputError("around: a weight is not finite")
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
        rounding = given.shape[1] * np.finfo(np.float64).eps * (np.abs(given) @ np.abs(w.T))
        verdict, one = OPEN, False
        if np.all((np.abs(t) > rounding) | (rounding == 0)):
            s = np.where(z < 0, -1.0, 1.0)
            verdict, one = _decided(samples, data.y, t > 0, s, t, steps)
        count[verdict] += 1
        unique += one
        report(done + 1, draws)
    holds, undecided = count[HOLDS], count[OPEN]
    low, high = map(float, clopper_pearson(holds, holds + undecided, draws, confidence))
    return SampledShare(draws, holds, undecided, unique, confidence, low, high)


@dataclass(frozen=True, eq=False)
class _Samples:
    """The samples X, their columns of size one; an orthonormal basis Q = X M of their range.

    `blur` is what rounding may add to a unit vector of the range. Where entries are not
    `alike`, what vanishes to within rounding may not.
    """

    X: Floats
    M: Floats
    Q: Floats
    blur: float
    alike: bool

    @classmethod
    def of(cls, given: Floats) -> _Samples:
        X = _scaled(given, axis=0)
        U, sizes, Vt = np.linalg.svd(X, full_matrices=False)
        rank = _rank(X, sizes)
        if not rank:
            raise InputError("X: all samples are zero, and there is no bias")
        alike = bool(np.abs(X)[X != 0].min() > BESIDE)
        rows = np.abs(X).max(axis=1)
        told = alike or rank == min(X.shape)
        if rows[rows > 0].min() < ALIKE:
            told &= _rank(X, np.linalg.svd(_scaled(X, axis=1), full_matrices=False)[1]) == rank
        if not told:
            raise InputError(
                "X: values of so different sizes that float64 does not tell the rank; scale "
                "the samples alike, or leave out features that follow from others"
            )
        blur = 4 * np.finfo(np.float64).eps * float(sizes[0] / sizes[rank - 1])
        return cls(
            X, Vt[:rank].T / sizes[:rank], np.ascontiguousarray(U[:, :rank]), blur, alike
        )


def _scaled(X: Floats, axis: int) -> Floats:
    """X times powers of two, so that its columns or rows are of size one."""
    return np.asarray(np.ldexp(X, -np.frexp(np.abs(X).max(axis=axis, keepdims=True))[1]))


def _rank(X: Floats, sizes: Floats) -> int:
    """How many singular values are not those of rounding."""
    return int(np.sum(sizes > max(X.shape) * np.finfo(np.float64).eps * sizes[0]))


def _decided(
    samples: _Samples, y: Floats, on: Mask, s: Floats, start: Floats, steps: int
) -> tuple[int, bool]:
    """Does the cell with pattern `on`, (N, K), hold a minimum? And is its fit unique?"""
    Q = samples.Q
    alive = np.flatnonzero(on.any(axis=0))
    side = np.where(on, 1.0, -1.0)
    moving = np.isin(np.arange(len(s)), alive)
    level = float(np.sqrt(np.mean(y**2))) or 1.0
    length = np.linalg.norm(Q, axis=1)
    # A cell as thin as a network in it seems holds fits so far away only.
    far = FAR * np.max(
        np.linalg.norm(start, axis=0) / np.where(start, np.abs(start), np.inf).min(axis=0)
    )
    small = min(len(Q), len(alive) * Q.shape[1]) <= MOST
    maps: _Cell = (_Dense if small else _Iterative)(Q, on, s, alive, steps)
    clear = maps.clear and (samples.alike or (small and not maps.dependent))

    def separates(V: Floats) -> bool:
        """Is a vector of the orthant's signs, or one near to it, a proof of no minimum?"""
        V = V / (float(np.linalg.norm(V)) or 1.0)
        dual = maps.dual(V)
        own = active * dual[:, None]
        missed, rounding = Q.T @ (V - own), samples.blur * (1.0 + float(np.linalg.norm(own)))
        # V − Q·missed misses no equation.
        held = (side * (V - Q @ missed))[:, moving].min() > ROUNDED + rounding
        miss = float(np.linalg.norm(missed)) + rounding
        return bool(dual @ y < -level * (SMALL if held else max(SMALL, far * miss)))

    def verdict(T: Floats) -> int:
        """What the signs of a fit say, once it is computed again from the samples."""
        for _ in range(REFINED):
            T = samples.X @ (samples.M @ (Q.T @ T))
            change = maps.fit(y - maps.out(T))
            T = T + change
        rest = y - maps.out(T)
        slopes = samples.M.T @ (samples.X.T @ (on * rest[:, None]))
        most = FLAT * np.abs(rest) + ROUNDED * (np.abs(y) + np.sum(on * np.abs(T), axis=1))
        if not clear or np.any(np.abs(slopes) > np.abs(Q).T @ (on * most[:, None])):
            return OPEN
        error = SMALL * np.linalg.norm(T, axis=0) + 10 * np.linalg.norm(change, axis=0)
        size = (error + maps.error) * length[:, None]
        T, size = (side * T)[:, moving], size[:, moving]
        if np.all(size < T):
            return HOLDS
        return NONE if np.any(size < -T) else OPEN

    active = s * on
    if not maps.free:
        return verdict(maps.fit(y)), True
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
            if np.all((side * low)[:, moving] > 0) and verdict(low) == HOLDS:
                return HOLDS, False
            V = side * np.maximum(side * (P - low), 0.0)
            V[:, ~moving] = 0.0
            if V.any() and separates(V):
                return NONE, False
    if small and on.size * Q.shape[1] <= MOST_OF_PROGRAM:
        T, V = _program(Q, maps, side, target)
        if np.all((side * T)[:, moving] > 0) and verdict(T) == HOLDS:
            return HOLDS, False
        if V.any() and separates(V):
            return NONE, False
    return OPEN, False


def _program(Q: Floats, maps: _Cell, side: Floats, target: Floats) -> tuple[Floats, Floats]:
    """A fit whose signs are as strict as can be, and its multipliers, by a linear program.

    Where the steps above are too slow: one that is nearly tangent to its cell.
    """
    n, d = Q.shape
    alive, (s, on) = maps.alive, (maps.s, maps.on)
    fits = np.hstack([(s[j] * on[:, j])[:, None] * Q for j in alive] + [np.zeros((n, 1))])
    signs = hstack(
        [
            block_diag([-side[:, j : j + 1] * Q for j in alive]),
            csr_array(np.ones((n * len(alive), 1))),
        ],
        format="csr",
    )
    goal = np.zeros(len(alive) * d + 1)
    goal[-1] = -1.0
    level = float(np.abs(target).max(initial=0.0)) or 1.0
    limits = np.array([[-np.inf, np.inf]] * (len(goal) - 1) + [[-np.inf, level]])
    found = linprog(goal, signs, np.zeros(n * len(alive)), fits, target, limits, method="highs")
    T, V = np.zeros(side.shape), np.zeros(side.shape)
    if found.x is not None:
        T[:, alive] = Q @ found.x[:-1].reshape(len(alive), d).T
        V[:, alive] = side[:, alive] * -found.ineqlin.marginals.reshape(len(alive), n).T
    return T, V


class _Cell(ABC):
    """A = [s_1 D_1 Q … s_K D_K Q] of one cell, for tables T = (q_i·u_j) of shape (N, K).

    Where there are only products, `left` is how many pairs of them may still be made, `near`
    how near they have to come, and `error` what they leave open of the last fit. `clear` says
    that what was taken for `dependent` is, to within rounding.
    """

    near, error, left = 0.0, 0.0, 1
    free = clear = dependent = True

    def __init__(self, Q: Floats, on: Mask, s: Floats, alive: Indices, steps: int) -> None:
        self.Q, self.on, self.s, self.alive = Q, on, s, alive

    def out(self, T: Floats) -> Floats:
        """A u."""
        return np.asarray(np.sum(self.s * self.on * T, axis=1))

    @abstractmethod
    def fit(self, v: Floats) -> Floats:
        """T of A†v."""

    @abstractmethod
    def dual(self, T: Floats) -> Floats:
        """The v in the range of A with Aᵀv nearest to QᵀT."""


class _Dense(_Cell):
    def __init__(self, Q: Floats, on: Mask, s: Floats, alive: Indices, steps: int) -> None:
        super().__init__(Q, on, s, alive, steps)
        self.solve, width, dropped = _solver(Q, on[:, alive])
        self.wide = len(Q) <= len(alive) * Q.shape[1]
        self.free = width < len(alive) * Q.shape[1]
        self.dependent = dropped.shape[1] > 0
        if self.dependent:
            probes = dropped @ np.random.default_rng(0).normal(size=(dropped.shape[1], PROBES))
            self.clear = all(map(self._vanishes, (probes / np.linalg.norm(probes, axis=0)).T))

    def _vanishes(self, v: Floats) -> bool:
        """Is A v, or Aᵀv, that of rounding, for signs s = 1?"""
        on = self.on[:, self.alive]
        for _ in range(REFINED):
            if self.wide:
                image = self.Q.T @ (on * v[:, None])
                back = np.sum(on * (self.Q @ image), axis=1)
            else:
                image = np.sum(on * (self.Q @ v.reshape(len(self.alive), -1).T), axis=1)
                back = (self.Q.T @ (on * image[:, None])).T.ravel()
            v = v - self.solve(back)
        return bool(np.linalg.norm(image) < DEPENDENT)

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


def _solver(Q: Floats, on: Mask) -> tuple[Callable[[Floats], Floats], int, Floats]:
    """(AAᵀ)⁺ or (AᵀA)⁺, whichever is smaller, for signs s = 1; A's rank; a null basis."""
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
            return (
                (lambda v: np.asarray(dpotrs(factor, v, lower=True)[0])),
                len(gram),
                gram[:, :0],
            )
    values, vectors = np.linalg.eigh(gram)
    kept = values > 1e-11 * max(float(values.max(initial=0.0)), 1e-300)
    basis, values = vectors[:, kept], values[kept]
    return (
        (lambda v: np.asarray(basis @ ((basis.T @ v) / values))),
        len(values),
        vectors[:, ~kept],
    )
