"""Global training: the least loss of a network with one hidden layer, with a proof."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from arrangement import exact
from arrangement.bounds import cover
from arrangement.checks import choice, whole
from arrangement.errors import InputError, SizeError
from arrangement.exact.numbers import shown
from arrangement.in_notebooks import InNotebooks
from arrangement.progress import Progress
from arrangement.relu.multisets import n_multisets
from arrangement.relu.predictor import Predictor
from arrangement.relu.training.direction_search import (
    MOST_DIRECTIONS,
    MOST_WIDE,
    search_directions,
)
from arrangement.relu.training.global_search import MOST_PATTERNS, GlobalSearch
from arrangement.relu.weight_space import Floats, Samples, Signs

if TYPE_CHECKING:
    from arrangement.relu.problem import Problem

__all__ = [
    "METHODS", "Certificate", "GlobalOptimum", "certified", "check_nodes", "global_optimum",
]  # fmt: skip

METHODS = "auto", "screen", "branch", "cones"

LARGEST_TABLE = 1 << 28
"""Signs of cells on samples that are unpacked without being asked for."""


@dataclass(frozen=True, eq=False)
class Certificate(InNotebooks):
    """What the lower bound of a :class:`GlobalOptimum` rests on.

    Attributes
    ----------
    method : str
        ``"screen"``: every tuple of cells has a bound; ``"branch"``: branch and bound over
        samples; ``"cones"``: branch and bound over cones of directions, without cells.
    n_cells : int
        Cells of the samples' arrangement: exact, so no pattern is missing. 0 where there was
        no time for them: then no pattern was left out.
    n_tuples : int
        Multisets of K cells, each with every choice of output signs.
    n_bounds : int
        Tuples whose quadratic program was solved, or nodes that were expanded.
    n_open : int
        Tuples or nodes that were not settled in time.
    tolerance : float
        What was left aside: branches whose bound reaches the loss less this.
    signs : ndarray of int8, shape (K, N)
        The pattern of the returned network: signs of w_j·x_i, in exact arithmetic.

    Examples
    --------
    >>> from arrangement.relu import OneHiddenLayer
    >>> X, y = [[-2], [-1], [0], [1], [2]], [1, 0, 2, 0, 1]
    >>> best = OneHiddenLayer(X, y, hidden=2).fit_global()
    >>> best.certificate.method
    'branch'
    """

    method: str
    n_cells: int
    n_tuples: int
    n_bounds: int
    n_open: int
    tolerance: float
    signs: Signs


@dataclass(frozen=True, eq=False)
class GlobalOptimum(Predictor):
    """A network of least loss, and a lower bound that proves it.

    Attributes
    ----------
    fun : float
        The mean squared error of the network, from exact arithmetic on its weights, rounded up.
    lower_bound : float
        No network of so many neurons has a smaller loss, however large its weights are.
    status : str
        ``"optimal"`` if `lower_bound` is within the tolerance of `fun`; ``"time_limit"`` if
        the search was stopped, ``"node_limit"`` by `max_nodes`; ``"imprecise"`` if it ended and
        rounding left a wider gap;
        ``"bounded"`` if there are several outputs, and descents and a relaxation leave one.
    certificate : Certificate
    weights, output_weights, bias, output_bias, negative_slope
        See :class:`~arrangement.relu.predictor.Predictor`.

    Examples
    --------
    >>> from arrangement.relu import OneHiddenLayer
    >>> X, y = [[-2], [-1], [0], [1], [2]], [1, 0, 2, 0, 1]
    >>> best = OneHiddenLayer(X, y, hidden=2).fit_global()
    >>> best.lower_bound <= best.fun, best.status
    (True, 'optimal')
    >>> best.predict([[3]]).shape
    (1,)
    """

    fun: float
    lower_bound: float
    status: Literal["optimal", "time_limit", "node_limit", "imprecise", "bounded"]
    certificate: Certificate

    @property
    def gap(self) -> float:
        """The loss less its lower bound."""
        return self.fun - self.lower_bound

    def __repr__(self) -> str:
        return (
            f"GlobalOptimum: loss {self.fun:.9g}, at least {self.lower_bound:.9g} "
            f"({self.status}, {len(self.weights)} neurons)"
        )


FEW_SAMPLES = 40
"""The samples up to which branch and bound over them is quicker than over directions."""


def global_optimum(
    problem: Problem,
    *,
    time_limit: float | None,
    tolerance: float,
    method: Literal["auto", "screen", "branch", "cones"],
    random_state: int,
    max_nodes: int | Literal["auto"] | None,
    progress: Progress,
) -> GlobalOptimum:
    """The network of least loss; see :meth:`OneHiddenLayer.fit_global`."""
    arrangement, hidden = problem.arrangement, problem.hidden
    samples = Samples.of(arrangement, problem.targets, problem.bias is not None)
    form = hidden, problem.output_bias, problem.negative_slope
    search = GlobalSearch(samples, *form, time_limit, tolerance)
    choice(method, METHODS, "method")
    limit = check_nodes(max_nodes)
    if search.norm == 0.0:
        return _result(search, problem, "screen", 0, (0, 0))
    K, r = search.hidden, search.Q.shape[1]
    if len(search.y) > FEW_SAMPLES and 2 <= K <= MOST_WIDE and r <= MOST_DIRECTIONS:
        method = "cones" if method == "auto" else method
    if limit is not None:
        search.max_nodes = limit
    elif time_limit is None and method != "cones":
        N, rank = arrangement.n_hyperplanes, arrangement.rank
        most = cover(N, rank)
        if most > MOST_PATTERNS and max_nodes is None:
            raise SizeError(
                f"{N} samples of rank {rank} have up to {most:,} activation patterns, and "
                f"without a time limit global training handles {MOST_PATTERNS:,}: give a time "
                "limit (time_limit), or take fewer samples or features"
            )
        if most > MOST_PATTERNS:
            search.limit_work()
    with search.clock():
        search.descend(random_state)
        found = None if method == "cones" else search.cells(arrangement.cells)
        m = 0 if found is None else len(found)
        small = 0 < m * len(samples.y) <= LARGEST_TABLE
        if method == "auto":
            method = "screen" if hidden == 1 and small else "branch"
        if method == "cones":
            bounds = search_directions(search, progress)
        elif method == "screen" and found is not None:
            bounds = search.screen(found, progress)
        else:
            method = "branch"
            bounds = search.branch(found, progress)
        search.polish()
    return _result(search, problem, method, m, bounds)


def check_nodes(max_nodes: Any) -> int | None:
    """A limit of nodes that is a number; None for "auto" and None."""
    if max_nodes is None or (isinstance(max_nodes, str) and max_nodes == "auto"):
        return None
    if isinstance(max_nodes, str):
        raise InputError(f'max_nodes={shown(max_nodes)}: "auto", a number of nodes, or None')
    return whole(max_nodes, "max_nodes", 1)


def _result(
    search: GlobalSearch, problem: Problem, method: str, n_cells: int, bounds: tuple[int, int]
) -> GlobalOptimum:
    K, r = search.hidden, search.Q.shape[1]
    s = search.best[1:].copy()
    R = search.point[: K * r].reshape(K, r) * s[:, None] * search.norm
    weights = R @ search.weights_of.T
    offset = float(search.point[-1] * search.constant * search.norm) if search.constant else 0.0
    found = search.loss(weights, s, offset), weights, s, offset
    share = search.norm * (search.norm / len(search.y))
    return certified(
        problem,
        search.fitted if search.fitted[0] < found[0] else found,
        float(search.lower) * share * (1 - 1e-14),
        "node_limit" if search.spent else "time_limit" if bounds[1] else "imprecise",
        (method, n_cells, n_multisets(n_cells, K) if n_cells else 0, *bounds),
        search.tolerance * share,
    )


def certified(
    problem: Problem,
    found: tuple[Fraction, Floats, Floats, float],
    lower: float,
    otherwise: Literal["time_limit", "node_limit", "imprecise", "bounded"],
    counts: tuple[str, int, int, int, int],
    tolerance: float,
) -> GlobalOptimum:
    """The optimum of a loss, weights, output weights and output bias, and its certificate.

    `otherwise` is the status where the gap is above twice the tolerance, `counts` are the first
    five entries of the certificate.
    """
    loss, weights, z, offset = found
    fun = float(loss)
    fun = fun if Fraction(fun) >= loss else float(np.nextafter(fun, np.inf))
    lower = max(0.0, min(lower, fun))
    signs = exact.signs_at(problem.arrangement.rows, weights)
    return GlobalOptimum(
        fun,
        lower,
        otherwise if fun - lower > 2 * tolerance else "optimal",
        Certificate(*counts, tolerance, signs),
        weights=weights,
        output_weights=z,
        bias=problem.bias,
        output_bias=offset,
        negative_slope=problem.negative_slope,
    )
