"""The catalogue of simplicial arrangements: all members with irrational coordinates.

B. Grünbaum, *A catalogue of simplicial arrangements in the real projective plane*, Ars Math.
Contemp. 2 (2009); M. Cuntz, *Simplicial arrangements with up to 27 lines*, Discrete Comput.
Geom. 48 (2012), and *A greedy algorithm to compute arrangements of lines in the projective
plane*, Discrete Comput. Geom. 68 (2022). Normals and numbers of points of each multiplicity are
those of M. Cuntz, S. Elia and J.-P. Labbé, *Congruence normality of simplicial hyperplane
arrangements via oriented matroids*, Ann. Comb. 26 (2022).
"""

import re
from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from arrangement import Arrangement, families
from arrangement.exact.fields import NumberField
from tests.amounts import first

# Of each letter a plane; members are words.
PLANES = {
    "icosahedron": (
        NumberField([1, -1, -1], (1, 2)),
        """
        0,0,1 0,1,0 0,1,1 1,0,0 1,1,0 1,1,1 α+1,1,0 α+1,1,1 α+1,α,0 α+1,α,α α+1,α+1,1
        α+1,α+1,α 2α,α,0 2α,α,α 2α,2α,α 2α+1,α+1,1 2α+1,α+1,α 2α+1,2α,α 2α+2,α+1,1
        2α+2,α+1,α 2α+2,α+2,1 2α+2,α+2,α+1 2α+2,2α+1,α 2α+2,2α+1,α+1 3α+1,2α,α 3α+1,2α+1,α
        3α+1,2α+1,α+1 3α+3,2α+2,α+1 4α+2,2α+2,α+1 4α+2,3α+1,α+1 4α+2,3α+1,2α
        """,
    ),
    "25 planes": (
        NumberField([1, -1, -1], (1, 2)),
        """
        0,0,1 0,1,0 1,-1,-1 2,-2,-α-1 1,-α+2,α-3 0,5,α-3 2,α-1,-α-1 2,-2α+4,-α-1 2,2α-3,-α-1
        2,α,-α-2 4,2α,-α-4 2,α,-3α+2 2,-α+1,-2 2,α,-α-1 2,-α+1,-α-1 4,3α-3,-2α-2 2,5α-7,2α-6
        2,α,-3 2,3α-1,-α-2 4,3α-3,-α-4 2,5α-7,-3α+2 10,5α-5,-4α-8 10,5α,-4α-8 2,3α-1,-2α
        2,α,-2α
        """,
    ),
    "octagon": (
        NumberField("sqrt(2)"),
        """
        0,0,1 0,1,0 0,1,-1 0,2,-α-2 1,-1,-1 1,-1,0 1,0,-1 1,-α,-1 1,-α-2,α+1 0,1,α+1
        1,-1,α+1 1,-α-1,α 1,0,-α-2 1,-2,0 1,-α,α 1,-α-2,2α+2 1,-α-1,α+1 1,-2,α+1 0,1,-α-1
        0,1,-2α-3 0,1,-α-2 1,-1,-α-2 1,-α-1,-1 2,-α-2,α 1,-α-1,2α+2
        """,
    ),
    "15 planes": (
        NumberField([1, 1, 0, -1]),
        """
        0,0,1 0,1,α²-1 1,-1,-1 1,-1,0 1,0,-1 1,-α²-2α-2,-1 1,α²+2α+1,-α²-2α-2 1,0,α²-2
        1,-α²-2α-2,α²+α 1,α²+2α+1,-α-2 1,α²+2α+1,-α-1 1,-α²-α-1,α²-1 0,1,α²+α-2
        1,α²+2α+1,-α²-3α-3 1,-α²-α-1,α²
        """,
    ),
    "21 planes": (
        NumberField([1, 1, 0, -1]),
        """
        0,0,1 0,1,-1 1,-1,-1 1,-1,α 1,0,-1 1,α²+α-1,-1 0,1,-α-1 1,-1,α²+α-1 1,α,-1 0,1,-α
        1,α-1,-1 1,α,-α-1 1,α,-α²-1 1,α²+2α,-α²-α-2 1,0,α²-1 1,α²+2α+1,-α²-2α-3 1,-α-2,α²+2α
        1,α²+α,-2 1,α²+2α+1,-α²-2α-2 1,α²+2α,-α²-α-1 1,α-1,-α²
        """,
    ),
    "35 planes": (
        NumberField([1, -3, 3, -3, 1], (0, 1)),
        """
        1,0,0 0,1,0 0,0,1 1,1,1 1,0,α 1,α³-2α²+α-1,0 0,1,-α+1 1,1,-α+1 1,-α+1,-α+1
        1,α²-α+1,α 1,-α+1,0 1,-α+1,α²-2α+1 1,-α³+3α²-3α+2,-α³+3α²-2α+1 1,1,-α²+2α
        1,-α³+2α²-2α+2,1 1,-α³+2α²-2α+2,-α³+2α²-α+1 1,α²-α+1,-α³+2α²-α+1
        1,α²-α+1,-α³+3α²-2α+1 3,-α³+2α²-2α+3,-α²+2α+1 1,-α³+2α²-α+1,-α²+2α 0,1,α³-2α²
        1,-α³+3α²-2α+1,-α³+α²+3α-1 1,0,-α²+2α-1 1,-α³+2α²-2α+2,α 1,-α³+α²-α+1,α
        1,-α³+2α²-2α+2,0 1,-α³+2α²-α+1,-α²+3α-1 1,0,-α²+3α-1 0,1,α³-2α²-α+1
        1,-α+1,-α³+3α²-2α+1 1,-α³+2α²-3α+2,-α³+3α²-2α+1 1,α²+1,-α²+2α
        1,-α³+3α²-3α+2,-2α³+5α²-2α+1 1,-α³+2α²-α+1,-α³+α²+3α-1 1,-α³+α²-α+1,-α²+2α
        """,
    ),
}

