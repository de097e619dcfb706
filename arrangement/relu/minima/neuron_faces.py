"""Faces of the sample arrangement as the states of one neuron, with their linear maps.

On a face with sign vector σ a neuron with weights u = T c, T a basis of the face's flat, has
the outputs A c, where A = D X T and D is diagonal: 1 where σ_i > 0, the negative slope where
σ_i < 0. A face is *idle* when A = 0: the zero function, whatever u is on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property

import numpy as np

from arrangement import exact, kernels
from arrangement.exact.packing import pack_signs, unpack_signs
from arrangement.kernels.landscape.screening import Tables
from arrangement.relu.minima.boundary import Classes, flat_bases
from arrangement.relu.weight_space import CHUNK, Floats, Indices, Mask, Samples, Signs, lengths
from arrangement.results.cells import Cells

__all__ = ["NeuronFaces", "deepest"]


TAME = 1e6
"""Samples of no larger `NeuronFaces.spread` leave float64 most of its digits."""

NEAR = 1e-9
"""A sample is nearly on a flat if this share of its length is left off it."""

ROUNDING = 64 * 2.0**-52
"""A generous factor of the rounding errors of one factorisation, for each of its rows."""


class NeuronFaces:
    """Faces of the sample arrangement, the cells first and in their order, the origin last.

    All of them, or those of one neuron that may hold a minimum. Where the origin is among
    these, so are the rays along which it may be none.

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
    others : sequence of ndarray of int8
        The sign vectors of further faces: of codimension 1, 2, ….

    Attributes
    ----------
    signs : ndarray of int8, shape (S, N)
    codimension, flat : ndarray of int, shape (S,)
        The flat that the face lies in, a row of the next tables.
    bases : ndarray, shape (F, D, D)
        Orthonormal columns T, padded with zero columns.
    on : ndarray of bool, shape (F, N)
        The samples whose hyperplanes contain the flat.
    sizes : ndarray of int, shape (S,)
        Dimension of the face, the columns of its T that are not padding.
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
        others: Sequence[Signs] = (),
    ) -> None:
        self.given = samples
        self.cells = cells
        self.bias, self.negative_slope = bias, negative_slope
        d = samples.X.shape[1]
        self.rank = samples.arrangement.rank
        order = np.roll(np.arange(d), 1) if bias else np.arange(d)
        chosen = exact.independent_columns(samples.arrangement.rows[:, order])
        self.columns: Indices = np.sort(order[chosen])
        self.samples = replace(samples, X=np.ascontiguousarray(samples.X[:, self.columns]))
        tables = [cells.signs, *others]
        flats, on = [], []
        for table in tables:
            words, flat = np.unique(pack_signs(table == 0), axis=0, return_inverse=True)
            flats.append(flat.reshape(-1))
            on.append(unpack_signs(words, len(samples.y)) > 0)
        self.signs: Signs = np.concatenate(tables)
        self.codimension: Indices = np.repeat(np.arange(len(tables)), list(map(len, tables)))
        self.flat_codimension: Indices = np.repeat(np.arange(len(on)), list(map(len, on)))
        start = np.searchsorted(self.flat_codimension, self.codimension)
        self.flat: Indices = np.concatenate(flats) + start
        self.on: Mask = np.concatenate(on)
        self.sizes: Indices = self.rank - self.codimension
        self._rays: dict[int, Floats] = {}
        self._interior: dict[int, Floats] = {}
        self._find_bases()

    def _find_bases(self) -> None:
        D = self.rank
        self.bases = np.zeros((len(self.on), D, D))
        self.condition = 1.0
        for k in np.unique(self.flat_codimension).tolist():
            which = np.flatnonzero(self.flat_codimension == k)
            if k == 0:
                self.bases[which] = np.eye(D)
            elif k < D:
                bases, condition = flat_bases(self.samples, self.on[which], k)
                self.bases[which, :, : D - k] = bases
                self.condition = max(self.condition, condition)

    def __len__(self) -> int:
        return len(self.signs)

    def of(self, samples: Samples) -> NeuronFaces:
        """The same faces, of samples that are scaled otherwise."""
        cuts = np.searchsorted(self.codimension, np.arange(1, self.codimension[-1] + 1))
        others = np.split(self.signs, cuts)[1:]
        return NeuronFaces(samples, self.cells, self.bias, self.negative_slope, others)

    def restricted(self, flats: Indices) -> Floats:
        """The samples X T in coordinates of flats, shape (m, N, D); exactly 0 on the flat."""
        table: Floats = self.samples.X @ self.bases[flats]
        table[self.on[flats]] = 0.0
        return table

    def sides(self, faces: Indices) -> Floats:
        """The restricted samples of length one, times their signs on faces, (m, N, D)."""
        signs, table = self.signs[faces], self.restricted(self.flat[faces])
        length = np.linalg.norm(table, axis=2)
        length[(signs == 0) | (length == 0.0)] = 1.0
        table *= (signs / length)[:, :, None]
        return table

    def slopes(self, faces: Indices | slice) -> Floats:
        """The derivative of the activation at each sample, shape (m, N); 0 on the face."""
        signs = self.signs[faces]
        return np.where(signs > 0, 1.0, np.where(signs < 0, self.negative_slope, 0.0))

    def transposed(self, faces: Indices) -> Floats:
        """The matrices Aᵀ of faces, shape (m, D, N)."""
        flats, place = np.unique(self.flat[faces], return_inverse=True)
        columns = self.restricted(flats).transpose(0, 2, 1)[place]
        return np.multiply(columns, self.slopes(faces)[:, None, :], order="C")

    @cached_property
    def residues(self) -> tuple[Indices, Indices, int]:
        """The samples times some numbers, these numbers, and the slope, modulo the prime."""
        prime = kernels.PRIME

        def residue(value: Fraction) -> int:
            return value.numerator * pow(value.denominator, -1, prime) % prime

        rows = self.samples.arrangement.rows[:, :-1]
        given = self.samples.arrangement.normals
        factors = []
        for row, sample in zip(rows, given, strict=True):
            c = int(np.flatnonzero(row)[0])
            factors.append(residue(Fraction(int(row[c])) / Fraction(sample[c])))
        table = [[int(v) % prime for v in row] for row in rows[:, self.columns]]
        return (
            np.array(table, dtype=np.int64),
            np.array(factors, dtype=np.int64),
            residue(Fraction(self.negative_slope)),
        )

    def modular_ranks(self, tuples: Indices, free: bool) -> Indices:
        """The ranks of the maps of tuples of faces, with a column of ones if `free`.

        Modulo a prime of 31 bits: a lower bound of the exact rank that is sharp but for odd
        chances.
        """
        rows, factors, slope = self.residues
        ranks = np.empty(len(tuples), dtype=np.int64)
        column = factors[:, None] if free else np.zeros((len(rows), 0), dtype=np.int64)
        kernels.modular_ranks(rows, column, slope, self.signs, self.codimension, tuples, ranks)
        return ranks

    @cached_property
    def closest(self) -> float:
        """The least share of its length by which a sample is off a flat; 0 where float64 takes
        it to be on one that it is not on."""
        size = lengths(self.samples.X)[:, None]
        step = max(1, (1 << 20) // self.samples.X.size)
        closest = 1.0
        for start in range(0, len(self.bases), step):
            flats = np.arange(start, min(start + step, len(self.bases)))
            flats = flats[self.flat_codimension[flats] < self.rank]
            off = np.linalg.norm(self.restricted(flats) / size, axis=2)[~self.on[flats]]
            closest = min(closest, float(off.min(initial=1.0)))
        return closest

    @property
    def nearly_dependent(self) -> bool:
        """Is some sample off a flat by so little that float64 takes it to be on it?"""
        return self.closest <= NEAR

    @cached_property
    def accuracy(self) -> Floats:
        """Bounds on the relative errors of the maps of faces and projections by them, (S,).

        The terms of a map are the samples, which may be nearly on the flat and cancel there.
        An error of 1 leaves nothing.
        """
        X = self.samples.X
        lost = np.full(len(self), float(len(X)))
        terms = np.sum(X * X, axis=1)
        step = max(1, CHUNK // len(X))
        for start in range(len(self.cells), len(self), step):
            rows = slice(start, start + step)
            flats, place = np.unique(self.flat[rows], return_inverse=True)
            left = np.sum(self.restricted(flats) ** 2, axis=2)[place]
            squares = self.slopes(rows) ** 2
            whole, rest = squares @ terms, np.sum(squares * left, axis=1)
            share = np.divide(whole, rest, out=np.ones_like(rest), where=rest > 0)
            lost[rows] = np.maximum(lost[rows], np.sqrt(share))
        lost *= np.where(self.codimension > 0, min(self.condition, 1e50), 1.0)
        return np.minimum(ROUNDING * lost, 1.0)

    @property
    def spread(self) -> float:
        """`Samples.spread`, and how many times the distance of a sample from a flat goes into
        its length."""
        distant = 1.0 / self.closest if self.closest else np.inf
        return max(self.given.spread, self.condition, distant)

    @property
    def rough(self) -> bool:
        """Do the samples leave float64 so few digits that it is not to be trusted?"""
        return self.spread > TAME

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

    @property
    def lines(self) -> Indices:
        """The faces that are rays, in order."""
        return np.flatnonzero(self.codimension == self.rank - 1)

    @cached_property
    def _classes(self) -> Classes:
        return Classes(self.samples)

    def rays(self, flat: int) -> Floats:
        """x_i·v for the rays v of the local arrangement of a flat, modulo it, shape (q, N).

        For the samples that contain the flat the zeros are exact.
        """
        if flat not in self._rays:
            self._rays[flat] = self.all_rays(np.array([flat]))[0]
        return self._rays[flat]

    def all_rays(self, flats: Indices) -> list[Floats]:
        """The rays of many flats at once, not kept."""
        classes, length = self._classes, np.linalg.norm(self.samples.X, axis=1)
        first, orientation = self.samples.arrangement.coincidence
        scale = orientation * length
        place = np.searchsorted(classes.representative, first)
        members = self.on[flats][:, classes.representative]
        codimension = self.flat_codimension[flats]
        simple = members.sum(axis=1) == codimension
        result: list[Floats] = [np.zeros((0, len(length)))] * len(flats)
        for k in np.unique(codimension[simple & (codimension > 0)]).tolist():
            rows = np.flatnonzero(simple & (codimension == k))
            which = np.nonzero(members[rows])[1].reshape(-1, k)
            V = np.linalg.pinv(classes.unit[which]).astype(np.float64)
            along = np.swapaxes(V, 1, 2) @ self.samples.X.T
            # On the flat ray q, dual to class q, sees the samples of that class only.
            inner, sample = np.nonzero(self.on[flats[rows]])
            along[inner, :, sample] = np.where(
                which[inner] == place[sample, None], scale[sample, None], 0.0
            )
            both = np.concatenate([along, -along], axis=1)
            for row, table in zip(rows.tolist(), both, strict=True):
                result[row] = table
        for row in np.flatnonzero(~simple).tolist():
            on = self.on[flats[row]]
            known = None
            if codimension[row] == self.rank:
                known = self.signs[self.lines][:, classes.representative]
            V, t = classes.rays(members[row], int(codimension[row]), known)
            along = np.empty((V.shape[1], len(on)))
            along[:, ~on] = V.T @ self.samples.X[~on].T
            inner = np.searchsorted(np.flatnonzero(members[row]), place[on])
            along[:, on] = t[inner].T * scale[on]
            result[row] = along
        return result

    def tables(self, flats: Indices) -> Tables:
        """What is known of some flats; the origin has no rays there.

        The lengths are those of the samples, as the errors of the samples on a flat are.
        """
        restricted = self.restricted(flats)
        size = np.linalg.norm(self.samples.X, axis=1)
        proper = self.flat_codimension[flats] < self.rank
        rays = [np.zeros((0, len(self.samples.y)))] * len(flats)
        found = self.all_rays(flats[proper])
        for row, table in zip(np.flatnonzero(proper).tolist(), found, strict=True):
            rays[row] = table
        begin = np.concatenate([[0], np.cumsum(list(map(len, rays)))]).astype(np.int64)
        return Tables(restricted, size, np.concatenate(rays), begin)

    def turns(self, face: int) -> Floats:
        """The changes of the outputs along the rays v of a face, per unit, shape (q, N).

        h(v) = s·r·(change along v), see :mod:`arrangement.relu.minima.boundary`; empty in a
        cell.
        """
        signs = self.signs[face]
        if not self.codimension[face]:
            return np.zeros((0, len(signs)))
        along = self.rays(int(self.flat[face]))
        changes = np.maximum(along, 0.0)
        if self.negative_slope:
            changes += self.negative_slope * np.minimum(along, 0.0)
        off = np.flatnonzero(signs)
        changes[:, off] = self.slopes(np.array([face]))[0, off] * along[:, off]
        return changes

    def interior(self, face: int) -> Floats:
        """Essential weights inside a face, far from its sides; 0 at the origin."""
        if face in self._interior:
            return self._interior[face]
        flat, e = int(self.flat[face]), int(self.sizes[face])
        off = self.signs[face] != 0
        table = self.restricted(self.flat[face : face + 1])[0, off]
        lengths = np.linalg.norm(table, axis=1, keepdims=True)
        lengths[lengths == 0.0] = 1.0
        sides = self.signs[face, off, None] * table[:, :e] / lengths
        self._interior[face] = np.asarray(self.bases[flat][:, :e] @ deepest(sides))
        return self._interior[face]

    def weights(self, v: Floats) -> Floats:
        """Weights for the samples as given, of essential coordinates in the last axis."""
        full = np.zeros((*v.shape[:-1], self.given.X.shape[1]))
        full[..., self.columns] = v
        flat = full.reshape(-1, full.shape[-1])
        return self.given.weights(flat).reshape(full.shape)


def deepest(rows: Floats) -> Floats:
    """A point of the cube with entries up to 1 at which the least of rows·c is largest."""
    e = rows.shape[1]
    box = np.concatenate([np.eye(e), -np.eye(e)])
    offsets = np.concatenate([np.zeros(len(rows)), np.ones(2 * e)])
    c, basis = np.zeros(e), np.full(e + 1, -1, dtype=np.int64)
    kernels.largest_slack(np.concatenate([rows, box]), offsets, c, basis)
    return c
