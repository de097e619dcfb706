"""Distances between cells, Varchenko's determinant, simplicial cells, products of faces."""

import math

import numpy as np
import pytest
from flint import fmpz_mat
from hypothesis import given
from hypothesis import strategies as st

from arrangement import Arrangement, InputError, families
from arrangement.exact import rank
from tests import reference
from tests.amounts import examples
from tests.hyperplanes.test_hyperplanes import arrangement_of
from tests.strategies import tables

NEAR = Arrangement([[0, 1], [1, -1], [1, 1]], [0, 0, 1])


def determinant(matrix):
    """Bareiss: without fractions, every division is exact."""
    rows = [list(row) for row in matrix]
    last, sign = None, 1
    for k in range(len(rows)):
        at = next(i for i in range(k, len(rows)) if rows[i][k] != 0)
        if at != k:
            rows[k], rows[at], sign = rows[at], rows[k], -sign
        for i in range(k + 1, len(rows)):
            for j in range(k + 1, len(rows)):
                entry = rows[k][k] * rows[i][j] - rows[i][k] * rows[k][j]
                rows[i][j] = entry if last is None else entry // last
        last = rows[k][k]
    return sign * last


def varchenko(arrangement, values):
    """Π (1 − Π_{H ⊇ X} h_H²)^(cells of A^X · beta of A_X)."""
    lowest = set(arrangement.different.tolist())
    product = 1
    for k in range(1, arrangement.rank + 1):
        for flat in arrangement.flats(k):
            cells = len(arrangement.restriction(flat).cells())
            chi = np.poly1d(
                [*map(int, arrangement.localization(flat).whitney_numbers()[: k + 1])]
            )
            signed = np.poly1d([c * (-1) ** i for i, c in enumerate(chi.coeffs)])
            beta = abs(round(signed.deriv()(1)))
            square = math.prod(values[i] for i in flat.hyperplanes if i in lowest) ** 2
            product *= (1 - square) ** (cells * beta)
    return product


def test_the_determinant_of_seven_cells():
    matrix = NEAR.varchenko_matrix()
    assert matrix.shape == (7, 7)
    h = matrix[0, 0].context().gens()
    wanted = 1
    for i, cells in enumerate((3, 3, 3)):
        wanted *= (1 - h[i] ** 2) ** cells
    assert determinant(matrix) == wanted == varchenko(NEAR, h)


@examples(30)
@given(tables(max_hyperplanes=4), st.randoms(use_true_random=False))
def test_determinants_are_those_of_varchenko(table, random):
    arrangement = arrangement_of(*table)
    matrix = arrangement.varchenko_matrix()
    values = [random.randint(2, 9) for _ in range(max(1, arrangement.n_hyperplanes))]
    numbers = [[int(entry(*values)) for entry in row] for row in matrix]
    assert int(fmpz_mat(numbers).det()) == varchenko(arrangement, values)


@examples(10)
@given(tables(max_hyperplanes=4))
def test_distances_are_numbers_of_separating_hyperplanes(table):
    arrangement = arrangement_of(*table)
    cells = arrangement.cells()
    signs = cells.signs[:, arrangement.different]
    apart = (signs[:, None] != signs[None]).sum(axis=2)
    for i in range(min(2, len(cells))):
        assert arrangement.distance_enumerator(i) == tuple(np.bincount(apart[i]).tolist())
        for j in range(min(2, len(cells))):
            assert arrangement.distance_between_regions(i, cells[j]) == apart[i, j]
            separating = [
                arrangement.is_separating_hyperplane(cells[i].signs, j, h)
                for h in range(arrangement.n_hyperplanes)
            ]
            assert separating == (cells.signs[i] != cells.signs[j]).tolist()


def test_cells_that_are_none():
    for wrong, message in (
        ("++-", "no cell"),
        ("++", "3 entries"),
        (7, "cell 7 does not exist"),
        ("+0+", "1 or -1"),
        (None, "3 entries"),
    ):
        with pytest.raises(InputError, match=message):
            NEAR.distance_between_regions(wrong, 0)
    with pytest.raises(InputError, match="hyperplane 3"):
        NEAR.is_separating_hyperplane(0, 1, 3)


@examples(50)
@given(tables())
def test_simplicial_by_the_definition(table):
    arrangement = arrangement_of(*table)
    wanted = all(
        rank(arrangement.rows[list(cell.facets()), :-1]) == len(cell.facets())
        for cell in arrangement.cells()
    )
    assert arrangement.is_simplicial() == wanted


def test_known_simplicial_arrangements():
    for simplicial in (
        families.coxeter("B", 3),
        families.resonance(3),
        families.coxeter("D", 4),
    ):
        assert simplicial.is_simplicial()
    for other in (families.grid(2, 1), families.threshold(3)):
        assert not other.is_simplicial()


@examples(20)
@given(tables(max_hyperplanes=4), st.randoms(use_true_random=False))
def test_products_of_faces_are_a_semigroup(table, random):
    arrangement = arrangement_of(*table)
    rows = reference.rows_of(arrangement.given[:, :-1], arrangement.given[:, -1])
    faces = sorted(reference.faces(rows))
    for _ in range(10):
        F, G, H = (random.choice(faces) for _ in "FGH")
        product = tuple(arrangement.face_product(F, G).tolist())
        assert product == tuple(f or g for f, g in zip(F, G, strict=True))
        assert product in faces
        both = arrangement.face_product(product, H)
        assert (both == arrangement.face_product(F, arrangement.face_product(G, H))).all()


def test_faces_that_are_none():
    for wrong, message in (("000", "no point"), ("++-", "no face"), ("+0-", "no face")):
        with pytest.raises(InputError, match=message):
            NEAR.face_product(wrong, "+++")
