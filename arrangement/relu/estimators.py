"""Estimators of scikit-learn that are trained to a proven global optimum."""

from __future__ import annotations

import time
import warnings
from abc import ABC, abstractmethod
from dataclasses import replace
from fractions import Fraction
from typing import Any, Literal, NoReturn, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import softmax

from arrangement.errors import InputError, MissingExtraError
from arrangement.exact.numbers import exact_number, shown
from arrangement.progress import Progress
from arrangement.relu.losses.losses import CLASS_LOSSES
from arrangement.relu.one_hidden_layer import OneHiddenLayer
from arrangement.relu.training import convex
from arrangement.relu.training.global_search import seconds
from arrangement.relu.training.optimum import GlobalOptimum
from arrangement.relu.weight_space import Floats, sample_weights

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, MultiOutputMixin, RegressorMixin
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.utils.metaestimators import available_if
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data
except ImportError as error:
    raise MissingExtraError(
        "the estimators need scikit-learn 1.6 or later: pip install 'arrangement[data]'"
    ) from error

__all__ = [
    "ConvexReLUClassifier",
    "ConvexReLURegressor",
    "ExactReLUClassifier",
    "ExactReLURegressor",
]


class _Fitted(BaseEstimator, ABC):  # type: ignore[misc]
    """What all estimators do with their samples."""

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train the network, or one for each of several classes.

        Parameters
        ----------
        X : array_like, shape (N, features)
        y : array_like, shape (N,); or (N, m) for a regressor
            Numbers; for a classifier labels of any kind, at least two of them.
        sample_weight : array_like, shape (N,), optional
            At least 0. Weights that differ scale the samples of the exact estimators, which
            rounds them.

        Returns
        -------
        The estimator itself.

        Raises
        ------
        InputError, SizeError, SolverError
            See :meth:`OneHiddenLayer.fit_global` and :func:`convex.train`.
        """
        self._fit(X, y, sample_weight)
        return self

    @abstractmethod
    def _fit(self, X: Any, y: Any, sample_weight: ArrayLike | None) -> None:
        """Train on what was given to :meth:`fit`."""

    def _samples(self, X: ArrayLike) -> Floats:
        check_is_fitted(self)
        samples: Floats = validate_data(self, X, reset=False, dtype=np.float64)
        return samples


class _Classifier(ClassifierMixin, _Fitted):  # type: ignore[misc]
    """What both classifiers do with their labels."""

    def _labels(self, y: Any, weights: ArrayLike | None) -> NDArray[np.int64]:
        """The places of the labels among the classes, of which two or more must count."""
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        counted = np.unique(labels[sample_weights(weights, len(labels)) > 0])
        if len(counted) < 2:
            raise InputError(
                f"y has one class only ({self.classes_[counted[0]]!r}): a classifier needs two "
                "or more, with weights above 0"
            )
        return np.asarray(labels, dtype=np.int64)

    @abstractmethod
    def decision_function(self, X: ArrayLike) -> Floats:
        """Of two classes one number a sample, else one for each class."""

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The class of each sample, shape (M,): that of its largest output.

        Parameters
        ----------
        X : array_like, shape (M, features)

        Returns
        -------
        ndarray, shape (M,)
        """
        outputs = self.decision_function(X)
        if outputs.ndim == 1:
            return self.classes_[(outputs > 0).astype(int)]
        return self.classes_[outputs.argmax(axis=1)]


def _distinct(X: Any, y: Any, weights: ArrayLike | None) -> tuple[Floats, Floats, Floats]:
    """The distinct samples that count, in order, with their targets and total weights.

    A weight of 2 is then the same as two copies, to the last digit, and one of 0 as none. What
    is distinct and of one weight stays as it is.
    """
    given = sample_weights(weights, len(X))
    used = given > 0
    X, columns = X[used], y[used].reshape(used.sum(), -1)
    rows, place = np.unique(np.hstack([X, columns]), axis=0, return_inverse=True)
    if len(rows) == len(y) and not np.ptp(given):
        return X, y, given
    kept = rows[:, X.shape[1] :]
    return (
        np.ascontiguousarray(rows[:, : X.shape[1]]),
        kept if y.ndim > 1 else kept[:, 0],
        np.bincount(place.reshape(-1), given[used]).astype(np.float64),
    )


