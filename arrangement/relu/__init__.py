"""ReLU networks: their samples as arrangements, and their exact loss landscapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arrangement.relu.landscape import Landscape, OneHiddenLayer, Piece
from arrangement.relu.optimum import Certificate, GlobalOptimum

if TYPE_CHECKING:
    from arrangement.relu.estimators import ExactReLUClassifier, ExactReLURegressor

__all__ = [
    "Certificate",
    "ExactReLUClassifier",
    "ExactReLURegressor",
    "GlobalOptimum",
    "Landscape",
    "OneHiddenLayer",
    "Piece",
]


def __getattr__(name: str) -> Any:
    # The estimators need scikit-learn, an extra.
    if name in ("ExactReLUClassifier", "ExactReLURegressor"):
        from arrangement.relu import estimators

        return getattr(estimators, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
