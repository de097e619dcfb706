"""Deep piecewise linear networks, and every linear region into which they cut a domain."""

from arrangement.deep.network import Network
from arrangement.deep.redundancy import Redundancy
from arrangement.deep.regions import Facet, Region, Regions

__all__ = ["Facet", "Network", "Redundancy", "Region", "Regions"]
