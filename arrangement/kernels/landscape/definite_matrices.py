"""Positive definite systems by Cholesky decomposition, and the least eigenvalue, compiled."""

from __future__ import annotations

import numpy as np

from arrangement.kernels.compiled import compiled
from arrangement.kernels.landscape.small_vectors import dot
from arrangement.kernels.rounding import INFLATE

__all__ = [
    "backward", "factor", "forward", "least_squares_bound", "smallest_eigenvalue", "solve",
    "substitute",
]  # fmt: skip


@compiled(error_model="numpy")
def smallest_eigenvalue(S, n, L, reach):
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


@compiled(error_model="numpy")
def factor(H, n, shift, share, least, L):
    """L with L Lᵀ = H + `shift` I, the pivots raised to `share` H_aa + `least`."""
    for a in range(n):
        for c in range(a + 1):
            value = H[a, c]
            for k in range(c):
                value -= L[a, k] * L[c, k]
            if a == c:
                L[a, a] = np.sqrt(max(value + shift, share * H[a, a] + least))
            else:
                L[a, c] = value / L[c, c]


@compiled(error_model="numpy")
def forward(L, n, x):
    """Solve L x = b, where x is b at first."""
    for a in range(n):
        value = x[a]
        for k in range(a):
            value -= L[a, k] * x[k]
        x[a] = value / L[a, a]


@compiled(error_model="numpy")
def backward(L, n, x):
    """Solve Lᵀ x = b, where x is b at first."""
    for a in range(n - 1, -1, -1):
        value = x[a]
        for k in range(a + 1, n):
            value -= L[k, a] * x[k]
        x[a] = value / L[a, a]


@compiled(error_model="numpy")
def substitute(L, n, x):
    """Solve L Lᵀ x = b, where x is b at first."""
    forward(L, n, x)
    backward(L, n, x)


@compiled(error_model="numpy")
def solve(M, b, n, L, x):
    """Solve M x = b by Cholesky's decomposition; pivots that vanish are raised."""
    factor(M, n, 0.0, 1e-14, 1e-300, L)
    x[:n] = b[:n]
    substitute(L, n, x)


@compiled(error_model="numpy")
def least_squares_bound(G, b, yy, first, size, accuracy, M, L, w):
    """A lower bound on the least squares loss with columns first, …, first + size − 1 of G."""
    if size == 0:
        return max(yy * (1.0 - accuracy), 0.0)
    own, right = G[first : first + size, first : first + size], b[first : first + size]
    M[:size, :size] = own
    reach = 4.0 * size * accuracy
    k, least = smallest_eigenvalue(M, size, L, reach)
    if k < size or least == 0.0:
        return 0.0
    solve(own, right, size, L, w)
    quadratic = square = off = 0.0
    for a in range(size):
        value = dot(own[a], w)
        quadratic += w[a] * value
        square += w[a] * w[a]
        off += (right[a] - value) ** 2
    off = np.sqrt(off) + accuracy * size * (np.sqrt(yy) + np.sqrt(size * square))
    zeta = INFLATE * off / np.sqrt(least)
    error = 2.0 * off * np.sqrt(square) + zeta * zeta
    error += accuracy * size * (yy + size * square)
    return max(yy - quadratic - INFLATE * error, 0.0)
