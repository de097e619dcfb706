"""Least squares over cones of neurons, with a dual bound that rounding cannot break, compiled.

The problem of one node: minimise ‖A R − y‖² over R = (R_1, …, R_K, c) with

    turn_ji x_i·R_j ≥ 0  for the decided samples i and all neurons j,

where row i of A is (a_1i x_i, …, a_Ki x_i, c_0). Only H = AᵀA, b = Aᵀy and y·y enter. Let λ ≥ 0
be any multipliers of the constraints (rows of G), u any point, ρ = y − A u and
e = Aᵀρ + Gᵀλ = b − H u + Gᵀλ. Were e = 0, every feasible R would have ρ·A R = −λ·G R ≤ 0, so

    ‖A R − y‖² ≥ 2 ρ·(y − A R) − ‖ρ‖² ≥ y·y − u·H u.

It is zero up to rounding only, and R may be as long as it likes. But e lies in the span of the
rows of A and of those rows G_+ of G that have λ > 0, so that some z and μ have
e = Aᵀz + G_+ᵀμ and ‖(z, μ)‖ ≤ ζ = ‖e‖/σ, where σ is the least singular value of [A; G_+] that
is not zero. With λ ≥ ζ on G_+ the pair ρ − z, λ − μ is a dual point without any residual, and

    ‖A R − y‖² ≥ y·y − u·H u − 2 ‖e‖‖u‖ − 2 ζ ‖G_+ u‖ − ζ²  for all R in the cone.

Where A alone has full column rank, its own σ serves, and μ = 0; rows more make it no smaller.

So whatever a solver delivers is a bound, once the rounding of these few sums is taken off. σ is
bounded below by a Cholesky decomposition of as many columns as the exact rank.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from arrangement.kernels.compiled import compiled
from arrangement.kernels.landscape.definite_matrices import (
    backward,
    factor,
    forward,
    smallest_eigenvalue,
)
from arrangement.kernels.landscape.matrix_ranks import Exact, has_rank
from arrangement.kernels.landscape.small_vectors import (
    along,
    append,
    dot,
    first_to_vanish,
    nearest_weights,
)
from arrangement.kernels.rounding import INFLATE, UNIT_ROUNDOFF
from arrangement.kernels.types import Floats1, Floats2, Floats3, Ints1, Ints2, Signs2

__all__ = ["Cones", "Data", "certified", "cone_fit", "least_curvature", "workspace"]

DELTA = 1e-11
"""Added to the diagonal of H, whose entries are at most one; proximal steps take it out."""

ATTENTION = 1e4
"""Proximal steps end when weights so large, times what is left of δ, do not matter."""

VIOLATED = 1e-12
"""A constraint x·R_j ≥ 0, ‖x‖ = 1, is worked on when it fails by this share of ‖R‖."""

EXPECTED = 100.0
"""First guess of 1/σ; smaller multipliers are left aside at once."""

INDEPENDENT = 1e-20
"""A constraint is dropped if so small a share of its square is left beside the others."""

PRECISE = 1e-10
"""An error below this share of y·y is not worth a better bound on σ."""


class Cones(NamedTuple):
    """The samples as sides of cones.

    Attributes
    ----------
    unit : float64 (N, r)
        Of length one.
    exact : Exact
    limits : float64 (2,)
        Bounds on the errors of H and b (rounding, and the distance of the samples from the
        true ones), and of the directions of the samples.
    """

    unit: Floats2
    exact: Exact
    limits: Floats1


class Data(NamedTuple):
    """The samples and targets of a problem.

    Attributes
    ----------
    X : float64 (N, r)
        Orthonormal columns; the rows are the samples, not of length one.
    y : float64 (N,)
    constant : float
        Entry of the free column; 0 for none.
    slope : float
        Of an inactive neuron.
    cones : Cones
    """

    X: Floats2
    y: Floats1
    constant: float
    slope: float
    cones: Cones


Workspace = (Floats3, Floats2, Ints2)
"""What `workspace` makes."""


@compiled(int, error_model="numpy")
def workspace(n):
    """Room for `cone_fit` with n variables: matrices (6, n, n), vectors (8, n), the basis."""
    return np.zeros((6, n, n)), np.zeros((8, n)), np.zeros((n, 2), np.int64)


@compiled(Floats2, Floats1, Workspace, error_model="numpy")
def least_curvature(H, limits, work):
    """A lower bound on the least eigenvalue of H, also when rows are added to A; or 0."""
    n = len(H)
    S, L = work[0][4], work[0][5]
    S[:] = H
    reach = 2.0 * n * limits[0] + 8.0 * n**2 * UNIT_ROUNDOFF
    k, least = smallest_eigenvalue(S, n, L, reach)
    return least if k == n else 0.0


@compiled(
    Cones, Floats2, Floats1, float, Ints1, int, Signs2, Signs2, float, Floats1, Floats1, int,
    Workspace, error_model="numpy",
)  # fmt: skip
def certified(cones, H, b, yy, decided, count, active, turn, curvature, u, lam, p, work):
    """The dual bound of the module's text for u and the multipliers lam[:p] of the basis.

    0 where none can be certified. Multipliers that are not surely positive are left aside;
    then p, the basis and lam are not changed.
    """
    unit, exact, limits = cones
    accuracy, skew = limits[0], limits[1]
    S, L, basis = work[0][4], work[0][5], work[2]
    e, g = work[1][6], work[1][7]
    n, r = len(b), unit.shape[1]
    quadratic, square = 0.0, dot(u, u)
    for a in range(n):
        value = along(H, a, u, 0)
        quadratic += u[a] * value
        e[a] = b[a] - value
    length, least = np.sqrt(square), 0.0
    rounding = accuracy * n * (yy + n * square)
    for attempt in range(4):
        g[:] = 0.0
        kept = 0
        total, lowest, failure = 0.0, np.inf, 0.0
        for k in range(p):
            if not lam[k] > least:
                continue
            j, i = basis[k]
            kept += 1
            total += lam[k]
            lowest = min(lowest, lam[k])
            value = 0.0
            for a in range(r):
                entry = turn[j, i] * unit[i, a]
                value += entry * u[j * r + a]
                g[j * r + a] += lam[k] * entry
            failure += value * value
        off = 0.0
        for a in range(n):
            off += (e[a] + g[a]) ** 2
        off = np.sqrt(off) + skew * total
        off += accuracy * n * (np.sqrt(yy) + np.sqrt(n * square))
        if attempt == 0 and curvature > 0.0:
            zeta = INFLATE * off / np.sqrt(curvature)
            error = 2.0 * off * length + zeta * zeta
            if error < PRECISE * yy:
                return max(yy - quadratic - INFLATE * (error + rounding), 0.0)
        if attempt == 0:
            least = EXPECTED * off
            if lowest <= least:
                continue
        S[:] = H
        chosen, kept = np.empty((p, 2), np.int64), 0
        for k in range(p):
            if not lam[k] > least:
                continue
            j, i = basis[k]
            chosen[kept] = basis[k]
            kept += 1
            for a in range(r):
                for c in range(r):
                    S[j * r + a, j * r + c] += unit[i, a] * unit[i, c]
        reach = 2.0 * (n * accuracy + 3.0 * kept * skew)
        reach += 8.0 * (n + kept) ** 2 * UNIT_ROUNDOFF
        k, eigenvalue = smallest_eigenvalue(S, n, L, reach)
        if eigenvalue == 0.0 or not has_rank(
            k, decided, count, active, r, n, chosen, kept, exact
        ):
            return 0.0
        zeta = INFLATE * off / np.sqrt(eigenvalue)
        if lowest > zeta:
            failure = np.sqrt(failure)
            failure += np.sqrt(kept) * (skew + (r + 2) * UNIT_ROUNDOFF) * length
            error = 2.0 * off * length + zeta * (2.0 * failure + zeta)
            return max(yy - quadratic - INFLATE * (error + rounding), 0.0)
        least = zeta
    return 0.0


@compiled(
    Cones, Floats2, Floats1, float, Ints1, int, Signs2, int, Signs2, float, float, Workspace,
    error_model="numpy",
)  # fmt: skip
def cone_fit(cones, H, b, yy, decided, count, active, m, turn, curvature, cutoff, work):
    """Minimise over the cones; ends early once the bound exceeds `cutoff`.

    Lawson and Hanson's active sets on the dual, min ‖L⁻¹(b + Gᵀλ)‖² over λ ≥ 0 with
    L Lᵀ = H + δI; proximal steps b ← b + δ u repeat until δ costs nothing.

    Parameters
    ----------
    cones : Cones
    H, b, yy : float64 (n, n), (n,), float
    decided : int64 (N,)
        The first `count` are the samples of A, of them the first m are constrained.
    active : int8 (K, N)
        Above 0 where a neuron is active.
    turn : int8 (K, N)
    curvature : float
        From `least_curvature` of H, or of fewer rows; 0 where nothing is known.
    work : tuple from `workspace`
        Receives the solution in row 0 of its vectors and the multipliers in row 3; the neuron
        and sample of each are the rows of its last array.

    Returns
    -------
    float
        A lower bound on ‖A R − y‖² over the cones, at least 0.
    """
    unit = cones.unit
    matrices, vectors, basis = work
    L, V, Q, T = matrices[0], matrices[1], matrices[2], matrices[3]
    u, start, w, lam = vectors[0], vectors[1], vectors[2], vectors[3]
    z, previous = vectors[4], vectors[5]
    n, K, r = len(b), len(turn), unit.shape[1]
    factor(H, n, DELTA, 0.0, 0.5 * DELTA, L)
    previous[:] = 0.0
    p, best, reached = 0, 0.0, 0.0
    for attempt in range(5):
        for a in range(n):
            start[a] = b[a] + DELTA * previous[a]
        forward(L, n, start)
        for _ in range(8 * n + 20):
            # The multipliers of the basis: all positive, or steps towards it that drop some.
            while p > 0:
                nearest_weights(Q, T, p, start, z)
                step, leaving = first_to_vanish(lam, z, p)
                for k in range(p):
                    lam[k] += step * (z[k] - lam[k])
                if leaving < 0:
                    break
                for k in range(leaving, p - 1):
                    basis[k] = basis[k + 1]
                    lam[k] = max(lam[k + 1], 0.0)
                    V[k] = V[k + 1]
                p -= 1
                for k in range(leaving, p):
                    Q[k] = V[k]
                    append(Q, k, T, INDEPENDENT)
            w[:] = start
            for k in range(p):
                for a in range(n):
                    w[a] += lam[k] * V[k, a]
            u[:] = w
            backward(L, n, u)
            size, norm = dot(u, u), dot(w, w)
            length = np.sqrt(size)
            if attempt == 0 and (yy - norm - DELTA * size > cutoff + 1e-8 * yy):
                break
            worst, where, which = -VIOLATED * length, -1, -1
            for j in range(K):
                for t in range(m):
                    i = decided[t]
                    value = turn[j, i] * along(unit, i, u, j * r)
                    if value < worst:
                        worst, where, which = value, j, i
            if which < 0 or p == n:
                break
            known = False
            for k in range(p):
                known |= basis[k, 0] == where and basis[k, 1] == which
            if known:
                break
            V[p] = 0.0
            for a in range(r):
                V[p, where * r + a] = turn[where, which] * unit[which, a]
            forward(L, n, V[p])
            Q[p] = V[p]
            if not append(Q, p, T, INDEPENDENT):
                break
            basis[p, 0], basis[p, 1] = where, which
            lam[p] = 0.0
            p += 1
        moved = 0.0
        for a in range(n):
            moved += (u[a] - previous[a]) ** 2
            previous[a] = u[a]
        value = yy - norm - DELTA * size
        settled = attempt == 4 or ATTENTION * DELTA * np.sqrt(moved) < 1e-11 * yy
        settled |= attempt > 1 and value - reached < 1e-12 * yy
        reached = max(reached, value)
        if settled or value > cutoff:
            bound = certified(
                cones, H, b, yy, decided, count, active, turn, curvature, u, lam, p, work
            )
            best = max(best, bound)
            if settled or best > cutoff:
                break
    lam[p:] = 0.0
    return best
