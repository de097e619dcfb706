"""What error bounds in float64 are made of."""

__all__ = ["INFLATE", "TINY", "UNIT_ROUNDOFF"]

UNIT_ROUNDOFF = 2.0**-53
# Error bounds are themselves computed with a few roundings, each of relative size 2^-53.
INFLATE = 1.0 + 2.0**-40
# Covers products that underflow, also where their sum is divided by a tiny number next.
TINY = 1e-300
