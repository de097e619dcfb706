"""An arrangement as a sequence of labelled hyperplanes, against points and Fractions."""

import pickle
from copy import deepcopy
from fractions import Fraction

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrangement import Arrangement, Cells, InputError, families
from tests import reference
from tests.amounts import examples
from tests.hyperplanes.test_hyperplanes import arrangement_of
from tests.strategies import tables


def labelled(table):
    d, normals, offsets = table
    labels = [f"H{i}" for i in range(len(normals))]
    return Arrangement(np.array(normals, dtype=object).reshape(-1, d), offsets, labels)


def same_set(row, other):
    """Do two rows of Fractions vanish at the same points?"""
    return reference.scaled(row) in (
        reference.scaled(other),
        reference.scaled(tuple(-v for v in other)),
    )


@examples(60)
@given(tables(), st.data())
def test_hyperplanes_are_sets_of_points_with_sides(table, data):
    arrangement = labelled(table)
    rows = reference.rows_of(*table[1:])
    assert len(list(arrangement)) == len(arrangement) == len(rows)
    small = st.fractions(-2, 2, max_denominator=6)
    point = data.draw(st.lists(small, min_size=table[0], max_size=table[0]))
    signs = [
        (value > 0) - (value < 0)
        for row in rows
        for value in [sum(a * x for a, x in zip(row, [*point, 1], strict=True))]
    ]
    assert arrangement.sign_vector(point).tolist() == signs
    assert arrangement.sign_vector([point, point]).tolist() == [signs, signs]
    for one, row, side in zip(arrangement, rows, signs, strict=True):
        assert (tuple(map(Fraction, one.normal)), one.offset) == (row[:-1], row[-1])
        assert (one.side(point), point in one) == (side, side == 0)
        for other, theirs in zip(arrangement, rows, strict=True):
            assert (one == other) == same_set(row, theirs)
            assert one != other or hash(one) == hash(other)
    face = arrangement.locate(point)
    assert face.signs.tolist() == signs
    faces = arrangement.faces(face.dimension)
    assert faces.index(face.signs) == faces.locate(point)
    assert (face.bounded, face.vertices(), face.rays()) == (
        (mine := faces[faces.locate(point)]).bounded,
        mine.vertices(),
        mine.rays(),
    )


@examples(60)
@given(tables(max_dimension=2), tables(max_dimension=2))
def test_a_union_has_the_hyperplanes_of_both_once(one, other):
    a, b = labelled(one), labelled(other)
    if one[0] != other[0]:
        with pytest.raises(InputError, match=r"^a union of dimension \d with \d$"):
            a.union(b)
        return
    both = a | b
    assert set(both) == set(a) | set(b)
    assert both[: len(a)] == a
    assert both[: len(a)].labels == a.labels
    added = list(both[len(a) :])
    assert len(set(added)) == len(added)
    assert not set(added) & set(a)
    assert [b.labels[list(b).index(h)] for h in added] == [h.label for h in added]
    grown = a
    for hyperplane in b:
        grown = grown.add_hyperplane(hyperplane)
    assert grown.rows.tolist() == [*a.rows.tolist(), *b.rows.tolist()]
    assert grown.labels == a.labels + b.labels


@examples(40)
@given(tables(max_hyperplanes=5))
def test_operations_keep_labels(table):
    arrangement, n = labelled(table), len(table[1])
    names = arrangement.labels
    assert arrangement.cone().labels == (*names, "")
    assert arrangement.essentialization().labels == names
    assert arrangement.product(arrangement).labels == names * 2
    assert arrangement[::-1].labels == names[::-1]
    assert pickle.loads(pickle.dumps(arrangement)).labels == deepcopy(arrangement).labels
    for i in range(n):
        assert arrangement.deletion(i).labels == names[:i] + names[i + 1 :]
        local = arrangement.localization(i)
        assert local.labels == tuple(names[k] for k in arrangement.closure(i))
        many = arrangement.restriction(i, repetitions=True)
        rows = reference.rows_in(arrangement)
        pivot = next(k for k, v in enumerate(rows[i][:-1]) if v)
        cut = [reference.eliminate(row, rows[i], pivot) for row in rows]
        cutting = [k for k, row in enumerate(cut) if any(row[:-1])]
        assert many.labels == tuple(names[k] for k in cutting)
        once = arrangement.restriction(i)
        assert set(once) == set(many)
        assert once.labels == tuple(many.labels[k] for k in many.different)
        if arrangement.is_central:
            others = [k for k in range(n) if not same_set(rows[k], rows[i])]
            assert arrangement.decone(i).labels == tuple(names[k] for k in others)


