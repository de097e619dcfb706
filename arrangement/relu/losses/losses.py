"""Convex losses and penalties of a network's outputs: values, derivatives, cvxpy expressions.

A loss is the mean over the samples of l(f_i, y_i), convex in the outputs f_i:

=====================  ==================  ================================================
name                   targets             l(f, y)
=====================  ==================  ================================================
``squared``            numbers             (f − y)²
``absolute``           numbers             |f − y|
``huber``              numbers             (f − y)² up to |f − y| = t, then 2t|f − y| − t²
``log_cosh``           numbers             log cosh(f − y)
``logistic``           −1, +1              log(1 + exp(−y f))
``hinge``              −1, +1              max(0, Δ − y f)
``squared_hinge``      −1, +1              max(0, Δ − y f)²
``softmax``            classes 0, 1, …     log Σ_c exp(f_c) − f_y
``multiclass_hinge``   classes 0, 1, …     Σ_(c≠y) max(0, Δ + f_c − f_y)
``crammer_singer``     classes 0, 1, …     max(0, max_(c≠y) Δ + f_c − f_y)
=====================  ==================  ================================================

t is `threshold`, Δ is `margin`. The last three are of as many outputs as there are classes.
Penalties are those of scikit-learn: ``l1`` α‖R‖₁, ``l2`` (α/2)‖R‖², ``elasticnet``
α(ρ‖R‖₁ + (1 − ρ)/2 ‖R‖²) with ρ the `l1_ratio`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import softmax, xlogy

from arrangement.errors import InputError
from arrangement.exact.numbers import exact_number, shown
from arrangement.relu.weight_space import Floats, sample_targets

if TYPE_CHECKING:
    import cvxpy as cp

__all__ = [
    "CLASS_LOSSES", "LOSSES", "PENALTIES", "SIGN_LOSSES", "SQUARED", "Loss", "Penalty",
    "checked_slope",
]  # fmt: skip

SIGN_LOSSES = ("logistic", "hinge", "squared_hinge")
CLASS_LOSSES = ("softmax", "multiclass_hinge", "crammer_singer")
LOSSES = ("squared", "absolute", "huber", "log_cosh", *SIGN_LOSSES, *CLASS_LOSSES)
_CURVATURE = {
    "squared": 2.0,
    "huber": 2.0,
    "log_cosh": 1.0,
    "squared_hinge": 2.0,
    "logistic": 0.25,
}

PENALTIES = (None, "l1", "l2", "elasticnet")


@dataclass(frozen=True)
class Loss:
    """A convex loss of the table above.

    Attributes
    ----------
    name : str
    threshold : float
        Where the Huber loss becomes linear.
    margin : float
        Δ of the hinge losses.

    Examples
    --------
    >>> Loss("hinge").values([0.5, -1.0], [1.0, 1.0]).tolist()
    [0.5, 2.0]
    >>> Loss("huber", threshold=1.0).derivative([0.5, 3.0], [0.0, 0.0]).tolist()
    [1.0, 2.0]
    """

    name: str
    threshold: float = 1.0
    margin: float = 1.0

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or self.name not in LOSSES:
            raise InputError(f"loss={shown(self.name)}: one of {', '.join(LOSSES)}")
        for name in "threshold", "margin":
            object.__setattr__(self, name, _positive(getattr(self, name), name))

    @property
    def differentiable(self) -> bool:
        """Does l have a derivative in f, and one output?"""
        return self.name in _CURVATURE

    @property
    def of_classes(self) -> bool:
        """Has it an output for each class?"""
        return self.name in CLASS_LOSSES

    @property
    def separable(self) -> bool:
        """Can the infimum be missed, because l falls for ever as outputs grow?"""
        return self.name in ("logistic", "softmax")

    def targets(self, y: Any, n: int, classes: int | None = None) -> tuple[Floats, int]:
        """The n targets, checked, and the number of outputs: that of the classes, else 1.

        Parameters
        ----------
        y : array_like, shape (n,)
        n : int
        classes : int, optional
            How many there are, if more than the labels show.

        Returns
        -------
        targets : ndarray, shape (n,)
        outputs : int

        Raises
        ------
        InputError
            If y has not n entries of the kind that the loss is for; the message names one.

        Examples
        --------
        >>> from arrangement.relu.losses import Loss
        >>> Loss("softmax").targets([0, 2], 2)[1]
        3
        """
        values, _ = sample_targets(y, n)
        if self.name not in CLASS_LOSSES:
            if classes is not None:
                raise InputError(
                    f"classes={shown(classes)}: the loss {self.name!r} has one output"
                )
            for i in np.flatnonzero(np.abs(values) != 1 if self.name in SIGN_LOSSES else []):
                raise InputError(
                    f"y, entry {i}: {values[i]:g}, but the loss {self.name!r} is for labels −1 "
                    "and +1 (2*y − 1 makes them of 0 and 1)"
                )
            return values, 1
        for i in np.flatnonzero((values < 0) | (values != np.round(values))):
            raise InputError(
                f"y, entry {i}: {values[i]:g}, but the loss {self.name!r} is for classes "
                "0, 1, 2, …"
            )
        if classes is None:
            classes = max(int(values.max()) + 1, 2)
        if (
            isinstance(classes, bool)
            or not isinstance(classes, int | np.integer)
            or classes < 2
        ):
            raise InputError(f"classes={shown(classes)}: an integer of at least 2")
        for i in np.flatnonzero(values >= classes):
            raise InputError(
                f"y, entry {i}: {values[i]:g}, but the classes are 0 to {classes - 1}"
            )
        return values, int(classes)

    def values(self, f: Any, y: Any) -> Floats:
        """l at each sample, shape (N,); f has shape (N,), or (N, classes).

        Parameters
        ----------
        f : array_like, shape (N,) or (N, classes)
            Outputs.
        y : array_like, shape (N,)
            Targets.

        Returns
        -------
        ndarray, shape (N,)
        """
        f, y = np.asarray(f, dtype=np.float64), np.asarray(y, dtype=np.float64)
        if self.name in CLASS_LOSSES:
            own = np.take_along_axis(f, y.astype(np.int64)[:, None], axis=1)
            if self.name == "softmax":
                return np.asarray(np.logaddexp.reduce(f, axis=1) - own[:, 0])
            over = self.margin + f - own
            np.put_along_axis(over, y.astype(np.int64)[:, None], 0.0, axis=1)
            over = np.maximum(over, 0.0)
            return over.sum(axis=1) if self.name == "multiclass_hinge" else over.max(axis=1)
        if self.name in SIGN_LOSSES:
            if self.name == "logistic":
                return np.asarray(np.logaddexp(0.0, -y * f))
            over = np.maximum(self.margin - y * f, 0.0)
            return over if self.name == "hinge" else over**2
        away = np.abs(f - y)
        if self.name == "absolute":
            return away
        if self.name == "squared":
            return np.asarray(away**2)
        if self.name == "log_cosh":
            return np.asarray(away + np.log1p(np.expm1(-2 * away) / 2))
        near = np.minimum(away, self.threshold)
        return np.asarray(near * (2 * away - near))

    def derivative(self, f: Any, y: Any) -> Floats:
        """l′(f_i, y_i) by f, shape (N,).

        Parameters
        ----------
        f : array_like, shape (N,) or (N, classes)
            Outputs.
        y : array_like, shape (N,)
            Targets.

        Returns
        -------
        ndarray, shape (N,)

        Raises
        ------
        InputError
            If the loss has none everywhere, or has several outputs.
        """
        if not self.differentiable:
            raise InputError(
                f"loss={self.name!r}: a differentiable loss of one output is needed, one of "
                f"{', '.join(_CURVATURE)}"
            )
        f, y = np.asarray(f, dtype=np.float64), np.asarray(y, dtype=np.float64)
        if self.name == "logistic":
            return np.asarray(-y * np.exp(-np.logaddexp(0.0, y * f)))
        if self.name == "squared_hinge":
            return np.asarray(-2 * y * np.maximum(self.margin - y * f, 0.0))
        if self.name == "log_cosh":
            return np.asarray(np.tanh(f - y))
        reach = self.threshold if self.name == "huber" else np.inf
        return np.asarray(2 * np.clip(f - y, -reach, reach))

    def gradient(self, f: Any, y: Any) -> Floats:
        """A subgradient of l by f at each sample, of the shape of f; the gradient off kinks.

        Parameters
        ----------
        f : array_like, shape (N,) or (N, classes)
            Outputs.
        y : array_like, shape (N,)
            Targets.

        Returns
        -------
        ndarray, of the shape of f

        Examples
        --------
        >>> Loss("softmax").gradient([[0.0, 0.0]], [1]).tolist()
        [[0.5, -0.5]]
        """
        f, y = np.asarray(f, dtype=np.float64), np.asarray(y, dtype=np.float64)
        if self.differentiable:
            return self.derivative(f, y)
        if self.name == "absolute":
            return np.asarray(np.sign(f - y))
        if self.name == "hinge":
            return np.asarray(np.where(y * f < self.margin, -y, 0.0))
        own = y.astype(np.int64)[:, None]
        if self.name == "softmax":
            result = np.asarray(softmax(f, axis=1))
            down = np.ones_like(own, dtype=np.float64)
        else:
            over = self.margin + f - np.take_along_axis(f, own, axis=1)
            np.put_along_axis(over, own, 0.0, axis=1)
            result = (over > 0).astype(np.float64)
            if self.name == "crammer_singer":
                result *= np.arange(f.shape[1]) == over.argmax(axis=1)[:, None]
            down = result.sum(axis=1, keepdims=True)
        np.put_along_axis(result, own, np.take_along_axis(result, own, axis=1) - down, axis=1)
        return result

    def curvature_product(self, f: Any, y: Any, v: Any) -> Floats:
        """The second derivative of l by f times v at each sample, off kinks; v is like f.

        Parameters
        ----------
        f : array_like, shape (N,) or (N, classes)
            Outputs.
        y : array_like, shape (N,)
            Targets.
        v : array_like, of the shape of f

        Returns
        -------
        ndarray, of the shape of f

        Examples
        --------
        >>> from arrangement.relu.losses import Loss
        >>> import numpy as np
        >>> Loss("squared").curvature_product(np.ones(1), np.ones(1), np.array([3.0])).tolist()
        [6.0]
        """
        f, y, v = (np.asarray(values, dtype=np.float64) for values in (f, y, v))
        if self.name == "softmax":
            p = softmax(f, axis=1)
            return np.asarray(p * (v - (p * v).sum(axis=1, keepdims=True)))
        if self.name == "logistic":
            return np.asarray(np.exp(-np.logaddexp(0.0, f) - np.logaddexp(0.0, -f)) * v)
        if self.name == "log_cosh":
            return np.asarray((1 - np.tanh(f - y) ** 2) * v)
        if self.name in ("squared", "huber", "squared_hinge"):
            if self.name == "squared_hinge":
                v = np.where(y * f < self.margin, v, 0.0)
            elif self.name == "huber":
                v = np.where(np.abs(f - y) < self.threshold, v, 0.0)
            return np.asarray(2 * v)
        return np.zeros_like(v)

    def conjugate(self, v: Any, y: Any) -> tuple[Floats, Floats]:
        """Slopes moved to where the conjugate is finite, and l*(v) = sup_f v·f − l(f) there.

        Parameters
        ----------
        v : array_like, shape (N,) or (N, classes)
            Slopes of l, such as a solver's multipliers, which rounding may have moved.
        y : array_like, shape (N,)

        Returns
        -------
        v, values : ndarray, shapes of v and (N,)
            By Fenchel and Young l(f) ≥ v·f − l*(v) for every f. With v so are the slopes
            t v for 0 ≤ t ≤ 1.

        Examples
        --------
        >>> v, values = Loss("hinge").conjugate([-0.5, 1.5], [1.0, -1.0])
        >>> v.tolist(), values.tolist()
        ([-0.5, 1.0], [-0.5, -1.0])
        """
        v, y = np.asarray(v, dtype=np.float64), np.asarray(y, dtype=np.float64)
        if self.name in CLASS_LOSSES:
            own = y.astype(np.int64)[:, None]
            p = np.array(v)
            np.put_along_axis(p, own, 0.0, axis=1)
            p = np.clip(p, 0.0, 1.0)
            rest = p.sum(axis=1, keepdims=True)
            if self.name != "multiclass_hinge":
                p /= np.maximum(rest, 1.0)
                rest = p.sum(axis=1, keepdims=True)
            moved = np.array(p)
            np.put_along_axis(moved, own, -rest, axis=1)
            if self.name != "softmax":
                return moved, -self.margin * rest[:, 0]
            np.put_along_axis(p, own, np.maximum(1 - rest, 0.0), axis=1)
            return moved, xlogy(p, p).sum(axis=1)
        if self.name in SIGN_LOSSES:
            p = np.clip(-y * v, 0.0, None if self.name == "squared_hinge" else 1.0)
            if self.name == "logistic":
                return -y * p, np.asarray(xlogy(p, p) + xlogy(1 - p, 1 - p))
            square = p**2 / 4 if self.name == "squared_hinge" else 0.0
            return -y * p, square - self.margin * p
        reach = {"absolute": 1.0, "log_cosh": 1.0, "huber": 2 * self.threshold}.get(
            self.name, np.inf
        )
        v = np.clip(v, -reach, reach)
        if self.name == "log_cosh":
            entropy = xlogy(1 + v, 1 + v) + xlogy(1 - v, 1 - v)
            return v, np.asarray(v * y + entropy / 2)
        return v, v * y + (0.0 if self.name == "absolute" else v**2 / 4)

    def derivative_sizes(self, f: Any, y: Any) -> Floats:
        """The size of the terms that make up each derivative, beside which it may be zero.

        Parameters
        ----------
        f : array_like, shape (N,) or (N, classes)
            Outputs.
        y : array_like, shape (N,)
            Targets.

        Returns
        -------
        ndarray, of the shape of f

        Examples
        --------
        >>> from arrangement.relu.losses import Loss
        >>> Loss("squared").derivative_sizes([1.0], [3.0]).tolist()
        [12.0]
        """
        f, y = np.asarray(f, dtype=np.float64), np.asarray(y, dtype=np.float64)
        terms = np.abs(f) + (np.abs(y) if self.name not in SIGN_LOSSES else 0.0)
        return np.asarray(np.abs(self.derivative(f, y)) + _CURVATURE[self.name] * terms)

    def expression(self, f: cp.Expression, y: Floats, weights: Any = None) -> cp.Expression:
        """The sum of l with these weights, or its mean, as an expression of cvxpy.

        Parameters
        ----------
        f : cvxpy.Expression, shape (N,) or (N, classes)
        y : ndarray, shape (N,)
        weights : ndarray, shape (N,), optional

        Returns
        -------
        cvxpy.Expression

        Examples
        --------
        >>> import cvxpy as cp
        >>> import numpy as np
        >>> from arrangement.relu.losses import Loss
        >>> float(Loss("squared").expression(cp.Constant([1.0, 2.0]), np.zeros(2)).value)
        2.5
        """
        import cvxpy as cp

        n = len(y)
        if weights is not None:
            return cp.sum(cp.multiply(weights, self._terms(f, y)))
        if self.name == "squared":
            return cp.sum_squares(f - y) / n
        return cp.sum(self._terms(f, y)) / n

    def _terms(self, f: cp.Expression, y: Floats) -> cp.Expression:
        import cvxpy as cp

        if self.name == "squared":
            return cp.square(f - y)
        if self.name == "absolute":
            return cp.abs(f - y)
        if self.name == "huber":
            return cp.huber(f - y, self.threshold)
        if self.name == "log_cosh":
            return cp.logistic(2 * (f - y)) - (f - y) - np.log(2)
        if self.name == "softmax":
            return cp.log_sum_exp(f, axis=1) - cp.sum(cp.multiply(_own(f, y), f), axis=1)
        if self.name == "logistic":
            return cp.logistic(-self.margins(f, y))
        over = cp.pos(self.margin - self.margins(f, y))
        if self.name == "hinge":
            return over
        if self.name == "squared_hinge":
            return cp.square(over)
        # Each sample's own class gives max(0, Δ − 0) = Δ, which is taken off again.
        if self.name == "multiclass_hinge":
            return cp.sum(over, axis=1) - self.margin
        return cp.max(cp.pos(self.margin * (1 - _own(f, y)) - self.margins(f, y)), axis=1)

    def margins(self, f: cp.Expression, y: Floats) -> cp.Expression:
        """y_i f_i, or f_(i, y_i) − f_ic for all classes c: by what the labels are right.

        Parameters
        ----------
        f : cvxpy.Expression, shape (N,) or (N, classes)
        y : ndarray, shape (N,)

        Returns
        -------
        cvxpy.Expression

        Examples
        --------
        >>> import cvxpy as cp
        >>> import numpy as np
        >>> from arrangement.relu.losses import Loss
        >>> Loss("hinge").margins(cp.Constant([0.5, 2.0]), np.array([1.0, -1.0])).value.tolist()
        [0.5, -2.0]
        """
        import cvxpy as cp

        if self.name in SIGN_LOSSES:
            return cp.multiply(y, f)
        ours = cp.reshape(cp.sum(cp.multiply(_own(f, y), f), axis=1), (len(y), 1), order="C")
        return ours @ np.ones((1, f.shape[1])) - f


def _own(f: Any, y: Floats) -> Floats:
    """One at the class of each sample, shape of f."""
    return np.asarray(np.eye(f.shape[1])[y.astype(np.int64)])


@dataclass(frozen=True)
class Penalty:
    """A penalty of the maps R, with its weight.

    Attributes
    ----------
    name : None, "l1", "l2" or "elasticnet"
    alpha : float or None
        Its weight, above 0; None without a penalty.
    l1_ratio : float
        ρ of the elastic net, in [0, 1].

    Examples
    --------
    >>> Penalty("elasticnet", alpha=2.0, l1_ratio=0.5).value([[1.0, -2.0]])
    5.5
    """

    name: str | None = None
    alpha: float | None = None
    l1_ratio: float = 0.5

    def __post_init__(self) -> None:
        if not isinstance(self.name, str | None) or self.name not in PENALTIES:
            raise InputError(
                f"penalty={shown(self.name)}: None, or one of "
                f"{', '.join(map(str, PENALTIES[1:]))}"
            )
        if self.name is None:
            if self.alpha is not None:
                raise InputError(
                    f'alpha={shown(self.alpha)}: give a penalty, such as penalty="l2"'
                )
        else:
            object.__setattr__(self, "alpha", _positive(self.alpha, "alpha"))
        ratio = self.l1_ratio
        if isinstance(ratio, bool) or not isinstance(ratio, float | int) or not 0 <= ratio <= 1:
            raise InputError(f"l1_ratio={shown(ratio)}: a number from 0 to 1")

    @property
    def weights(self) -> tuple[float, float]:
        """The factors of ‖R‖₁ and of ½‖R‖²."""
        if self.name is None or self.alpha is None:
            return 0.0, 0.0
        share = {"l1": 1.0, "l2": 0.0}.get(self.name, float(self.l1_ratio))
        return self.alpha * share, self.alpha * (1 - share)

    def value(self, R: Any) -> float:
        """The penalty of R.

        Parameters
        ----------
        R : array_like, shape (K, d)
            The weights z_j w_j.
        """
        R = np.asarray(R, dtype=np.float64)
        l1, l2 = self.weights
        return float(l1 * np.abs(R).sum()) + (0.5 * l2 * float(np.sum(R**2)) if l2 else 0.0)


def _positive(value: Any, name: str) -> float:
    """A number above 0 in float64."""
    try:
        number = 0.0 if isinstance(value, bool | str | bytes) else float(exact_number(value))
    except (AttributeError, ValueError, TypeError, OverflowError, ZeroDivisionError):
        number = 0.0
    if not number > 0 or not isfinite(number):
        raise InputError(f"{name}={shown(value)}: a finite number above 0 is needed")
    return number


def checked_slope(value: Any, negative: bool = False) -> float:
    """The slope of an inactive leaky ReLU.

    Raises
    ------
    InputError
        If it is no float64 from 0 (with `negative`, from above −1) to below 1.
    """
    try:
        slope = Fraction(exact_number(value))
    except (AttributeError, TypeError, ValueError, ArithmeticError):
        slope = Fraction(2)
    if not (-1 if negative else 0) <= slope < 1 or slope == -1:
        allowed = "between -1 and 1" if negative else "from 0 to below 1"
        hint = "; with 1 the network is linear, see LinearNetwork" if slope == 1 else ""
        raise InputError(f"negative_slope={shown(value)}: a number {allowed}{hint}")
    if float(slope) != slope:
        raise InputError(f"negative_slope={shown(value)}: the number is no float64")
    return float(slope)


SQUARED = Loss("squared")
