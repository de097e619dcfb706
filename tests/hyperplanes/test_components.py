"""Connected components of vectors, against circuits."""

from itertools import combinations

import numpy as np
from hypothesis import given

from arrangement import Arrangement, exact
from arrangement.hyperplanes.components import components, coordinates
from tests.strategies import tables


@given(tables(max_hyperplanes=6, central=True))
def test_components_are_joined_by_circuits(table):
    """Two vectors are in one component iff a minimal dependent set contains both."""
    d, normals, _ = table
    arrangement = Arrangement(np.array(normals, dtype=object).reshape(-1, d))
    rows = arrangement.essentialization().rows[:, :-1]
    joined = {(i, i) for i in range(len(rows))}
    for size in range(2, len(rows) + 1):
        for chosen in combinations(range(len(rows)), size):
            if exact.rank(rows[list(chosen)]) == size - 1 and all(
                exact.rank(rows[[i for i in chosen if i != k]]) == size - 1 for k in chosen
            ):
                joined |= {(i, k) for i in chosen for k in chosen}
    parts = components(rows)
    assert sorted(i for part in parts for i in part) == list(range(len(rows)))
    assert [part[0] for part in parts] == sorted(part[0] for part in parts)
    for part in parts:
        for i in range(len(rows)):
            assert ((part[0], i) in joined) == (i in part)


def test_coordinates_need_a_basis():
    vectors = np.array([[1, 2], [2, 4], [0, 1]], dtype=object)
    assert coordinates(vectors, [0, 1]) is None
    table = coordinates(vectors, [0, 2])
    assert (table @ vectors[[0, 2]] == vectors).all()
