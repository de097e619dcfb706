"""Random small arrangements with hostile numbers: every method against the reference.

Entries are k/7, j + k/2^50, ±2^k, j·10^30 + k, a mixture, floats, or numbers of Q(√2), Q(√5)
and Q(cos 2π/7), small ones and some that nearly vanish; rows are repeated, parallel, central,
and combinations of others now and then. Cells by each method, in portions and counted; cells in
a domain; faces of every dimension; bounded cells. The reference is tests/reference.py, for
numbers of a field with those of tests/algebraic_numbers.py. Tells each difference, and goes on.

    python benchmarks/attack.py [--count 10000] [--seed 0] [--kind rational|field]
"""

import argparse
import random
import sys
import time
import warnings
from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from arrangement import Arrangement, InputError, NearlyDegenerateWarning
from arrangement.fields import NumberField
from tests import reference
from tests.algebraic_numbers import Algebraic, Root

RATIONAL = (
    lambda rng: Fraction(rng.randint(-6, 6), 7),
    lambda rng: rng.randint(-1, 1) + Fraction(rng.randint(-3, 3), 2**50),
    lambda rng: rng.choice((-1, 0, 1)) * Fraction(2) ** rng.randint(-60, 60),
    lambda rng: rng.randint(-2, 2) * 10**30 + rng.randint(-2, 2),
    lambda rng: rng.choice((0.0, 0.1, 0.2, 0.3, -0.1, 1 / 3, 1e-300, -1e17, 0.5, 1.0)),
)
FIELDS = {
    "sqrt(2)": Root((-2, 0), Fraction(1), Fraction(2)),
    "(1+sqrt(5))/2": Root((-1, -1), Fraction(1), Fraction(2)),
    "2*cos(2*pi/7)": Root((-1, -2, 1), Fraction(1), Fraction(2)),
}
NEARLY_ZERO = {
    "sqrt(2)": (665857, -470832),
    "(1+sqrt(5))/2": (-1836311903, 1134903170),
    "2*cos(2*pi/7)": (-1, 0, 0),
}


def numbers_of(name, rng):
    """Random numbers of a field, in the reference's representation."""
    root = FIELDS[name]
    style = rng.randrange(3)

    def number(rng):
        if style == 2 and rng.random() < 0.3:  # far below the coefficients
            return root.number(*NEARLY_ZERO[name]) * root.number(rng.choice((-1, 1)))
        span = (1, 2, 9)[style]
        some = [Fraction(rng.randint(-span, span)) for _ in range(root.degree)]
        if rng.random() < 0.4:
            some[1:] = [Fraction(0)] * (root.degree - 1)
        if style == 1 and rng.random() < 0.3:
            some = [c / rng.choice((2, 3, 7)) for c in some]
        return root.number(*some)

    return number


def hostile_rows(rng, number, d):
    rows = []
    for _ in range(rng.randint(1, 6 if d < 3 else 5)):
        row = [number(rng) for _ in range(d + 1)]
        zero = row[0] - row[0]
        if not any(row[:-1]):
            row[0] = zero + 1
        if rng.random() < 0.3:
            row[-1] = zero
        if rows and rng.random() < 0.15:
            row = [-2 * v for v in rng.choice(rows)]
        if rows and rng.random() < 0.15:
            row = [*rng.choice(rows)[:-1], row[-1]]
        if len(rows) > 1 and rng.random() < 0.2:  # one more through what two have in common
            a, b = rng.sample(rows, 2)
            row = [v + w for v, w in zip(a, b, strict=True)]
        if any(row[:-1]):
            rows.append(row)
    return rows or [[zero + 1] * (d + 1)]


def hostile_domain(rng, number, d):
    """Rows [g | c] with g·x + c > 0 inside, of a box or of any half-spaces."""
    rows = []
    if rng.random() < 0.5:
        for c in range(d):
            for side in (1, -1):
                if rng.random() < 0.8:
                    value = number(rng)
                    row = [value - value for _ in range(d + 1)]
                    row[c], row[-1] = row[c] + side, value
                    rows.append(row)
    else:
        for _ in range(rng.randint(1, 4)):
            row = [number(rng) for _ in range(d + 1)]
            if rng.random() < 0.3:
                row[-1] = row[-1] - row[-1]
            if any(row[:-1]):
                rows.append(row)
    return rows


def given(rows, field):
    """A table of what a user would enter."""
    table = np.empty((len(rows), len(rows[0])), dtype=object)
    for i, row in enumerate(rows):
        table[i] = row if field is None else [field.element(v.coefficients) for v in row]
    return table