# Words of sporadic members, and how many points lie on 2, 3, … of the lines.
# One of each pool, then the others.
SPORADIC = [
    ("icosahedron", "bdefjklorx", (5, 10, 0, 1)),
    ("25 planes", "abcdefghjklmopqstuvwxy", (12, 58, 0, 0, 3)),
    ("octagon", "bcdefklmnopqtvwxy", (14, 20, 7, 2)),
    ("15 planes", "abcdefghijklmno", (9, 22, 0, 3)),
    ("21 planes", "abcdefghijklmnopqrstu", (24, 22, 15, 3)),
    ("35 planes", "abcdefghijklmnopqrstuvwxyzABCDEFGHI", (70, 55, 25, 21)),
    ("icosahedron", "begkorsuvwyzD", (6, 18, 3)),
    ("icosahedron", "abcdefijklorwx", (10, 14, 4, 0, 1)),
    ("icosahedron", "bdegkorsuvwyzD", (9, 16, 4, 1)),
    ("icosahedron", "bdefhjklnoqrvxA", (15, 10, 0, 6)),
    ("icosahedron", "bdegkoprsuvwyzD", (12, 14, 6, 0, 1)),
    ("icosahedron", "bdefhjklnopqrvxA", (15, 15, 0, 6)),
    ("icosahedron", "abcnoqrstuvwxCDE", (14, 16, 3, 4)),
    ("icosahedron", "abcdemnostuvwxCDE", (16, 18, 1, 6)),
    ("icosahedron", "abcdemnorstuvwxCDE", (18, 19, 3, 6)),
    ("icosahedron", "abcdefmnostuvwxCDE", (18, 19, 3, 6)),
    ("icosahedron", "abcdefmnorstuvwxCDE", (21, 18, 6, 6)),
    ("icosahedron", "abcdefmnoprstuvwxCDE", (25, 15, 10, 6)),
    ("icosahedron", "abcdefmnopqrstuvwxCDE", (30, 10, 15, 6)),
    ("icosahedron", "abcdefghijklpqrstuvwxB", (27, 28, 0, 12)),
    ("icosahedron", "abcghijklmnostuvwxyzABCDE", (30, 40, 15, 6)),
    ("icosahedron", "abcdghijklmnostuvwxyzABCDE", (35, 40, 10, 11)),
    ("icosahedron", "abcdeghijklmnostuvwxyzABCDE", (40, 40, 6, 14, 1)),
    ("icosahedron", "abcdeghijklmnorstuvwxyzABCDE", (45, 40, 3, 15, 3)),
    ("icosahedron", "abcdefghijklmnostuvwxyzABCDE", (45, 40, 3, 15, 3)),
    ("icosahedron", "abcdefghijklmnorstuvwxyzABCDE", (50, 40, 1, 14, 6)),
    ("icosahedron", "abcdefghijklmnoprstuvwxyzABCDE", (55, 40, 0, 11, 10)),
    ("icosahedron", "abcdefghijklmnopqrstuvwxyzABCDE", (60, 40, 0, 6, 15)),
    ("25 planes", "abcdefghjklmopqrstuvwxy", (16, 56, 2, 0, 1, 2)),
    ("25 planes", "abcdefghjklmnopqrstuvwxy", (20, 54, 4, 0, 0, 2, 1)),
    ("25 planes", "abcdefghijklmnopqrstuvwxy", (24, 52, 6, 0, 0, 0, 3)),
    ("octagon", "abcdefghijklmnopqrstuvwy", (32, 32, 0, 12, 0, 0, 1)),
    ("octagon", "abcdefghijklmnopqrstuvwxy", (36, 32, 0, 8, 4, 0, 1)),
]
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHI"