class _ExactReLU(_Fitted):
    """The parameters of both exact estimators."""

    def __init__(
        self,
        hidden: int = 1,
        *,
        bias: float | Fraction | str | None = 1.0,
        time_limit: float | None = None,
        max_nodes: int | Literal["auto"] | None = "auto",
        tolerance: float = 1e-8,
        random_state: int = 0,
        progress: Progress = None,
    ) -> None:
        self.hidden = hidden
        self.bias = bias
        self.time_limit = time_limit
        self.max_nodes = max_nodes
        self.tolerance = tolerance
        self.random_state = random_state
        self.progress = progress

    def _train(
        self, X: Floats, y: Floats, weights: Floats, time_limit: float | None
    ) -> GlobalOptimum:
        bias = self.bias
        if np.ptp(weights) > 0:
            # A sample (x, 1) and its target times t count t² times.
            t = np.sqrt(weights / weights.mean())[:, None]
            if bias is not None:
                X = np.column_stack([X, np.full(len(X), float(exact_number(bias)))])
            X, y, bias = t * X, t[:, 0] * y if y.ndim == 1 else t * y, None
        optimum = OneHiddenLayer(X, y, hidden=self.hidden, bias=bias).fit_global(
            time_limit,
            self.progress,
            tolerance=self.tolerance,
            random_state=self.random_state,
            max_nodes=self.max_nodes,
        )
        if optimum.status == "node_limit" and self.max_nodes == "auto":
            warnings.warn(
                f"a loss of {optimum.fun:.6g} was found, and the least is at least "
                f"{optimum.lower_bound:.6g}: for a proof take fewer samples or features, or "
                "give a larger max_nodes or time_limit",
                ConvergenceWarning,
                stacklevel=4,
            )
        if self.bias is None:
            return optimum
        return replace(optimum, bias=float(exact_number(self.bias)))


class ExactReLURegressor(RegressorMixin, _ExactReLU):  # type: ignore[misc]
    """Least squares regression with K ReLU neurons, trained to the proven global optimum.

    The proof is for small data: tens of samples, few features, few neurons (see
    :meth:`OneHiddenLayer.fit_global`). Where there are too many it is given up after some
    seconds, with a ``ConvergenceWarning``: then the network is the best that was found, and
    `certified_` and `gap_` tell how far the bound came. With several targets one neuron is
    trained to the optimum; more have a bound that may leave a gap, and no limits.

    Parameters
    ----------
    hidden : int
        Number K of hidden neurons.
    bias : number, optional
        The value of a constant coordinate; None for neurons without bias.
    time_limit : float, optional
        Seconds for `fit`. What is found by then depends on the machine.
    max_nodes : int or "auto", optional
        Nodes of branch and bound for `fit`. ``"auto"``: as many as take seconds where the
        samples may have more than 4,000,000 activation patterns and there is no time limit, and
        else no limit; None refuses so many.
    tolerance, random_state, progress
        As in :meth:`OneHiddenLayer.fit_global`.

    Attributes
    ----------
    weights_ : ndarray, shape (K, d)
        The weights w_j, the bias last.
    output_weights_ : ndarray, shape (K,)
        The output weights z_j.
    loss_, lower_bound_ : float
        Mean squared error on the training data, weighted, and what no network is below.
    gap_ : float
        Their difference.
    certified_ : bool
        Is the gap within the tolerance, and the network so proven to be best?
    certificate_ : Certificate
    optimum_ : GlobalOptimum
    n_features_in_ : int

    Examples
    --------
    >>> from arrangement.relu import ExactReLURegressor
    >>> model = ExactReLURegressor(hidden=2).fit([[-2], [-1], [0], [1], [2]], [2, 1, 0, 1, 2])
    >>> model.predict([[-3], [3]]).round(6).tolist(), round(model.score([[-3], [1]], [3, 1]), 6)
    ([3.0, 3.0], 1.0)
    """

    def _fit(self, X: Any, y: Any, sample_weight: ArrayLike | None) -> None:
        X, y = validate_data(self, X, y, dtype=np.float64, y_numeric=True, multi_output=True)
        y = np.asarray(y, dtype=np.float64)
        # No MultiOutputMixin: it promises several targets for data of any size.
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        self.optimum_ = self._train(*_distinct(X, y, sample_weight), self.time_limit)
        self.weights_ = self.optimum_.weights
        self.output_weights_ = self.optimum_.output_weights
        self.loss_, self.lower_bound_ = self.optimum_.fun, self.optimum_.lower_bound
        self.certificate_, self.gap_ = self.optimum_.certificate, self.optimum_.gap
        self.certified_ = self.optimum_.status == "optimal"

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        # The best of one neuron has one sign and one kink: linear functions take two.
        tags.regressor_tags.poor_score = self.hidden == 1
        return tags

    def predict(self, X: ArrayLike) -> Floats:
        """The outputs of the network, shape (M,) or (M, m).

        Parameters
        ----------
        X : array_like, shape (M, features)

        Returns
        -------
        ndarray, shape (M,) or (M, m)
        """
        samples = self._samples(X)
        return self.optimum_.predict(samples)


