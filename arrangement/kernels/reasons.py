"""Why a loop returns: that it is done, or what its caller has to do before it calls again.

A loop that returns for another reason than DONE has left its state in the arrays that it was
given, and goes on from there. No number here is that of anything else that a loop may know.
"""

from __future__ import annotations

__all__ = ["CROWDED", "DONE", "FULL", "MORE_PRIMES", "PREFIX", "SPECIAL", "VERTEX"]

DONE = 0
FULL = 1
"""Empty the array of what was found."""
MORE_PRIMES = 2
"""Give more primes, or others: these prove too little."""
SPECIAL = 3
"""Begin anew in other coordinates: these are not in general position."""
PREFIX = 4
"""Fill the dictionary below the rows picked: they are independent, but no pivot is certain."""
VERTEX = 5
"""Settle the vertex of the rows picked: some signs there are not zero and not certain."""
CROWDED = 6
"""Find what begins at the vertex of the rows picked: more rows vanish there."""
