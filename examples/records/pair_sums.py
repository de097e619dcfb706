"""Orders of the sums x_i + x_j, i < j, of numbers x_1 < … < x_n (OEIS A231085).

python examples/records/pair_sums.py [n] [--checkpoint DIR] [--jobs N] [--audit N]

They are the cells of the hyperplanes x_i + x_j = x_k + x_l in a chamber of the permutations.
"""

from itertools import combinations

from records import main, orders

from arrangement import Arrangement

KNOWN = {3: 1, 4: 2, 5: 12, 6: 168, 7: 4680}


def pair_sums(n: int) -> Arrangement:
    """Where two sums of two of n numbers are the same."""
    sums = [[int(i in pair) for i in range(n)] for pair in combinations(range(n), 2)]
    return Arrangement(
        [[p - q for p, q in zip(a, b, strict=True)] for a, b in combinations(sums, 2)]
    )


if __name__ == "__main__":
    main(pair_sums, orders, KNOWN, classes=True)