def exact(rows):
    return [tuple(v if isinstance(v, Algebraic) else Fraction(v) for v in row) for row in rows]


class Attack:
    def __init__(self, rng):
        self.rng, self.asked, self.failed = rng, Counter(), []

    def check(self, what, found, expected, *case):
        """Compare a list of sign vectors with a set, or two numbers."""
        self.asked[what] += 1
        same = (
            len(found) == len(expected) and set(found) == expected
            if isinstance(expected, set)
            else found == expected
        )
        if not same:
            self.failed.append(what)
            shown = (len(found), len(expected)) if isinstance(expected, set) else found
            print(f"{what} differs ({shown}, {expected}) on {case}", flush=True)

    def arrangement(self, name):
        rng = self.rng
        d = rng.randint(1, 3)
        field = None if name is None else NumberField(name)
        if name is None:
            kinds = RATIONAL if rng.random() < 0.2 else (rng.choice(RATIONAL),)
            if rng.random() < 0.9:
                kinds = kinds[:4]

            def number(rng):
                return rng.choice(kinds)(rng)
        else:
            number = numbers_of(name, rng)
        rows = hostile_rows(rng, number, d)
        table = given(rows, field)
        plain = exact(rows)
        arrangement = Arrangement(table[:, :-1], table[:, -1])
        expected = reference.cells(plain)
        for method in ("sweep", "restrict", "lp"):
            self.check(method, signs(arrangement.cells(method)), expected, name, rows)
        portions = [
            s for portion in arrangement.iter_cells(batch_size=3) for s in signs(portion)
        ]
        self.check("iter_cells", portions, expected, name, rows)
        self.check("n_cells", arrangement.n_cells(), len(expected), name, rows)
        polynomial = sum(map(abs, arrangement.characteristic_polynomial()))
        self.check("characteristic_polynomial", polynomial, len(expected), name, rows)
        if rng.random() < 0.5:
            self.domain(arrangement, number, field, plain, rows)
        if rng.random() < 0.3:
            self.faces(arrangement, plain, rows)

    def domain(self, arrangement, number, field, plain, rows):
        walls = hostile_domain(self.rng, number, arrangement.dimension)
        if not walls:
            return
        table = given(walls, field)
        domain = (-table[:, :-1], table[:, -1])
        expected = reference.cells(plain, exact(walls))
        if not expected:
            try:
                found = len(arrangement.cells(domain=domain))
            except InputError:
                found = None
            self.check("empty domain", found, None, rows, walls)
            return
        for method in ("restrict", "lp"):
            found = arrangement.cells(method, domain)
            self.check(f"domain, {method}", signs(found), expected, rows, walls)
        count = arrangement.n_cells(domain=domain)
        self.check("domain, n_cells", count, len(expected), rows, walls)
        portions = [
            s
            for portion in arrangement.iter_cells(batch_size=3, domain=domain)
            for s in signs(portion)
        ]
        self.check("domain, iter_cells", portions, expected, rows, walls)

    def faces(self, arrangement, plain, rows):
        by_dimension = {}
        for dimension in range(arrangement.dimension + 1):
            by_dimension[dimension] = signs(arrangement.faces(dimension))
        found = [s for some in by_dimension.values() for s in some]
        self.check("faces", found, reference.faces(plain), rows)
        vector = tuple(map(len, by_dimension.values()))
        for method in ("count", "enumerate"):
            self.check(f"face_vector, {method}", arrangement.face_vector(method), vector, rows)
        cells = arrangement.cells()
        if len(plain) < 5:
            bounded = [reference.bounded(plain, s) for s in signs(cells)]
            self.check("bounded", cells.bounded.tolist(), bounded, rows)
            self.check("n_bounded_cells", arrangement.n_bounded_cells(), sum(bounded), rows)


def signs(found):
    return list(map(tuple, found.signs.tolist()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", choices=("rational", "field"), help="of one kind only")
    options = parser.parse_args()
    warnings.simplefilter("ignore", NearlyDegenerateWarning)
    rng = random.Random(options.seed)
    attack, start = Attack(rng), time.perf_counter()
    for _ in range(options.count):
        field = options.kind == "field" or (options.kind is None and rng.random() < 0.4)
        attack.arrangement(rng.choice(list(FIELDS)) if field else None)
    seconds = time.perf_counter() - start
    asked = ", ".join(f"{n:,} {what}" for what, n in attack.asked.items())
    print(f"{options.count:,} arrangements ({seconds:.0f} s): {asked}")
    print(f"{len(attack.failed)} differences" if attack.failed else "all equal")
    return 1 if attack.failed else 0


if __name__ == "__main__":
    sys.exit(main())
