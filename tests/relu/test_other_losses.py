"""Landscapes of other losses: the definitions in exact numbers, descents, perturbations."""

import numpy as np
import pytest
from scipy.optimize import minimize

from arrangement.relu import OneHiddenLayer, local_minimum
from arrangement.relu.losses.losses import Loss
from tests.amounts import first
from tests.landscape_reference import HuberReference, SmoothReference
from tests.relu.test_criterion import assert_no_way_down
from tests.relu.test_landscape import data_set, with_bias

LOSSES = "huber", "log_cosh", "logistic"


def problem(seed, loss, largest=5, features=2):
    X, y, bias = data_set(seed, largest, features)
    if loss == "logistic":
        y = np.random.default_rng(seed).choice([-1.0, 1.0], len(y))
    return dict(X=X, y=y, bias=bias, loss=loss, output_bias=seed % 7 == 3)


def specification(X, y, bias, output_bias, loss, negative_slope=0.0):
    given = dict(bias=bias, output_bias=output_bias, negative_slope=negative_slope)
    if loss == "huber":
        return HuberReference(X.tolist(), y.tolist(), threshold=1, **given)
    return SmoothReference(X.tolist(), y.tolist(), loss=loss, **given)


def states(pieces):
    return [
        ((tuple(row[0]), s[0]),)
        for row, s in zip(pieces.signs.tolist(), pieces.output_signs.tolist(), strict=True)
    ]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("seed", first(12, range(150)))
def test_the_pieces_are_those_of_the_definitions(seed, loss):
    given = problem(seed, loss)
    landscape = OneHiddenLayer(**given).landscape(exact=seed % 2 == 0)
    pieces = landscape.pieces
    expected = specification(**given).pieces()
    found = states(pieces)
    assert len(set(found)) == len(found)
    for state, value, decided in zip(found, pieces.loss, pieces.decided, strict=True):
        assert state in expected or not decided
        if state in expected:
            assert value == pytest.approx(float(expected[state]), rel=1e-12, abs=1e-14)
    assert len(set(expected) - set(found)) <= landscape.doubtful
    if pieces.decided.all() and not landscape.doubtful:
        assert sorted(found) == sorted(expected)


