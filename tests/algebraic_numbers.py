"""Numbers Σ c_k α^k in Fractions, with signs by bisection: slow, and sharing no code.

They take the place of Fractions in tests.reference.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property


@dataclass(frozen=True)
class Root:
    """The root α of an irreducible monic polynomial that changes its sign between two ends."""

    polynomial: tuple[int, ...]  # the lowest coefficient first, without the leading 1
    low: Fraction
    high: Fraction

    @property
    def degree(self):
        return len(self.polynomial)

    def at(self, x):
        return sum(c * x**k for k, c in enumerate((*self.polynomial, 1)))

    @cached_property
    def intervals(self):
        """Ever shorter intervals around α."""
        found = [(self.low, self.high)]
        for _ in range(600):
            low, high = found[-1]
            middle = (low + high) / 2
            same = (self.at(middle) > 0) == (self.at(low) > 0)
            found.append((middle, high) if same else (low, middle))
        return found

    def number(self, *coefficients):
        filled = [Fraction(c) for c in coefficients] + [Fraction(0)] * self.degree
        return Algebraic(self, tuple(filled[: self.degree]))


@dataclass(frozen=True)
class Algebraic:
    root: Root
    coefficients: tuple[Fraction, ...]

    def coerced(self, other):
        return other if isinstance(other, Algebraic) else self.root.number(other)

    @cached_property
    def sign(self):
        if not any(self.coefficients):
            return 0
        for ends in self.root.intervals:
            low = high = Fraction(0)
            for c in reversed(self.coefficients):
                products = [a * b for a in (low, high) for b in ends]
                low, high = min(products) + c, max(products) + c
            if low > 0 or high < 0:
                return 1 if low > 0 else -1
        raise AssertionError("too near zero for 600 bisections")

    def __bool__(self):
        return self.sign != 0

    def __eq__(self, other):
        return self.coefficients == self.coerced(other).coefficients

    def __hash__(self):
        return hash(self.coefficients)

    def __lt__(self, other):
        return (self - other).sign < 0

    def __gt__(self, other):
        return (self - other).sign > 0

    def __neg__(self):
        return Algebraic(self.root, tuple(-c for c in self.coefficients))

    def __abs__(self):
        return -self if self.sign < 0 else self

    def __add__(self, other):
        pairs = zip(self.coefficients, self.coerced(other).coefficients, strict=True)
        return Algebraic(self.root, tuple(a + b for a, b in pairs))

    __radd__ = __add__

    def __sub__(self, other):
        return self + -self.coerced(other)

    def __rsub__(self, other):
        return self.coerced(other) - self

    def __mul__(self, other):
        n, result = self.root.degree, [Fraction(0)] * (2 * self.root.degree)
        for i, a in enumerate(self.coefficients):
            for k, b in enumerate(self.coerced(other).coefficients):
                result[i + k] += a * b
        for k in range(2 * n - 1, n - 1, -1):  # α^n = −Σ f_i α^i
            for i, c in enumerate(self.root.polynomial):
                result[k - n + i] -= result[k] * c
            result[k] = Fraction(0)
        return Algebraic(self.root, tuple(result[:n]))

    __rmul__ = __mul__

    def inverse(self):
        """The solution of self · x = 1, by elimination."""
        n = self.root.degree
        units = [self.root.number(*[int(k == i) for k in range(n)]) for i in range(n)]
        columns = [(self * unit).coefficients for unit in units]
        rows = [[c[i] for c in columns] + [Fraction(i == 0)] for i in range(n)]
        for c in range(n):
            p = next(k for k in range(c, n) if rows[k][c])
            rows[c], rows[p] = rows[p], rows[c]
            rows[c] = [v / rows[c][c] for v in rows[c]]
            for k in range(n):
                if k != c:
                    rows[k] = [
                        v - rows[k][c] * w for v, w in zip(rows[k], rows[c], strict=True)
                    ]
        return self.root.number(*[row[-1] for row in rows])

    def __truediv__(self, other):
        return self * self.coerced(other).inverse()

    def __rtruediv__(self, other):
        return self.coerced(other) * self.inverse()
