"""The one place that calls HiGHS: a persistent linear program whose sides change.

What it says is a hint; :mod:`arrangement.exact` decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arrangement import exact
from arrangement.exact.rational_programs import Program

__all__ = [
    "WORTH_CONFIRMING", "FeasibilitySolver", "Guess", "ProgramSolver", "Slack", "unit_rows",
]  # fmt: skip

Floats = NDArray[np.float64]

# Hints only: they choose what is tried first, never what is answered.
WORTH_CONFIRMING = 1e-9
LARGEST_OFFSET = 1e15


@dataclass(frozen=True)
class Slack:
    """What the solver says of one system of sides; a hint, not a proof.

    Attributes
    ----------
    x : ndarray of float64, shape (d,)
        The point of largest slack; NaN when the solver has none.
    t : float
        Its slack, at most the solver's `scale`: the distance to the nearest imposed
        hyperplane, negative when x is on a wrong side. The system has a point iff t > 0.
    duals : ndarray of float64, shape (n,)
        Multipliers y ≥ 0. When t ≤ 0 the rows with y > 0 contradict each other (Farkas).
    status : str
        HiGHS's name for how the run ended.
    """

    x: Floats
    t: float
    duals: Floats
    status: str


class FeasibilitySolver:
    """One persistent HiGHS model that looks for points on given sides of hyperplanes.

    With u_i, β_i the rows scaled to |u_i| = 1, the problem is: maximise t ≤ 1 subject to
    s_i(u_i·x + β_i) ≥ t for the imposed rows, in units of `scale`, a power of two near the
    typical |β_i|, so that the unit of length does not matter. The model holds its dual,

        min y_0 + Σ s_i β_i y_i   subject to   Σ s_i u_i y_i = 0,  y_0 + Σ y_i = 1,  y ≥ 0,

    which always has an optimum, with one column for either side of each hyperplane: other
    sides are other column bounds, the matrix and the basis of d + 1 columns stay.

    Parameters
    ----------
    rows : array_like, shape (n, d + 1)
        [normal | offset], Python integers of any size or float64.

    Examples
    --------
    >>> solver = FeasibilitySolver([[2.0, 0.0], [4.0, -2.0]])  # x = 0 and x = 1/2
    >>> between = solver.solve([1, -1])
    >>> between.x.tolist(), between.t
    ([0.25], 0.25)
    >>> solver.solve([-1, 1]).duals.tolist()
    [0.5, 0.5]
    """

    def __init__(self, rows: ArrayLike) -> None:
        import highspy

        unit = unit_rows(np.asarray(rows))
        n, d = len(unit), unit.shape[1] - 1
        sizes = np.abs(unit[unit[:, -1] != 0, -1])
        self.scale = float(2.0 ** np.round(np.log2(np.median(sizes)))) if len(sizes) else 1.0
        with np.errstate(over="ignore"):
            offsets = np.clip(unit[:, -1] / self.scale, -LARGEST_OFFSET, LARGEST_OFFSET)
        columns = np.ones((2 * n + 1, d + 1))
        columns[:, :-1] = np.concatenate([unit[:, :-1], -unit[:, :-1], np.zeros((1, d))])
        filled = columns != 0
        model = highspy.HighsLp()
        model.num_row_, model.num_col_ = d + 1, 2 * n + 1
        model.col_cost_ = np.concatenate([offsets, -offsets, [1.0]])
        model.col_lower_ = np.zeros(2 * n + 1)
        model.col_upper_ = np.append(np.zeros(2 * n), np.inf)
        model.row_lower_ = model.row_upper_ = np.append(np.zeros(d), 1.0)
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_ = np.append(0, np.cumsum(filled.sum(axis=1)))
        model.a_matrix_.index_ = np.nonzero(filled)[1]
        model.a_matrix_.value_ = columns[filled]
        options = highspy.HighsOptions()
        options.output_flag, options.presolve, options.threads = False, "off", 1
        options.solver = "simplex"
        options.simplex_strategy = 4  # primal: other sides are other columns, same prices
        options.small_matrix_value = 1e-12
        options.primal_feasibility_tolerance = options.dual_feasibility_tolerance = 1e-10
        self._highs = _silent_highs()
        self._highs.passOptions(options)
        self._highs.passModel(model)
        self._optimal = highspy.HighsModelStatus.kOptimal
        self._imposed = np.zeros(2 * n, dtype=bool)

    def solve(self, signs: ArrayLike) -> Slack:
        """Look for a point with these signs.

        Parameters
        ----------
        signs : array_like, shape (n,)
            +1 or −1 asks for that open side of the row; 0 leaves the row out.

        Returns
        -------
        Slack
        """
        asked = np.asarray(signs)
        imposed = np.concatenate([asked > 0, asked < 0])
        changed = np.flatnonzero(imposed != self._imposed).astype(np.int32)
        self._imposed = imposed
        if len(changed):
            bounds = np.zeros(len(changed)), np.where(imposed[changed], np.inf, 0.0)
            self._highs.changeColsBounds(len(changed), changed, *bounds)
        self._highs.run()
        ended = self._highs.getModelStatus()
        n = len(asked)
        if ended != self._optimal:
            self._highs.clearSolver()
            x = np.full(self._highs.getNumRow() - 1, np.nan)
            return Slack(x, -np.inf, np.zeros(n), self._highs.modelStatusToString(ended))
        solution = self._highs.getSolution()
        prices, y = (
            self.scale * np.array(solution.row_dual),
            np.maximum(solution.col_value, 0.0),
        )
        return Slack(-prices[:-1], float(prices[-1]), y[:n] + y[n : 2 * n], "Optimal")


@dataclass(frozen=True)
class Guess:
    """What the solver says of a linear program; a hint, not a proof.

    Attributes
    ----------
    point : ndarray of float64, shape (n,), or None
        The optimum; None where the solver found no point, or nothing.
    prices : ndarray of float64, shape (m,)
        Multipliers ≥ 0 of the rows: dual, or of a contradiction where there is no point.
    basic, tight, upper : list of int
        The basis, see :func:`~arrangement.exact.rational_programs.maximum`.
    """

    point: Floats | None
    prices: Floats
    basic: list[int]
    tight: list[int]
    upper: list[int] = field(default_factory=list)


class ProgramSolver:
    """HiGHS for one linear program after another.

    Examples
    --------
    >>> solver = ProgramSolver()
    >>> guess = solver.solve(Program(*map(np.array, ([1, 1], [[-2, -1, 2]], [0, 0], [1, 1]))))
    >>> guess.point.tolist(), guess.prices.tolist(), guess.basic, guess.tight
    ([0.5, 1.0], [0.5], [0], [0])
    """

    def __init__(self) -> None:
        import highspy

        options = highspy.HighsOptions()
        options.output_flag, options.presolve, options.threads = False, "off", 1
        options.solver = "simplex"
        options.small_matrix_value = 1e-12
        options.primal_feasibility_tolerance = options.dual_feasibility_tolerance = 1e-10
        self._highs, self._names = _silent_highs(), highspy
        self._highs.passOptions(options)

    def solve(self, program: Program) -> Guess:
        """Solve one program of float64.

        Parameters
        ----------
        program : Program

        Returns
        -------
        Guess
        """
        cost, rows, low, high = program
        m, n = len(rows), len(cost)
        nothing = Guess(None, np.zeros(m), [], [])
        if not (np.isfinite(rows).all() and np.isfinite(cost).all()):
            return nothing
        filled = rows[:, :-1] != 0
        model = self._names.HighsLp()
        model.num_row_, model.num_col_ = m, n
        model.col_cost_, model.col_lower_, model.col_upper_ = -cost.astype(float), low, high
        model.row_lower_, model.row_upper_ = -rows[:, -1], np.full(m, np.inf)
        model.a_matrix_.format_ = self._names.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.append(0, np.cumsum(filled.sum(axis=1)))
        model.a_matrix_.index_ = np.nonzero(filled)[1]
        model.a_matrix_.value_ = rows[:, :-1][filled]
        self._highs.passModel(model)
        self._highs.run()
        status = self._highs.getModelStatus()
        if status == self._names.HighsModelStatus.kInfeasible:
            _, found, ray = self._highs.getDualRay()
            return Guess(None, np.maximum(ray, 0.0), [], []) if found else nothing
        if status != self._names.HighsModelStatus.kOptimal:
            return nothing
        solution, basis = self._highs.getSolution(), self._highs.getBasis()
        between = self._names.HighsBasisStatus.kBasic
        return Guess(
            np.clip(solution.col_value, low, high),
            np.maximum(solution.row_dual, 0.0),
            [j for j, one in enumerate(basis.col_status) if one == between],
            [i for i, one in enumerate(basis.row_status) if one != between],
            np.flatnonzero(np.array(solution.col_value) >= high).tolist(),
        )


def _silent_highs() -> Any:
    """A HiGHS that writes nothing to standard output, not even its name and version."""
    import highspy

    class SilentHighs(highspy.Highs):  # type: ignore[misc]
        # The constructor ends with this, and it prints them unless the output is off by then.
        def enableCallbacks(self) -> None:
            self.silent()
            super().enableCallbacks()

    return SilentHighs()


def unit_rows(rows: NDArray[Any]) -> Floats:
    """The rows [normal | offset] in float64, scaled to normals of length 1; hints, not exact.

    Examples
    --------
    >>> import numpy as np
    >>> unit_rows(np.array([[0, -2 * 10**400, 10**400]], dtype=object)).tolist()
    [[0.0, -1.0, 0.5]]
    """
    values = exact.float_rows(rows)[0] if rows.dtype == object else rows.astype(np.float64)
    length = np.linalg.norm(values[:, :-1], axis=1, keepdims=True)
    with np.errstate(over="ignore"):
        unit = values / np.where(length > 0, length, 1.0)
    return np.clip(unit, -1e300, 1e300)
