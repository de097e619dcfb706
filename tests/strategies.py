"""Random arrangements that are degenerate more often than not, for hypothesis."""

from fractions import Fraction

from hypothesis import strategies as st

NUMBERS = {
    "small integers": st.integers(-3, 3),
    "sevenths": st.integers(-4, 4).map(lambda k: Fraction(k, 7)),
    "nearly equal": st.tuples(st.integers(-1, 1), st.integers(-2, 2)).map(
        lambda t: t[0] + Fraction(t[1], 2**50)
    ),
    "powers of two": st.tuples(st.sampled_from([-1, 0, 1]), st.integers(-300, 300)).map(
        lambda t: t[0] * Fraction(2) ** t[1]
    ),
    "extreme floats": st.sampled_from(
        [0.0, 1.0, -1.0, 5e-324, 1.5e-323, -1e-310, 3e-12, 1.7e308, -(2.0**1000)]
    ),
    "huge integers": st.tuples(st.integers(-2, 2), st.integers(-1, 1)).map(
        lambda t: t[0] * 10**30 + t[1]
    ),
    "floats": st.floats(-2, 2, allow_subnormal=False),
    "tenths as floats": st.integers(-3, 3).map(lambda k: 0.1 * k),
}


@st.composite
def tables(draw, max_hyperplanes=6, max_dimension=3, central=None):
    """(normals, offsets) with copies, multiples, parallels; d = 1 and n = 0 included."""
    d = draw(st.integers(1, max_dimension))
    n = draw(st.integers(0, max_hyperplanes - (d == 3)))
    numbers = NUMBERS[draw(st.sampled_from(sorted(NUMBERS)))]
    through_origin = draw(st.booleans()) if central is None else central
    rows: list[list] = []
    while len(rows) < n:
        if rows and draw(st.integers(0, 4)) == 0:
            factor = draw(st.sampled_from([1, -2, 3]))
            row = [factor * Fraction(v) for v in draw(st.sampled_from(rows))]
            if draw(st.booleans()):
                row[-1] += draw(st.sampled_from([1, Fraction(1, 10**30)]))
        else:
            row = [draw(numbers) for _ in range(d + 1)]
        if through_origin:
            row[-1] = 0
        if not any(row[:-1]):
            row[draw(st.integers(0, d - 1))] = 1
        rows.append(row)
    return d, [row[:-1] for row in rows], [row[-1] for row in rows]
