"""Least squares over activation patterns, and the differentiable minima of one neuron.

Inside a cell of the sample arrangement the active samples P do not change, so the neuron is
the linear map x -> R·x on them and zero elsewhere, and its least loss is a least squares
problem in R = z w. All cells are solved at once from their normal equations; a cell whose
equations are ill-conditioned is solved again from a singular value decomposition.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import SolverError
from arrangement.relu.samples import CHUNK, Floats, Mask, Samples, Signs, lengths

if TYPE_CHECKING:
    from arrangement.cells import Cells

__all__ = ["STRICT", "CellMinima", "Fits", "cell_minima", "least_squares"]

STRICT = 1e-11
"""A strict inequality a > 0 holds when a exceeds this share of the size of its terms."""

_LP = 1e-9
"""The least slack, for a minimizer of size 1, with which a continuum is said to meet a face."""

_WELL_CONDITIONED = 1e-8
"""Normal equations are trusted while their smallest eigenvalue is this share of the largest:
solving them then costs at most 8 digits, which one step of refinement gives back."""


@dataclass(frozen=True, eq=False)
class Fits:
    """Least squares fits, one a row.

    Attributes
    ----------
    R : ndarray, shape (m, d)
        A minimizer, the one of least norm in the coordinates of the problem; exactly zero
        where A^T y is zero beside the size of its terms.
    rank : ndarray of int, shape (m,)
        Rank of the fitted matrix; the minimizers form a flat of the remaining dimension.
    loss : ndarray, shape (m,)
    """

    R: Floats
    rank: NDArray[np.int64]
    loss: Floats


def least_squares(samples: Samples, active: Mask, bases: Floats | None = None) -> Fits:
    """Minimise (1/N)‖D_P X R − y‖² over R, or over R in the span of a basis, for many P.

    Parameters
    ----------
    samples : Samples
    active : ndarray of bool, shape (m, N)
        The patterns P.
    bases : ndarray, shape (m, d, e), optional
        Orthonormal columns; R = T c. Without it R is free.

    Returns
    -------
    Fits

    Notes
    -----
    With A = D_P X T the loss is that of A A† y. The rank counts the singular values of A above
    max(N, e)·ε times the largest, NumPy's convention.

    Examples
    --------
    >>> import numpy as np
    >>> from arrangement import Arrangement
    >>> line = Samples.of(Arrangement.from_samples([[1.0], [2.0]]), np.array([1.0, 4.0]))
    >>> fits = least_squares(line, np.array([[True, True], [True, False], [False, False]]))
    >>> fits.rank.tolist(), np.round(fits.loss, 6).tolist()
    ([1, 1, 0], [0.4, 8.0, 8.5])
    """
    X, y = samples.X, samples.y
    m, d = len(active), X.shape[1]
    terms = X * y[:, None]
    term_sizes = np.linalg.norm(terms, axis=1)
    outer = (X[:, :, None] * X[:, None, :]).reshape(len(X), d * d)
    R, loss = np.zeros((m, d)), np.empty(m)
    rank = np.zeros(m, dtype=np.int64)
    for rows in samples.chunks(m):
        T = None if bases is None else bases[rows]
        W = active[rows].astype(np.float64)
        gram = (W @ outer).reshape(-1, d, d)
        moment = (W @ terms)[:, :, None]
        if T is not None:
            gram = np.swapaxes(T, 1, 2) @ gram @ T
            moment = np.swapaxes(T, 1, 2) @ moment
        values, vectors = np.linalg.eigh(gram)
        good = (values[:, 0] > _WELL_CONDITIONED * values[:, -1]) & (values[:, -1] > 0)
        inverse = np.divide(1.0, values, out=np.zeros_like(values), where=good[:, None])[
            :, :, None
        ]
        c = vectors @ (inverse * (np.swapaxes(vectors, 1, 2) @ moment))
        part = (c if T is None else T @ c)[:, :, 0]
        rest = ((W * (y - part @ X.T)) @ X)[:, :, None]
        if T is not None:
            rest = np.swapaxes(T, 1, 2) @ rest
        c = vectors @ (inverse * (np.swapaxes(vectors, 1, 2) @ rest))
        part += (c if T is None else T @ c)[:, :, 0]
        rank[rows] = np.where(good, gram.shape[1], 0)
        bad = np.flatnonzero(~good)
        if len(bad):
            part[bad], rank[rows.start + bad] = _by_singular_values(
                samples, W[bad], None if T is None else T[bad]
            )
        # A^T y = 0 makes R = 0 the solution; rounding would give it a direction.
        part[np.linalg.norm(moment[:, :, 0], axis=1) <= STRICT * (W @ term_sizes)] = 0.0
        R[rows] = part
        loss[rows] = np.mean((W * (part @ X.T) - y) ** 2, axis=1)
    return Fits(R, rank, loss)


def _by_singular_values(
    samples: Samples, W: Floats, T: Floats | None
) -> tuple[Floats, NDArray[np.int64]]:
    """Minimizers of least norm and ranks for the patterns in the rows of W."""
    d = samples.X.shape[1]
    R, rank = np.zeros((len(W), d)), np.zeros(len(W), dtype=np.int64)
    step = max(1, CHUNK // (len(samples.y) * d))
    for start in range(0, len(W), step):
        rows = slice(start, start + step)
        A = W[rows, :, None] * samples.X
        if T is not None:
            A = A @ T[rows]
        U, S, Vt = np.linalg.svd(A, full_matrices=False)
        kept = _counted(S, A.shape[1:])
        inverse = np.divide(1.0, S, out=np.zeros_like(S), where=kept)
        c = np.einsum("mij,mi->mj", Vt, inverse * np.einsum("mni,n->mi", U, samples.y))
        R[rows] = c if T is None else np.einsum("mde,me->md", T[rows], c)
        rank[rows] = kept.sum(axis=1)
    return R, rank


def _counted(S: Floats, shape: tuple[int, ...]) -> Mask:
    """Which singular values (last axis, falling) count for the rank."""
    tolerance = S[..., :1] * (max(shape) * np.finfo(np.float64).eps)
    return np.greater(S, tolerance)


def null_basis(samples: Samples, active: Mask, T: Floats | None, rank: int) -> Floats:
    """Orthonormal columns along which the fit of one pattern does not change."""
    A = samples.X[active] if T is None else samples.X[active] @ T
    Vt = np.linalg.svd(A, full_matrices=True)[2]
    free: Floats = Vt[rank:].T if T is None else T @ Vt[rank:].T
    return free


def margins(samples: Samples, R: Floats, signs: Signs) -> tuple[Signs, Floats]:
    """With which output sign s the points u = s R have the given signs, and how clearly.

    Parameters
    ----------
    samples : Samples
    R, signs : ndarray, shapes (m, d) and (m, N)
        Samples of sign zero are not looked at; each row of `signs` has one that is not zero.

    Returns
    -------
    output_sign : ndarray of int8, shape (m,)
        The s in {+1, −1} that gives the smallest s·sign_i·R·x_i/(‖R‖‖x_i‖) its larger value.
    margin : ndarray, shape (m,)
        That value. The signs hold when it is positive; both signs cannot hold.
    """
    s, margin = np.ones(len(R), dtype=np.int8), np.zeros(len(R))
    length = lengths(R)
    direction = np.divide(R, length[:, None], out=np.zeros_like(R), where=length[:, None] > 0)
    for rows in samples.chunks(len(R)):
        sign = signs[rows]
        value = sign * (direction[rows] @ samples.unit.T)
        low = np.min(value, axis=1, where=sign != 0, initial=np.inf)
        high = -np.max(value, axis=1, where=sign != 0, initial=-np.inf)
        s[rows] = np.where(low >= high, 1, -1)
        margin[rows] = np.maximum(low, high)
    return s, margin


def interior_minimizer(
    samples: Samples, R: Floats, free: Floats, signs: Signs, s: int
) -> tuple[Floats, float] | None:
    """A point of the flat R + span(free) with u = s R inside the face, or None.

    A linear program in the coefficients c and the slack t: maximise t ≤ 1 with
    s·sign_i·(R + free c)·x_i ≥ t‖x_i‖ for every inactive sample off the face, R scaled to
    length one. The active samples do not see c; their signs are the caller's to check. The
    flat meets the open face iff t > 0; here t > 1e-9 is asked for, and the point itself has to
    satisfy every strict sign.

    Returns
    -------
    (R, margin) : ndarray of shape (d,), float
        The point, and the smallest s·sign_i·R·x_i/(‖R‖‖x_i‖) over the samples off the face.
    """
    from scipy.optimize import linprog

    length = float(np.linalg.norm(R)) or 1.0
    R = R / length
    inactive = samples.unit[signs < 0]
    if len(inactive) and free.shape[1]:
        cost = np.zeros(free.shape[1] + 1)
        cost[-1] = -1.0
        result = linprog(
            cost,
            A_ub=np.column_stack([s * (inactive @ free), np.ones(len(inactive))]),
            b_ub=-s * (inactive @ R),
            bounds=[(None, None)] * free.shape[1] + [(None, 1.0)],
            method="highs",
            options={
                "presolve": False,
                "primal_feasibility_tolerance": 1e-10,
                "dual_feasibility_tolerance": 1e-10,
            },
        )
        if result.x is None:
            raise SolverError(f"no point of a flat of minima was found: {result.message}")
        if result.x[-1] <= _LP:
            return None
        R = R + free @ result.x[:-1]
    found, margin = margins(samples, R[None], signs[None])
    if found[0] != s or margin[0] <= STRICT:
        return None
    return R * length, float(margin[0])


@dataclass(frozen=True, eq=False)
class CellMinima:
    """The least loss of each of m cells, and where it is taken.

    Attributes
    ----------
    R : ndarray, shape (m, d)
        A minimizer, in the coordinates of `Samples`; one in the cell where there is one.
    rank : ndarray of int, shape (m,)
    loss : ndarray, shape (m,)
    attained : ndarray of bool, shape (m,)
        Is the least loss taken at weights inside the open cell?
    output_sign : ndarray of int8, shape (m,)
        The sign of the output weight there: +1 or −1; 0 where the least loss is not taken in
        the cell, or is that of the zero function.
    margin : ndarray, shape (m,)
        The narrowest strict inequality where the loss is taken with z ≠ 0; NaN elsewhere.
    """

    R: Floats
    rank: NDArray[np.int64]
    loss: Floats
    attained: Mask
    output_sign: Signs
    margin: Floats


def cell_minima(samples: Samples, cells: Cells) -> CellMinima:
    """The differentiable minima: for each cell its least loss, and whether it is taken inside.

    Notes
    -----
    The minimizers of cell P are the flat {R : A R = A A† y}, A = D_P X; with output sign s
    they lie in the cell iff s R·x_i > 0 on P and s R·x_i < 0 off P. All of the flat agrees on
    the active samples, so at most one s is possible unless P is empty.

    Where A^T y = 0 the least loss is that of the zero function, taken by z = 0 and every w
    in the cell: then L(w, z) − L(w, 0) = (z²/N)‖A w‖² throughout the cell, so these points are
    minima too, and no point with z ≠ 0 is. If P is empty every (w, z) in the cell is one.
    """
    signs = cells.signs
    active = signs > 0
    fits = least_squares(samples, active)
    R = fits.R.copy()
    s, margin = margins(samples, R, signs)
    unique = fits.rank == samples.X.shape[1]
    inside = unique & (margin > STRICT)
    # One s must suit the active samples, whatever the inactive ones do.
    on_active, value = margins(samples, R, np.where(active, signs, 0).astype(np.int8))
    for k in np.flatnonzero(~unique & active.any(axis=1) & (value > STRICT)):
        free = null_basis(samples, active[k], None, int(fits.rank[k]))
        point = interior_minimizer(samples, R[k], free, signs[k], int(on_active[k]))
        if point is not None:
            s[k] = on_active[k]
            R[k], margin[k] = point
            inside[k] = True
    flat = ~fits.R.any(axis=1)
    margin[~inside] = np.nan
    return CellMinima(
        R, fits.rank, fits.loss, inside | flat, np.where(inside, s, 0).astype(np.int8), margin
    )
