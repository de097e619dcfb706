"""What deciders of other losses prove: wrong proposals, enclosures, forms that vanish."""

from fractions import Fraction
from functools import partialmethod

import mpmath
import numpy as np
import pytest
from flint import arb

from arrangement.exact.roots import precision
from arrangement.relu import OneHiddenLayer
from arrangement.relu.minima import smooth
from arrangement.relu.minima.huber import HuberDecider
from arrangement.relu.minima.smooth import PRECISIONS, SmoothDecider, _Critical
from tests.amounts import first
from tests.relu.test_other_losses import problem, specification, states

# --- Huber ----------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_a_proposal_that_is_wrong_at_one_sample_is_not_believed(seed, monkeypatch):
    given = problem(seed, "huber")
    given["output_bias"] = False
    expected = specification(**given).pieces()
    right = HuberDecider._away

    def proposed(self, A, k):
        # Sample k beyond the threshold if it is within, or on the other side.
        away = right(self, A).copy()
        if A.shape[1]:
            away[k] = -2.0 * np.sign(away[k]) if abs(away[k]) >= 1 else 2.0 * (2 * (k % 2) - 1)
        return away

    beyond = []

    def within(self, A):
        # Wrong only where a sample is beyond the threshold.
        beyond.append(bool(A.shape[1]) and np.abs(right(self, A)).max() >= 1)
        return 0.0 * self.y if A.shape[1] else -self.y

    wrong = [partialmethod(proposed, k=k) for k in range(len(given["y"]))]
    for propose in (within, *wrong):
        monkeypatch.setattr(HuberDecider, "_away", propose)
        landscape = OneHiddenLayer(**given).landscape(exact=True)
        assert landscape.doubtful or (propose is within and not any(beyond))
        pieces = landscape.pieces
        for state, loss in zip(states(pieces), pieces.loss, strict=True):
            assert loss == pytest.approx(float(expected[state]), abs=1e-14)


def test_a_sample_exactly_at_the_threshold_is_decided():
    given = dict(X=np.ones((3, 1)), y=np.array([0.0, 0.0, 1.5]), bias=None, loss="huber")
    layer = OneHiddenLayer(**given)  # f = ½, and r = ½, ½, −1
    decider = layer.landscape()._decider
    cell = decider.faces.active[:1]
    for proposal in ([0.5, 0.5, -1.0], [0.5, 0.5, -0.9], [0.5, 0.5, -1.1]):
        decider._away = lambda A, proposal=proposal: np.array(proposal)
        fit = decider.solve(cell)
        assert [Fraction(r, fit.denominator * decider.target_scale) for r in fit.residuals] == [
            Fraction(1, 2),
            Fraction(1, 2),
            -1,
        ]


@pytest.mark.parametrize("threshold", first(1, [Fraction(1, 3), 0.75]))
def test_thresholds_of_any_denominator(threshold):
    X, y = [[0], [1], [2], [4]], [1, -3, 1, 5]
    layer = OneHiddenLayer(X, y, loss="huber", threshold=threshold)
    pieces = layer.landscape(exact=True).pieces
    expected = specification(X, y, 1.0, False, "huber", threshold=threshold).pieces()
    assert dict(zip(states(pieces), pieces.loss, strict=True)) == pytest.approx(
        {state: float(loss) for state, loss in expected.items()}
    )


# --- losses in balls ------------------------------------------------------------------------


def decider_of(columns, y, loss):
    """A decider of some samples, for columns that are none of a face."""
    layer = OneHiddenLayer(np.ones((len(y), 1)), y, bias=None, loss=loss)
    decider = layer.landscape()._decider
    assert isinstance(decider, SmoothDecider)
    return decider, np.array(columns, dtype=object)


def random_columns(seed, loss):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(4, 9))
    A = rng.integers(-2, 3, (n, int(rng.integers(1, 3))))
    while np.linalg.matrix_rank(A) < A.shape[1]:
        A = rng.integers(-2, 3, A.shape)
    A = np.concatenate([A, A[:3] * rng.choice([-1, 1], (3, 1))])
    y = rng.integers(-2, 3, len(A)) if loss == "log_cosh" else rng.choice([-1, 1], len(A))
    y[-3:] *= rng.choice([-1, 1], 3)
    return decider_of(A, y.astype(float), loss)


@pytest.mark.parametrize("loss", ["log_cosh", "logistic"])
@pytest.mark.parametrize("seed", first(4, range(40)))
def test_every_enclosure_holds_the_critical_point(seed, loss):
    decider, A = random_columns(seed, loss)
    fine = decider._found(A, PRECISIONS[1])
    if fine is None:  # a logistic loss falls for ever
        return
    assert fine.proved
    start, rng = np.array([float(v.mid()) for v in fine.c]), np.random.default_rng(seed)
    for bits, size in ((128, 0.0), (128, 1e-6), (160, 1e-6), (128, 30.0), (128, 1e3)):
        with precision(bits):
            targets = [arb(int(v)) for v in decider.targets]
            near = start + size * rng.normal(size=len(start))
            found = decider._enclosed(A, near, targets, bits)
        if found is not None:
            assert all(a.overlaps(b) for a, b in zip(found, fine.c, strict=True))
        assert size > 1 or found is not None


def test_an_enclosure_from_where_newton_hardly_converges_holds_the_critical_point():
    decider, A = decider_of([[1], [1]], [1.0, 3.0], "log_cosh")  # f = 2
    near, far = 0.5, 4.0
    found = []
    for _ in range(40):
        middle = (near + far) / 2
        with precision(128):
            ball = decider._enclosed(A, np.array([2 + middle]), [arb(1), arb(3)], 128)
        near, far = (near, middle) if ball is None else (middle, far)
        found += ball or []
    assert all(ball.contains(2) for ball in found)
    assert len({float(ball.rad()) for ball in found}) > 2


