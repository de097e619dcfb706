"""Betti numbers of class regions and of decision boundaries."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrangement.errors import InputError
from arrangement.networks import Network
from tests.amounts import examples

AXES = {d: np.vstack([np.eye(d), -np.eye(d)]) for d in (1, 2, 3)}


def fold(d, layers, biases, low=4):
    """Decision regions of a network that is given |x_1|, −x_1 … by its first layer."""
    network = Network([AXES[d], *layers], [[0] * (2 * d), *biases])
    return network.regions([(-low, low)] * d).decision_regions()


def ball(d):
    """Class 1 where |x| < 1 in l1."""
    return fold(d, [[[1] * (2 * d), [0] * (2 * d)]], [[0, 1]])


def shell(d):
    """Class 1 where | |x| − 2 | < 1 in l1."""
    return fold(d, [[[1] * (2 * d), [-1] * (2 * d)], [[1, 1], [0, 0]]], [[-2, 2], [0, 1]])


def torus():
    """Class 1 where | |x| + |y| − 2 | + |z| < 1."""
    xy, z = [1, 1, 0, 1, 1, 0], [0, 0, 1, 0, 0, 1]
    layers = [[xy, [-v for v in xy], z], [[1, 1, 1], [0, 0, 0]]]
    return fold(3, layers, [[-2, 2, 0], [0, 1]])


def pair():
    """Class 1 where | |x| − 2 | + |y| < 1."""
    x, y = [1, 0, 1, 0], [0, 1, 0, 1]
    layers = [[x, [-v for v in x], y], [[1, 1, 1], [0, 0, 0]]]
    return fold(2, layers, [[-2, 2, 0], [0, 1]])


SHAPES = {  # class 1, class 0, the boundary
    "interval": (ball(1), (1,), (2,), (2,)),
    "intervals": (shell(1), (2,), (3,), (4,)),
    "disc": (ball(2), (1, 0), (1, 1), (1, 1)),
    "annulus": (shell(2), (1, 1), (2, 1), (2, 2)),
    "discs": (pair(), (2, 0), (1, 2), (2, 2)),
    "ball": (ball(3), (1, 0, 0), (1, 0, 1), (1, 0, 1)),
    "shell": (shell(3), (1, 0, 1), (2, 0, 1), (2, 0, 2)),
    "solid torus": (torus(), (1, 1, 0), (1, 1, 1), (1, 2, 1)),
}


@pytest.mark.parametrize(
    ("decision", "inside", "rest", "boundary"), SHAPES.values(), ids=SHAPES
)
def test_known_shapes(decision, inside, rest, boundary):
    for closed in (True, False):
        assert decision.betti_numbers(1, closed) == inside
        assert decision.betti_numbers(0, closed) == rest
    assert decision.boundary_betti_numbers() == boundary


def test_corners_connect_closed_sets_only():
    # The first class where |x| > |y|: two of four triangles that meet in the origin.
    decision = fold(2, [[[1, 0, 1, 0], [0, 1, 0, 1]]], [[0, 0]])
    assert decision.betti_numbers(0) == decision.betti_numbers(1) == (1, 0)
    assert decision.betti_numbers(0, False) == decision.betti_numbers(1, False) == (2, 0)
    assert decision.boundary_betti_numbers() == (1, 0)


def test_classes_without_inputs():
    decision = Network([[[0, 0]] * 2], [[0, -1]]).regions([(0, 1)] * 2).decision_regions()
    assert decision.betti_numbers(0) == (1, 0)
    assert decision.betti_numbers(1) == decision.betti_numbers(1, False) == (0, 0)
    assert decision.boundary_betti_numbers() == (0, 0)
    with pytest.raises(InputError, match="class 2 does not exist"):
        decision.betti_numbers(2)


def rank_modulo_2(columns):
    """By elimination; each column is the set of its rows as bits."""
    pivots = {}
    for column in columns:
        while column and column.bit_length() in pivots:
            column ^= pivots[column.bit_length()]
        if column:
            pivots[column.bit_length()] = column
    return len(pivots)


def nerve_betti(bodies, d):
    """Of a union of convex bodies, which meet in common vertices or not at all."""
    through = {}
    for i, body in enumerate(bodies):
        for x in body:
            through.setdefault(x, []).append(i)
    levels = [
        sorted({s for on in through.values() for s in combinations(on, k + 1)})
        for k in range(d + 1)
    ]
    ranks = [0]
    for small, large in pairwise(levels):
        number = {s: i for i, s in enumerate(small)}
        ranks.append(
            rank_modulo_2(
                sum(1 << number[s] for s in combinations(t, len(t) - 1)) for t in large
            )
        )
    return tuple(len(levels[k]) - ranks[k] - ranks[k + 1] for k in range(d))


@st.composite
def classifiers(draw):
    d, out = draw(st.integers(1, 3)), draw(st.integers(2, 3))
    width = draw(st.integers(2, 6 if d < 3 else 3))
    entries = st.integers(-3, 3)
    sizes = [d, width, *([3] if draw(st.booleans()) else []), out]
    weights = [
        [[draw(entries) for _ in range(a)] for _ in range(b)] for a, b in pairwise(sizes)
    ]
    return Network(weights, [[draw(entries) for _ in W] for W in weights])


@given(classifiers(), st.sampled_from(["argmax", "argmin"]))
@examples(60)
def test_against_nerves(network, by):
    """A union of convex cells has the homotopy type of their nerve."""
    d = network.input_dimension
    decision = network.regions([(-2, 2)] * d).decision_regions(by)
    corners, cells = decision.geometry.corners_of, range(decision.complex.n_regions)
    number = decision.class_numbers[decision.owner]
    for k in range(network.output_dimension):
        mine = [corners([c]) for c in cells if number[c] == k]
        assert decision.betti_numbers(k) == nerve_betti(mine, d)
        assert decision.betti_numbers(k, False)[0] == decision.class_counts[k]
    parts = [facet.vertices for facet in decision.boundary]
    assert decision.boundary_betti_numbers() == nerve_betti(parts, d)


@given(classifiers())
@examples(40)
def test_an_open_set_and_what_it_leaves(network):
    """Alexander duality in the sphere: in R^d, b_k(U) = b_{d−1−k}(R^d ∖ U), one less for b_0.

    R^d ∖ U is the closed union of the other classes, with all that is outside the domain.
    """
    d = network.input_dimension
    decision = network.regions([(-2, 2)] * d).decision_regions()
    for k in set(decision.class_numbers.tolist()):
        rest = [decision.geometry.corners_of([c]) for c in range(decision.complex.n_regions)
                if decision.class_numbers[decision.owner[c]] != k]  # fmt: skip
        # The outside is a cone over the walls, from a point at infinity.
        faces, outside = decision.complex.faces, []
        for wall in range(1, 2 * d + 1):
            mine = np.flatnonzero((faces[:, 0] == d - 1) & (faces[:, 3] == -wall)).tolist()
            outside.append((*decision.geometry.vertices_of(mine), -1))
        left = nerve_betti([*rest, *outside], d)
        wanted = list(left[::-1])
        wanted[-1] -= 1
        wanted[0] += 1
        assert decision.betti_numbers(k, False) == tuple(wanted)
