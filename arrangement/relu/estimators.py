"""Estimators in the manner of scikit-learn that are trained to a proven global optimum."""

from __future__ import annotations

import time
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arrangement.errors import InputError, MissingExtraError
from arrangement.progress import Progress
from arrangement.relu.one_hidden_layer import OneHiddenLayer
from arrangement.relu.training.global_search import seconds
from arrangement.relu.training.optimum import GlobalOptimum
from arrangement.relu.weight_space import Floats

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise MissingExtraError(
        "the estimators need scikit-learn 1.6 or later: pip install 'arrangement[data]'"
    ) from error

__all__ = ["ExactReLUClassifier", "ExactReLURegressor"]


class _ExactReLU(BaseEstimator):  # type: ignore[misc]
    """The parameters of both estimators."""

    def __init__(
        self,
        hidden: int = 1,
        *,
        bias: float | Fraction | str | None = 1.0,
        time_limit: float | None = None,
        tolerance: float = 1e-8,
        random_state: int = 0,
        progress: Progress = None,
    ) -> None:
        self.hidden = hidden
        self.bias = bias
        self.time_limit = time_limit
        self.tolerance = tolerance
        self.random_state = random_state
        self.progress = progress

    def _train(self, X: ArrayLike, y: ArrayLike, time_limit: float | None) -> GlobalOptimum:
        return OneHiddenLayer(X, y, hidden=self.hidden, bias=self.bias).fit_global(
            time_limit,
            self.progress,
            tolerance=self.tolerance,
            random_state=self.random_state,
        )

    def _samples(self, X: ArrayLike) -> Floats:
        check_is_fitted(self)
        samples: Floats = validate_data(self, X, reset=False, dtype=np.float64)
        return samples


class ExactReLURegressor(RegressorMixin, _ExactReLU):  # type: ignore[misc]
    """Least squares regression with K ReLU neurons, trained to the proven global optimum.

    For small data: tens of samples, few features, few neurons (see
    :meth:`OneHiddenLayer.fit_global`). With a time limit the certificate tells how far the
    bound came.

    Parameters
    ----------
    hidden : int
        Number K of hidden neurons.
    bias : number, optional
        The value of a constant coordinate; None for neurons without bias.
    time_limit : float, optional
        Seconds for `fit`.
    tolerance, random_state, progress
        As in :meth:`OneHiddenLayer.fit_global`.

    Attributes
    ----------
    weights_ : ndarray, shape (K, d)
        The weights w_j, the bias last.
    output_weights_ : ndarray, shape (K,)
        The output weights z_j.
    loss_, lower_bound_ : float
        Mean squared error on the training data, and the bound that proves it.
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

    def fit(self, X: ArrayLike, y: ArrayLike) -> ExactReLURegressor:
        """Train the network.

        Parameters
        ----------
        X : array_like, shape (N, features)
        y : array_like, shape (N,)

        Returns
        -------
        ExactReLURegressor
            Itself.

        Raises
        ------
        InputError, SizeError
            See :meth:`OneHiddenLayer.fit_global`.
        """
        X, y = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        self.optimum_ = self._train(X, y, self.time_limit)
        self.weights_ = self.optimum_.weights
        self.output_weights_ = self.optimum_.output_weights
        self.loss_, self.lower_bound_ = self.optimum_.fun, self.optimum_.lower_bound
        self.certificate_ = self.optimum_.certificate
        return self

    def predict(self, X: ArrayLike) -> Floats:
        """The outputs of the network, shape (M,)."""
        samples = self._samples(X)
        return self.optimum_.predict(samples)


class ExactReLUClassifier(ClassifierMixin, _ExactReLU):  # type: ignore[misc]
    """Classification by least squares on ±1 with K ReLU neurons, trained to a proven optimum.

    Two classes take one network, whose output is compared with 0; C > 2 classes take one
    network each, against the rest, and the largest output wins.

    Parameters
    ----------
    hidden, bias, time_limit, tolerance, random_state, progress
        As in :class:`ExactReLURegressor`; the time limit is shared by the networks.

    Attributes
    ----------
    classes_ : ndarray, shape (C,)
    weights_ : ndarray, shape (K, d), or (C, K, d) for C > 2 classes
    output_weights_ : ndarray, shape (K,), or (C, K)
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

    def fit(self, X: ArrayLike, y: ArrayLike) -> ExactReLUClassifier:
        """Train the networks.

        Parameters
        ----------
        X : array_like, shape (N, features)
        y : array_like, shape (N,)
            Class labels of any kind, at least two of them.

        Returns
        -------
        ExactReLUClassifier
            Itself.
        """
        started = time.monotonic()
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        C = len(self.classes_)
        if C < 2:
            raise InputError(
                f"y has one class only ({self.classes_[0]!r}): a classifier needs two or more"
            )
        targets = [labels == 1] if C == 2 else [labels == c for c in range(C)]
        optima: list[GlobalOptimum] = []
        for target in targets:
            limit = None
            if self.time_limit is not None:
                left = seconds(self.time_limit) - (time.monotonic() - started)
                limit = max(0.0, left / (len(targets) - len(optima)))
            optima.append(self._train(X, np.where(target, 1.0, -1.0), limit))
        self.optima_ = tuple(optima)
        weights = [optimum.weights for optimum in self.optima_]
        outputs = [optimum.output_weights for optimum in self.optima_]
        certificates = tuple(optimum.certificate for optimum in self.optima_)
        one = C == 2
        self.weights_ = weights[0] if one else np.array(weights)
        self.output_weights_ = outputs[0] if one else np.array(outputs)
        self.certificate_ = certificates[0] if one else certificates
        return self

    def decision_function(self, X: ArrayLike) -> Floats:
        """The outputs of the networks, shape (M,) for two classes, else (M, C)."""
        X = self._samples(X)
        outputs = [optimum.predict(X) for optimum in self.optima_]
        return outputs[0] if len(outputs) == 1 else np.column_stack(outputs)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The class of each sample, shape (M,)."""
        outputs = self.decision_function(X)
        if outputs.ndim == 1:
            return self.classes_[(outputs > 0).astype(int)]
        return self.classes_[outputs.argmax(axis=1)]
