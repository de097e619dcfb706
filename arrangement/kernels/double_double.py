"""Arithmetic on unevaluated sums high + low of two float64: about 32 digits, compiled.

Dekker (1971), A floating-point technique for extending the available precision, Numerische
Mathematik 18, 224–242; error bounds: Joldes, Muller, Popescu (2017), Tight and rigorous error
bounds for basic building blocks of double-word arithmetic, ACM TOMS 44(2). Sums and products
are within 2^-100 of their size, quotients within 2^-96, away from overflow; underflow costs at
most 1e-300. The numbers may as well be eight at once (:mod:`arrangement.kernels.lanes`).
"""

from __future__ import annotations

from arrangement.kernels.compiled import compiled

__all__ = ["SPREAD", "difference", "product", "quotient", "two_sum"]

SPREAD = 2.0**-96
"""A relative error that no single operation here exceeds."""

_SPLIT = 134217729.0  # 2^27 + 1


@compiled(error_model="numpy")
def two_sum(a, b):
    """a + b, exactly."""
    s = a + b
    v = s - a
    return s, (a - (s - v)) + (b - v)


@compiled(error_model="numpy")
def _two_product(a, b):
    p = a * b
    t = _SPLIT * a
    a_high = t - (t - a)
    a_low = a - a_high
    t = _SPLIT * b
    b_high = t - (t - b)
    b_low = b - b_high
    return p, ((a_high * b_high - p) + a_high * b_low + a_low * b_high) + a_low * b_low


@compiled(error_model="numpy")
def product(a, a_low, b, b_low):
    """(a + a_low)·(b + b_low)."""
    p, e = _two_product(a, b)
    e += a * b_low + a_low * b
    s = p + e
    return s, e - (s - p)


@compiled(error_model="numpy")
def difference(a, a_low, b, b_low):
    """(a + a_low) − (b + b_low)."""
    s, e = two_sum(a, 0.0 - b)
    t, f = two_sum(a_low, 0.0 - b_low)
    e += t
    u = s + e
    e = e - (u - s)
    e += f
    s = u + e
    return s, e - (s - u)


@compiled(error_model="numpy")
def quotient(a, a_low, b, b_low):
    """(a + a_low)/(b + b_low)."""
    q = a / b
    p, p_low = product(q, 0.0 * q, b, b_low)
    r, r_low = difference(a, a_low, p, p_low)
    q_low = (r + r_low) / b
    p, p_low = product(q_low, 0.0 * q_low, b, b_low)
    r, r_low = difference(r, r_low, p, p_low)
    last = (r + r_low) / b
    s, e = two_sum(q, q_low)
    e += last
    u = s + e
    return u, e - (u - s)