class ExactReLUClassifier(_Classifier, _ExactReLU):
    """Classification by least squares on ±1 with K ReLU neurons, trained to a proven optimum.

    Two classes take one network, whose output is compared with 0; C > 2 classes take one
    network each, against the rest, and the largest output wins. Squares give no probabilities,
    so that there is no ``predict_proba``: for these take :class:`ConvexReLUClassifier`, or
    scikit-learn's ``CalibratedClassifierCV`` of this one.

    Parameters
    ----------
    hidden, bias, time_limit, max_nodes, tolerance, random_state, progress
        As in :class:`ExactReLURegressor`; the time limit is shared by the networks, and each
        may take `max_nodes`.

    Attributes
    ----------
    classes_ : ndarray, shape (C,)
    weights_ : ndarray, shape (K, d), or (C, K, d) for C > 2 classes
    output_weights_ : ndarray, shape (K,), or (C, K)
    gap_ : float, or ndarray, shape (C,)
    certified_ : bool
        Are all networks proven to be best?
    certificate_ : Certificate, or tuple of C of them
    optima_ : tuple of GlobalOptimum
        One a network.
    n_features_in_ : int

    Examples
    --------
    >>> from arrangement.relu import ExactReLUClassifier
    >>> model = ExactReLUClassifier(hidden=2)
    >>> model = model.fit([[-2], [-1], [0], [1], [2]], ["out", "in", "in", "in", "out"])
    >>> model.predict([[-3], [0.5]]).tolist()
    ['out', 'in']
    """

    def _fit(self, X: Any, y: Any, sample_weight: ArrayLike | None) -> None:
        started = time.monotonic()
        X, y = validate_data(self, X, y, dtype=np.float64)
        X, places, weights = _distinct(X, self._labels(y, sample_weight), sample_weight)
        C = len(self.classes_)
        targets = [places == 1] if C == 2 else [places == c for c in range(C)]
        optima: list[GlobalOptimum] = []
        for target in targets:
            limit = None
            if self.time_limit is not None:
                left = seconds(self.time_limit) - (time.monotonic() - started)
                limit = max(0.0, left / (len(targets) - len(optima)))
            optima.append(self._train(X, np.where(target, 1.0, -1.0), weights, limit))
        self.optima_ = tuple(optima)
        hidden = [optimum.weights for optimum in self.optima_]
        outputs = [optimum.output_weights for optimum in self.optima_]
        certificates = tuple(optimum.certificate for optimum in self.optima_)
        one = C == 2
        self.weights_ = hidden[0] if one else np.array(hidden)
        self.output_weights_ = outputs[0] if one else np.array(outputs)
        self.certificate_ = certificates[0] if one else certificates
        gaps = np.array([optimum.gap for optimum in self.optima_])
        self.gap_ = float(gaps[0]) if one else gaps
        self.certified_ = all(optimum.status == "optimal" for optimum in self.optima_)

    def decision_function(self, X: ArrayLike) -> Floats:
        """The outputs of the networks, shape (M,) for two classes, else (M, C).

        Parameters
        ----------
        X : array_like, shape (M, features)

        Returns
        -------
        ndarray, shape (M,) or (M, C)

        Examples
        --------
        >>> from arrangement.relu import ExactReLUClassifier
        >>> model = ExactReLUClassifier(hidden=1).fit([[-1], [1], [2]], ["a", "b", "b"])
        >>> model.decision_function([[-2], [2]]).shape
        (2,)
        """
        X = self._samples(X)
        outputs = [optimum.predict(X) for optimum in self.optima_]
        return outputs[0] if len(outputs) == 1 else np.column_stack(outputs)

    @property
    def predict_proba(self) -> NoReturn:
        """Not there: no attribute, as in scikit-learn's classifiers without probabilities."""
        raise AttributeError(
            "ExactReLUClassifier has no predict_proba: squares give no probabilities; take "
            "ConvexReLUClassifier, or scikit-learn's CalibratedClassifierCV of this one"
        )


