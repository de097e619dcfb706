"""The compiled loops (numba); nothing else in the package is compiled."""

from arrangement.kernels.cells.births import points_at_births
from arrangement.kernels.cells.candidates import certify
from arrangement.kernels.cells.interior import enter_cells, interior_points, measure_doubt
from arrangement.kernels.landscape.branching import branch
from arrangement.kernels.landscape.direction_cones import bound_cones
from arrangement.kernels.landscape.largest_slack import inner_solutions, largest_slack
from arrangement.kernels.landscape.merging import merge
from arrangement.kernels.landscape.one_neuron import screen_faces
from arrangement.kernels.landscape.screening import (
    DEFICIENT,
    REFUSED,
    SURVIVED,
    screen,
    tuple_losses,
)
from arrangement.kernels.landscape.spans import span_forms
from arrangement.kernels.landscape.supports import cone_supports
from arrangement.kernels.landscape.tuple_fit import fit_tuples, local_search
from arrangement.kernels.modular_rank import PRIME, modular_ranks

__all__ = [
    "DEFICIENT",
    "PRIME",
    "REFUSED",
    "SURVIVED",
    "bound_cones",
    "branch",
    "certify",
    "cone_supports",
    "enter_cells",
    "fit_tuples",
    "inner_solutions",
    "interior_points",
    "largest_slack",
    "local_search",
    "measure_doubt",
    "merge",
    "modular_ranks",
    "points_at_births",
    "screen",
    "screen_faces",
    "span_forms",
    "tuple_losses",
]
