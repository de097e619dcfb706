"""Ends of gradient descent: by hand, and against runs of an independent descent."""

import numpy as np
import pytest

from arrangement.errors import InputError
from arrangement.relu import OneHiddenLayer, basins, sampled_basins
from arrangement.relu.initialisation import drawn_networks
from tests import descent
from tests.amounts import first


def starts(problem, runs, initialisation="he_normal", seed=0):
    return drawn_networks(problem, initialisation, runs, np.random.default_rng(seed))


def test_one_neuron_by_hand():
    # Outputs are u x with u = z w where w > 0, and y = x. Where z < 0 and w² < z² the weight
    # gets to zero first, and a step beyond: the neuron is dead.
    landscape = OneHiddenLayer([[1.0], [2.0]], [1.0, 2.0], bias=None).landscape()
    found = sampled_basins(landscape, 60, random_state=3)
    w, z, _ = starts(landscape.problem, 60, seed=3)
    w, z = w[:, 0, 0], z[:, 0]
    expected = np.where((w < 0) | (-z > w), "dead", "isolated")
    assert found.undecided == 0
    assert landscape.pieces.kind[found.piece].tolist() == expected.tolist()
    assert np.array_equal(landscape.activations[found.start].all(axis=1), w > 0)
    assert np.array_equal(found.final_loss[w < 0], found.initial_loss[w < 0])
    assert found.initial_loss == pytest.approx(2.5 * (np.maximum(w, 0) * z - 1) ** 2)
    assert np.all(found.final_loss <= found.initial_loss)
    counts = [int(np.sum(found.piece == row)) for row in found.rows]
    assert counts == found.count.tolist()
    assert np.all((found.low < found.share) & (found.share < found.high))


@pytest.mark.parametrize(
    ("N", "d", "K", "free", "slope"),
    [
        pytest.param(4, 1, 2, False, 0.0, marks=pytest.mark.slow),
        pytest.param(6, 1, 1, False, 0.0, marks=pytest.mark.slow),
        pytest.param(6, 2, 1, False, 0.0, marks=pytest.mark.slow),
        pytest.param(9, 2, 1, False, 0.1, marks=pytest.mark.slow),
        pytest.param(6, 1, 2, True, 0.0, marks=pytest.mark.slow),
        pytest.param(8, 2, 2, False, 0.0, marks=pytest.mark.slow),
    ],
)
def test_independent_runs_end_in_the_same_pieces(N, d, K, free, slope):
    rng = np.random.default_rng(4)
    X, y = rng.normal(size=(N, d)), rng.normal(size=N)
    landscape = OneHiddenLayer(X, y, K, output_bias=free, negative_slope=slope).landscape()
    found = sampled_basins(landscape, 30, "torch")
    layer = descent.Layer(np.column_stack([X, np.ones(N)]), y, slope, free)
    *runs, _ = descent.descend(
        layer, *starts(landscape.problem, 30, "torch"), 40_000, descent.SIZES
    )
    same = decided = 0
    for end, row in zip((descent.settle(layer, *run) for run in zip(*runs, strict=True)),
                        found.piece.tolist(), strict=True):  # fmt: skip
        if row >= 0 and end is not None and end.rests:
            decided += 1
            same += abs(landscape.pieces.loss[row] - end.loss) < 1e-9
    # Those jump over kinks by whole steps, so that at forks some go the other way.
    assert decided >= 20
    assert same >= 0.8 * decided


def test_the_order_of_neurons_does_not_matter():
    rng = np.random.default_rng(1)
    landscape = OneHiddenLayer(rng.normal(size=(4, 1)), rng.normal(size=4), 2).landscape()
    w, z, b = starts(landscape.problem, 12)
    one = basins._ends(landscape, (w, z, b), 3000)
    other = basins._ends(landscape, (w[:, ::-1], z[:, ::-1], b), 3000)
    assert np.array_equal(one[0], other[0])
    assert np.array_equal(one[1], other[1])
    assert (one[1] >= 0).any()


