"""Cells: points, witnesses, boundedness, lookup, saving."""

import copy
import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrangement import Arrangement, Cells, InputError, exact, families, kernels
from arrangement.exact.packing import pack_signs, unpack_signs
from arrangement.files import archives
from tests import reference
from tests.amounts import examples, first
from tests.hyperplanes.test_hyperplanes import arrangement_of
from tests.strategies import tables


def test_a_portion_is_no_whole_when_loaded(tmp_path):
    rng = np.random.default_rng(0)
    normals = np.repeat(rng.integers(-9, 10, (5, 3)), 2, axis=0)
    offsets = np.repeat(rng.integers(-9, 10, 5), 2).astype(object)
    offsets[1::2] += Fraction(1, 2**60)  # cells too narrow for float64
    for k, portion in enumerate(Arrangement(normals, offsets).iter_cells(batch_size=7)):
        portion.save(tmp_path / f"{k}.npz")
        loaded = Cells.load(tmp_path / f"{k}.npz")
        assert not loaded.complete
        points = np.array([list(p) for p in loaded.witness], dtype=object)
        assert np.array_equal(exact.signs_at(loaded.arrangement.rows, points), loaded.signs)


@pytest.mark.parametrize("units", [[1, 1e4, 1e-4, 1e8], [1, 1e-12, 1, 1]])
def test_points_in_any_units(units):
    normals = np.random.default_rng(0).normal(size=(12, 4)) * units
    cells = Arrangement(normals, np.ones(12)).cells()
    found = exact.signs_at(cells.arrangement.rows, cells.points)
    assert np.array_equal(found, cells.signs)


@examples(200)
@given(tables())
def test_points_and_witnesses_have_the_exact_signs(table):
    cells = arrangement_of(*table).cells()
    rows = cells.arrangement.rows
    found = ~np.isnan(cells.points).any(axis=1)
    assert (exact.signs_at(rows, cells.points[found]) == cells.signs[found]).all()
    for cell in cells:
        witness = np.array([cell.witness], dtype=object)
        assert all(isinstance(v, Fraction) for v in cell.witness)
        assert (exact.signs_at(rows, witness) == cell.signs).all()


@given(tables(max_hyperplanes=5))
def test_bounded_equals_the_reference(table):
    d, normals, offsets = table
    rows = reference.rows_of(normals, offsets)
    cells = arrangement_of(d, normals, offsets).cells()
    wanted = [reference.bounded(rows, tuple(s)) for s in cells.signs.tolist()]
    assert cells.bounded.tolist() == wanted


@given(tables(max_hyperplanes=5))
def test_bounded_in_a_domain(table):
    d, normals, offsets = table
    cells = arrangement_of(d, normals, offsets).cells(domain=[(0, None)] * d)
    quadrant = np.column_stack([np.eye(d, dtype=int), np.zeros(d, dtype=int)])
    rows = reference.rows_of(normals, offsets) + [
        tuple(map(Fraction, map(int, r))) for r in quadrant
    ]
    wanted = [reference.bounded(rows, (*s, *[1] * d)) for s in cells.signs.tolist()]
    assert cells.bounded.tolist() == wanted


def test_planes_ten_to_the_minus_thirty_apart():
    tiny = Fraction(1, 10**30)
    slab = Arrangement([[1, 1, 1], [1, 1, 1], [1, -1, 0]], [0, -tiny, 0]).cells()
    inside = [cell for cell in slab if cell.signs[0] > 0 > cell.signs[1]]
    assert len(slab) == 6
    assert len(inside) == 2
    for cell in inside:
        assert 0 < sum(cell.witness) < tiny
        assert 0 < sum(map(Fraction, cell.point.tolist())) < tiny


def test_nan_only_where_no_float_lies_inside():
    # Between 1/3 and the next larger rational with denominator 10^40 there is no float64.
    cells = Arrangement([[1], [1]], ["-1/3", f"-{10**40 // 3 + 1}/{10**40}"]).cells()
    sliver = cells.index([1, -1])
    assert np.isnan(cells.points[sliver]).all()
    assert (np.isnan(cells.points).sum(axis=1) > 0).sum() == 1
    assert len(cells.witness) == 3
    assert (
        cells.witness[sliver] == cells[sliver].witness == cells.witness[sliver : sliver + 1][0]
    )


