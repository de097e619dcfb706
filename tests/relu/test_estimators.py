"""The estimators of scikit-learn's manner: its own checks, and the optimum behind them."""

import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import check_estimator

from arrangement.errors import InputError
from arrangement.relu import (
    Certificate,
    ExactReLUClassifier,
    ExactReLURegressor,
    OneHiddenLayer,
)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "estimator",
    [ExactReLURegressor, pytest.param(ExactReLUClassifier, marks=pytest.mark.slow)],
)
def test_checks_of_scikit_learn(estimator):
    # Some of its data sets have 10 features and hundreds of samples: those take their time. A
    # linear function takes two neurons. Two fits that a clock cuts short may differ, and one
    # that is given no time may score low: what fails both ways has another reason.
    failed = []
    for time_limit in (0.5, 0):
        results = check_estimator(
            estimator(hidden=2, time_limit=time_limit), on_fail=None, on_skip=None
        )
        assert sum(r["status"] == "passed" for r in results) >= 40
        failed.append({r["check_name"] for r in results if r["status"] == "failed"})
    assert failed[0] & failed[1] == set()


def test_the_regressor_is_the_global_optimum():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(12, 2)), rng.normal(size=12)
    model = ExactReLURegressor(hidden=2).fit(X, y)
    best = OneHiddenLayer(X, y, hidden=2).fit_global()
    assert model.loss_ == best.fun
    assert model.lower_bound_ == best.lower_bound
    assert np.mean((model.predict(X) - y) ** 2) == pytest.approx(best.fun)
    assert model.score(X, y) == pytest.approx(1 - best.fun / np.var(y))
    assert model.weights_.shape == (2, 3)
    assert model.output_weights_.shape == (2,)
    assert isinstance(model.certificate_, Certificate)
    assert model.n_features_in_ == 2


def test_parameters_and_clones():
    model = ExactReLURegressor(hidden=2, bias=None, time_limit=3.0)
    assert clone(model).get_params() == model.get_params()
    assert model.set_params(hidden=1).hidden == 1
    with pytest.raises(NotFittedError):
        clone(model).predict([[1.0]])
    model.fit([[1.0], [2.0]], [1.0, 2.0])
    assert model.weights_.shape == (1, 1)
    assert model.predict([[3.0]]) == pytest.approx([3.0])


def test_two_and_three_classes():
    X = np.array([[-2.0], [-1.5], [-0.5], [0.5], [1.5], [2.0]])
    two = ExactReLUClassifier(hidden=2).fit(X, list("aaabbb"))
    assert two.predict(X).tolist() == list("aaabbb")
    assert two.decision_function(X).shape == (6,)
    assert two.weights_.shape == (2, 2)
    labels = np.array([0, 0, 1, 1, 2, 2])
    three = ExactReLUClassifier(hidden=2).fit(X, labels)
    for c in range(3):
        target = np.where(labels == c, 1.0, -1.0)
        best = OneHiddenLayer(X, target, hidden=2).fit_global()
        assert three.optima_[c].fun == best.fun
        assert three.decision_function(X)[:, c] == pytest.approx(best.predict(X))
    assert three.predict(X).tolist() == three.decision_function(X).argmax(axis=1).tolist()
    assert three.score(X, labels) >= 0.5
    assert three.decision_function(X).shape == (6, 3)
    assert three.weights_.shape == (3, 2, 2)
    assert len(three.certificate_) == len(three.optima_) == 3
    with pytest.raises(InputError, match="one class"):
        ExactReLUClassifier().fit(X, np.zeros(6, dtype=int))


@pytest.mark.processes
def test_without_scikit_learn_there_is_one_clear_error():
    code = (
        "import sys; sys.modules['sklearn'] = None\n"
        "import arrangement.relu\n"
        "from arrangement.errors import MissingExtraError\n"
        "try:\n    arrangement.relu.ExactReLURegressor\n"
        "except MissingExtraError as error:\n    print(error)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert "arrangement[data]" in run.stdout
