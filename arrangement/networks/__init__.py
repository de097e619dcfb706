"""Deep piecewise linear networks, and every linear region into which they cut a domain."""

from arrangement.networks.network import Network
from arrangement.networks.patterns import PatternNetwork, pattern_network
from arrangement.networks.questions.answers import Equality, Extremum, OutputRange, Robustness
from arrangement.networks.regions.decision_cells import DecisionCells
from arrangement.networks.regions.decisions import DecisionRegion, DecisionRegions
from arrangement.networks.regions.division import Facet, Summary
from arrangement.networks.regions.halfspaces import HalfspaceRegions
from arrangement.networks.regions.lipschitz import Lipschitz
from arrangement.networks.regions.redundancy import Redundancy
from arrangement.networks.regions.regions import Region, Regions
from arrangement.networks.regions.walks import Walk, WalkedRegion, WalkedRegions

__all__ = [
    "DecisionCells",
    "DecisionRegion",
    "DecisionRegions",
    "Equality",
    "Extremum",
    "Facet",
    "HalfspaceRegions",
    "Lipschitz",
    "Network",
    "OutputRange",
    "PatternNetwork",
    "Redundancy",
    "Region",
    "Regions",
    "Robustness",
    "Summary",
    "Walk",
    "WalkedRegion",
    "WalkedRegions",
    "pattern_network",
]


def __dir__() -> list[str]:
    return sorted(__all__)