@pytest.mark.parametrize(
    "normals",
    [
        np.random.default_rng(3).normal(size=(30, 3)),
        np.random.default_rng(4).normal(size=(30, 3)) * 1e-150,
        np.random.default_rng(5).normal(size=(30, 3)) * [1e-6, 1, 1e6],
    ],
)
def test_random_floats_always_have_a_float_point(normals):
    cells = Arrangement(normals[:, :2], normals[:, 2]).cells()
    assert not np.isnan(cells.points).any()


@given(tables(max_hyperplanes=5))
def test_index_and_locate_find_every_cell(table):
    cells = arrangement_of(*table).cells()
    for i, cell in enumerate(cells):
        assert (
            cells.index(cell.signs) == cells.index(repr(cell).split()[-1]) == i
            if cells.arrangement.n_hyperplanes
            else True
        )
        assert cells.locate(np.array(cell.witness, dtype=object)) == i
        assert cell in cells
    found = ~np.isnan(cells.points).any(axis=1)
    assert (cells.locate(cells.points[found]) == np.flatnonzero(found)).all()


def test_lookup_errors():
    cells = Arrangement([[1, 0], [0, 1], [1, 1]]).cells()
    with pytest.raises(InputError, match="no cell has this sign vector"):
        cells.index([1, 1, -1])
    with pytest.raises(InputError, match="a sign vector has 3 entries"):
        cells.index([1, 1])
    with pytest.raises(InputError, match="a sign vector has 3 entries"):
        cells.index("++0")
    with pytest.raises(InputError, match="point 0 lies on hyperplane 2"):
        cells.locate([1.0, -1.0])
    with pytest.raises(InputError, match=r"points, row 1, column 0: nan"):
        cells.locate([[1.0, 2.0], [np.nan, 0.0]])
    with pytest.raises(InputError, match="a point has 2 coordinates"):
        cells.locate([1.0, 2.0, 3.0])
    with pytest.raises(IndexError, match="cell 6 does not exist"):
        cells[6]
    box = Arrangement([[1, 0]]).cells(domain=[(1, 2), (0, 1)])
    with pytest.raises(InputError, match="point 0 lies in no cell that meets the domain"):
        box.locate([-1.0, 0.5])


def test_locate_takes_every_number_exactly():
    cells = Arrangement([[1]], [-(2**53)]).cells()
    above = cells.index("+")
    for point in ([2**53 + 1], np.array([2**53 + 1]), ["18014398509481985/2"]):
        assert cells.locate(point) == above
    with pytest.raises(InputError, match="row 0, column 0: None"):
        cells.locate([None])
    with pytest.raises(InputError, match="real numbers, not complex"):
        cells.locate(np.array([1j]))


def test_copies_are_as_immutable_as_the_original():
    cells = families.braid(3).cells()
    _ = cells.edges
    for same in (cells, copy.deepcopy(cells), pickle.loads(pickle.dumps(cells))):
        assert same.arrangement == cells.arrangement
        for array in (same.packed, same.edges, same.adjacency.data, same.arrangement.rows):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 1
        with pytest.raises(AttributeError, match="never changes"):
            same.arrangement.rank = 3


def test_integers_of_many_digits_are_saved(tmp_path):
    cells = Arrangement([[10**5000, 1], ["1/3", 1]]).cells()
    cells.save(tmp_path / "long.npz")
    assert Cells.load(tmp_path / "long.npz").arrangement == cells.arrangement


def test_load_refuses_columns_that_do_not_fit(tmp_path):
    cells = families.braid(3).cells()
    cells.save(tmp_path / "good.npz")
    arrays = dict(np.load(tmp_path / "good.npz"))
    np.savez(tmp_path / "bad.npz", **arrays, points=np.zeros((3, 7)))
    with pytest.raises(InputError, match="the checksum is not that of the content"):
        Cells.load(tmp_path / "bad.npz")
    archives.write(tmp_path / "bad.npz", "cells", {**arrays, "points": np.zeros((3, 7))})
    with pytest.raises(InputError, match=r"points has shape \(3, 7\), not \(6, 3\)"):
        Cells.load(tmp_path / "bad.npz")


