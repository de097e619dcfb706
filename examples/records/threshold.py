"""Threshold functions of n variables (OEIS A000609), and up to symmetry (A001532).

python examples/records/threshold.py [n] [--checkpoint DIR] [--jobs N] [--audit N]

They are the cells of the hyperplanes w·(1, x) = 0 for all x in {0, 1}^n, which the signed
permutations of n + 1 coordinates keep, though only in other coordinates. Cells up to these are
self-dual threshold functions of n + 1 variables up to permuting and negating them.
"""

from records import main

from arrangement.families import threshold

KNOWN = {
    1: 4, 2: 14, 3: 104, 4: 1882, 5: 94572, 6: 15028134, 7: 8378070864, 8: 17561539552946,
    9: 144130531453121108,
}  # fmt: skip

if __name__ == "__main__":
    main(threshold, lambda n: "auto", KNOWN, classes=False)
