"""One hidden layer of ReLU: samples as arrangements, and their exact loss landscapes.

Public is what is named here, and what `losses` and `convex` name; the modules below serve it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arrangement.relu import losses
from arrangement.relu.cell_samples import SampledShare, sampled_cells
from arrangement.relu.landscape import Landscape
from arrangement.relu.losses.criterion import is_local_minimum, local_minimum
from arrangement.relu.losses.pattern_fits import cellwise_minima, pattern_minimum
from arrangement.relu.minima.pieces import Piece, Pieces
from arrangement.relu.minima.product import ProductGraph
from arrangement.relu.one_hidden_layer import OneHiddenLayer
from arrangement.relu.training import convex
from arrangement.relu.training.optimum import Certificate, GlobalOptimum
from arrangement.relu.training.polish import Polished

if TYPE_CHECKING:
    from arrangement.networks.network import Network
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
    "Polished",
    "ProductGraph",
    "SampledShare",
    "cellwise_minima",
    "convex",
    "is_local_minimum",
    "local_minimum",
    "losses",
    "pattern_minimum",
    "sampled_cells",
]


def __getattr__(name: str) -> Any:
    if name == "Network":  # an alias, which need not be imported for landscapes
        from arrangement.networks.network import Network

        return Network
    if name in ("ExactReLUClassifier", "ExactReLURegressor"):  # need an extra, scikit-learn
        from arrangement.relu import estimators

        return getattr(estimators, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
