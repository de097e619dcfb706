"""The compiled loops (numba); nothing else in the package is compiled."""

from arrangement.kernels.branching import branch
from arrangement.kernels.dictionary import Lines
from arrangement.kernels.flats import NO_ROOM, list_faces, list_flats
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
from arrangement.kernels.sweep import (
    FULL,
    PREFIX,
    SWEPT,
    VERTEX,
    Circuits,
    sweep_lines,
)
from arrangement.kernels.tuple_fit import bound_tuples, fit_tuples, local_search

__all__ = [
    "CONTAINS",
    "CUTS",
    "DONE",
    "ENTER",
    "FULL",
    "GROW",
    "MISSES",
    "NO_ROOM",
    "PREFIX",
    "RESOLVE_LINE",
    "RESOLVE_ROWS",
    "STEPPED",
    "SWEPT",
    "UNSURE",
    "VERTEX",
    "Circuits",
    "Flats",
    "Forest",
    "Lines",
    "bound_tuples",
    "branch",
    "enumerate_cells",
    "fill_table",
    "find_edges",
    "fit_tuples",
    "interior_points",
    "list_faces",
    "list_flats",
    "local_search",
    "look_up",
    "restrict_rows",
    "settle_restriction",
    "sweep_lines",
]