def test_repetitions_are_the_multiplicities_of_ziegler():
    # Each hyperplane of braid(5) restricted to one is cut out once, or twice.
    braid = families.braid(5)
    many = braid.restriction(0, repetitions=True)
    assert len(many) == 9
    counts = np.bincount(many.coincidence[0])
    assert sorted(counts[counts > 0].tolist()) == [1, 1, 1, 2, 2, 2]
    assert many.n_cells() == braid.restriction(0).n_cells() == 24


def test_the_center_is_on_all_hyperplanes_and_of_their_rank():
    planes = Arrangement([[1, 0, 0], [1, 1, 0], [0, 1, 0]], [-1, -3, -2])
    center = planes.center()
    assert (center.rank, center.dimension, center.hyperplanes) == (2, 1, (0, 1, 2))
    assert not planes.sign_vector(center.point).any()
    assert Arrangement(np.zeros((0, 2))).center().basis == ((1, 0), (0, 1))
    with pytest.raises(InputError, match=r"^only a central arrangement has a center"):
        families.shi(3).center()


def test_labels_go_into_files_and_graphs(tmp_path):
    lines = Arrangement([[1, 0], [0, 1]], labels=["ost", ""])
    cells = lines.cells()
    cells.save(tmp_path / "cells.npz")
    assert Cells.load(tmp_path / "cells.npz").arrangement.labels == ("ost", "")
    cells.write_graphml(tmp_path / "cells.graphml")
    edges = nx.read_graphml(tmp_path / "cells.graphml").edges(data=True)
    assert sorted(data.get("label", "") for *_, data in edges) == ["", "", "ost", "ost"]
    assert all((data["hyperplane"] == 0) == ("label" in data) for *_, data in edges)
    bare = Arrangement([[1, 0], [0, 1]]).cells()
    assert set(bare.edge_columns()) == {"hyperplane"}


def test_equality_is_of_sequences_and_sets_of_hyperplanes_ignore_order():
    one, other = families.braid(3), families.braid(3)[::-1]
    assert one != other
    assert set(one) == set(other)
    assert one == Arrangement(one.normals, labels="abc".__iter__())
    assert Arrangement([["sqrt(2)", 2]])[0] == Arrangement([[-1, "-sqrt(2)"]])[0]
    assert one[0] != "x0 = 0"


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("ab", r"^labels: 'ab' is no list of 2 texts$"),
        (7, r"^labels: 7 is no list of 2 texts$"),
        (["a"], r"^1 labels for 2 hyperplanes: each needs one, perhaps ''$"),
        (["a", 3], r"^labels, entry 1: 3 is no text of printable characters"),
        (["a\n", "b"], r"^labels, entry 0: 'a\\n' is no text"),
        (["a", " b"], r"^labels, entry 1: ' b' is no text"),
    ],
)
def test_bad_labels(labels, message):
    with pytest.raises(InputError, match=message):
        Arrangement([[1, 0], [0, 1]], labels=labels)


