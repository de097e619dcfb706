"""Losses in exact order: what float64 cannot tell apart is compared in rational arithmetic.

A loss in float64 comes with a bound on its error. Losses whose intervals do not overlap are in
order; of the others those that are equal by structure (the same faces in another number or
order, cells whose slopes span the same) are taken together, and what then is left is compared
exactly. The loss of a tuple of faces is a rational number, since samples and targets are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from flint import fmpq

from arrangement import kernels
from arrangement.relu.minima.minima_table import Minima
from arrangement.relu.minima.neuron_faces import NeuronFaces
from arrangement.relu.minima.rational import RationalDecider
from arrangement.relu.weight_space import Floats, Indices, Signs

__all__ = ["active_sets", "exact_losses", "levels", "representatives", "rising", "within"]


ROOM = 2**24
"""Numbers in the forms that are compared at once."""


def levels(
    loss: Floats,
    error: Floats,
    keys: Callable[[Indices], Indices],
    exact: Callable[[Indices], list[fmpq]],
) -> tuple[Floats, Indices]:
    """The losses with one float for each exact value, and the places of these values.

    Parameters
    ----------
    loss, error : ndarray, shape (m,)
        Each loss is within `error` of its exact value.
    keys : callable
        Of some rows, rows of integers: where these are equal, so are the exact losses.
    exact : callable
        The exact losses of some different keys.

    Returns
    -------
    loss : ndarray, shape (m,)
        Rises with the exact loss.
    level : ndarray of int, shape (m,)
        From 0; equal where the exact losses are, and rising with them.
    """
    loss, error = loss.copy(), error.copy()
    unsure = np.flatnonzero(~np.isfinite(error))
    if len(unsure):
        distinct, label = _distinct(keys(unsure))
        loss[unsure] = np.array([_rounded(v) for v in exact(distinct)])[label]
        error[unsure] = np.spacing(np.abs(loss[unsure]))
    order = np.argsort(loss - error, kind="stable")
    top = np.maximum.accumulate((loss + error)[order])
    # Where a group of losses that float64 cannot tell apart begins, then where a level does.
    begins = np.append(True, (loss - error)[order][1:] > top[:-1])[: len(loss)]
    places = np.flatnonzero(~(begins & np.append(begins[1:], True)))
    if len(places):
        rows, group = order[places], np.cumsum(begins)[places]
        loss[rows], rank = _compared(loss[rows], error[rows], group, keys(rows), exact)
        again = np.lexsort((rank, group))
        order[places] = rows[again]
        steps = np.diff([group[again], rank[again]])
        begins[places] = np.append(True, np.any(steps != 0, axis=0))
    level = np.empty(len(loss), dtype=np.int64)
    level[order] = np.cumsum(begins) - 1
    return loss, level


def _compared(
    loss: Floats,
    error: Floats,
    group: Indices,
    keys: Indices,
    exact: Callable[[Indices], list[fmpq]],
) -> tuple[Floats, Indices]:
    """The losses of rows in rising groups, with one float for each value; ranks in a group."""
    distinct, label = _distinct(keys)
    pairs = np.unique(np.column_stack([group, label]), axis=0)
    surest = np.lexsort((error, group))
    first, place = np.unique(group[surest], return_index=True)
    result = loss[surest[place]][np.searchsorted(first, group)]
    rank = np.zeros(len(loss), dtype=np.int64)
    several = np.bincount(pairs[:, 0])[group] > 1
    if np.any(several):
        chosen, own = np.unique(label[several], return_inverse=True)
        values = exact(distinct[chosen])
        ranks = {value: k for k, value in enumerate(sorted(set(values)))}
        rank[several] = np.array([ranks[value] for value in values])[own]
        result[several] = np.array([_rounded(value) for value in ranks])[rank[several]]
    return result, rank


def _distinct(keys: Indices) -> tuple[Indices, Indices]:
    distinct, label = np.unique(keys, axis=0, return_inverse=True)
    return distinct, label.reshape(-1)


def _rounded(value: fmpq) -> float:
    """The nearest float."""
    return int(value.p) / int(value.q)


def active_sets(table: NeuronFaces, faces: Indices, signs: Signs | None = None) -> Indices:
    """The distinct faces with some output in each row, rising, behind −1 in place of others.

    With output signs those of sign 0 are left out, too: there z = 0.
    """
    silent = table.idle[faces] if signs is None else table.idle[faces] | (signs == 0)
    rows = np.sort(np.where(silent, -1, faces), axis=1)
    rows[:, 1:][rows[:, 1:] == rows[:, :-1]] = -1
    return np.sort(rows, axis=1)


def representatives(rational: RationalDecider, sets: Indices) -> Indices:
    """One of the sets of cells with an equal loss in place of each, as far as structure tells.

    The outputs of cells with slopes s_1, …, s_K are all D_v X w with v in the span of the s_j
    and any weights w, so that the loss depends on that span: its reduced echelon form is the
    key. Where some v is zero but for independent samples, these are fitted whatever their
    targets are; then the loss is that of the others, and their slopes alone matter. Forms that
    are equal modulo a prime above twice the square of all minors of the slopes are equal.
    Many sets are compared in portions.

    Parameters
    ----------
    rational : RationalDecider
    sets : ndarray of int, shape (m, K)
        As of :func:`active_sets`, of cells only.

    Examples
    --------
    Two neurons that fit disjoint halves do what one of them and one for the whole do:

    >>> import numpy as np
    >>> from arrangement.relu import OneHiddenLayer
    >>> layer = OneHiddenLayer([[-2.0], [-1.0], [1.0], [3.0]], [1, 2, 0, 1], 2, bias=None)
    >>> graph = layer.landscape().graph
    >>> representatives(graph.decider, np.array([[0, 1], [-1, 0]])).tolist()
    [[0, 1], [-1, 0]]
    """
    faces = rational.faces
    K, size = sets.shape[1], max(abs(rational.up), abs(rational.down))
    if (
        not rational.fits_samples
        or not len(sets)
        or not K
        or 2 * K**K * size ** (2 * K) >= kernels.PRIME
    ):
        return sets
    signs = faces.signs[: len(faces.cells)]
    slopes = np.where(signs > 0, rational.up, np.where(signs < 0, rational.down, 0))
    slopes = slopes.astype(np.int64) % kernels.PRIME
    if rational.free.shape[1]:  # the other columns tell samples apart
        kind = np.arange(signs.shape[1])
    else:
        sizes = np.array([abs(v) for v in rational.targets], dtype=object)
        kind = np.unique(sizes, return_inverse=True)[1]
    kinds = (kind[:, None] == np.arange(kind.max(initial=0) + 1)).astype(np.int64)
    distinct, label = _distinct(sets)
    step = max(1, ROOM // (K * signs.shape[1] + 1))
    for start in range(0, len(distinct), step):
        part = distinct[start : start + step]
        forms = np.empty((len(part), K, signs.shape[1]), dtype=np.int64)
        fitted = np.empty((len(part), signs.shape[1]), dtype=np.bool_)
        kernels.span_forms(faces.residues[0], slopes, part, forms, fitted)
        keys = np.column_stack([forms.reshape(len(part), -1), fitted @ kinds])
        _, first, group = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        distinct[start : start + step] = part[first[group.reshape(-1)]]
    return distinct[label]


def exact_losses(rational: RationalDecider, sets: Indices) -> list[fmpq]:
    """The least loss of each row of faces; −1 stands for a neuron without outputs."""
    n = len(rational.y)
    result: list[fmpq | None] = [None] * len(sets)
    some = np.flatnonzero(sets[:, -1] >= 0) if sets.shape[1] else np.zeros(0, np.int64)
    if len(some) and rational.fits_samples:
        last = sets[some, -1:]
        tuples = np.where(sets[some] < 0, last, sets[some])
        # A rank modulo a prime is a lower bound: if it is N, all targets are fitted.
        ranks = rational.faces.modular_ranks(tuples, bool(rational.free.shape[1]))
        for k in some[ranks == n].tolist():
            result[k] = fmpq(0)
    return [
        rational.loss(row[row >= 0]) if value is None else value
        for row, value in zip(sets, result, strict=True)
    ]


def rising(minima: Minima, rational: RationalDecider) -> tuple[Minima, Indices]:
    """Minima by rising exact loss, which is rounded only then, and their levels.

    Equal losses follow each other by faces, then by output signs.
    """
    values, label = _exact_losses_of(minima, rational)
    place = {value: k for k, value in enumerate(sorted(set(values)))}
    level = np.array([place[value] for value in values], dtype=np.int64)[label]
    rounded = np.array([_rounded(value) for value in place])
    order = np.lexsort((*minima.output_signs.T[::-1], *minima.faces.T[::-1], level))
    return replace(minima, loss=rounded[level]).take(order), level[order]


def within(minima: Minima, max_loss: float, rational: RationalDecider) -> Minima:
    """The minima whose exact loss, rounded to float64, is at most `max_loss`."""
    if not np.isfinite(max_loss):
        return minima
    values, label = _exact_losses_of(minima, rational)
    return minima.take(np.array([_rounded(v) <= max_loss for v in values], dtype=bool)[label])


def _exact_losses_of(minima: Minima, rational: RationalDecider) -> tuple[list[fmpq], Indices]:
    """The exact losses of some minima, and which of them each minimum has."""
    # Neurons that add nothing leave the loss as it is.
    sets = active_sets(rational.faces, minima.faces, minima.output_signs)
    distinct, label = _distinct(sets)
    return exact_losses(rational, distinct), label
