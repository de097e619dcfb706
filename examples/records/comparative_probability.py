"""Orders of all subsets of n events by probabilities, p_1 > … > p_n > 0 (OEIS A009997).

python examples/records/comparative_probability.py [n] [--checkpoint DIR] [--jobs N] [--audit N]

They are the cells of all hyperplanes with normals in {−1, 0, 1}^n in a chamber of the signed
permutations.
"""

from itertools import product

from records import main, orders

from arrangement import Arrangement

KNOWN = {1: 1, 2: 1, 3: 2, 4: 14, 5: 516, 6: 124187, 7: 214580603}


def comparisons(n: int) -> Arrangement:
    """Where two subsets have the same probability."""
    rows = [row for row in product((-1, 0, 1), repeat=n) if next(filter(None, row), 0) > 0]
    return Arrangement([list(row) for row in rows])


if __name__ == "__main__":
    main(comparisons, lambda n: orders(n, signs=True), KNOWN, classes=True)
