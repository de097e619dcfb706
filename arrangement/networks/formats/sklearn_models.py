"""Networks of scikit-learn, alone or at the end of a pipeline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arrangement.errors import InputError
from arrangement.networks.feed_forward import FeedForward
from arrangement.networks.formats.affine_tensors import finite, product, total
from arrangement.networks.formats.operators.arithmetic import inverse
from arrangement.networks.formats.own_outputs import AGREE, compare
from arrangement.networks.weights import exact_product, exact_values

__all__ = ["from_sklearn"]

FLOAT32 = 1e-5
"""What a model of float32 may differ by, which computes a part in that: see `AGREE`."""

Map: TypeAlias = tuple[str, NDArray[Any], NDArray[Any]]
"""What messages call it, a matrix or a factor of each number, and what is added then."""


def from_sklearn(model: Any, *, check: ArrayLike | None = None) -> FeedForward:
    """A network from a fitted ``MLPClassifier`` or ``MLPRegressor``, or a linear model.

    A classifier gets its ``classes_`` as `labels`, and its outputs before the softmax (of
    ``LogisticRegression`` its ``decision_function``): the class is the one with the largest.
    With two classes scikit-learn has one output f, which is logistic; here the outputs are
    (0, f), the same decision and, by softmax, the same probabilities.

    Parameters
    ----------
    model : MLPClassifier, MLPRegressor, LinearRegression, LogisticRegression or Pipeline
        With activation "relu" or "identity". The steps of a pipeline before it may be
        StandardScaler, MinMaxScaler, MaxAbsScaler, RobustScaler, PCA and "passthrough"; they
        become part of the first layer, exactly but for the root in PCA's whitening.
    check : array_like, shape (k, in), optional
        Inputs at which the network is compared, up to rounding, with ``predict``, of a
        classifier its softmax with ``predict_proba`` (of ``LogisticRegression`` its outputs
        with ``decision_function``).

    Raises
    ------
    InputError
        If it is no such model, not fitted, its activation is another, a step is another or
        clips, or it is a classifier of several labels at once; if the model computes something
        else at `check`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neural_network import MLPRegressor
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from arrangement.networks import Network
    >>> X = np.arange(20.0).reshape(10, 2) % 7
    >>> mlp = MLPRegressor(hidden_layer_sizes=(4,), max_iter=300, tol=1.0)
    >>> model = make_pipeline(StandardScaler(), mlp).fit(X, X[:, 0])
    >>> network = Network.from_sklearn(model)
    >>> network, bool(np.allclose(network.forward(X)[:, 0], model.predict(X)))
    (Network(2 → 4 → 1, relu), True)
    """
    *before, (name, last) = list(_steps(model, "")) or [("", model)]
    maps = [one for place, step in before for one in _of_step(step, place)]
    kind = type(last).__name__
    linear = kind in _LINEAR and type(last).__module__.startswith("sklearn.")
    for attribute in _LINEAR_FITTED if linear else _MLP_FITTED:
        if not hasattr(last, attribute):
            raise InputError(
                f"{name or kind} has no {attribute}: a fitted MLPClassifier, MLPRegressor, "
                f"{' or '.join(_LINEAR)} is needed, alone or as the last step of a pipeline"
            )
    activation = "identity" if linear else last.activation
    if activation not in ("relu", "identity"):
        raise InputError(
            f'{kind} has activation = "{activation}"; only "relu" and "identity" are '
            "read: train with one of them"
        )
    labels = getattr(last, "classes_", None)
    if linear:
        coef = last.coef_.toarray() if hasattr(last.coef_, "toarray") else last.coef_
        weights = [np.atleast_2d(coef)]
        biases = [np.full(len(weights[0]), last.intercept_)]
        outputs = "identity" if labels is None or len(labels) > 2 else "logistic"
    else:
        weights = [np.asarray(W).T for W in last.coefs_]
        biases = [np.asarray(b) for b in last.intercepts_]
        outputs = last.out_activation_
    if outputs == "logistic" and len(weights[-1]) == 1:
        weights[-1] = np.vstack([np.zeros_like(weights[-1]), weights[-1]])
        biases[-1] = np.concatenate([np.zeros_like(biases[-1]), biases[-1]])
    elif outputs not in ("identity", "softmax"):
        several = "of several labels at once " if outputs == "logistic" else ""
        raise InputError(
            f"{kind} {several}has {outputs} outputs; identity, softmax or a single logistic "
            "output are read"
        )
    places = (f"layer {l} of {name or kind}" for l in range(len(weights)))
    first, *others = map(_map, places, weights, biases)
    maps.append(first)
    if activation == "identity":
        maps, others = [*maps, *others], []
    layers = [_composed(maps), *((W, b) for _, W, b in others)]
    tables, offsets = map(list, zip(*layers, strict=True))
    network = FeedForward(tables, offsets, "relu", 0.0, labels)
    if check is not None:
        own, finish = model.predict, None
        if labels is not None:
            own, finish = model.predict_proba, _softmax
        if linear and labels is not None:  # older releases have other probabilities
            own, finish = model.decision_function, _decision
        compare(network, check, own, finish, FLOAT32 if weights[0].itemsize < 8 else AGREE)
    return network


def _softmax(outputs: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _decision(outputs: NDArray[np.float64]) -> NDArray[np.float64]:
    return outputs[:, 1:] - outputs[:, :1] if outputs.shape[1] == 2 else outputs


def _steps(model: Any, name: str) -> Iterator[tuple[str, Any]]:
    """The steps of a pipeline, and of pipelines in it, as messages name them."""
    if type(model).__name__ != "Pipeline" or not hasattr(model, "steps"):
        yield name, model
        return
    for key, step in model.steps:
        if step is not None and not isinstance(step, str):
            yield from _steps(step, f"step {key} ({type(step).__name__})")


def _map(name: str, factor: Any, offset: Any) -> Map:
    return name, finite(np.asarray(factor), name), finite(np.asarray(offset), name)


def _composed(maps: Sequence[Map]) -> tuple[NDArray[Any], NDArray[Any]]:
    """One map of some, exactly, in the order in which they are applied, a matrix last."""
    (name, W, b), *others = reversed(maps)
    for before, factor, offset in others:
        if W.shape[1] != len(offset):
            raise InputError(f"{name}: takes {W.shape[1]} inputs, but there are {len(offset)}")
        moved = exact_product(exact_values(W), exact_values(offset)[:, None])
        b = total(b, moved[:, 0])
        if factor.ndim == 2:
            W = exact_product(exact_values(W), exact_values(factor))
        else:
            W = product(W, np.broadcast_to(factor, W.shape))
        name = before
    return W, b


def _of_step(step: Any, name: str) -> Iterator[Map]:
    """What a fitted transformer does, which is affine."""
    kind = type(step).__name__
    if kind not in _FITTED or not type(step).__module__.startswith("sklearn."):
        raise InputError(
            f"{name} is not read: before the network a pipeline may have {', '.join(_FITTED)}; "
            "give the last step alone, whose inputs are what the steps before it compute"
        )
    if not hasattr(step, _FITTED[kind]):
        raise InputError(f"{name} is not fitted: it has no {_FITTED[kind]}")
    if getattr(step, "clip", False):
        raise InputError(
            f"{name} clips, which is not affine: fit it with clip=False, or export the "
            "pipeline by skl2onnx"
        )
    if kind == "MinMaxScaler":
        yield _map(name, step.scale_, step.min_)
        return
    # A StandardScaler may have a mean that it does not subtract.
    center, scale = getattr(step, "center_", None), getattr(step, "scale_", None)
    if kind == "PCA" or getattr(step, "with_mean", False):
        center = step.mean_
    if kind == "PCA" and step.whiten:
        root = np.sqrt(step.explained_variance_)
        scale = np.maximum(root, np.finfo(root.dtype).eps)
    if center is not None:
        yield _map(name, np.ones(len(center)), -center)
    if kind == "PCA":
        yield _map(name, step.components_, np.zeros(len(step.components_)))
    if scale is not None:
        yield _map(name, inverse(finite(scale, name)), np.zeros(len(scale)))


_FITTED = {
    "StandardScaler": "scale_",
    "MinMaxScaler": "min_",
    "MaxAbsScaler": "scale_",
    "RobustScaler": "scale_",
    "PCA": "components_",
}
"""The transformers that are read, and what they have when they are fitted."""

_LINEAR = ("LinearRegression", "LogisticRegression")
"""Models of one affine layer, of scikit-learn itself: others of these names may be anything."""

_LINEAR_FITTED = ("coef_", "intercept_")
_MLP_FITTED = ("coefs_", "intercepts_", "out_activation_", "activation")
