"""Networks of scikit-learn, compared with its own outputs."""

from fractions import Fraction

import numpy as np
import pytest

from arrangement.errors import InputError
from arrangement.networks import Network
from tests.amounts import first

pytest.importorskip("sklearn")

from sklearn import decomposition, linear_model, neural_network, preprocessing
from sklearn.pipeline import Pipeline, make_pipeline


def test_sklearn():
    neural = neural_network
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 3))
    regressor = neural.MLPRegressor(hidden_layer_sizes=(6, 5), max_iter=30, random_state=0)
    for y in (X[:, 0] ** 2, X[:, :2] ** 2):
        regressor.fit(X, y)
        found = Network.from_sklearn(regressor).forward(X)
        assert found.reshape(y.shape) == pytest.approx(regressor.predict(X))
    for classes in (2, 3):
        y = np.array(["ant", "bee", "cat"])[rng.integers(0, classes, 80)]
        classifier = neural.MLPClassifier((6,), max_iter=30, random_state=0)
        classifier.fit(X, y)
        network = Network.from_sklearn(classifier)
        assert network.output_dimension == classes
        assert network.classify(X).tolist() == classifier.predict(X).tolist()
        powers = np.exp(network.forward(X))
        softmax = powers / powers.sum(axis=1, keepdims=True)
        assert softmax == pytest.approx(classifier.predict_proba(X))
    several = neural.MLPClassifier((4,), max_iter=5).fit(X, X > 0)
    with pytest.raises(InputError, match="several labels at once"):
        Network.from_sklearn(several)
    with pytest.raises(InputError, match="MLPClassifier has no coefs_"):
        Network.from_sklearn(neural.MLPClassifier())
    regressor.set_params(activation="tanh").fit(X, X[:, 0])
    with pytest.raises(InputError, match='"tanh"; only "relu" and'):
        Network.from_sklearn(regressor)


STEPS = (
    lambda flag: preprocessing.StandardScaler(with_mean=flag),
    lambda flag: preprocessing.StandardScaler(with_std=flag),
    lambda flag: preprocessing.MinMaxScaler(feature_range=(-1, 3) if flag else (0, 1)),
    lambda flag: preprocessing.MaxAbsScaler(),
    lambda flag: preprocessing.RobustScaler(with_centering=flag),
    lambda flag: preprocessing.RobustScaler(with_scaling=flag),
    lambda flag: decomposition.PCA(2, whiten=flag),
    lambda flag: "passthrough",
    lambda flag: make_pipeline(preprocessing.StandardScaler(), None),
)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("seed", first(8, range(200)))
def test_pipelines(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(30, 3)) * 10.0 ** rng.integers(-3, 4, 3) + rng.normal(size=3)
    if rng.random() < 0.3:
        X[:, 1] = 2  # which has no spread
    chosen = [STEPS[i] for i in rng.integers(len(STEPS), size=rng.integers(1, 4))]
    steps = [step(bool(rng.integers(2))) for step in chosen]
    kind = neural_network.MLPClassifier if rng.random() < 0.5 else neural_network.MLPRegressor
    activation = "relu" if rng.random() < 0.7 else "identity"
    last = kind(hidden_layer_sizes=(4, 3), activation=activation, max_iter=2, random_state=0)
    model = Pipeline([(f"s{i}", step) for i, step in enumerate([*steps, last])])
    names = np.array(["ant", "bee", "cat"])[: rng.integers(2, 4)]
    y = names[np.arange(30) % len(names)]
    classifies = kind is neural_network.MLPClassifier
    model.fit(X, y if classifies else X[:, : rng.integers(1, 3)].squeeze())
    network = Network.from_sklearn(model, check=X)
    assert (network.depth == 1) == (activation == "identity")
    found = network.forward(X)
    if classifies:
        powers = np.exp(found - found.max(axis=1, keepdims=True))
        assert powers / powers.sum(axis=1, keepdims=True) == pytest.approx(
            model.predict_proba(X), abs=1e-9
        )
        assert network.labels.tolist() == model.classes_.tolist()
    else:
        assert found.squeeze() == pytest.approx(model.predict(X), rel=1e-9, abs=1e-9)


def test_affine_maps_in_a_row_are_composed_exactly():
    scaler, line = preprocessing.StandardScaler(), linear_model.LinearRegression()
    scaler.mean_, scaler.scale_ = np.array([0.1, 0.2]), np.array([3.0, 7.0])
    line.coef_, line.intercept_ = np.array([[1.0, 2.0], [0.1, 0.0]]), np.array([1.0, 0.0])
    x = [Fraction(1, 3), Fraction(2, 5)]
    u, v = ((a - Fraction(m)) / s for a, m, s in zip(x, (0.1, 0.2), (3, 7), strict=True))
    network = Network.from_sklearn(Pipeline([("scale", scaler), ("line", line)]))
    assert network.exact_forward(x) == (u + 2 * v + 1, Fraction(0.1) * u)
    line.coef_, line.intercept_ = np.ones((1, 3)), np.ones(1)
    with pytest.raises(InputError, match="takes 3 inputs, but there are 2"):
        Network.from_sklearn(Pipeline([("scale", scaler), ("line", line)]))


