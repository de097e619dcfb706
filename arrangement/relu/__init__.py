"""ReLU networks: their samples as arrangements, and their exact loss landscapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arrangement.relu.criterion import is_local_minimum, local_minimum
from arrangement.relu.landscape import Landscape
from arrangement.relu.one_hidden_layer import OneHiddenLayer
from arrangement.relu.optimum import Certificate, GlobalOptimum
from arrangement.relu.patterns import cellwise_minima, pattern_minimum
from arrangement.relu.pieces import Piece, Pieces
from arrangement.relu.product import ProductGraph

if TYPE_CHECKING:
    from arrangement.deep.network import Network
    from arrangement.relu.estimators import ExactReLUClassifier, ExactReLURegressor

__all__ = [
    "Certificate",
    "ExactReLUClassifier",
    "ExactReLURegressor",
    "GlobalOptimum",
    "Landscape",
    "Network",
    "OneHiddenLayer",
    "Piece",
    "Pieces",
    "ProductGraph",
    "cellwise_minima",
    "is_local_minimum",
    "local_minimum",
    "pattern_minimum",
]


def __getattr__(name: str) -> Any:
    if name == "Network":
        from arrangement.deep.network import Network

        return Network
    # The estimators need scikit-learn, an extra.
    if name in ("ExactReLUClassifier", "ExactReLURegressor"):
        from arrangement.relu import estimators

        return getattr(estimators, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
