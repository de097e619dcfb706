"""The compiled loops (numba); nothing else in the package is compiled."""

from arrangement.kernels.branching import branch
from arrangement.kernels.interior import enter_cells, interior_points
from arrangement.kernels.largest_slack import inner_solutions, largest_slack
from arrangement.kernels.lookup import fill_table, find_edges, look_up
from arrangement.kernels.masked_maps import masked_maps
from arrangement.kernels.merging import merge
from arrangement.kernels.modular_rank import PRIME, modular_ranks
from arrangement.kernels.screening import (
    DEFICIENT,
    REFUSED,
    SURVIVED,
    lower_bounds,
    screen,
    tuple_losses,
)
from arrangement.kernels.spans import span_forms
from arrangement.kernels.supports import cone_supports
from arrangement.kernels.tuple_fit import fit_tuples, local_search

__all__ = [
    "DEFICIENT",
    "PRIME",
    "REFUSED",
    "SURVIVED",
    "branch",
    "cone_supports",
    "enter_cells",
    "fill_table",
    "find_edges",
    "fit_tuples",
    "inner_solutions",
    "interior_points",
    "largest_slack",
    "local_search",
    "look_up",
    "lower_bounds",
    "masked_maps",
    "merge",
    "modular_ranks",
    "screen",
    "span_forms",
    "tuple_losses",
]
