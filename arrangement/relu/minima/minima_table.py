"""Sets of local minima in columns, and the neurons that add nothing to them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arrangement.relu.minima.neuron_faces import NeuronFaces
from arrangement.relu.weight_space import Floats, Indices, Mask, Signs

__all__ = ["Minima", "States", "joined"]


@dataclass(frozen=True, eq=False)
class Minima:
    """Sets of local minima in columns, one a row.

    Attributes
    ----------
    faces : ndarray of int, shape (m, K)
    output_signs : ndarray of int8, shape (m, K)
        0 for a neuron with z = 0 in its cell, and for a dead one, whose z is free.
    points : ndarray, shape (m, K, D)
        Essential weights w_j of one point; its output weights are `output_signs`.
    offset : ndarray, shape (m,)
        The output bias.
    loss, margin : ndarray, shape (m,)
    dimension : ndarray of int, shape (m,)
        Of the set of u = |z| w, in essential coordinates.
    decided : ndarray of bool, shape (m,)
    residuals : ndarray, shape (m, N)
    """

    faces: Indices
    output_signs: Signs
    points: Floats
    offset: Floats
    loss: Floats
    margin: Floats
    dimension: Indices
    decided: Mask
    residuals: Floats

    def __len__(self) -> int:
        return len(self.loss)

    def take(self, rows: Indices | NDArray[np.bool_]) -> Minima:
        """Some of the rows."""
        return Minima(*(getattr(self, field.name)[rows] for field in fields(self)))

    @staticmethod
    def concatenated(parts: list[Minima]) -> Minima:
        """All rows of parts with the same number of neurons."""
        columns = {
            field.name: np.concatenate([getattr(part, field.name) for part in parts])
            for field in fields(Minima)
        }
        return Minima(**columns)

    @staticmethod
    def empty(neurons: int, n: int, dimension: int) -> Minima:
        """No row."""
        return Minima(
            faces=np.zeros((0, neurons), np.int64),
            output_signs=np.zeros((0, neurons), np.int8),
            points=np.zeros((0, neurons, dimension)),
            offset=np.zeros(0),
            loss=np.zeros(0),
            margin=np.zeros(0),
            dimension=np.zeros(0, np.int64),
            decided=np.zeros(0, bool),
            residuals=np.zeros((0, n)),
        )


class States(NamedTuple):
    """Where neurons may be that add nothing to the outputs, in columns as of `Minima`."""

    faces: Indices
    output_signs: Signs
    points: Floats
    margin: Floats
    decided: Mask


def joined(table: NeuronFaces, minimum: Minima, picked: Indices, states: States) -> Minima:
    """One minimum with more neurons, each in one of some states: a row for each of `picked`."""
    count = len(picked)

    def columns(own: Any, added: Any) -> Any:
        return np.concatenate([np.repeat(own, count, 0), added[picked]], axis=1)

    faces = columns(minimum.faces, states.faces)
    signs = columns(minimum.output_signs, states.output_signs)
    points = columns(minimum.points, states.points)
    order = np.lexsort((-signs, faces), axis=1)
    free = np.where(table.idle[states.faces], table.sizes[states.faces], 0)
    return Minima(
        np.take_along_axis(faces, order, 1),
        np.take_along_axis(signs, order, 1),
        np.take_along_axis(points, order[:, :, None], 1),
        np.repeat(minimum.offset, count),
        np.repeat(minimum.loss, count),
        np.minimum(minimum.margin, states.margin[picked].min(axis=1)),
        minimum.dimension + free[picked].sum(axis=1),
        minimum.decided & states.decided[picked].all(axis=1),
        np.repeat(minimum.residuals, count, 0),
    )
