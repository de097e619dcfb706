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
from arrangement.kernels.modular_rank import PRIME, rank_modulo
from arrangement.kernels.rounding import INFLATE, UNIT_ROUNDOFF
from arrangement.kernels.types import Floats1, Floats2, Floats3, Ints1, Ints2, Ints3, Signs2

__all__ = [
    "Cones",
    "Data",
    "Exact",
    "certified",
    "cone_fit",
    "least_curvature",
    "loss_bound",
    "outputs_into",
    "row_into",
    "squared_loss",
    "workspace",
]

DELTA = 1e-11
"""Added to the diagonal of H, whose entries are at most one; proximal steps take it out."""

ATTENTION = 1e4
"""Proximal steps end when weights so large, times what is left of δ, do not matter."""

VIOLATED = 1e-12
"""A constraint x·R_j ≥ 0, ‖x‖ = 1, is worked on when it fails by this share of ‖R‖."""


EXPECTED = 100.0
"""First guess of 1/σ; smaller multipliers are left aside at once."""

PRECISE = 1e-10
"""An error below this share of y·y is not worth a better bound on σ."""


class Exact(NamedTuple):
    """The samples modulo primes, which say whether a linear map has full rank exactly.

    Attributes
    ----------
    primes : int64 (P,)
        Their product exceeds twice every minor of [A; G]. Without primes only ranks in general
        position are known.
    residues : int64 (P, N, r + 1)
        Of the samples in coordinates of their span, and of the constant.
    slopes : int64 (P,)
        Residues of the negative slope; without primes whether it is not zero.
    lines : int64 (N,)
        Of each sample the line on which it lies.
    """

    primes: Ints1
    residues: Ints3
    slopes: Ints1
    lines: Ints1


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
    """Room for `cone_fit` with n variables: matrices (6, n, n), vectors (9, n), the basis."""
    return np.zeros((6, n, n)), np.zeros((9, n)), np.zeros((n, 2), np.int64)


@compiled(error_model="numpy")
def _factor(H, n, L):
    for a in range(n):
        for c in range(a + 1):
            value = H[a, c]
            for k in range(c):
                value -= L[a, k] * L[c, k]
            if a == c:
                L[a, a] = np.sqrt(max(value + DELTA, 0.5 * DELTA))
            else:
                L[a, c] = value / L[c, c]


@compiled(error_model="numpy")
def _append(v, p, n, Q, T):
    """Row p of Q: v made orthogonal to the rows before, T holds the coefficients."""
    size = 0.0
    for a in range(n):
        Q[p, a] = v[a]
        size += v[a] * v[a]
    for k in range(p):
        T[k, p] = 0.0
    for _ in range(2):
        for k in range(p):
            dot = 0.0
            for a in range(n):
                dot += Q[k, a] * Q[p, a]
            T[k, p] += dot
            for a in range(n):
                Q[p, a] -= dot * Q[k, a]
    rest = 0.0
    for a in range(n):
        rest += Q[p, a] * Q[p, a]
    if not rest > 1e-20 * size:
        return False
    T[p, p] = np.sqrt(rest)
    for a in range(n):
        Q[p, a] /= T[p, p]
    return True


@compiled(error_model="numpy")
def _small(value):
    return value if -(2**30) < value < 2**30 else value % PRIME


