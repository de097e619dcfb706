"""The faces of one neuron in portions, of which those are kept that may hold a minimum.

Every face of the sample arrangement is met once, and almost all are refused in float64, with
error bounds. What is left is a small table for :mod:`arrangement.relu.minima.search`: memory
grows with the minima, not with the faces.

A neuron of weights zero is in place iff its gain is ≥ 0 along all rays. That is so iff it is
≥ 0 along the rays where it may be 0, and those where it is least and largest beside the size of
its terms: these are kept as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from arrangement import kernels
from arrangement.arrangement import Arrangement
from arrangement.bounds import cover
from arrangement.enumeration import cone_faces, cones
from arrangement.enumeration.cell_table import CellTable
from arrangement.exact.packing import Words, by_first_bits, pack_signs, unpack_signs, word_count
from arrangement.hyperplanes.reduction import distinct_rows, face_columns
from arrangement.kernels.landscape.one_neuron import OneNeuron
from arrangement.memory import refuse
from arrangement.relu.minima.neuron_faces import ROUNDING
from arrangement.relu.minima.search import BYTES_PER_SIGN
from arrangement.relu.minima.stationary import WEAK, term_sizes
from arrangement.relu.weight_space import Indices, Samples, Signs

__all__ = ["candidates"]

FEW = 1 << 16
"""So many cells are held at once."""


def candidates(
    samples: Samples,
    codimensions: list[int],
    free: bool,
    slope: float,
    room: float,
    report: Callable[[int], None],
) -> list[Signs]:
    """The faces of some codimensions that may hold a minimum of one neuron.

    Parameters
    ----------
    samples : Samples
        In essential coordinates, as many as the rank.
    codimensions : list of int
        Below the rank, falling to 0.
    free : bool
        Is there an output bias?
    slope : float
        The negative slope.
    room : float
        The largest squared residual that is wanted.
    report : callable
        Called with the number of faces gone through.

    Returns
    -------
    list of ndarray of int8, shape (m, N)
        The signs of those of each codimension below the rank, in the order of a table of all.

    Raises
    ------
    SizeError
        If those that are kept take too much memory.
    """
    n, rank = samples.X.shape
    problem = _one_neuron(samples, free, slope, room)
    none = np.zeros((0, 2 * word_count(n)), dtype=np.uint64)
    kept, done = [none] * rank, 0
    above = _Above(samples.arrangement, none)
    for k in codimensions:
        found, ends, shares = [none], [none], [np.zeros(0)]
        for positive, zero in _portions(samples.arrangement, k):
            outcome = np.empty(len(positive), dtype=np.int8)
            share = np.empty(len(positive))
            kernels.screen_faces(positive, zero, k, problem, outcome, share)
            both = np.concatenate([positive, zero], axis=1)
            found.append(both[outcome == kernels.SURVIVED])
            told = np.flatnonzero((share != 0) & (outcome == kernels.REFUSED))
            if len(told):
                widest = told[[share[told].argmin(), share[told].argmax()]]
                ends.append(both[widest])
                shares.append(share[widest])
            if not k:
                above.meet(positive)
            done += len(positive)
            held = sum(map(len, [*kept, *found]))
            refuse(
                held * n * BYTES_PER_SIGN,
                f"more than {held:,} faces of one neuron that may hold minima",
                "give max_loss, or fewer kinds, samples or features",
            )
            report(done)
        share = np.concatenate(shares)
        if len(share):
            widest = np.unique([share.argmin(), share.argmax()])
            found.append(np.concatenate(ends)[widest])
        kept[k] = np.concatenate(found)
        if k == 1:
            above = _Above(samples.arrangement, kept[1])
        elif k:
            positive, zero = np.split(kept[k], 2, axis=1)
            kept[k] = kept[k][by_first_bits(np.concatenate([~zero, positive], axis=1))]
    if rank > 1:
        kept[1] = kept[1][above.order()]
    return [_signs(words, n) for words in kept]


class _Above:
    """The cells above some facets, which come in the order of the edges of all cells."""

    def __init__(self, arrangement: Arrangement, facets: Words) -> None:
        positive, zero = np.split(facets, 2, axis=1)
        first, orientation = arrangement.coincidence
        cells = positive | zero & pack_signs(orientation[None])
        distinct, self.cell = np.unique(cells, axis=0, return_inverse=True)
        self.hyperplane = (unpack_signs(zero, len(first)) > 0).argmax(axis=1)
        self.table = CellTable(distinct, first)
        self.number, self.met = np.zeros(len(distinct), dtype=np.int64), 0

    def meet(self, cells: Words) -> None:
        """Number cells, in the order in which they come."""
        if len(self.number):
            found = self.table.look_up(cells)
            met = np.flatnonzero(found >= 0)
            self.number[found[met]] = self.met + met
        self.met += len(cells)

    def order(self) -> Indices:
        """By the number of the cell above, then by the hyperplane."""
        return np.lexsort((self.hyperplane, self.number[self.cell.reshape(-1)]))


def _portions(arrangement: Arrangement, codimension: int) -> Iterator[tuple[Words, Words]]:
    """The faces of one codimension in blocks: positive and zero bits of all samples."""
    if not codimension:
        # Few cells come in another order than portions of many.
        few = cover(arrangement.n_hyperplanes, arrangement.rank) <= FEW
        for cells in [arrangement.cells()] if few else arrangement.iter_cells():
            yield cells.packed, np.zeros_like(cells.packed)
        return
    rows = cones.homogeneous(distinct_rows(arrangement))
    for positive, zero, _ in cone_faces.faces(*rows, codimension):
        yield face_columns(arrangement, positive, zero)


def _signs(words: Words, n: int) -> Signs:
    positive, zero = np.split(words, 2, axis=1)
    signs = unpack_signs(positive, n)
    signs[unpack_signs(zero, n) > 0] = 0
    return signs


def _one_neuron(samples: Samples, free: bool, slope: float, room: float) -> OneNeuron:
    X, y = samples.X, samples.y.copy()  # the loop takes no read-only array
    n, rank = X.shape
    mean = float(y.mean()) if free else 0.0
    terms = term_sizes(np.full(n, mean), y)[:, None] * X
    low = np.tril_indices(rank)
    parts = np.concatenate([X[:, low[0]] * X[:, low[1]], y[:, None] * X, X, terms], axis=1)
    octets = 8 * word_count(n)
    padded = np.zeros((8 * octets, parts.shape[1]))
    padded[:n] = parts
    bits = (np.arange(256)[:, None] >> np.arange(8) & 1).astype(np.float64)
    sums = bits @ padded.reshape(octets, 8, -1)
    unit = np.ascontiguousarray(samples.unit)
    return OneNeuron(X, unit, y, sums, mean, free, slope, room, ROUNDING * n, WEAK)
