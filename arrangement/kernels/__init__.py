"""The compiled loops (numba); nothing else in the package is compiled."""

from arrangement.kernels.interior import interior_points
from arrangement.kernels.lookup import fill_table, find_edges, look_up
from arrangement.kernels.restriction import (
    CONTAINS,
    CUTS,
    DONE,
    ENTER,
    GROW,
    MISSES,
    RESOLVE_LINE,
    RESOLVE_ROWS,
    STEPPED,
    UNSURE,
    Flats,
    Forest,
    enumerate_cells,
    restrict_rows,
    settle_restriction,
)

__all__ = [
    "CONTAINS",
    "CUTS",
    "DONE",
    "ENTER",
    "GROW",
    "MISSES",
    "RESOLVE_LINE",
    "RESOLVE_ROWS",
    "STEPPED",
    "UNSURE",
    "Flats",
    "Forest",
    "enumerate_cells",
    "fill_table",
    "find_edges",
    "interior_points",
    "look_up",
    "restrict_rows",
    "settle_restriction",
]
