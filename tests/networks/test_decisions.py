"""Decision regions against linear regions cut one by one, in Fractions."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrangement import InputError
from arrangement.networks import Network
from arrangement.networks.regions.decisions import DecisionRegions
from arrangement.networks.regions.regions import Regions
from tests.amounts import examples

SQUARE = [(-1, 1), (-1, 1)]


def polygon_area(corners):
    following = corners[1:] + corners[:1]
    return (
        abs(sum(a[0] * b[1] - a[1] * b[0] for a, b in zip(corners, following, strict=True))) / 2
    )


def clipped(corners, function):
    """The part of a convex polygon where an affine function is not negative."""
    result = []
    for a, b in zip(corners[-1:] + corners[:-1], corners, strict=True):
        f, g = function(a), function(b)
        if f * g < 0:
            t = f / (f - g)
            result.append(tuple(p + t * (q - p) for p, q in zip(a, b, strict=True)))
        if g >= 0:
            result.append(b)
    return result


def class_areas(network, regions):
    """The area of each class, by cutting every linear region; of equal outputs the first."""
    out = network.output_dimension
    areas = [Fraction(0)] * out
    for i in range(len(regions)):
        slope, intercept = regions.exact_map(i)
        rows = [(*s, c) for s, c in zip(slope, intercept, strict=True)]
        for k in range(out):
            if rows[k] in rows[:k]:
                continue
            part = regions.exact_vertices(i)
            for other in rows:
                u, v, w = (a - b for a, b in zip(rows[k], other, strict=True))
                part = clipped(part, lambda x, u=u, v=v, w=w: u * x[0] + v * x[1] + w)
            areas[k] += polygon_area(part) if part else 0
    return areas


@st.composite
def classifiers(draw):
    numbers = st.sampled_from([-2, -1, -0.5, 0, 0, 0.1, 0.25, 1, 1, 3])
    width, out = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    tables = [
        [[draw(numbers) for _ in range(columns + 1)] for _ in range(rows)]
        for rows, columns in ((width, 2), (out, width))
    ]
    return Network([[r[:-1] for r in t] for t in tables], [[r[-1] for r in t] for t in tables])


@given(classifiers())
@examples(50)
def test_class_areas_are_those_of_linear_regions_cut_one_by_one(network):
    regions = network.regions(SQUARE)
    decision = regions.decision_regions()
    expected = class_areas(network, regions)
    found = [decision.exact_class_volume(k) for k in range(network.output_dimension)]
    assert found == expected
    assert sum(found) == 4
    assert decision.class_volumes == pytest.approx([float(v) for v in expected])
    assert sum(decision.class_counts) == len(decision)
    for i, k in enumerate(decision.class_numbers.tolist()):
        outputs = network.exact_forward(decision.witness(i))
        assert outputs.index(max(outputs)) == k
    check_boundary(network, decision)


def check_boundary(network, decision):
    """Both classes win on every piece, and each pair of neighbours has some."""
    pairs = set()
    for facet in decision.boundary:
        a, b = facet.classes
        assert a != b
        assert facet.classes == tuple(decision.class_numbers[list(facet.regions)])
        for x in decision.complex.exact.fractions(facet.vertices):
            outputs = network.exact_forward(x)
            assert outputs[a] == outputs[b] == max(outputs)
        pairs.add(facet.regions)
    assert pairs == set(map(tuple, decision.edges.tolist()))


@pytest.mark.parametrize(("d", "widths"), [(1, [6]), (2, [8, 6]), (3, [5])])
def test_random_classifiers(d, widths):
    network = Network.random([d, *widths, 4], rng=3)
    decision = network.regions([(-1, 1)] * d).decision_regions()
    assert len(set(decision.class_numbers.tolist())) > 2
    assert sum(decision.exact_class_volume(k) for k in range(4)) == 2**d
    check_boundary(network, decision)
    # Points are of the class of the region in which they are.
    X = np.random.default_rng(0).uniform(-1, 1, (200, d))
    where = [decision.locate(x) for x in X]
    assert decision.class_numbers[where].tolist() == network.classify(X).tolist()


def test_ties():
    # Outputs (0, relu(x), 0): equal for x < 0, where the first wins; the boundary x = 0 is the
    # kink of the neuron, not a hyperplane on which affine maps cross.
    network = Network([[[1, 0]], [[0], [1], [0]]], [[0], [0, 0, 0]])
    decision = network.regions(SQUARE).decision_regions()
    assert decision.class_counts.tolist() == [1, 1, 0]
    assert decision.class_volumes.tolist() == [2, 2, 0]
    (facet,) = decision.boundary
    assert set(facet.classes) == {0, 1}
    ends = sorted(decision.complex.exact.fractions(facet.vertices))
    assert ends == [(0, -1), (0, 1)]
    # All outputs equal everywhere: one region, no boundary.
    decision = Network([[[1, 2], [1, 2]]], [[1, 1]]).regions(SQUARE).decision_regions()
    assert decision.class_counts.tolist() == [1, 0]
    assert decision.boundary == []


def test_one_class_in_several_regions():
    # The class of |x| > 1/2 and |y| > 1/2 is in four corners.
    network = Network(
        [[[1, 0], [-1, 0], [0, 1], [0, -1]], [[1, 1, 0, 0], [0, 0, 1, 1]], [[0, 0], [-1, -1]]],
        [[0] * 4, [-0.5, -0.5], [0.5, 0.5]],
    )
    # max(0, |x| − 1/2) + max(0, |y| − 1/2) is 0 on the cross, so y_1 = 1/2 ties with y_0.
    assert network.regions(SQUARE).decision_regions().class_counts.tolist() == [1, 0]
    network = Network(
        [[[1, 0], [-1, 0], [0, 1], [0, -1]], [[1, 1, 0, 0], [0, 0, 1, 1]]], [[0] * 4, [0, 0]]
    )
    decision = network.regions(SQUARE).decision_regions()  # |x| against |y|
    assert decision.class_counts.tolist() == [2, 2]
    assert decision.exact_class_volume(0) == decision.exact_class_volume(1) == 2
    assert len(decision.boundary) == 4


def test_labels_and_what_decision_regions_are_not(tmp_path):
    weights, biases = [[[1, 0], [-1, 0], [0, 1]]], [[0, 0, -0.5]]
    network = Network(weights, biases, labels=["right", "left", "up"])
    regions = network.regions(SQUARE)
    decision = regions.decision_regions()
    assert repr(decision) == "3 decision regions of a network 2-3"
    assert decision.class_labels.tolist() == ["right", "left", "up"]
    assert not {"patterns", "slope", "n_affine_maps", "merge"} & set(dir(decision))
    assert [one.class_label for one in decision] == ["right", "left", "up"]
    assert decision[1].volume == decision.volumes[1]
    with pytest.raises(InputError, match="class 3 does not exist"):
        decision.exact_class_volume(3)
    graph = decision.to_networkx()
    names = {graph.nodes[i]["class"] for i in graph}
    assert names == {"right", "left", "up"}
    decision.save(tmp_path / "decision.npz")
    again = Regions.load(tmp_path / "decision.npz")
    assert isinstance(again, DecisionRegions)
    assert again.class_numbers.tolist() == decision.class_numbers.tolist()
    assert again.boundary == decision.boundary
    decision.write_graphml(tmp_path / "decision.graphml")
    assert Network(weights, biases).regions(SQUARE).decision_regions().class_labels[2] == 2