def test_bad_hyperplanes_and_points():
    axes = Arrangement([[1, 0], [0, 1]], labels=["a", "b"])
    with pytest.raises(IndexError, match="hyperplane 2 does not exist: there are 2"):
        axes[2]
    with pytest.raises(InputError, match=r"^a union is with another arrangement, not with 3$"):
        axes.union(3)
    with pytest.raises(TypeError, match="unsupported operand"):
        axes | 3
    with pytest.raises(InputError, match="the normal has 3 entries, but the dimension is 2"):
        axes.add_hyperplane([1, 2, 3])
    with pytest.raises(InputError, match="a Hyperplane has its own offset: leave it out"):
        axes.add_hyperplane(axes[0], 1)
    with pytest.raises(InputError, match="a point has 2 coordinates"):
        axes[0].side([1, 2, 3])
    with pytest.raises(InputError, match="one point is located at a time"):
        axes.locate([[1, 2], [3, 4]])
    with pytest.raises(InputError, match="point 1 is in none of the 4 faces of dimension 1"):
        axes.faces(1).locate([[0, 1], [1, 1]])


def test_a_located_face_is_bounded_though_others_are_not():
    # Of the line y = 0 the part between x = -1 and x = 1, and the square's side are bounded.
    lines = Arrangement([[1, 0], [0, 1], [1, 0], [0, 1]], [1, 0, -1, -1])
    assert lines.locate([0, 0]).bounded
    assert not lines.locate([2, 0]).bounded
    assert lines.locate([0, "1/2"]).bounded
    assert not lines.locate([0, 3]).bounded


@given(table=tables(), data=st.data())
def test_projections_are_on_the_hyperplane_along_its_normal(table, data):
    arrangement = arrangement_of(*table)
    x = [Fraction(data.draw(st.integers(-5, 5)), 3) for _ in range(arrangement.dimension)]
    for hyperplane in arrangement:
        foot = hyperplane.orthogonal_projection(x)
        assert foot in hyperplane
        normal = arrangement.rows[hyperplane.index, :-1]
        way = [v - w for v, w in zip(x, foot, strict=True)]
        pairs = list(zip(normal, way, strict=True))
        assert all(a * w == b * v for a, v in pairs for b, w in pairs)
        assert hyperplane.point == hyperplane.orthogonal_projection([0] * len(x))


def test_a_projection_is_of_one_point():
    wall = Arrangement([["sqrt(2)", 1]], [1])[0]
    assert [str(v) for v in wall.point] == ["-1/3*sqrt(2)", "-1/3"]
    with pytest.raises(InputError, match="one point is projected, not 2"):
        wall.orthogonal_projection([[0, 0], [1, 1]])


@pytest.mark.parametrize(
    ("which", "message"),
    [
        ([0, 3], "hyperplane 3 does not exist: there are 3"),
        ([0.5], "by its number, not by 0.5"),
        (1, "1 is no list of hyperplanes"),
    ],
)
def test_hyperplanes_that_are_chosen_exist(which, message):
    with pytest.raises(InputError, match=message):
        families.braid(3).chosen(which)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[1, 2, 3]], r"rows of 3 entries; \[normal \| offset\] has 4"),
        ([[0, 0, 0, 1]], "row 0: the normal is zero"),
        ([[1, 2, float("inf"), 1]], "inf"),
        (5, "must have shape"),
    ],
)
def test_rows_that_are_added_are_hyperplanes(rows, message):
    with pytest.raises(InputError, match=message):
        families.braid(3).with_rows(rows)
    assert families.braid(3).with_rows([[1, 2, 0.5, "1/3"]])[3].offset == Fraction(1, 3)


def test_a_hyperplane_is_given_by_its_number_or_as_itself():
    lines = Arrangement([[1, 1], [1, -1], [0, 1]], [0, 0, -1])
    turned = Arrangement([[0, -2], [3, 3]], [2, 0])
    assert lines.deletion(lines[1]) == lines.deletion(1)
    assert lines.deletion(turned[0]) == lines.deletion(2)
    assert lines.restriction(turned[1]) == lines.restriction(0)
    assert lines.join(lines[0], turned[0]) == lines.join(0, 2)
    assert lines.is_separating_hyperplane(0, 1, turned[0]) == (
        lines.is_separating_hyperplane(0, 1, 2)
    )
    with pytest.raises(InputError, match=r"Hyperplane 0: x0 = 0 is none of the 3"):
        lines.deletion(Arrangement([[1, 0]])[0])
