"""The faces of the sample arrangement as the states of one neuron, with their linear maps.

On a face with sign vector σ a neuron with weights u = T c, T a basis of the face's flat, has the
outputs A c, where A = D X T and D = diag(σ-slopes): 1 where σ_i > 0, the negative slope where
σ_i < 0. A face is *idle* when A = 0: the zero function, whatever u is on it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from arrangement import exact
from arrangement.cells import Cells
from arrangement.progress import Progress
from arrangement.relu.boundary import Classes, flat_bases
from arrangement.relu.samples import Floats, Mask, Samples, Signs

__all__ = ["NeuronFaces"]

Indices = NDArray[np.int64]

ROUNDING = 64 * 2.0**-52
"""A generous factor of the rounding errors of one factorisation, for each of its rows."""


class NeuronFaces:
    """All faces of the sample arrangement, the cells first and in their order, the origin last.

    Coordinates are essential: D independent columns of the scaled samples, so that weights that
    no sample sees are left out. :meth:`weights` gives weights for the samples as given.

    Parameters
    ----------
    samples : Samples
    cells : Cells
    bias : bool
        Is the last column of the samples constant?
    negative_slope : float
        Of the activation max(t, negative_slope·t).
    codimensions : int
        Faces of a codimension below this only; `rank + 1` for all.

    Attributes
    ----------
    signs : ndarray of int8, shape (S, N)
    codimension, flat : ndarray of int, shape (S,)
        The flat that the face lies in, a row of the next tables.
    bases : ndarray, shape (F, D, D)
        Orthonormal columns T, padded with zero columns.
    restricted : ndarray, shape (F, N, D)
        X T for each flat, exactly 0 for the samples whose hyperplanes contain it.
    lengths : ndarray, shape (F, N)
        The lengths of its rows.
    condition : float
        The largest condition of the samples that define a flat: T is accurate to this many
        roundings.
    """

    def __init__(
        self,
        samples: Samples,
        cells: Cells,
        bias: bool,
        negative_slope: float = 0.0,
        codimensions: int | None = None,
        progress: Progress = None,
    ) -> None:
        from arrangement.faces import faces

        self.given = samples
        self.cells = cells
        self.negative_slope = negative_slope
        d = samples.X.shape[1]
        self.rank = samples.arrangement.rank
        order = np.roll(np.arange(d), 1) if bias else np.arange(d)
        chosen = exact.independent_columns(samples.arrangement.rows[:, order])
        self.columns: Indices = np.sort(order[chosen])
        self.samples = replace(samples, X=np.ascontiguousarray(samples.X[:, self.columns]))
        last = self.rank + 1 if codimensions is None else min(codimensions, self.rank + 1)
        tables = [cells.signs]
        for k in range(1, last):
            tables.append(faces(samples.arrangement, k, progress=progress))
        self.signs: Signs = np.concatenate(tables)
        self.codimension: Indices = np.repeat(np.arange(len(tables)), list(map(len, tables)))
        self._find_flats()

    def _find_flats(self) -> None:
        D = self.rank
        on = self.signs == 0
        key = np.column_stack([np.packbits(on, axis=1), self.codimension.astype(np.uint8)])
        _, first, flat = np.unique(key, axis=0, return_index=True, return_inverse=True)
        self.flat: Indices = flat.reshape(-1).astype(np.int64)
        self.on: Mask = on[first]
        codimension = self.codimension[first]
        self.bases = np.zeros((len(first), D, D))
        self.condition = 1.0
        for k in np.unique(codimension).tolist():
            which = np.flatnonzero(codimension == k)
            if k == 0:
                self.bases[which] = np.eye(D)
            elif k < D:
                bases, condition = flat_bases(self.samples, self.on[which], k)
                self.bases[which, :, : D - k] = bases
                self.condition = max(self.condition, condition)
        self.restricted = self.samples.X @ self.bases
        self.restricted[self.on] = 0.0
        self.lengths: Floats = np.linalg.norm(self.restricted, axis=2)
        self.sizes: Indices = D - self.codimension

    def __len__(self) -> int:
        return len(self.signs)

    def slopes(self, faces: Indices | slice) -> Floats:
        """The derivative of the activation at each sample, shape (m, N); 0 on the face."""
        signs = self.signs[faces]
        return np.where(signs > 0, 1.0, np.where(signs < 0, self.negative_slope, 0.0))

    def maps(self, faces: Indices | slice) -> Floats:
        """The matrices A of faces, shape (m, N, D)."""
        return np.asarray(self.slopes(faces)[:, :, None] * self.restricted[self.flat[faces]])

    @cached_property
    def idle(self) -> Mask:
        """Which faces have outputs zero, shape (S,)."""
        if self.negative_slope:
            return np.asarray(self.codimension == self.rank)
        return ~np.any(self.signs > 0, axis=1)

    @cached_property
    def active(self) -> Indices:
        """The faces that are not idle, in order."""
        return np.flatnonzero(~self.idle)

    def transposed(self, faces: Indices) -> Floats:
        """The matrices Aᵀ of faces, shape (m, D, N)."""
        return np.ascontiguousarray(np.swapaxes(self.maps(faces), 1, 2))

    def gram(self, faces: Indices) -> Floats:
        """AᵀA of faces, shape (m, D, D): products of squared slopes with the outer products of
        the restricted samples, flat by flat."""
        D = self.rank
        result = np.empty((len(faces), D, D))
        flats = self.flat[faces]
        order = np.argsort(flats, kind="stable")
        for rows in np.split(order, np.flatnonzero(np.diff(flats[order])) + 1):
            if not len(rows):
                continue
            Z = self.restricted[flats[rows[0]]]
            outer = (Z[:, :, None] * Z[:, None, :]).reshape(len(Z), D * D)
            squares = self.slopes(faces[rows]) ** 2
            result[rows] = (squares @ outer).reshape(-1, D, D)
        return result

    @cached_property
    def _classes(self) -> Classes:
        return Classes(self.samples)

    @cached_property
    def _interior(self) -> dict[int, Floats]:
        return {}

    @cached_property
    def _rays(self) -> dict[int, Floats]:
        return {}

    def rays(self, flat: int) -> Floats:
        """x_i·v for the rays v of the local arrangement of a flat, modulo it, shape (q, N).

        For the samples that contain the flat the zeros are exact.
        """
        if flat not in self._rays:
            classes = self._classes
            on = self.on[flat]
            members = on[classes.representative]
            codimension = self.rank - int(np.any(self.bases[flat], axis=0).sum())
            first, orientation = self.samples.arrangement.coincidence
            if members.sum() == codimension:
                V: Floats = np.linalg.pinv(classes.unit[members])
                V = np.concatenate([V, -V], axis=1)
                t = np.concatenate([np.eye(codimension), -np.eye(codimension)], axis=1)
            else:
                V, t = classes.rays(members, codimension)
            along = V.T @ self.samples.X.T
            place = np.searchsorted(np.flatnonzero(members), np.searchsorted(
                classes.representative, first[on]))  # fmt: skip
            length = np.linalg.norm(self.samples.X[on], axis=1)
            along[:, on] = t[place].T * (orientation[on] * length)
            self._rays[flat] = along
        return self._rays[flat]

    @cached_property
    def tables(self) -> tuple[Floats, Floats, Floats, Indices]:
        """Of the flats, for :func:`kernels.screen`; the origin has no rays there."""
        rays = [np.zeros((0, len(self.samples.y)))] * len(self.bases)
        proper = self.on.any(axis=1) & self.bases.any(axis=(1, 2))
        for flat in np.flatnonzero(proper).tolist():
            rays[flat] = self.rays(flat)
        begin = np.concatenate([[0], np.cumsum(list(map(len, rays)))]).astype(np.int64)
        return self.restricted, self.lengths, np.concatenate(rays), begin

    def turns(self, face: int) -> Floats:
        """The changes of the outputs along the rays v of a face, per unit, shape (q, N).

        h(v) = s·r·(change along v), see :mod:`arrangement.relu.boundary`; empty in a cell.
        """
        signs = self.signs[face]
        if not self.codimension[face]:
            return np.zeros((0, len(signs)))
        along = self.rays(int(self.flat[face]))
        kinked = np.maximum(along, 0.0) + self.negative_slope * np.minimum(along, 0.0)
        return np.where(signs == 0, kinked, self.slopes(np.array([face]))[0] * along)

    def interior(self, face: int) -> Floats:
        """Essential weights inside an idle face or a cell, far from its sides; 0 at the origin."""
        from arrangement import kernels

        if face in self._interior:
            return self._interior[face]
        flat, e = int(self.flat[face]), int(self.sizes[face])
        off = self.signs[face] != 0
        lengths = self.lengths[flat, off, None]
        sides = self.signs[face, off, None] * self.restricted[flat, off, :e] / lengths
        box = np.concatenate([np.eye(e), -np.eye(e)])
        offsets = np.concatenate([np.zeros(len(sides)), np.ones(2 * e)])
        c = np.zeros(e)
        kernels.largest_slack(np.concatenate([sides, box]), offsets, c)
        self._interior[face] = np.asarray(self.bases[flat][:, :e] @ c)
        return self._interior[face]

    def weights(self, v: Floats) -> Floats:
        """Weights for the samples as given, of essential coordinates in the last axis."""
        full = np.zeros((*v.shape[:-1], self.given.X.shape[1]))
        full[..., self.columns] = v
        flat = full.reshape(-1, full.shape[-1])
        return self.given.weights(flat).reshape(full.shape)
