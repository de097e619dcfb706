"""The one place that calls Clarabel, through cvxpy."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from arrangement.errors import SolverError

if TYPE_CHECKING:
    import cvxpy as cp

__all__ = ["minimise"]

TOLERANCES = "tol_gap_abs", "tol_gap_rel", "tol_feas"

ASKED = (
    dict.fromkeys(TOLERANCES, 1e-12),
    dict.fromkeys(TOLERANCES, 1e-8) | {"min_switch_step_length": 0.01},
)
"""The gap and residuals that Clarabel is asked for, the second where it fails on the first. It
comes as near as float64 allows, and an answer within its reduced tolerances is taken; what is
made of it is checked by the caller. Between exponential cones it changes its scaling after a
step below 0.1, and then may come no further: the second time it does so later."""


def minimise(problem: cp.Problem) -> None:
    """Solve a convex problem of cvxpy; its variables then have their values.

    Raises
    ------
    SolverError
        If Clarabel finds no optimum.
    """
    import cvxpy as cp

    for asked in ASKED:
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "Solution may be inaccurate")
                problem.solve(solver=cp.CLARABEL, **asked)
            break
        except cp.SolverError as error:
            refused = error
        except BaseException as error:
            # What Clarabel panics with is no Exception, and no name can be imported for it.
            if type(error).__name__ != "PanicException":
                raise
            refused = cp.SolverError(str(error))
    else:
        raise SolverError(f"Clarabel did not solve the convex problem: {refused}")
    if problem.status not in (cp.OPTIMAL, cp.OPTIMAL_INACCURATE):
        raise SolverError(f"Clarabel did not solve the convex problem: {problem.status}")