@compiled(Ints1, int, Signs2, int, Ints2, int, int, Ints1, error_model="numpy")
def _rank_bound(decided, count, active, r, basis, p, slope, lines):
    """An upper bound on the rank of [A; G_+] without the free column, from patterns and lines.

    A row is the product c⊗x of the derivatives c of the neurons and a sample x. For every space
    W of such c the rank is at most r dim W and, for each line of samples x, the dimension of
    its c modulo W. Here W is spanned by the most frequent of the c.
    """
    K, rows = len(active), count + p
    # In bits: the slope, and what each active neuron has more. Those without any are zero.
    codes, sizes = np.empty(rows, np.int64), np.zeros(rows, np.int64)
    which, line = np.full(rows, -1), np.empty(rows, np.int64)
    distinct = 0
    for t in range(rows):
        if t < count:
            line[t], code = lines[decided[t]], 1 if slope else 0
            for j in range(K):
                if active[j, decided[t]] > 0:
                    code |= 2 << j
            # A constraint on the same line takes its neuron out.
            for k in range(p):
                if lines[basis[k, 1]] == line[t]:
                    code &= ~(2 << basis[k, 0])
        else:
            line[t], code = lines[basis[t - count, 1]], 2 << basis[t - count, 0]
        if code:
            q = 0
            while q < distinct and codes[q] != code:
                q += 1
            codes[q] = code
            sizes[q] += 1
            which[t] = q
            distinct = max(distinct, q + 1)
    # Coordinates of the c in an echelon form, whose first k rows span the first W of dimension
    # k. Modulo a prime above all minors of so few bits.
    echelon, pivots = np.empty((K + 1, K + 1), np.int64), np.empty(K + 1, np.int64)
    coordinates, row = np.zeros((distinct, K + 1), np.int64), np.empty(K + 1, np.int64)
    rank = 0
    for _ in range(distinct):
        largest = np.argmax(sizes)
        sizes[largest] = -1
        own = coordinates[largest]
        for j in range(K + 1):
            row[j] = codes[largest] >> j & 1
        for k in range(rank):
            factor, scale = row[pivots[k]], echelon[k, pivots[k]]
            if factor:
                for j in range(K + 1):
                    row[j] = _small(scale * row[j] - factor * echelon[k, j])
                for j in range(k):
                    own[j] = _small(scale * own[j])
                own[k] = factor
        for j in range(K + 1):
            if row[j]:
                echelon[rank], pivots[rank] = row, j
                own[rank] = 1
                rank += 1
                break
    # For each line coordinates whose last entries are in different places.
    kept, at, inside = np.empty_like(echelon), np.empty(K + 1, np.int64), np.zeros(K + 1)
    for t in range(rows):
        at[:] = 0
        for s in range(t, rows):
            if which[s] < 0 or line[s] != line[t]:
                continue
            row[:] = coordinates[which[s]]
            which[s] = -1
            for k in range(rank - 1, -1, -1):
                if row[k] and at[k]:
                    factor, scale = row[k], kept[k, k]
                    for j in range(k + 1):
                        row[j] = _small(scale * row[j] - factor * kept[k, j])
                elif row[k]:
                    kept[k], at[k] = row, 1
                    inside[k] += 1
                    break
    total = inside.sum()
    least = total
    for k in range(rank):
        total -= inside[k]
        least = min(least, r * min(k + 1, K) + total)
    return least


@compiled(error_model="numpy")
def _has_rank(k, decided, count, active, r, n, basis, p, exact):
    """Is k, the rank of [A; G_+] up to rounding, no less than the exact rank?"""
    primes, residues, slopes, lines = exact
    if k >= min(n, count + p):
        return True
    K = len(active)
    free = n - r * K
    if _rank_bound(decided, count, active, r, basis, p, slopes[0], lines) + free <= k:
        return True
    M = np.empty((count + p, n), np.int64)
    for q in range(len(primes)):
        M[:] = 0
        for t in range(count):
            row = residues[q, decided[t]]
            for j in range(K):
                for a in range(r):
                    if active[j, decided[t]] > 0:
                        M[t, j * r + a] = row[a]
                    else:
                        M[t, j * r + a] = row[a] * slopes[q] % primes[q]
            if free:
                M[t, n - 1] = row[r]
        for t in range(p):
            start = basis[t, 0] * r
            M[count + t, start : start + r] = residues[q, basis[t, 1], :r]
        if rank_modulo(M, count + p, primes[q]) > k:
            return False
    return len(primes) > 0


@compiled(error_model="numpy")
def _smallest_eigenvalue(S, n, L, reach):
    """A number k of columns of S, and a lower bound on their least eigenvalue.

    S is positive semidefinite but for errors of at most `reach`; it is overwritten. If k is its
    exact rank, then no other eigenvalue but zero is below the bound, which is 0 where rounding
    leaves it open.
    """
    k = 0
    while k < n:
        top = k
        for a in range(k + 1, n):
            if S[a, a] > S[top, top]:
                top = a
        if not S[top, top] > 4.0 * reach:
            break
        if top > k:
            # Columns k and top change places; only the lower triangle is kept.
            S[k, k], S[top, top] = S[top, top], S[k, k]
            for c in range(k):
                L[k, c], L[top, c] = L[top, c], L[k, c]
            for a in range(k + 1, top):
                S[a, k], S[top, a] = S[top, a], S[a, k]
            for a in range(top + 1, n):
                S[a, k], S[a, top] = S[a, top], S[a, k]
        L[k, k] = np.sqrt(S[k, k])
        scale = 1.0 / L[k, k]
        for a in range(k + 1, n):
            L[a, k] = S[a, k] * scale
            for d in range(k + 1, a + 1):
                S[a, d] -= L[a, k] * L[d, k]
        k += 1
    # The least eigenvalue is at least 1/‖L⁻¹‖² (1/0 without columns). S receives the inverse.
    total = 0.0
    for a in range(k):
        scale = 1.0 / L[a, a]
        for b in range(a):
            value = 0.0
            for c in range(b, a):
                value -= L[a, c] * S[c, b]
            S[a, b] = value * scale
            total += S[a, b] ** 2
        S[a, a] = scale
        total += scale * scale
    least = 0.98 / total - reach
    return k, least if least > 4.0 * reach else 0.0