def test_what_follows_from_the_signs_is_not_believed(tmp_path):
    cells = families.catalan(3).cells()
    cells.save(tmp_path / "good.npz")
    arrays = archives.read(tmp_path / "good.npz", "cells")
    wrong = {"edges": cells.edges[:3], "bounded": ~cells.bounded}
    archives.write(tmp_path / "bad.npz", "cells", {**arrays, **wrong})
    loaded = Cells.load(tmp_path / "bad.npz")
    assert (loaded.edges == cells.edges).all()
    assert (loaded.bounded == cells.bounded).all()


@pytest.mark.slow
def test_points_in_slivers_are_sought_among_the_facets():
    # Thirty planes and two of them a hair apart: the sliver has few facets.
    rng = np.random.default_rng(4)
    normals = [[int(v) for v in row] for row in rng.integers(1, 10, (30, 3))]
    offsets = [int(v) for v in rng.integers(-9, 10, 30)]
    normals += [[10**40, 0, 1], [10**40 + 1, 0, 1]]
    cells = Arrangement(normals, [*offsets, 3, 3]).cells()
    for i in range(0, len(cells), 7):
        signs = exact.signs_at(
            cells.arrangement.rows, np.array([cells.witness[i]], dtype=object)
        )
        assert (signs[0] == cells.signs[i]).all()
    facets = cells._table.facets(5)
    assert sorted(facets) == sorted(int(h) for a, b, h in cells.edges if 5 in (a, b))


def test_sequence_protocol():
    cells = families.braid(3).cells()
    assert len(cells) == len(list(cells)) == 6
    assert cells[-1].index == 5
    assert [cell.index for cell in cells[1:3]] == [1, 2]
    assert (1, 1, 1) in cells
    assert (1, -1, 1) not in cells or (-1, 1, -1) in cells
    assert "braid" not in repr(cells)
    for array in (cells.packed, cells.signs, cells.points, cells.bounded, cells.edges):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


