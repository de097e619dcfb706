"""Lower bounds on the loss of networks whose neurons have directions in given cones, compiled.

The outputs are f_i = c_0 + Σ_j s_j σ(u_j·x_i) with σ(t) = max(0, t) + α min(0, t) and u_j in
the simplicial cone C_j of generators v_jk. For every ρ in R^N

    ‖f − y‖² ≥ 2 t ρ·(y − f) − t² ‖ρ‖²  for all t,

which is (ρ·y)²/‖ρ‖² for the best t, if ρ·f ≤ 0 for all such networks. Let u_j = Σ_k a_jk v_jk,
a ≥ 0. A sample that has one sign on C_j has outputs that are linear in a. Of the others
s_j ρ_i σ(u_j·x_i) is at most its linear interpolation from the generators where it is convex in
u_j, and at most s_j ρ_i (α + (1 − α) θ_ij) u_j·x_i, any θ_ij in [0, 1], where it is concave. So
ρ·f ≤ G·a, and what has to hold is G ≤ 0, and Σ_i ρ_i = 0 with a free c_0.

The best ρ and θ are the residuals and multipliers of a convex program: the distance of y from
the outputs that lie between both bounds. It is solved by an interior-point method, with the
bounds max(0, t) smoothed like barriers; whatever the iterate is, its ρ is a bound once G ≤ 0
holds by more than rounding, or what is missing is taken off: let A be the rows of the samples
that have a sign for all neurons, of full column rank with least singular value σ. Some δ on
these has Aᵀδ = −e for the excess e, and ‖δ‖ ≤ ζ = ‖e‖/σ, so that ρ + δ has what ρ lacks:

    ‖f − y‖² ≥ ((ρ·y − ζ ‖y‖)/(‖ρ‖ + ζ))².

Where that fails there are others: on the samples for which the same neurons are active f is
linear, and no better than least squares (neurons may cancel); and on those where a neuron is
inactive it may be left out (it may be active on few samples, with large weights).

Generators and a are floats. ρ is the exact residual of a on samples that have a sign, and the
floats `rho` on others: it has no error that counts, but ρ·y, ‖ρ‖² and G have. Let `accuracy`
bound the error of Σ_i |x_ik x_il| by rounding, that of the x_i included, and `skew` that of
each x_i, both relative. Columns of X have at most length one, so that the outputs of a are at
most weight = 1 + steep √(n Σ_j (Σ_k a_jk ‖v_jk‖)²) long, steep = 1 + |α|, and ‖ρ‖ is at most
√r times that. So ρ·y has an error below rounding = 8 n accuracy weight, ‖ρ‖² one below weight
times that, and G_jk one below doubt = steep ‖v_jk‖ (rounding + 8 n off_sign weight), where
off_sign = skew + (r + 4) 2⁻⁵³ for v_jk·x_i; doubt is part of e. A sample has a sign on C_j if
v_jk·x_i has it by more than off_sign ‖v_jk‖ ‖x_i‖ for all k; else it is treated as of both,
which raises no bound. σ is from below, by the error of AᵀA (`reach`).
"""

from __future__ import annotations

import numpy as np

from arrangement.kernels.compiled import compiled
from arrangement.kernels.landscape.cone_fit import Data
from arrangement.kernels.landscape.definite_matrices import (
    least_squares_bound,
    smallest_eigenvalue,
    solve,
)
from arrangement.kernels.landscape.network_outputs import outputs_into, squared_loss
from arrangement.kernels.landscape.small_vectors import along, dot
from arrangement.kernels.rounding import INFLATE, UNIT_ROUNDOFF
from arrangement.kernels.types import Bools1, Floats1, Floats2, Floats4, Ints2

__all__ = ["bound_cones"]

WILD = 1e12
"""Solutions whose squared length is larger are given up."""

DOUBTFUL = 4
"""Nodes are settled by their cells with so many more samples of both signs if need be."""

EVEN = 0.25
"""Edges that cut less than this share of what others do are not divided before these."""

STEPS = 40
"""Steps of the interior-point method."""


