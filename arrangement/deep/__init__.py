"""Deep piecewise linear networks, and every linear region into which they cut a domain."""

from arrangement.deep.decisions import DecisionRegion, DecisionRegions
from arrangement.deep.network import Network
from arrangement.deep.recursion import HalfspaceRegions
from arrangement.deep.redundancy import Redundancy
from arrangement.deep.region_set import Facet
from arrangement.deep.regions import Region, Regions

__all__ = [
    "DecisionRegion",
    "DecisionRegions",
    "Facet",
    "HalfspaceRegions",
    "Network",
    "Redundancy",
    "Region",
    "Regions",
]