class _ConvexReLU(_Fitted):
    """The training of both convex estimators."""

    def _train(self, X: Any, y: Any, sample_weight: Any, **options: Any) -> None:
        X, y, weights = _distinct(X, y, sample_weight)
        self.training_ = convex.train(
            X,
            y,
            self.beta,
            self.bias,
            self.patterns,
            self.random_state,
            self.progress,
            sample_weight=weights,
            **options,
        )
        self.weights_ = self.training_.weights
        self.output_weights_ = self.training_.output_weights
        self.loss_, self.lower_bound_ = self.training_.fun, self.training_.lower_bound

    def _outputs(self, X: ArrayLike) -> Floats:
        samples = self._samples(X)
        return self.training_.predict(samples)


class ConvexReLURegressor(MultiOutputMixin, RegressorMixin, _ConvexReLU):  # type: ignore[misc]
    """Least squares regression with weight decay and ReLU neurons of any number, proven best.

    See :func:`convex.train`: of all networks with one hidden layer the one with the least
    ½‖f − y‖² + (β/2) Σ_j (‖w_j‖² + ‖z_j‖₁²). Targets of several columns are welcome: with this
    decay, of the sum of each neuron's output weights, their convex program is exact; with the
    Euclidean ‖z_j‖² no program that can be solved is known.

    Parameters
    ----------
    beta : number
        Weight decay β, above 0, in units of a sum over the samples.
    bias : number, optional
        The value of a constant coordinate; None for neurons without bias.
    patterns : "auto", "all" or int
        ``"all"``: all activation patterns, for the optimum of all networks, up to a million.
        A number: so many random ones, whose best network is found. ``"auto"``: all up to
        10,000, else 100 random ones; ``training_.complete`` tells which.
    random_state : int
        Seed of the random patterns.
    progress
        As in :func:`convex.train`.

    Attributes
    ----------
    weights_ : ndarray, shape (K, d)
        The weights w_j, the bias last.
    output_weights_ : ndarray, shape (K,) or (K, m)
    loss_, lower_bound_ : float
        The regularised loss on the training data, and the dual's bound.
    training_ : ConvexTraining
        On the distinct samples.
    n_features_in_ : int

    Examples
    --------
    >>> from arrangement.relu import ConvexReLURegressor
    >>> model = ConvexReLURegressor(beta=1e-3)
    >>> model = model.fit([[-2], [-1], [0], [1], [2]], [[2, 0], [1, 0], [0, 0], [1, 1], [2, 2]])
    >>> model.predict([[-3.0], [3.0]]).round(1).tolist(), model.training_.complete
    ([[3.0, 0.0], [3.0, 3.0]], True)
    """

    def __init__(
        self,
        beta: float | Fraction | str = 0.1,
        *,
        bias: float | Fraction | str | None = 1.0,
        patterns: str | int = "auto",
        random_state: int = 0,
        progress: Progress = None,
    ) -> None:
        self.beta = beta
        self.bias = bias
        self.patterns = patterns
        self.random_state = random_state
        self.progress = progress

    def _fit(self, X: Any, y: Any, sample_weight: ArrayLike | None) -> None:
        X, y = validate_data(self, X, y, dtype=np.float64, y_numeric=True, multi_output=True)
        self._train(X, np.asarray(y, dtype=np.float64), sample_weight)

    def predict(self, X: ArrayLike) -> Floats:
        """The outputs of the network, shape (M,) or (M, m).

        Parameters
        ----------
        X : array_like, shape (M, features)

        Returns
        -------
        ndarray, shape (M,) or (M, m)
        """
        return self._outputs(X)