@pytest.mark.parametrize("intercept", [True, False])
def test_linear_models(intercept):
    X = np.random.default_rng(0).normal(size=(40, 3)) * [1, 10, 100]
    facts = {"fit_intercept": intercept}
    for y in (X[:, 0] ** 2, X[:, :2] ** 2):
        line = linear_model.LinearRegression(**facts)
        for model in (line, make_pipeline(preprocessing.StandardScaler(), line)):
            network = Network.from_sklearn(model.fit(X, y), check=X)
            assert network.depth == 1
            assert network.forward(X).reshape(y.shape) == pytest.approx(model.predict(X))
    for names in (["no", "yes"], ["ant", "bee", "cat"]):
        line = linear_model.LogisticRegression(**facts)
        model = make_pipeline(preprocessing.MinMaxScaler(), line)
        model.fit(X, np.array(names)[np.arange(40) % len(names)])
        network = Network.from_sklearn(model, check=X)
        assert network.labels.tolist() == names
        assert network.classify(X).tolist() == model.predict(X).tolist()
        powers = np.exp(network.forward(X))
        shares = powers / powers.sum(axis=1, keepdims=True)
        assert shares == pytest.approx(model.predict_proba(X))
        assert Network.from_sklearn(line.sparsify()) == Network.from_sklearn(line.densify())
        line.coef_ = -line.coef_
        assert Network.from_sklearn(model, check=X) != network
        wrong = np.ones((40, len(names) if len(names) > 2 else 1))
        model.decision_function = lambda X, wrong=wrong: wrong
        with pytest.raises(InputError, match=r"check: at row .* of the model is 1,"):
            Network.from_sklearn(model, check=X)


def test_linear_models_that_are_refused():
    X = np.random.default_rng(0).normal(size=(20, 3))

    class LinearRegression(linear_model.LinearRegression):
        """Of the same name, and may compute anything."""

    with pytest.raises(InputError, match=r"LinearRegression has no coefs_.* is needed"):
        Network.from_sklearn(LinearRegression().fit(X, X[:, 0]))
    with pytest.raises(InputError, match="LinearRegression has no coef_"):
        Network.from_sklearn(linear_model.LinearRegression())


def test_models_that_compute_something_else_are_refused():
    X = np.random.default_rng(0).normal(size=(20, 3))
    model = neural_network.MLPRegressor(hidden_layer_sizes=(4,), max_iter=2, tol=1e9)
    network = Network.from_sklearn(model.fit(X, X[:, 0]), check=X)
    model.predict = lambda X: network.forward(X)[:, 0] + (np.arange(20) == 7)
    with pytest.raises(InputError, match=r"check: at row 7 output 0 .* the largest difference"):
        Network.from_sklearn(model, check=X)
    classifier = neural_network.MLPClassifier(hidden_layer_sizes=(4,), max_iter=2, tol=1e9)
    Network.from_sklearn(classifier.fit(X, np.arange(20) % 2), check=X)
    classifier.predict_proba = lambda X: np.full((20, 2), 0.5)
    with pytest.raises(InputError, match=r"of the model is 0\.5"):
        Network.from_sklearn(classifier, check=X)


def test_models_in_float32_compute_a_part_in_that():
    X = np.random.default_rng(4).normal(size=(30, 3)).astype(np.float32) + 5
    last = neural_network.MLPRegressor(hidden_layer_sizes=(4,), max_iter=2, tol=1e9)
    model = make_pipeline(decomposition.PCA(2), last).fit(X, X[:, 0])
    network = Network.from_sklearn(model, check=X)
    assert np.abs(network.forward(X)[:, 0] - model.predict(X)).max() > 1e-8
    model.predict = lambda X: network.forward(X) * 1.001
    with pytest.raises(InputError, match="the largest difference"):
        Network.from_sklearn(model, check=X)


def test_steps_that_are_refused():
    X = np.random.default_rng(0).normal(size=(20, 3))
    last = neural_network.MLPRegressor(hidden_layer_sizes=(2,), max_iter=2, tol=1e9)

    def refused(step, message, fit=True):
        model = make_pipeline(step, last)
        with pytest.raises(InputError, match=message):
            Network.from_sklearn(model.fit(X, X[:, 0]) if fit else model)

    class StandardScaler(preprocessing.StandardScaler):
        """Of the same name, and may compute anything."""

    refused(preprocessing.PolynomialFeatures(), r"step polynomialfeatures \(Poly.* is not read")
    refused(StandardScaler(), "step standardscaler .* is not read")
    refused(preprocessing.MinMaxScaler(clip=True), "clips, .* clip=False")
    refused(preprocessing.RobustScaler(), "robustscaler .* is not fitted", fit=False)
    with pytest.raises(InputError, match=r"step pca .* has no coefs_"):
        Network.from_sklearn(make_pipeline(decomposition.PCA(2)).fit(X))
    with pytest.raises(InputError, match="has no coefs_"):
        Network.from_sklearn(Pipeline([("nothing", "passthrough")]))
