"""A problem of one hidden layer: samples, targets, neurons, and the faces of its neurons."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Sequence
from fractions import Fraction
from functools import cached_property
from math import inf
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from arrangement.checks import whole
from arrangement.errors import InputError
from arrangement.exact.numbers import exact_number, exact_table, shown
from arrangement.exact.packing import pack_signs, word_count
from arrangement.in_notebooks import InNotebooks
from arrangement.progress import Progress
from arrangement.relu.losses.losses import Loss, checked_slope
from arrangement.relu.minima.neuron_faces import NeuronFaces
from arrangement.relu.minima.pieces import KINDS
from arrangement.relu.minima.portions import candidates
from arrangement.relu.minima.search import Search, squares_below
from arrangement.relu.weight_space import (
    SPREAD,
    Floats,
    Samples,
    Signs,
    sample_arrangement,
    sample_targets,
)
from arrangement.results.cells import Cells

__all__ = ["SMOOTH", "Problem", "checked_loss"]

SMOOTH = "squared", "huber", "log_cosh", "logistic"
"""The losses that have landscapes."""


class Problem(InNotebooks):
    """The data of :class:`one_hidden_layer.OneHiddenLayer`, checked and exact."""

    def __init__(
        self,
        X: ArrayLike,
        y: ArrayLike,
        hidden: int = 1,
        bias: float | Fraction | str | None = 1.0,
        output_bias: bool = False,
        negative_slope: float = 0.0,
        loss: str = "squared",
        threshold: float = 1.0,
    ) -> None:
        if isinstance(hidden, bool) or not isinstance(hidden, int | np.integer) or hidden < 1:
            raise InputError(f"hidden={shown(hidden)}: a number of hidden neurons, at least 1")
        if not isinstance(output_bias, bool | np.bool_):
            raise InputError(f"output_bias={shown(output_bias)}: True or False")
        self.hidden = operator.index(hidden)
        self.arrangement = sample_arrangement(X, bias)
        self.bias = None if bias is None else float(exact_number(bias))
        self.output_bias = bool(output_bias)
        self.negative_slope = checked_slope(negative_slope, negative=True)
        self.loss = Loss(loss, threshold)
        if loss not in SMOOTH:
            raise InputError(f"loss={shown(loss)}: one of {', '.join(SMOOTH)}")
        if _is_table(y):
            self._take_several(y)
        else:
            self.targets, self.exact_targets = sample_targets(y, self.n_samples)
            self.loss.targets(y, self.n_samples)

    def _take_several(self, y: Any) -> None:
        """Take targets of several outputs."""
        if self.loss.name != "squared":
            raise InputError(f"loss={self.loss.name!r}: y has one column for it, not several")
        if self.output_bias:
            raise InputError(
                "output_bias=True: y has several columns; take their means off, and no bias"
            )
        table = exact_table(y, "y", "row", 2)
        columns = [sample_targets(column, self.n_samples) for column in table.T]
        self.targets = np.column_stack([column for column, _ in columns])
        self.targets.flags.writeable = False
        self.exact_targets = np.column_stack([column for _, column in columns])

    @property
    def n_outputs(self) -> int:
        """Number m of outputs."""
        return 1 if self.targets.ndim == 1 else self.targets.shape[1]

    @property
    def n_samples(self) -> int:
        """Number of samples N."""
        return self.arrangement.n_hyperplanes

    @property
    def dimension(self) -> int:
        """Dimension d of the weights of one neuron, the bias included."""
        return self.arrangement.dimension

    @cached_property
    def samples(self) -> Samples:
        """The samples and targets for work in float64."""
        samples = Samples.of(self.arrangement, self.targets, self.bias is not None)
        return samples if samples.spread <= SPREAD else samples.uncentred()

    @property
    def free(self) -> Floats:
        """Columns with free coefficients, shape (N, e): of ones for an output bias, or none."""
        return np.ones((self.n_samples, int(self.output_bias)))

    @property
    def in_portions(self) -> bool:
        """Can faces be screened one by one, so that no table has to hold them all?"""
        return self.hidden == 1 and self.n_outputs == 1 and self.loss.name == "squared"

    def faces(self, codimensions: int | None = None, progress: Progress = None) -> NeuronFaces:
        """The faces of the samples' arrangement with the linear maps of a neuron on them.

        Parameters
        ----------
        codimensions : int, optional
            Only faces of a codimension below this; 1 gives the cells. All by default.
        progress : bool or callable, optional
        """
        arrangement = self.arrangement
        rank = last = arrangement.rank
        if codimensions is not None:
            last = min(whole(codimensions, "codimensions", 1) - 1, rank)
        cells = arrangement.cells(progress=progress)
        others = [_facets(cells)] if last and rank > 1 else []
        others += [
            arrangement.faces(self.dimension - k, progress=progress).signs
            for k in range(2, min(last + 1, rank))
        ]
        return self.faces_of(cells, others, last == rank)

    def candidates(
        self, max_loss: float, kinds: Collection[str], report: Callable[[int], None]
    ) -> NeuronFaces:
        """The faces that may hold a minimum of one neuron, which alone are kept.

        Parameters
        ----------
        max_loss, kinds
            As of :meth:`search`.
        report : callable
            Called with the number of faces gone through.

        Examples
        --------
        >>> from arrangement.relu import OneHiddenLayer
        >>> layer = OneHiddenLayer([[0], [1], [2]], [1, 0, 1])
        >>> found = layer.candidates(1.0, ["isolated"], lambda n: None)
        >>> len(found) <= len(layer.faces())
        True
        """
        rank = self.arrangement.rank
        origin = "boundary" in kinds or "zero" in kinds
        codimensions = list(range(rank)) if "boundary" in kinds else [0]
        if origin:
            codimensions = sorted({*codimensions, rank - 1})
        none = Cells(self.arrangement, np.zeros((0, word_count(self.n_samples)), np.uint64))
        found = candidates(
            self.faces_of(none).samples,
            codimensions[::-1],
            self.output_bias,
            self.negative_slope,
            squares_below(max_loss, self.samples.y),
            report,
        )
        cells = Cells(self.arrangement, pack_signs(found[0]), complete=False)
        return self.faces_of(cells, found[1:], origin)

    def faces_of(
        self, cells: Cells, others: Sequence[Signs] = (), origin: bool = False
    ) -> NeuronFaces:
        """The same of some cells, and of faces of codimension 1, 2, … with these signs.

        Parameters
        ----------
        cells : Cells
        others : sequence of ndarrays of int8, shape (m, N)
        origin : bool
            Is w = 0 a face of them?

        Examples
        --------
        >>> from arrangement.relu import OneHiddenLayer
        >>> layer = OneHiddenLayer([[0], [1], [2]], [1, 0, 1])
        >>> len(layer.faces_of(layer.arrangement.cells()))
        6
        """
        if origin:
            others = [*others, np.zeros((1, self.n_samples), dtype=np.int8)]
        bias = self.bias is not None
        return NeuronFaces(self.samples, cells, bias, self.negative_slope, others)

    def search(
        self,
        faces: NeuronFaces,
        max_loss: float = inf,
        kinds: Collection[str] = KINDS,
        exact: bool = False,
    ) -> Search:
        """The search for minima of at most some loss, and of some kinds, among faces.

        Parameters
        ----------
        faces : NeuronFaces
        max_loss : float
        kinds : collection of str
        exact : bool
            As of :meth:`OneHiddenLayer.landscape`.

        Returns
        -------
        Search

        Examples
        --------
        >>> from arrangement.relu import OneHiddenLayer
        >>> layer = OneHiddenLayer([[0], [1], [2]], [1, 0, 1])
        >>> type(layer.search(layer.faces())).__name__
        'Search'
        """
        y, free, wanted = self.samples.y, self.free, frozenset(kinds)
        return Search(
            faces,
            y.ravel(),
            free,
            self.hidden,
            max_loss,
            wanted,
            self.exact_targets.ravel(),
            exact,
            self.loss,
        )

    def refuse_other_losses(self, what: str) -> None:
        """Raise an InputError unless the loss is that of least squares, of one output.

        Parameters
        ----------
        what : str
            What needs it, for the message.

        Raises
        ------
        InputError

        Examples
        --------
        >>> from arrangement.relu import OneHiddenLayer
        >>> layer = OneHiddenLayer([[0], [1], [2]], [1, 0, 1])
        >>> layer.refuse_other_losses('saddles')
        """
        if self.n_outputs > 1:
            raise InputError(f"y has {self.n_outputs} columns: {what} is for one output")
        if self.loss.name != "squared":
            raise InputError(
                f"loss={self.loss.name!r}: {what} is for the squared loss; landscape() is for "
                f"{', '.join(SMOOTH)}"
            )

    def __repr__(self) -> str:
        bias = "no bias" if self.bias is None else f"bias {self.bias:g}"
        neurons = "1 neuron" if self.hidden == 1 else f"{shown(self.hidden)} neurons"
        return (
            f"OneHiddenLayer: {self.n_samples} samples, weights of dimension "
            f"{self.dimension}, {neurons}, {bias}"
        )


def _facets(cells: Cells) -> Signs:
    """The sign vectors of the facets, in the order of `cells.edges`, shape (E, N)."""
    first, _ = cells.arrangement.coincidence
    signs = cells.signs[cells.edges[:, 0]].copy()
    signs[first == first[cells.edges[:, 2]][:, None]] = 0
    return signs


def _is_table(y: Any) -> bool:
    """Does y have several columns, as far as its first row tells?"""
    shape = getattr(y, "shape", None)  # of arrays, and of tables whose rows have names
    if shape is not None:
        return len(shape) > 1 and shape[1] > 1
    try:
        return len(y[0]) > 1 and not isinstance(y[0], str | bytes)
    except (TypeError, LookupError):
        return False


def checked_loss(max_loss: Any) -> float:
    """The largest loss that is asked for, infinite for None.

    Raises
    ------
    InputError
        If it is no number of at least 0.
    """
    if max_loss is None:
        return inf
    try:
        bound = float(max_loss)
    except (TypeError, ValueError):
        bound = -1.0
    if not bound >= 0:
        raise InputError(f"max_loss={shown(max_loss)}: a loss, at least 0")
    return bound