class ConvexReLUClassifier(_Classifier, _ConvexReLU):
    """Classification with weight decay and ReLU neurons of any number, proven best.

    See :func:`convex.train`: a network with an output for each class.

    Parameters
    ----------
    beta, bias, patterns, random_state, progress
        As in :class:`ConvexReLURegressor`.
    loss : {"softmax", "multiclass_hinge", "crammer_singer"}
        Cross-entropy, for two classes that of logistic regression; or the hinge losses of
        support vector machines, which give no probabilities.
    margin : float
        Δ of the hinge losses.

    Attributes
    ----------
    classes_ : ndarray, shape (C,)
    weights_ : ndarray, shape (K, d)
        The weights w_j, the bias last.
    output_weights_ : ndarray, shape (K, C)
    loss_, lower_bound_ : float
        The regularised loss on the training data, and the dual's bound.
    training_ : ConvexTraining
        On the distinct samples.
    n_features_in_ : int

    Examples
    --------
    >>> from arrangement.relu import ConvexReLUClassifier
    >>> model = ConvexReLUClassifier(beta=0.1)
    >>> model = model.fit([[-2], [-1], [0], [1], [2]], ["out", "in", "in", "in", "out"])
    >>> model.predict([[-3], [0.5]]).tolist(), model.predict_proba([[-3]]).round(2).tolist()
    (['out', 'in'], [[0.0, 1.0]])
    """

    def __init__(
        self,
        beta: float | Fraction | str = 0.1,
        *,
        loss: str = "softmax",
        margin: float = 1.0,
        bias: float | Fraction | str | None = 1.0,
        patterns: str | int = "auto",
        random_state: int = 0,
        progress: Progress = None,
    ) -> None:
        self.beta = beta
        self.loss = loss
        self.margin = margin
        self.bias = bias
        self.patterns = patterns
        self.random_state = random_state
        self.progress = progress

    def _fit(self, X: Any, y: Any, sample_weight: ArrayLike | None) -> None:
        if self.loss not in CLASS_LOSSES:
            raise InputError(f"loss={shown(self.loss)}: one of {', '.join(CLASS_LOSSES)}")
        X, y = validate_data(self, X, y, dtype=np.float64)
        labels = self._labels(y, sample_weight)
        options = {"loss": self.loss, "margin": self.margin, "classes": len(self.classes_)}
        self._train(X, labels, sample_weight, **options)

    def decision_function(self, X: ArrayLike) -> Floats:
        """The outputs of the network, shape (M, C); of two classes their difference, (M,).

        Parameters
        ----------
        X : array_like, shape (M, features)

        Returns
        -------
        ndarray, shape (M,) or (M, C)

        Examples
        --------
        >>> from arrangement.relu import ConvexReLUClassifier
        >>> model = ConvexReLUClassifier(beta=0.1).fit([[-1], [1], [2]], ["a", "b", "b"])
        >>> model.decision_function([[-2], [2]]).shape
        (2,)
        """
        outputs = self._outputs(X)
        return outputs[:, 1] - outputs[:, 0] if outputs.shape[1] == 2 else outputs

    @available_if(lambda self: self.loss == "softmax")  # type: ignore[untyped-decorator]
    def predict_proba(self, X: ArrayLike) -> Floats:
        """The probabilities of the classes, shape (M, C); with the loss "softmax" only."""
        return np.asarray(softmax(self._outputs(X), axis=1))