def test_a_seed_makes_it_repeatable_and_what_is_stopped_is_undecided():
    rng = np.random.default_rng(0)
    landscape = OneHiddenLayer(rng.normal(size=(6, 1)), rng.normal(size=6)).landscape()
    one, other = (sampled_basins(landscape, 30, max_steps=200).to_dict() for _ in range(2))
    assert one == other
    stopped = sampled_basins(landscape, 30, max_steps=1)
    assert stopped.undecided > 10
    assert np.all(stopped.high >= stopped.share + stopped.undecided / 30)
    some = sampled_basins(landscape, 30, max_steps=60)
    most = (some.count + some.undecided) / 30
    assert 0 < some.undecided < 30
    assert np.all((some.high > most) | (most == 1))
    few = OneHiddenLayer([[1.0], [2.0]], [1.0, 2.0], bias=None).landscape(kinds="isolated")
    assert sampled_basins(few, 30, max_steps=500).undecided > 10
    with pytest.raises(InputError, match="runs"):
        sampled_basins(landscape, 0)
    with pytest.raises(InputError, match="landscape must be"):
        sampled_basins(landscape.pieces)
    with pytest.raises(InputError, match="initialisation"):
        sampled_basins(landscape, 5, "kaiming")


def test_other_losses_and_several_outputs_are_refused():
    for y, loss in (([0, 1], "huber"), ([[0, 1], [1, 1]], "squared")):
        landscape = OneHiddenLayer([[0], [1]], y, loss=loss).landscape()
        with pytest.raises(InputError, match=r"sampled_basins\(\) is for"):
            sampled_basins(landscape, 2)


@pytest.mark.parametrize("d", first(2, [1, 2, 3]))
def test_the_intervals_hold_the_solid_angle_of_the_dead(d):
    """One sample x and y = 1: flow keeps (w·x/‖x‖)² − z², and moves w along x alone.

    So dead are those with w·x ≤ 0, and those with z < 0 and |z| ≥ w·x/‖x‖, which starts that
    are normal with deviations √(2/d) and √2 are with probability atan(√d)/2π.
    """
    x = np.random.default_rng(d).normal(size=(1, d))
    landscape = OneHiddenLayer(x, [1.0], bias=None).landscape()
    (dead,) = np.flatnonzero(landscape.pieces.kind == "dead")
    expected = 1 / 2 + np.arctan(d**0.5) / (2 * np.pi)
    held, share = [], []
    for seed in range(25):
        found = sampled_basins(landscape, 40, random_state=seed, confidence=0.9)
        (k,) = np.flatnonzero(found.rows == dead)
        held.append(found.low[k] <= expected <= found.high[k])
        share.append(found.share[k])
    assert found.undecided == 0
    assert np.mean(held) >= 0.72  # three deviations below 0.9
    assert np.mean(share) == pytest.approx(expected, abs=3 * 0.5 / 1000**0.5)


@pytest.mark.parametrize(
    ("w", "z", "signs", "output_sign"),
    [
        (1e-9, 1.0, [0, 0], 1),
        (1e-9, -1.0, [0, 0], -1),
        (1.0, 1e-9, [1, 1], 0),
        (1.0, -1e-9, [1, 1], 0),
        (-1.0, 1e-9, [-1, -1], 0),
        (-1e-9, 1.0, [-1, -1], 0),
    ],
)
def test_a_neuron_that_vanishes_is_in_the_piece_of_the_weight_that_does(
    w, z, signs, output_sign
):
    # All pieces have the loss of no neuron; of a dead neuron either weight may vanish.
    pieces = OneHiddenLayer([[1.0], [2.0]], [2.0, -1.0], bias=None).landscape().pieces
    sides = np.full((1, 2), np.sign(w), dtype=np.int8)
    row = basins._piece_below(pieces, sides, np.array([[w]]), np.array([z]), 2.5, 1e-6)
    assert pieces.signs[row].tolist() == [signs]
    assert pieces.output_signs[row].tolist() == [output_sign]