@compiled(error_model="numpy")
def _coordinates(V, u, r, M, x):
    """Solve Σ_k x_k V_k = u by elimination; rough where V is nearly singular."""
    for a in range(r):
        for k in range(r):
            M[a, k] = V[k, a]
        x[a] = u[a]
    for c in range(r):
        top = c
        for a in range(c + 1, r):
            if abs(M[a, c]) > abs(M[top, c]):
                top = a
        if top > c:
            for k in range(r):
                M[c, k], M[top, k] = M[top, k], M[c, k]
            x[c], x[top] = x[top], x[c]
        if M[c, c] == 0.0:
            M[c, c] = 1e-300
        for a in range(c + 1, r):
            factor = M[a, c] / M[c, c]
            for k in range(c, r):
                M[a, k] -= factor * M[c, k]
            x[a] -= factor * x[c]
    for c in range(r - 1, -1, -1):
        for k in range(c + 1, r):
            x[c] -= M[c, k] * x[k]
        x[c] /= M[c, c]


@compiled(
    Data, Floats2, Floats4, Floats2, Floats1, Floats1, Ints2, float, Bools1,
    error_model="numpy", nogil=True,
)  # fmt: skip
def bound_cones(data, choices, cones, points, bounds, losses, splits, cutoff, stop):
    """Bound nodes, each a tuple of cones; returns how many before the time was up.

    Parameters
    ----------
    data : Data
    choices : float64 (m, K)
        Output signs.
    cones : float64 (m, K, r, r)
        Generators, exactly these floats.
    points : float64 (m, n)
        Networks s_j u_j near the solution; receives solutions.
    bounds : float64 (m,)
        Lower bounds on ‖f − y‖², which are raised.
    losses : float64 (m,)
        Receives the losses of the points.
    splits : int64 (m, 4)
        Receives the neuron and the two generators between which to divide the cone, −1 where
        the signs of all samples are known; and how often a neuron has both signs on a sample,
        less `DOUBTFUL` where the relaxation reaches the cutoff but its bound does not.
    cutoff : float
        A bound that reaches it is not made better.
    stop : bool (1,)
    """
    X, y, constant, slope, exactly = data
    N, r = X.shape
    m, K = choices.shape
    e = 1 if constant else 0
    n = K * r + e
    r1 = r + e
    n_classes = 1 << K
    accuracy, skew = exactly.limits[0], exactly.limits[1]
    bend = 1.0 - slope
    steep = 1.0 + abs(slope)
    off_sign = skew + (r + 4) * UNIT_ROUNDOFF
    T = np.zeros((K, r, N))
    state = np.zeros((K, N), np.int8)
    size = np.zeros(N)
    for i in range(N):
        size[i] = np.sqrt(along(X, i, X[i], 0))
    grams = np.zeros((n_classes, r1, r1))
    rights = np.zeros((n_classes, r1))
    squares = np.zeros(n_classes)
    open_ = np.zeros(N, np.int64)
    Hu, bu = np.zeros((n, n)), np.zeros(n)
    Hc, bc, half = np.zeros((n, n)), np.zeros(n), np.zeros((n, n))
    H, g, row, rhs = np.zeros((n, n)), np.zeros(n), np.zeros(n), np.zeros(n)
    L, S, step = np.zeros((n, n)), np.zeros((n, n)), np.zeros(n)
    c, z, u, small = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros((r, r))
    tau, theta, curve = np.zeros((K, N)), np.zeros((K, N)), np.zeros((K, N))
    shift, push = np.zeros((K, N)), np.zeros(n)
    length = np.zeros((K, r))
    rho, flat = np.zeros(N), np.zeros(r)
    kept, residual = np.zeros(n), np.zeros(N)
    outputs = np.zeros(N)
    score = np.zeros((K, r, r))
    fallback_score = np.zeros((K, r, r))
    x1 = np.zeros(r1)
    for q in range(m):
        if stop[0]:
            return q
        s, V = choices[q], cones[q]
        # Signs at the generators; sums of the samples that have one for all neurons.
        grams[:] = 0.0
        rights[:] = 0.0
        squares[:] = 0.0
        for j in range(K):
            for k in range(r):
                length[j, k] = np.sqrt(dot(V[j, k], V[j, k]))
                for i in range(N):
                    T[j, k, i] = along(X, i, V[j, k], 0)
        n_open = 0
        for i in range(N):
            code = 0
            for j in range(K):
                up = down = True
                for k in range(r):
                    doubt = off_sign * length[j, k] * size[i]
                    up &= T[j, k, i] > doubt
                    down &= T[j, k, i] < -doubt
                if up:
                    state[j, i] = 1
                    code |= 1 << j
                elif down or bend == 0.0:
                    state[j, i] = -1
                else:
                    state[j, i] = 0
                    code = -n_classes
            if code < 0:
                open_[n_open] = i
                n_open += 1
                continue
            for a in range(r):
                x1[a] = X[i, a]
            if e:
                x1[r] = constant
            squares[code] += y[i] * y[i]
            for a in range(r1):
                rights[code, a] += x1[a] * y[i]
                for b in range(a + 1):
                    grams[code, a, b] += x1[a] * x1[b]
        separate = 0.0
        for code in range(n_classes):
            G, b1 = grams[code], rights[code]
            for a in range(r1):
                for b in range(a):
                    G[b, a] = G[a, b]
            if slope == 0.0 and code == 0:
                value = least_squares_bound(G, b1, squares[code], r, e, accuracy, S, L, step)
            else:
                value = least_squares_bound(G, b1, squares[code], 0, r1, accuracy, S, L, step)
            separate += value
        separate *= 1.0 - 4.0 * accuracy
        best = max(bounds[q], separate)
        whole = np.inf
        kept[:] = 0.0
        residual[:] = 0.0
        # All neurons; then each left out, on the samples where it surely is inactive.
        for drop in range(-1, K):
            if best >= cutoff or (drop >= 0 and (slope != 0.0 or whole < cutoff)):
                break
            Hu[:] = 0.0
            bu[:] = 0.0
            yy = 0.0
            for code in range(n_classes):
                if drop >= 0 and code >> drop & 1:
                    continue
                G, b1 = grams[code], rights[code]
                yy += squares[code]
                for j in range(K):
                    p = s[j] * (1.0 if code >> j & 1 else slope)
                    if p == 0.0:
                        continue
                    for a in range(r):
                        bu[j * r + a] += p * b1[a]
                        if e:
                            Hu[j * r + a, n - 1] += p * G[a, r]
                            Hu[n - 1, j * r + a] += p * G[a, r]
                    for k in range(K):
                        w = p * s[k] * (1.0 if code >> k & 1 else slope)
                        if w != 0.0:
                            for a in range(r):
                                for b in range(r):
                                    Hu[j * r + a, k * r + b] += w * G[a, b]
                if e:
                    bu[n - 1] += b1[r]
                    Hu[n - 1, n - 1] += G[r, r]
            # The same in coordinates of the generators.
            bc[:] = bu
            half[:] = Hu
            for j in range(K):
                for k in range(r):
                    bc[j * r + k] = along(V[j], k, bu, j * r)
                    for b in range(n):
                        half[b, j * r + k] = along(V[j], k, Hu[b], j * r)
            Hc[:] = half
            for j in range(K):
                for k in range(r):
                    for b in range(n):
                        value = 0.0
                        for a in range(r):
                            value += V[j, k, a] * half[j * r + a, b]
                        Hc[j * r + k, b] = value
            longest = e + np.sum(length**2)
            eigenvalue, norm = -1.0, 0.0
            theta[:] = -1.0
            # The start: the given network moved into the cones.
            mu = 5e-3
            for j in range(K):
                for a in range(r):
                    u[a] = s[j] * points[q, j * r + a]
                value = min(max(np.sqrt(dot(u[:r], u)), 0.1), 10.0)
                _coordinates(V[j], u, r, small, step)
                for k in range(r):
                    c[j * r + k] = min(max(step[k], 0.1 * value), value)
            if e:
                c[n - 1] = min(max(points[q, n - 1], -10.0), 10.0)
            for a in range(K * r):
                z[a] = mu / c[a]
                if a // r == drop:
                    c[a] = z[a] = 0.0
            for _ in range(STEPS):
                if best >= cutoff:
                    break
                push[:] = 0.0
                H[:] = Hc
                for a in range(n):
                    g[a] = along(Hc, a, c, 0) - bc[a]
                # ‖ρ‖² and ρ·y.
                square, product = yy, yy
                for a in range(n):
                    square += c[a] * (g[a] - bc[a])
                    product -= c[a] * bc[a]
                for t in range(n_open):
                    i = open_[t]
                    rho[i] = 0.0
                    if drop >= 0 and state[drop, i] >= 0:
                        continue
                    lo = hi = constant * c[n - 1] if e else 0.0
                    for j in range(K):
                        value = upper = 0.0
                        for k in range(r):
                            v = T[j, k, i]
                            value += c[j * r + k] * v
                            if v > 0.0:
                                upper += c[j * r + k] * v
                        if state[j, i]:
                            value *= s[j] * (1.0 if state[j, i] > 0 else slope)
                            lo += value
                            hi += value
                        else:
                            tau[j, i] = value
                            lower = max(value, 0.0)
                            w = s[j] * bend
                            value *= s[j] * slope
                            lo += value + w * (lower if w > 0.0 else upper)
                            hi += value + w * (upper if w > 0.0 else lower)
                    if y[i] < lo:
                        d = y[i] - lo
                    elif y[i] > hi:
                        d = y[i] - hi
                    else:
                        rho[i] = 0.0
                        for j in range(K):
                            theta[j, i] = -1.0
                        continue
                    rho[i] = d
                    square += d * d
                    product += d * y[i]
                    for j in range(K):
                        if state[j, i]:
                            w = s[j] * (1.0 if state[j, i] > 0 else slope)
                            for k in range(r):
                                row[j * r + k] = w * T[j, k, i]
                        elif s[j] * bend * d > 0.0:
                            theta[j, i] = -1.0
                            for k in range(r):
                                v = T[j, k, i]
                                row[j * r + k] = s[j] * (v if v > 0.0 else slope * v)
                        else:
                            # τ = μ/P (1/(1 − θ) − 1/θ), P = |(1 − α) ρ|, by Newton's method.
                            share = mu / max(abs(d * bend), 1e-12)
                            if theta[j, i] < 0.0:
                                w = tau[j, i]
                                theta[j, i] = 0.5 + 0.5 * w / (
                                    np.sqrt(w * w + 4.0 * share * share) + 2.0 * share
                                )
                            v = theta[j, i]
                            curve[j, i] = 1.0 / (
                                share * (1.0 / (v * v) + 1.0 / ((1.0 - v) * (1.0 - v)))
                            )
                            move = tau[j, i] - share * (1.0 / (1.0 - v) - 1.0 / v)
                            shift[j, i] = curve[j, i] * move
                            w = s[j] * (slope + bend * v)
                            for k in range(r):
                                row[j * r + k] = w * T[j, k, i]
                            w = abs(d * bend) * curve[j, i]
                            for k in range(r):
                                push[j * r + k] += w * move * T[j, k, i]
                                for l in range(k + 1):
                                    H[j * r + k, j * r + l] += w * T[j, k, i] * T[j, l, i]
                    if e:
                        row[n - 1] = constant
                    for a in range(n):
                        g[a] -= d * row[a]
                        for b in range(a + 1):
                            H[a, b] += row[a] * row[b]
                # The bound of this ρ.
                norm = c[n - 1] ** 2 if e else 0.0
                for j in range(K):
                    norm += along(length, j, c, j * r) ** 2
                weight = 1.0 + steep * np.sqrt(n * norm)
                rounding = 8.0 * accuracy * n * weight
                excess = 0.0
                for j in range(K):
                    if j == drop:
                        continue
                    for k in range(r):
                        doubt = length[j, k] * steep * (rounding + 8.0 * off_sign * n * weight)
                        # Also if it is NaN: then there is no bound.
                        if not g[j * r + k] >= doubt:
                            excess += (doubt - g[j * r + k]) ** 2
                if e:
                    excess += (abs(g[n - 1]) + steep * rounding) ** 2
                zeta = 0.0
                if excess != 0.0:
                    excess = np.sqrt(excess)
                    if excess < 1e-2 and eigenvalue < 0.0:
                        S[:] = Hc
                        for a in range(K * r):
                            if a // r == drop:
                                S[a, a] = 1.0
                        reach = 8.0 * n * n * (accuracy + 8.0 * n * UNIT_ROUNDOFF)
                        reach *= steep * steep * longest
                        k, eigenvalue = smallest_eigenvalue(S, n, L, reach)
                        if k < n:
                            eigenvalue = 0.0
                    zeta = (
                        INFLATE * excess / np.sqrt(eigenvalue) if eigenvalue > 0.0 else np.inf
                    )
                long = np.sqrt(max(square, 0.0) + rounding * weight)
                if zeta < np.inf:
                    value = product - rounding - zeta
                    if value > 0.0:
                        value /= long + zeta
                        value *= value * (1.0 - 1e-14)
                        if value > best:
                            best = value
                if best >= cutoff:
                    break
                gap = dot(c[: K * r], z)
                # The node cannot be closed: its relaxation has a point below.
                if square < cutoff and square - best < 0.3 * (cutoff - square):
                    break
                if mu < 1e-11 or not norm < WILD:
                    break
                # A step of the interior-point method.
                off = 0.0
                for a in range(K * r):
                    off = max(off, abs(c[a] * (g[a] - z[a])))
                mean = gap / (K * r)
                mu = min(mu, (0.1 if off < mean else 0.6) * mean)
                for a in range(K * r):
                    if a // r == drop:
                        H[a, a], rhs[a] = 1.0, 0.0
                        continue
                    H[a, a] += z[a] / c[a]
                    rhs[a] = mu / c[a] - g[a] - push[a]
                if e:
                    rhs[n - 1] = -g[n - 1]
                solve(H, rhs, n, L, step)
                primal = dual = 1.0
                for a in range(K * r):
                    if a // r == drop:
                        continue
                    change = mu / c[a] - z[a] - z[a] / c[a] * step[a]
                    if step[a] < 0.0:
                        primal = min(primal, -0.95 * c[a] / step[a])
                    if change < 0.0:
                        dual = min(dual, -0.95 * z[a] / change)
                for a in range(K * r):
                    if a // r == drop:
                        continue
                    change = mu / c[a] - z[a] - z[a] / c[a] * step[a]
                    z[a] += dual * change
                for a in range(n):
                    c[a] += primal * step[a]
                # θ moves with τ, and stays within (0, 1).
                for t in range(n_open):
                    i = open_[t]
                    for j in range(K):
                        if state[j, i] or theta[j, i] < 0.0 or rho[i] == 0.0:
                            continue
                        value = shift[j, i]
                        for k in range(r):
                            value += curve[j, i] * step[j * r + k] * T[j, k, i]
                        v = theta[j, i]
                        theta[j, i] = min(max(v + value, 0.05 * v), v + 0.95 * (1.0 - v))
            if drop < 0:
                whole = square
                kept[:] = c
                residual[:] = rho
                # What has overflowed says nothing.
                if not (norm < WILD and whole < np.inf):
                    whole = cutoff
                    kept[:] = 1.0
                    residual[:] = 0.0
        c[:] = kept
        bounds[q] = best
        for j in range(K):
            for a in range(r):
                value = 0.0
                for k in range(r):
                    value += c[j * r + k] * V[j, k, a]
                points[q, j * r + a] = s[j] * value
        if e:
            points[q, n - 1] = c[n - 1]
        outputs_into(X, constant, points[q], s, slope, outputs)
        losses[q] = squared_loss(outputs, y)
        splits[q] = -1
        if best >= cutoff:
            continue
        splits[q, 3] = 0 if whole < cutoff else -DOUBTFUL
        score[:] = 0.0
        fallback_score[:] = 0.0
        for t in range(n_open):
            i = open_[t]
            for j in range(K):
                if state[j, i]:
                    continue
                splits[q, 3] += 1
                w = max(s[j] * bend * residual[i], 0.0)
                for k in range(r):
                    flat[k] = off_sign * length[j, k] * size[i]
                for k in range(r):
                    for l in range(r):
                        if T[j, k, i] > flat[k] and T[j, l, i] < -flat[l]:
                            a, b = min(k, l), max(k, l)
                            v = min(c[j * r + k] * T[j, k, i], -c[j * r + l] * T[j, l, i])
                            score[j, a, b] += w * v
                            fallback_score[j, a, b] += min(T[j, k, i], -T[j, l, i])
        # Of the edges that cut much of the samples, that on which most of the gap lies.
        most, top = fallback_score.max(), -1.0
        for j in range(K):
            for k in range(r):
                for l in range(k + 1, r):
                    cut = fallback_score[j, k, l]
                    value = score[j, k, l] + 1e-12 * cut / (most + 1e-300)
                    if cut > 0.0 and cut >= EVEN * most and value > top:
                        top = value
                        splits[q, 0], splits[q, 1], splits[q, 2] = j, k, l
    return m