@compiled(Floats2, Floats1, Workspace, error_model="numpy")
def least_curvature(H, limits, work):
    """A lower bound on the least eigenvalue of H, also when rows are added to A; or 0."""
    n = len(H)
    S, L = work[0][4], work[0][5]
    S[:] = H
    reach = 2.0 * n * limits[0] + 8.0 * n**2 * UNIT_ROUNDOFF
    k, least = _smallest_eigenvalue(S, n, L, reach)
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
    e, g = work[1][7], work[1][8]
    n, r = len(b), unit.shape[1]
    quadratic = square = 0.0
    for a in range(n):
        value = 0.0
        for k in range(n):
            value += H[a, k] * u[k]
        quadratic += u[a] * value
        square += u[a] * u[a]
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
        k, eigenvalue = _smallest_eigenvalue(S, n, L, reach)
        if eigenvalue == 0.0 or not _has_rank(
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
    z, previous, v = vectors[4], vectors[5], vectors[6]
    n, K, r = len(b), len(turn), unit.shape[1]
    _factor(H, n, L)
    for a in range(n):
        previous[a] = 0.0
    p, best, reached = 0, 0.0, 0.0
    for attempt in range(5):
        for a in range(n):
            value = b[a] + DELTA * previous[a]
            for k in range(a):
                value -= L[a, k] * start[k]
            start[a] = value / L[a, a]
        for _ in range(8 * n + 20):
            # The multipliers of the basis: all positive, or steps towards it that drop some.
            while p > 0:
                for k in range(p - 1, -1, -1):
                    value = 0.0
                    for a in range(n):
                        value -= Q[k, a] * start[a]
                    for q in range(k + 1, p):
                        value -= T[k, q] * z[q]
                    z[k] = value / T[k, k]
                step, leaving = 1.0, -1
                for k in range(p):
                    if z[k] <= 0.0:
                        share = lam[k] / (lam[k] - z[k]) if lam[k] > 0.0 else 0.0
                        if share < step or leaving < 0:
                            step, leaving = share, k
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
                    _append(V[k], k, n, Q, T)
            for a in range(n):
                w[a] = start[a]
            for k in range(p):
                for a in range(n):
                    w[a] += lam[k] * V[k, a]
            size = norm = 0.0
            for a in range(n - 1, -1, -1):
                value = w[a]
                for k in range(a + 1, n):
                    value -= L[k, a] * u[k]
                u[a] = value / L[a, a]
                size += u[a] * u[a]
                norm += w[a] * w[a]
            length = np.sqrt(size)
            if attempt == 0 and (yy - norm - DELTA * size > cutoff + 1e-8 * yy):
                break
            worst, where, which = -VIOLATED * length, -1, -1
            for j in range(K):
                for t in range(m):
                    i = decided[t]
                    value = 0.0
                    for a in range(r):
                        value += unit[i, a] * u[j * r + a]
                    value *= turn[j, i]
                    if value < worst:
                        worst, where, which = value, j, i
            if which < 0 or p == n:
                break
            known = False
            for k in range(p):
                known |= basis[k, 0] == where and basis[k, 1] == which
            if known:
                break
            for a in range(n):
                value = 0.0
                if where * r <= a < (where + 1) * r:
                    value = turn[where, which] * unit[which, a - where * r]
                for k in range(a):
                    value -= L[a, k] * v[k]
                v[a] = value / L[a, a]
            if not _append(v, p, n, Q, T):
                break
            V[p] = v
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
    for k in range(p, n):
        lam[k] = 0.0
    return best


@compiled(error_model="numpy")
def row_into(X, i, constant, slope, active, row):
    """The row of A of a sample, active[j, i] > 0 where neuron j is active."""
    r = X.shape[1]
    for j in range(len(active)):
        weight = 1.0 if active[j, i] > 0 else slope
        for a in range(r):
            row[j * r + a] = weight * X[i, a]
    if constant:
        row[len(row) - 1] = constant


@compiled(error_model="numpy")
def outputs_into(X, constant, u, signs, slope, outputs):
    """The outputs of the network with R = u, neuron j with output sign signs[j]."""
    N, r = X.shape
    K = len(signs)
    for i in range(N):
        value = constant * u[K * r] if constant else 0.0
        for j in range(K):
            inner = 0.0
            for a in range(r):
                inner += X[i, a] * u[j * r + a]
            if inner * signs[j] < 0.0:
                inner *= slope
            value += inner
        outputs[i] = value


@compiled(error_model="numpy")
def squared_loss(outputs, y):
    """‖outputs − y‖²."""
    total = 0.0
    for i in range(len(y)):
        total += (outputs[i] - y[i]) ** 2
    return total


@compiled(error_model="numpy")
def loss_bound(loss, u, accuracy):
    """An upper bound on the loss where rounding left `loss` with weights u."""
    square = 0.0
    for a in range(len(u)):
        square += u[a] * u[a]
    return (np.sqrt(loss) + accuracy * (1.0 + np.sqrt(len(u) * square))) ** 2