@pytest.mark.parametrize("loss", ["log_cosh", "logistic"])
@pytest.mark.parametrize("seed", first(4, range(40)))
def test_derivatives_are_affine_in_those_of_groups(seed, loss):
    decider, A = random_columns(seed, loss)
    y = decider.targets
    keyed = A if loss == "logistic" else np.column_stack([A, -y])
    table = decider._in_groups(keyed, np.eye(len(A), dtype=object))
    classes = {
        max(tuple(row), tuple(-row)) for row in keyed.tolist() for row in [np.array(row)]
    }
    classes -= {(0,) * keyed.shape[1]}
    assert table.shape == (len(A), len(classes) + 1)
    # Whatever the outputs are, there are values of the groups that give all derivatives.
    table = table.astype(float)
    for c in np.random.default_rng(seed).normal(size=(5, A.shape[1])):
        r = decider.kind.derivative(A.astype(float) @ c, y.astype(float))
        right = 2 * r - table[:, -1]
        q = np.linalg.lstsq(table[:, :-1], right)[0]
        assert table[:, :-1] @ q == pytest.approx(right, abs=1e-12)


@pytest.mark.parametrize("seed", first(6, range(400)))
def test_a_rational_critical_point_is_found_and_decides_every_form(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 4))
    denominator = int(rng.choice([1, 2, 3, 5]))
    c = rng.integers(-4, 5, n)  # over the denominator
    A, t = np.zeros((0, n), dtype=int), np.zeros(0, dtype=int)
    while np.linalg.matrix_rank(A) < n:
        own = rng.integers(-3, 4, (int(rng.integers(1, 4)), n))
        side = rng.choice([-1, 1], len(own))
        A = np.vstack([A, own, -side @ own])
        t = np.append(t, rng.integers(0, 5) * np.append(side, 1))
    y = [Fraction(int(v), denominator) for v in A @ c - t]
    decider, A = decider_of(A.tolist(), y, "log_cosh")
    found = decider._found(A, PRECISIONS[0])
    assert found.proved
    assert [Fraction(v, found.point[-1] * decider.target_scale) for v in found.point[:-1]] == [
        Fraction(int(v), denominator) for v in c
    ]
    exactly = [mpmath.tanh(mpmath.mpf(int(v)) / denominator) for v in t]
    for ball, value in zip(found.derivatives, exactly, strict=True):
        assert float(ball.mid()) == pytest.approx(float(value), abs=1e-14)
    for form in rng.integers(-1, 2, (20, len(A))).astype(object):
        total = sum(a * b for a, b in zip(form.tolist(), exactly, strict=True))
        implied = decider._implied(found.arguments, A, form[:, None])
        assert implied == (abs(total) < 1e-12)
    for form in rng.integers(-2, 3, (5, n)).astype(object):
        assert decider._form_sign(found, form) == np.sign(form @ c)


@pytest.mark.parametrize("loss", ["log_cosh", "logistic"])
@pytest.mark.parametrize("seed", first(4, range(40)))
def test_no_point_is_called_rational_that_is_not(seed, loss, monkeypatch):
    monkeypatch.setattr(smooth, "NEAR", 0.3)  # groups that are none
    decider, A = random_columns(seed, loss)
    found = decider._found(A, PRECISIONS[0])
    if found is None or found.point is None:
        return
    with precision(PRECISIONS[0]):
        given = zip(found.outputs, decider.targets.tolist(), strict=True)
        slopes = [decider._terms(f, arb(y))[1] for f, y in given]
        for column in A.T.tolist():
            total = sum((a * b for a, b in zip(column, slopes, strict=True)), arb(0))
            assert total.contains(0)
            assert float(total.rad()) < 1e-30


def test_balls_that_hold_zero_leave_a_continuum_open():
    decider, A = decider_of([[1]], [1.0], "log_cosh")
    wide = arb(0, 1)
    null = np.array([[1]], dtype=object)
    found = _Critical(A, [arb(0)], null, [], [], arb(0), True, None, A)
    one = np.array([1], dtype=object)
    with precision(128):
        # t + v > 0 and −t + v > 0, with v in (−1, 1), then above 0, then below.
        assert decider._coefficients([[(one, wide), (-one, wide)]], (1,), found) is None
        inner = decider._coefficients([[(one, arb(2)), (-one, arb(2))]], (1,), found)
        assert abs(inner[0]) < 2
        assert decider._coefficients([[(one, arb(-2)), (-one, arb(-2))]], (1,), found) == []


@pytest.mark.parametrize("loss", first(1, ["log_cosh", "logistic"]))
def test_a_weight_that_vanishes_by_symmetry_is_no_doubt(loss):
    # In the cell of all but the last sample w = (c, 0), c irrational, is on its hyperplane.
    X = np.array([[1.0, 1], [1, -1], [2, 1], [2, -1], [0, -1]])
    y = np.array([1.0, 1, 1, 1, -1] if loss == "log_cosh" else [1.0, 1, -1, -1, -1])
    given = dict(X=X, y=y, bias=None, loss=loss, output_bias=False)
    landscape = OneHiddenLayer(**given).landscape(exact=True)
    assert landscape.doubtful == 0
    assert sorted(states(landscape.pieces)) == sorted(specification(**given).pieces())
