"""The executable specification: cells and faces of an arrangement in plain Fractions.

A row (a_1, ..., a_d, b) stands for the hyperplane a.x + b = 0.  Feasibility is decided by
Fourier-Motzkin elimination, which shares nothing with the methods of the package.
"""

from fractions import Fraction
from itertools import product

Row = tuple[Fraction, ...]


def rows_of(normals, offsets=None) -> list[Row]:
    """The rows of an arrangement in Fractions."""
    offsets = [0] * len(normals) if offsets is None else offsets
    return [(*map(Fraction, a), Fraction(b)) for a, b in zip(normals, offsets, strict=True)]


def rows_in(arrangement) -> list[Row]:
    """The rows of an Arrangement, which are integers, in Fractions."""
    return [tuple(map(Fraction, row)) for row in arrangement.rows.tolist()]


def scaled(row: Row) -> Row:
    """The row divided by the absolute value of its first non-zero entry."""
    lead = next((abs(v) for v in row if v), Fraction(1))
    return tuple(row) if lead == 1 else tuple(v / lead if v else v for v in row)


def eliminate(row: Row, pivot: Row, column: int) -> Row:
    """The row after substituting x_column from pivot = 0; its sign stays the same."""
    ratio = row[column] / pivot[column]
    return tuple(
        v - ratio * p for k, (v, p) in enumerate(zip(row, pivot, strict=True)) if k != column
    )


def feasible(positive: list[Row], zero: list[Row] = []) -> bool:  # noqa: B006 (never changed)
    """Is there an x with row(x) > 0 for all positive rows and row(x) = 0 for all zero rows?"""
    if zero:
        first, rest = zero[0], zero[1:]
        column = next((k for k, v in enumerate(first[:-1]) if v), None)
        if column is None:
            return first[-1] == 0 and feasible(positive, rest)
        return feasible(
            [eliminate(r, first, column) for r in positive],
            [eliminate(r, first, column) for r in rest],
        )
    positive = list({scaled(r) for r in positive})
    if not positive or len(positive[0]) == 1:
        return all(r[0] > 0 for r in positive)
    above = [r for r in positive if r[0] > 0]
    below = [r for r in positive if r[0] < 0]
    kept = [r[1:] for r in positive if r[0] == 0]
    return feasible(
        kept
        + [
            tuple(p + q for p, q in zip(up[1:], down[1:], strict=True))  # of 1 and -1 first
            for up, down in product(above, below)
        ]
    )


def faces(rows: list[Row], signs=(-1, 0, 1), domain: list[Row] = []) -> set[tuple[int, ...]]:  # noqa: B006
    """All sign vectors over `signs` that some point of the open domain has."""
    found: list[tuple[int, ...]] = [()] if feasible(list(domain)) else []
    for k in range(1, len(rows) + 1):
        found = [
            (*s, new) for s in found for new in signs if holds(rows[:k], (*s, new), domain)
        ]
    return set(found)


def holds(rows: list[Row], signs: tuple[int, ...], domain: list[Row]) -> bool:
    """Does some point of the open domain have these signs?"""
    strict = [tuple(s * v for v in r) for r, s in zip(rows, signs, strict=True) if s]
    return feasible(strict + domain, [r for r, s in zip(rows, signs, strict=True) if not s])


def cells(rows: list[Row], domain: list[Row] = []) -> set[tuple[int, ...]]:  # noqa: B006 (never changed)
    """All sign vectors of cells."""
    return faces(rows, (-1, 1), domain)


def bounded(rows: list[Row], signs: tuple[int, ...]) -> bool:
    """Is the cell bounded up to translations along every hyperplane (relatively bounded)?

    It is iff every direction v of its closure's recession cone has a.v = 0 for all normals a.
    """
    inward = [(*(s * v for v in r[:-1]), Fraction(0)) for r, s in zip(rows, signs, strict=True)]
    return not any(
        feasible(
            [r for r, z in zip(inward, zeros, strict=True) if not z],
            [r for r, z in zip(inward, zeros, strict=True) if z],
        )
        for zeros in product((False, True), repeat=len(rows))
        if not all(zeros)
    )


def linear_regions(layers, domain: list[Row], slope=0, pieces=1) -> set[tuple[int, ...]]:
    """The patterns of a network's regions in an open domain: the piece in force per neuron.

    A (leaky) ReLU is the maximum of slope · z and z; of pieces that are equal the first counts.
    """
    d = len(domain[0]) - 1
    identity = [tuple(Fraction(i == k) for k in range(d + 1)) for i in range(d + 1)]
    found: list[tuple[tuple[int, ...], list[Row], list[Row]]] = [((), list(domain), identity)]
    for weights, bias in layers:
        table = rows_of(weights, bias)
        found = [(*state, []) for state in found]
        for j in range(0, len(table), pieces):
            grown = []
            for pattern, inside, x, out in found:
                zs = [
                    tuple(
                        sum(w * r[k] for w, r in zip(row, x, strict=True)) for k in range(d + 1)
                    )
                    for row in table[j : j + pieces]
                ]
                if pieces == 1:
                    zs = [tuple(Fraction(slope) * v for v in zs[0]), zs[0]]
                for p, top in enumerate(zs):
                    over = [
                        tuple(a - b for a, b in zip(top, z, strict=True))
                        for q, z in enumerate(zs)
                        if q != p and (top != z or q < p)
                    ]
                    if feasible(inside + over):
                        grown.append(((*pattern, p), inside + over, x, [*out, top]))
            found = grown
        found = [(pattern, inside, [*out, identity[-1]]) for pattern, inside, _, out in found]
    return {pattern for pattern, _, _ in found}