@pytest.mark.parametrize("n", [0, 1, 7, 8, 63, 64, 65, 200])
def test_packing_round_trips(n):
    signs = np.random.default_rng(n).choice([-1, 1], size=(5, n)).astype(np.int8)
    packed = pack_signs(signs)
    assert packed.dtype == np.uint64
    assert packed.shape == (5, -(-n // 64))
    assert (unpack_signs(packed, n) == signs).all()
    for i in range(n):
        assert (
            ((packed[:, i // 64] >> np.uint64(i % 64)) & np.uint64(1)) == (signs[:, i] > 0)
        ).all()


@pytest.mark.parametrize(
    "arrangement",
    [
        families.catalan(3),
        Arrangement([["1/3", 10**30], [0.1, 2]], ["1/7", 0]),
        Arrangement(np.zeros((0, 2))),
    ],
)
def test_save_and_load(arrangement, tmp_path):
    cells = arrangement.cells()
    path = tmp_path / "cells.npz"
    cells.save(path)
    early = Cells.load(path)
    assert early.arrangement == arrangement
    assert (early.packed == cells.packed).all()
    assert (early.edges == cells.edges).all()
    points = cells.points
    cells.save(path)
    assert np.array_equal(Cells.load(path).__dict__["points"], points, equal_nan=True)
    assert [p.name for p in tmp_path.iterdir()] == ["cells.npz"]


def test_save_and_load_with_a_domain(tmp_path):
    cells = Arrangement([[1, 0], [0, 1]]).cells(domain=[("1/3", 2), (-1, 1)])
    cells.save(tmp_path / "box.npz")
    loaded = Cells.load(tmp_path / "box.npz")
    assert (loaded.domain == cells.domain).all()
    assert loaded.bounded.all()


def test_load_refuses_other_files(tmp_path):
    text = tmp_path / "text.npz"
    text.write_text("hello")
    with pytest.raises(InputError, match=r"text.npz: not a file of saved cells"):
        Cells.load(text)
    np.savez(tmp_path / "other.npz", a=1)
    with pytest.raises(InputError, match="not a file of saved cells"):
        Cells.load(tmp_path / "other.npz")
    np.save(tmp_path / "one.npy", np.eye(2))
    with pytest.raises(InputError, match=r"one.npy: not a file of saved cells \(it holds one"):
        Cells.load(tmp_path / "one.npy")
    cells = families.braid(3).cells()
    cells.save(tmp_path / "whole.npz")
    whole = (tmp_path / "whole.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="not a file of saved cells"):
        Cells.load(tmp_path / "cut.npz")
    odd = {"normals": [[1]], "offsets": [0], "packed": np.zeros((2, 5), np.uint64)}
    np.savez(tmp_path / "odd.npz", **odd)
    with pytest.raises(InputError, match="no format and checksum, or is of an earlier version"):
        Cells.load(tmp_path / "odd.npz")
    arrays = {name: np.array(values) for name, values in odd.items()}
    archives.write(tmp_path / "odd.npz", "cells", arrays)
    with pytest.raises(InputError, match="so it does not fit"):
        Cells.load(tmp_path / "odd.npz")
    with pytest.raises(InputError, match=r"missing.npz: .*cannot be read"):
        Cells.load(tmp_path / "missing.npz")


def test_no_hyperplane_in_a_domain_has_a_point():
    cells = Arrangement(np.zeros((0, 2))).cells(domain=[(0, 1), (2, 3)])
    assert len(cells) == 1
    assert all(
        low < x < high
        for x, (low, high) in zip(cells.witness[0], [(0, 1), (2, 3)], strict=True)
    )
    assert np.isfinite(cells.points).all()


@pytest.mark.parametrize("offset", first(1, [0, 1]))
@pytest.mark.parametrize("domain", [None, [(0, None), (None, 5), (-3, 7)]])
def test_points_on_lines_through_other_points(offset, domain):
    """Most points are found on lines: over two words, opposite the origin, in a domain."""
    rng = np.random.default_rng(8)
    normals, offsets = rng.integers(-9, 10, (70, 3)), offset * rng.integers(-9, 10, 70)
    normals[4], offsets[4] = -2 * normals[3], -2 * offsets[3]  # two that are met at once
    cells = Arrangement(normals, offsets).cells(domain=domain)
    assert len(cells) > 1000
    rows = cells.arrangement.rows
    assert (exact.signs_at(rows, cells.points) == cells.signs).all()
    if domain is not None:
        assert (exact.signs_at(cells.domain, cells.points) > 0).all()
    some = rng.permutation(len(cells))[: len(cells) // 2]
    part = Cells(cells.arrangement, cells.packed[some], cells.domain, complete=False)
    assert (exact.signs_at(rows, part.points) == part.signs).all()
    for i in some[:3].tolist():
        alone = Cells(cells.arrangement, cells.packed, cells.domain)[i]
        assert (exact.signs_at(rows, alone.point[None])[0] == cells.signs[i]).all()


def test_points_of_all_cells_and_of_one_are_found_by_the_same_code(monkeypatch):
    loop, declared = kernels.interior_points, []

    def interior_points(*arguments):
        declared.append(loop.takes(arguments))
        return loop(*arguments)

    monkeypatch.setattr(kernels, "interior_points", interior_points)
    cells = families.braid(4).cells()
    _ = cells[3].point
    _ = cells.points, Cells(cells.arrangement, cells.packed[::-1]).points
    assert declared == [True, True, True]


@pytest.mark.parametrize(
    ("whole", "domain"),
    [
        (families.resonance(4), None),
        (families.shi(4), None),
        (families.shi(4), [(-1, 3)] * 4),
        (families.braid(5), [(0, None)] * 5),
        (families.coxeter("H", 3), None),
        (Arrangement([[2, -1], [1, 0], [4, -2]], ["1/3", "-5/7", "2/3"]), None),
        (Arrangement([[1, 0], [0, 1], [1, 1], [1, 2]], ["1/3", "1/7", "10/21", "13/21"]), None),
        (Arrangement(np.random.default_rng(0).integers(-9, 10, (70, 2)), [7] * 70), None),
    ],
)
def test_points_where_a_cone_is_split(whole, domain, monkeypatch):
    """All cells get theirs so: central elsewhere, affine, in a domain, over two words."""
    cells = whole.cells("restrict", domain)
    monkeypatch.setattr("arrangement.results.points.MANY", 0)
    certify, enough = kernels.certify, []
    monkeypatch.setattr(
        kernels,
        "certify",
        lambda *some: (enough.append(certify.takes(some)), certify(*some))[1],
    )
    left = []
    monkeypatch.setattr(kernels, "interior_points", lambda *some: left.append(some))
    assert (exact.signs_at(whole.rows, cells.points) == cells.signs).all()
    assert not left
    assert set(enough) == {True}
    if domain is not None:
        assert (exact.signs_at(cells.domain, cells.points) > 0).all()


@examples(100)
@given(table=tables(), inside=st.booleans(), order=st.randoms())
def test_points_of_cells_in_any_order_are_certain(table, inside, order):
    """Also of those that no cone was split into in this order."""
    domain = [(None, 1)] * table[0] if inside else None
    arrangement = arrangement_of(*table)
    cells = arrangement.cells("restrict", domain)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("arrangement.results.points.MANY", 0)
        some = np.arange(len(cells))
        for _ in range(2):
            found = Cells(arrangement, cells.packed[some], cells.domain)
            known = ~np.isnan(found.points).any(axis=1)
            assert (
                exact.signs_at(arrangement.rows, found.points[known]) == found.signs[known]
            ).all()
            if cells.domain is not None:
                assert (exact.signs_at(cells.domain, found.points[known]) > 0).all()
            order.shuffle(some)


@pytest.mark.parametrize(
    ("n", "d", "central", "largest"),
    [
        (30, 3, False, 2**40),
        (14, 7, False, 2**40),
        pytest.param(70, 4, True, 2**40, marks=pytest.mark.slow),
        (30, 4, False, 9),
    ],
)
def test_points_where_cells_begin(n, d, central, largest, monkeypatch):
    """Nearly all cells that a sweep lists get theirs so: over two words, opposite the origin,
    at infinity, where more hyperplanes share a vertex, and beside copies."""
    rng = np.random.default_rng(n)
    normals = rng.integers(-largest, largest, (n, d))
    offsets = 0 * normals[:, 0] if central else rng.integers(-largest, largest, n)
    normals[4], offsets[4] = -2 * normals[3], -2 * offsets[3]
    cells = Arrangement(normals, offsets).cells()
    left = []
    found = kernels.interior_points
    monkeypatch.setattr(
        kernels, "interior_points", lambda *given: (left.append(len(given[3])), found(*given))
    )
    points = cells.points
    assert len(cells) > 3000
    assert left[0] < len(cells) / 50
    assert (exact.signs_at(cells.arrangement.rows, points) == cells.signs).all()
    # In another order they are found in another way.
    left.clear()
    shuffled = Cells(cells.arrangement, cells.packed[rng.permutation(len(cells))])
    points = shuffled.points
    assert left[0] > len(cells) / 2
    assert (exact.signs_at(cells.arrangement.rows, points) == shuffled.signs).all()


@pytest.mark.parametrize(
    ("n", "units"),
    [
        (12, (1, 2.0**300, 2.0**-300)),
        pytest.param(30, (1, 2.0**300, 2.0**-300), marks=pytest.mark.slow),
        pytest.param(30, (2.0**20, 1, 2.0**-20), marks=pytest.mark.slow),
        pytest.param(30, (2.0**-900,) * 3, marks=pytest.mark.slow),
    ],
)
def test_points_in_units_far_apart(n, units):
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(n, 4))
    cells = Arrangement(rows[:, :3] * units, rows[:, 3]).cells(method="sweep")
    found = exact.signs_at(cells.arrangement.rows, cells.points)
    assert (found == cells.signs).all()
