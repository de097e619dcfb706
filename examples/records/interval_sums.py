"""Orders of the sums x_a + … + x_b of n positive numbers in a row (OEIS A237749).

python examples/records/interval_sums.py [n] [--checkpoint DIR] [--jobs N] [--audit N]

Let y_0 < … < y_n be the sums of the first k of them. The orders are the cells of the
hyperplanes on which two differences y_b − y_a are the same, in a chamber of the permutations.
"""

from itertools import combinations

from records import main, orders

from arrangement import Arrangement

KNOWN = {1: 1, 2: 2, 3: 10, 4: 114, 5: 2608, 6: 107498, 7: 7325650, 8: 771505180}


def interval_sums(n: int) -> Arrangement:
    """Where two differences of n + 1 numbers are the same, or opposite, or 0."""
    gaps = [
        [(i == b) - (i == a) for i in range(n + 1)] for a, b in combinations(range(n + 1), 2)
    ]
    rows = set()
    for one, other in combinations(gaps, 2):
        for sign in (1, -1):
            row = tuple(p + sign * q for p, q in zip(one, other, strict=True))
            rows.add(max(row, tuple(-v for v in row)))
    return Arrangement([list(map(int, row)) for row in gaps + sorted(rows)])


if __name__ == "__main__":
    main(interval_sums, lambda n: orders(n + 1), KNOWN, classes=True)
