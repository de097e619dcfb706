"""What numbers of threshold functions have to be congruent to, whoever counted them.

python examples/records/threshold_congruences.py

Let a(n) be A000609. It counts cells that the signed permutations of n + 1 coordinates permute,
those of the hyperplanes v·w = 0 with v in {-1, 1}^(n + 1).

- Functions of exactly n variables come in classes of 2^n by negating inputs, and so do
  self-dual ones of n + 1 variables: 2^n divides Σ C(n, k) a(k) over k = 0, …, n, and 2^(n + 1)
  divides Σ C(n + 1, k) a(k - 1) over k = 1, …, n + 1 (A002078, A002080).
- For a prime p, cycles of p coordinates make a group of order p. The cells that it keeps
  contain points that it fixes, as they are convex: these are the cells of the hyperplanes
  restricted to where coordinates of a cycle are equal. The others come in classes of p.
"""

from itertools import product
from math import comb

from threshold import KNOWN

from arrangement import Arrangement

COUNTED = {0: 2} | KNOWN | {10: 4728660917276019846718}
MOST = 5
"""Restrictions to spaces of so many dimensions are counted."""


def kept(cycles: list[int]) -> int:
    """The cells that cycles of these lengths keep."""
    # No sum of an odd number of signs is 0.
    return Arrangement(list(product(*(range(-c, c + 1, 2) for c in cycles)))).n_cells()


def main() -> None:
    """Print each congruence, and whether it holds."""
    a = [COUNTED[k] for k in sorted(COUNTED)]
    for n in range(1, len(a)):
        told = [
            (f"2^{n}", sum(comb(n, k) * a[k] for k in range(n + 1)) % 2**n),
            (
                f"2^{n + 1}",
                sum(comb(n + 1, k) * a[k - 1] for k in range(1, n + 2)) % 2 ** (n + 1),
            ),
        ]
        for p in (3, 5, 7, 11):
            for cycles in range(1, (n + 1) // p + 1):
                lengths = [p] * cycles + [1] * (n + 1 - p * cycles)
                if len(lengths) <= MOST:
                    told.append((f"{p} by {lengths}", (a[n] - kept(lengths)) % p))
        for modulus, rest in told:
            print(f"n = {n}, modulo {modulus}: {'differs' if rest else 'holds'}")


if __name__ == "__main__":
    main()
