"""One hidden layer of ReLU: samples as arrangements, and their exact loss landscapes.

Public is what is named here, and what `losses` and `convex` name; the modules below serve it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from arrangement.relu import losses
from arrangement.relu.basins import Basins, sampled_basins
from arrangement.relu.cell_samples import SampledShare, sampled_cells
from arrangement.relu.curvature import Curvature, NewtonStep
from arrangement.relu.initialisation import DeadProbability, dead_probability
from arrangement.relu.landscape import Landscape
from arrangement.relu.linear_networks import LinearCriticalPoint, LinearNetwork
from arrangement.relu.losses.criterion import is_local_minimum, local_minimum
from arrangement.relu.losses.pattern_fits import cellwise_minima, pattern_minimum
from arrangement.relu.losses.weight_decay import (
    DecayedCells,
    DecayedMinimum,
    decayed_cells,
    decayed_minimum,
)
from arrangement.relu.minima.critical_points import CriticalPoints
from arrangement.relu.minima.pieces import Piece, Pieces
from arrangement.relu.minima.product import ProductGraph
from arrangement.relu.one_hidden_layer import OneHiddenLayer
from arrangement.relu.training import convex
from arrangement.relu.training.optimum import Certificate, GlobalOptimum
from arrangement.relu.training.polish import Polished

if TYPE_CHECKING:
    from arrangement.networks.network import Network
    from arrangement.relu.estimators import (
        ConvexReLUClassifier,
        ConvexReLURegressor,
        ExactReLUClassifier,
        ExactReLURegressor,
    )
    from arrangement.relu.losses.network_loss import NetworkLoss
    from arrangement.relu.losses.surface import (
        LossSurface,
        bias_direction,
        directions_at,
        loss_surface,
    )

__all__ = [
    "Basins",
    "Certificate",
    "ConvexReLUClassifier",
    "ConvexReLURegressor",
    "CriticalPoints",
    "Curvature",
    "DeadProbability",
    "DecayedCells",
    "DecayedMinimum",
    "ExactReLUClassifier",
    "ExactReLURegressor",
    "GlobalOptimum",
    "Landscape",
    "LinearCriticalPoint",
    "LinearNetwork",
    "LossSurface",
    "Network",
    "NetworkLoss",
    "NewtonStep",
    "OneHiddenLayer",
    "Piece",
    "Pieces",
    "Polished",
    "ProductGraph",
    "SampledShare",
    "bias_direction",
    "cellwise_minima",
    "convex",
    "dead_probability",
    "decayed_cells",
    "decayed_minimum",
    "directions_at",
    "is_local_minimum",
    "local_minimum",
    "loss_surface",
    "losses",
    "pattern_minimum",
    "sampled_basins",
    "sampled_cells",
]


LATER = {
    "Network": "arrangement.networks.network",
    "NetworkLoss": "arrangement.relu.losses.network_loss",
    **dict.fromkeys(
        ("LossSurface", "bias_direction", "directions_at", "loss_surface"),
        "arrangement.relu.losses.surface",
    ),
    **dict.fromkeys(
        (
            "ConvexReLUClassifier",
            "ConvexReLURegressor",
            "ExactReLUClassifier",
            "ExactReLURegressor",
        ),
        "arrangement.relu.estimators",
    ),
}
"""What need not be imported for landscapes, or needs an extra (the estimators)."""


def __getattr__(name: str) -> Any:
    if name in LATER:
        return getattr(import_module(LATER[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