def named(pool, word):
    field, text = PLANES[pool]

    def number(text):
        terms = re.findall(r"([+-]?)(\d*)(α?)([²³]?)", text)
        assert "".join(map("".join, terms)) == text
        coefficients = [0] * 4
        for sign, size, root, power in filter(any, terms):
            degree = {"": 1, "²": 2, "³": 3}[power] if root else 0
            coefficients[degree] += int(sign + (size or "1"))
        return field.element(coefficients)

    rows = [[number(entry) for entry in row.split(",")] for row in text.split()]
    return Arrangement([rows[LETTERS.index(letter)] for letter in word])


def dodecagons():
    """The axes of a regular 12-gon, its sides, those of a larger one, and infinity."""
    u = NumberField("sqrt(3)").generator
    quarter = [(2, 0), (u, 1), (1, u)]  # 2 cos(k π/6), 2 sin(k π/6)
    outer = [(2 + u, 1), (1 + u, 1 + u), (1, 2 + u)]  # times 2 cos(π/12), between them
    axes, sides = [], []
    for points in (quarter, outer):
        for _ in range(4):
            sides += [(x, y, -2) for x, y in points]
            points = [(-y, x) for x, y in points]
        axes += [(x, y, 0) for x, y, _ in sides[-6:]]
    return Arrangement([*axes, *sides, (0, 0, 1)])


def check(planes, points):
    """Counts of simplicial cells, by several methods, from the published numbers of points."""
    n, f0 = planes.n_hyperplanes, sum(points)
    f1, f2 = 3 * (f0 - 1), 2 * (f0 - 1)  # f0 − f1 + f2 = 1 and 3 f2 = 2 f1
    assert sum(t * k * (k - 1) for k, t in enumerate(points, 2)) == n * (n - 1)
    assert sum(t * k for k, t in enumerate(points, 2)) == f1
    met = Counter(len(flat.hyperplanes) for flat in planes.flats(2))
    assert met == {k: t for k, t in enumerate(points, 2) if t}
    w2 = sum(t * (k - 1) for k, t in enumerate(points, 2))
    assert planes.characteristic_polynomial() == (1, -n, w2, n - 1 - w2)
    cells = planes.cells()
    assert len(cells) == planes.n_cells() == 2 * f2
    assert planes.face_vector() == (1, 2 * f0, 2 * f1, 2 * f2)
    walls = np.bincount(cells.edges[:, :2].ravel(), minlength=len(cells))
    assert (walls == 3).all()
    for cell in cells[:: max(1, len(cells) // 8)]:
        assert len(cell.rays()) == len(cell.facets()) == 3


@pytest.mark.parametrize(
    "member", first(3, SPORADIC), ids=[f"{len(w)}-{sum(t)}" for _, w, t in SPORADIC]
)
def test_sporadic_members(member):
    pool, word, points = member
    check(named(pool, word), points)


def test_the_largest_member():
    check(dodecagons(), (72, 72, 12, 24, 0, 0, 0, 0, 0, 0, 1))


@pytest.mark.parametrize("m", first(3, [5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]))
def test_polygons_with_their_axes(m):
    points = [m, m * (m - 1) // 2] + [0] * (m - 3)
    points[m - 2] += 1
    check(families.simplicial(1, 2 * m), points)


@pytest.mark.parametrize("m", first(2, [4, 5, 6, 7, 8, 9]))
def test_polygons_with_their_axes_and_infinity(m):
    points = [3 * m, 2 * m * (m - 1), m] + [0] * (2 * m - 4)
    points[2 * m - 2] += 1
    check(families.simplicial(2, 4 * m + 1), points)


@pytest.mark.slow
def test_members_with_equal_counts_are_not_isomorphic():
    by_points = {}
    for pool, word, points in SPORADIC:
        by_points.setdefault(points, []).append(named(pool, word))
    pairs = [p for same in by_points.values() for p in combinations(same, 2)]
    assert len(pairs) == 2
    assert not any(a.is_isomorphic(b) for a, b in pairs)


def test_members_that_are_reflection_arrangements_and_axes():
    """15 mirrors of H3; with the planes across the other axes of the icosahedron, 31."""
    mirrors = families.coxeter("H", 3)
    word = next(w for _, w, points in SPORADIC if points == (15, 10, 0, 6))
    assert named("icosahedron", word).is_isomorphic(mirrors)
    across = [
        families.regular_polytope(name).normals[:, [1, 0, 2]]  # in the position of the mirrors
        for name in ("icosahedron", "dodecahedron")
    ]
    axes = Arrangement(np.concatenate([mirrors.normals, *across]))
    axes = Arrangement(axes.normals[np.unique(axes.coincidence[0])])
    assert named("icosahedron", LETTERS[:31]).is_isomorphic(axes)
