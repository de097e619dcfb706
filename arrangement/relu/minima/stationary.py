"""Which tuples of faces hold local minima: signs, multipliers and the continuum between them.

With neuron j on a face with map A_j (see :mod:`arrangement.relu.minima.neuron_faces`) and R_j =
s_j u_j, the outputs are A R, A = [A_1 … A_K] and perhaps a column of ones for an output bias. A
tuple of faces holds a local minimum with output signs s iff

1. R is a least squares solution: A R = f, the projection of y, with residuals r = f − y;
2. s_j R_j lies in the open face of neuron j, for all j;
3. s_j h_j(v) ≥ 0 on the rays v of each face, h_j(v) = r·(change of the outputs along v).

f, r and so the third condition are the same in every solution. The solutions form a flat
R + span(N); a sample with x_i·N_j = 0 has its sign on all of it, and the remaining signs are a
linear program in as many variables as N has columns.

*Accuracy.* Each inequality is decided in float64 beside a bound on its error, the machine
precision times the condition of A; a tuple on which one could not be decided is doubtful. A
change of the outputs in the span of A is orthogonal to r, so that h is zero there whatever
rounding says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations_with_replacement, product

import numpy as np

from arrangement import kernels
from arrangement.kernels.landscape.largest_slack import Solutions
from arrangement.relu.minima.minima_table import Minima, States, joined
from arrangement.relu.minima.neuron_faces import ROUNDING, NeuronFaces
from arrangement.relu.weight_space import CHUNK, Floats, Indices, Mask, Signs

__all__ = ["STRICT", "WEAK", "Decider", "sign_choices", "term_sizes"]


STRICT = 1e-11
"""A strict inequality a > 0 holds when a exceeds this share of the size of its terms."""

WEAK = 1e-9
"""A weak inequality a ≥ 0 holds when a exceeds minus this share of the size of its terms.

It is looser than `STRICT`, so that a minimum at rounding distance from a face is found on the
face when the cell beside it is refused."""

PLAIN_RANK = 1e-9, 1e-13
"""A rank is beyond doubt if no singular value lies between these shares of the largest."""

STRUCTURAL = 1e-10
"""A change of the outputs lies in the span of A if so little of it is left beside it."""

REPRODUCED = 1e-6
"""The share of ‖y‖ by which the outputs of a piece that is decided may be off."""

LEAST_SLACK = 1e-9
"""The least slack of the linear program, for solutions of size one."""


@dataclass(frozen=True, eq=False)
class _Fits:
    """Least squares fits of a batch of tuples; columns are [free | neuron 1 | neuron 2 …]."""

    coefficients: Floats  # (m, n), of least norm
    outputs: Floats  # (m, N)
    residuals: Floats  # (m, N)
    basis: Floats  # (m, N, n), columns of zeros beyond the rank
    null: Floats  # (m, n, n), rows; zero up to the rank
    rank: Indices  # padding counted
    least: Floats  # the smallest singular value that counts
    condition: Floats
    plain: Mask
    interpolates: Mask
    error: Floats  # of the mean of the squared residuals
    accuracy: Floats  # a relative error of the columns that is to be expected
    off: Floats  # so of the residuals, in length

    def __len__(self) -> int:
        return len(self.rank)


class Decider:
    """Decides tuples of faces of one problem in float64.

    Parameters
    ----------
    faces : NeuronFaces
    y : ndarray, shape (N,)
    free : ndarray, shape (N, e)
        Columns with free coefficients.
    """

    def __init__(self, faces: NeuronFaces, y: Floats, free: Floats) -> None:
        self.faces, self.y, self.free = faces, y, free

    def minima(self, tuples: Indices) -> tuple[Minima, Indices]:
        """The local minima on tuples of active faces, and the doubtful tuples.

        Parameters
        ----------
        tuples : ndarray of int, shape (m, K)
            Rows of `faces`, rising in each tuple.
        """
        parts = [Minima.empty(tuples.shape[1], len(self.y), self.faces.rank)]
        doubtful = [tuples[:0]]
        for found, open_ in self._decisions(tuples):
            parts += found
            doubtful.append(open_)
        return Minima.concatenated(parts), np.concatenate(doubtful)

    def _decisions(self, tuples: Indices) -> Iterator[tuple[list[Minima], Indices]]:
        """The local minima on some of the tuples after the other, and the doubtful tuples."""
        for rows in self._portions(tuples):
            found, open_ = self._decide(tuples[rows])
            yield [found], open_

    def _portions(self, tuples: Indices) -> Iterator[slice]:
        m, K = tuples.shape
        width = K * self.faces.rank
        step = max(1, 32 * CHUNK // ((len(self.y) + width) * max(width, 1)))
        for start in range(0, m, step):
            yield slice(start, min(start + step, m))

    def interior(self, face: int) -> Floats:
        """Essential weights inside a face."""
        return self.faces.interior(face)

    def holds(self, face: int, point: Floats) -> bool:
        """Are weights still on their face after rounding, as far as that is in question?"""
        return True

    def fits(
        self, tuples: Indices, points: bool = True
    ) -> tuple[Floats, Indices, Floats, Floats]:
        """The least loss, the rank and coefficients of a fit for tuples of any faces.

        The coefficients are (m, K, D), essential R_j = z_j w_j; zeros unless asked for. The
        fourth entry bounds the error of the loss; it is infinite where a rank may be due to
        rounding.
        """
        m, K = tuples.shape
        D, e = self.faces.rank, self.free.shape[1]
        loss, rank = np.empty(m), np.empty(m, dtype=np.int64)
        R, error = np.empty((m, K, D)), np.empty(m)
        for rows in self._portions(tuples):
            found = self._fits(tuples[rows])
            loss[rows] = np.mean(found.residuals**2, axis=1)
            error[rows] = np.where(self._astray(tuples[rows], found), np.inf, found.error)
            rank[rows] = found.rank - np.sum(D - self.faces.sizes[tuples[rows]], axis=1)
            T = self.faces.bases[self.faces.flat[tuples[rows]]]
            c = found.coefficients[:, e:].reshape(-1, K, D)
            R[rows] = np.einsum("mkde,mke->mkd", T, c)
        return loss, rank, R, error

    def stacked(self, tuples: Indices) -> Floats:
        """The matrices [free | A_1 … A_K] of tuples, padded, shape (m, N, e + K·D)."""
        m, K = tuples.shape
        maps = self.faces.transposed(tuples.reshape(-1))
        maps = maps.reshape(m, K * self.faces.rank, len(self.y))
        free = np.broadcast_to(self.free, (m, *self.free.shape))
        return np.concatenate([free, np.swapaxes(maps, 1, 2)], axis=2)

    def sided(
        self, faces: Indices, c: Floats, null: Floats
    ) -> tuple[Floats, Mask, Floats, Floats]:
        """On which sides the samples are in all solutions of tuples, for one neuron of each.

        Returns the samples of length one with the signs of the faces, (m, N, D), which of them
        the choice of a solution affects, and the least and the largest of their products with
        the coefficients c, (m, D), over the others off the face.
        """
        Z = self.faces.sides(faces)
        affected = np.linalg.norm(Z @ np.swapaxes(null, 1, 2), axis=2) > STRUCTURAL
        fixed = ~affected & (self.faces.signs[faces] != 0)
        value = np.einsum("mnd,md->mn", Z, c)
        low = np.min(value, axis=1, where=fixed, initial=np.inf)
        return Z, affected, low, np.max(value, axis=1, where=fixed, initial=-np.inf)

    def _fits(self, tuples: Indices) -> _Fits:
        m, K = tuples.shape
        n, D, e = len(self.y), self.faces.rank, self.free.shape[1]
        width = e + K * D
        A = np.zeros((m, n + width, width))
        A[:, :n] = self.stacked(tuples)
        # Padding columns get a row of their own, so that the null space has none of them.
        padding = np.arange(D) >= self.faces.sizes[tuples][:, :, None]
        at = np.arange(e, width)
        A[:, n + at, at] = padding.reshape(m, K * D)
        U, S, Vt = np.linalg.svd(A, full_matrices=False)
        kept = S[:, :1] * (max(n, width) * np.finfo(np.float64).eps) < S
        kept &= S > 0
        rank = kept.sum(axis=1)
        plain = ~np.any((PLAIN_RANK[0] * S[:, :1] > S) & (PLAIN_RANK[1] * S[:, :1] < S), axis=1)
        basis = U[:, :n] * kept[:, None, :]
        along = np.einsum("mnk,n->mk", basis, self.y)
        inverse = np.divide(1.0, S, out=np.zeros_like(S), where=kept)
        coefficients = np.einsum("mkj,mk->mj", Vt, inverse * along)
        outputs = np.einsum("mnk,mk->mn", basis, along)
        residuals = outputs - self.y
        real_rank = rank - padding.sum(axis=(1, 2))
        size = np.linalg.norm(self.y)
        tiny = np.linalg.norm(residuals, axis=1) <= 64 * n * np.finfo(np.float64).eps * size
        residuals[tiny | (real_rank == n)] = 0.0
        least = np.min(S, axis=1, where=kept, initial=np.inf)
        condition = np.max(S, axis=1, initial=0.0) / np.where(rank > 0, least, 1.0)
        accuracy = self.faces.accuracy[tuples].max(axis=1, initial=ROUNDING * n)
        off = accuracy * size * condition
        length = np.linalg.norm(residuals, axis=1)
        error = np.where(real_rank == n, 0.0, off * (2.0 * length + 4.0 * off) / n)
        return _Fits(
            coefficients,
            outputs,
            residuals,
            basis,
            Vt * ~kept[:, :, None],
            rank,
            least,
            condition,
            plain & (~tiny | (real_rank == n) | (size == 0)),
            real_rank == n,
            np.where(plain, error, np.inf),
            accuracy / 8,
            accuracy / 8 * (size + condition * length),
        )

    def _decide(self, tuples: Indices) -> tuple[Minima, Indices]:
        fits = self._fits(tuples)
        m, K = tuples.shape
        smallest = np.linalg.norm(fits.coefficients, axis=1)
        noise = fits.accuracy * fits.condition * (
            smallest + np.linalg.norm(fits.residuals, axis=1) / fits.least
        )  # fmt: skip
        allowed, margin, open_, affected, sides = self._determined_signs(tuples, fits, noise)
        weak = np.ones((m, K, 2))
        sure = np.ones((m, K, 2), dtype=bool)
        for j in range(K):
            rows = np.flatnonzero(
                allowed[:, j].any(axis=1) & (self.faces.codimension[tuples[:, j]] > 0)
            )
            order = rows[np.argsort(tuples[rows, j], kind="stable")]
            cuts = np.flatnonzero(np.diff(tuples[order, j])) + 1
            for group in np.split(order, cuts) if len(order) else []:
                share, certain = self._multipliers(int(tuples[group[0], j]), fits, group)
                weak[group, j], sure[group, j] = np.clip(share, 0.0, None), certain
                holds = share >= -WEAK
                open_[group, j] |= ~holds & ~certain & allowed[group, j]
                allowed[group, j] &= holds
        possible = np.all((allowed | open_).any(axis=2), axis=1)
        clear = possible & np.all(allowed.any(axis=2), axis=1)
        doubt = possible & np.any(open_ & ~allowed, axis=(1, 2))
        chosen = [
            (k, s) for k in np.flatnonzero(clear) for s in sign_choices(tuples[k], allowed[k])
        ]
        rows = np.array([k for k, _ in chosen], dtype=np.int64)
        choices = np.array([s for _, s in chosen], dtype=np.int8).reshape(-1, K)
        points, slack = fits.coefficients[rows], margin[rows].min(axis=1, initial=1.0)
        moving = np.flatnonzero(affected[rows].any(axis=(1, 2)))
        within, found = points[moving], slack[moving]
        flats = fits.null, fits.rank, fits.coefficients, noise, self.free.shape[1]
        solutions = Solutions(sides, affected, *flats)
        kernels.inner_solutions(
            rows[moving], choices[moving], solutions, LEAST_SLACK, STRICT, within, found
        )
        points[moving], slack[moving] = within, found
        doubt[rows[slack == 0.0]] = True
        held = np.flatnonzero(slack > 0.0)
        astray = self._astray(tuples, fits)
        doubt |= astray
        doubt[rows[held][astray[rows[held]]]] = False
        side = (choices < 0).astype(np.int64)[:, :, None]
        slack = np.minimum(slack, np.take_along_axis(weak[rows], side, 2).min(axis=(1, 2)))
        beyond: Mask = np.all(np.take_along_axis(sure[rows], side, 2), axis=(1, 2))
        beyond &= ~astray[rows] & self._reproduced(tuples[rows], fits, rows, points)
        minima = self._gather(
            tuples, fits, rows[held], choices[held], points[held], slack[held], beyond[held]
        )
        return minima, tuples[doubt]

    def _astray(self, tuples: Indices, fits: _Fits) -> Mask:
        """Is the rank in float64 another than that of the samples as given?"""
        lost = np.sum(self.faces.rank - self.faces.sizes[tuples], axis=1)
        ranks = self.faces.modular_ranks(tuples, bool(self.free.shape[1]))
        return np.asarray(ranks != fits.rank - lost)

    def _reproduced(self, tuples: Indices, fits: _Fits, rows: Indices, points: Floats) -> Mask:
        """Do coefficients give the outputs, in spite of the rounding of large ones?"""
        outputs = np.einsum("mnc,mc->mn", self.stacked(tuples), points)
        off = np.linalg.norm(outputs - fits.outputs[rows], axis=1)
        eps = np.finfo(np.float64).eps
        off += (8 * eps) * np.sqrt(len(self.y)) * np.linalg.norm(points, axis=1)
        size = np.linalg.norm(self.y)
        return np.asarray((off <= REPRODUCED * size) | (size == 0))

    def _determined_signs(
        self, tuples: Indices, fits: _Fits, noise: Floats
    ) -> tuple[Mask, Floats, Mask, Mask, Floats]:
        """Output signs allowed by the samples whose side is the same in every solution.

        Returns allowed (m, K, 2), their margins (m, K), doubtful (m, K, 2), which samples are
        affected by the choice of a solution (m, K, N), and the samples of length one with the
        signs of the face, (m, K, N, D).
        """
        e, D = self.free.shape[1], self.faces.rank
        m, K = tuples.shape
        allowed = np.zeros((m, K, 2), dtype=bool)
        open_ = np.zeros((m, K, 2), dtype=bool)
        margin = np.full((m, K), np.inf)
        affected = np.zeros((m, K, len(self.y)), dtype=bool)
        sides = np.empty((m, K, len(self.y), D))
        for j in range(K):
            block = slice(e + j * D, e + (j + 1) * D)
            c = fits.coefficients[:, block]
            found = self.sided(tuples[:, j], c, fits.null[:, :, block])
            sides[:, j], affected[:, j], low, high = found
            size = np.linalg.norm(c, axis=1)
            least = np.maximum(STRICT * size, noise)
            either = np.column_stack([low, -high])
            allowed[:, j] = either > least[:, None]
            open_[:, j] = (np.abs(either) <= least[:, None]) & ~allowed[:, j]
            best = np.maximum(low, -high)
            margin[:, j] = np.divide(best, size, out=np.full(m, np.inf), where=size > 0)
        return allowed, np.minimum(margin, 1.0), open_, affected, sides

    def _multipliers(self, face: int, fits: _Fits, rows: Indices) -> tuple[Floats, Mask]:
        """The least s·h(v) over the rays of a face beside its size, for s = +1, −1.

        Returns shares (m, 2), inf where all are zero by structure, and whether each share is
        decided, that is beyond rounding from 0 or zero by structure.
        """
        H = self.faces.turns(face)
        shares = np.full((len(rows), 2), np.inf)
        certain = np.ones((len(rows), 2), dtype=bool)
        if not len(H):
            return shares, certain
        r = fits.residuals[rows]
        value = r @ H.T
        plain = (np.abs(fits.outputs[rows]) + np.abs(self.y)) @ np.abs(H).T
        size = term_sizes(fits.outputs[rows], self.y) @ np.abs(H).T
        share = np.divide(value, size, out=np.zeros_like(value), where=size > 0)
        lengths = np.linalg.norm(H, axis=1)
        noise = np.divide(
            fits.off[rows, None] * lengths, size, out=np.zeros_like(size), where=size > 0
        )
        structural = (plain == 0) | fits.interpolates[rows, None]
        near = np.flatnonzero(np.any(np.abs(share) <= np.maximum(WEAK, noise), axis=1))
        if len(near):
            basis = fits.basis[rows[near]]
            inside = np.swapaxes(basis, 1, 2) @ H.T
            off = np.linalg.norm(H.T - basis @ inside, axis=1)
            close = off <= STRUCTURAL * lengths
            certain[near] = ~np.any(close & ~structural[near], axis=1, keepdims=True)
            # Changes near the span of columns are in it: the samples tell, but for an output
            # bias beside neurons without bias.
            unlike = bool(self.free.shape[1]) and not self.faces.bias
            certain |= not (unlike or self.faces.nearly_dependent)
            structural[near] |= close
        for side, s in enumerate((1, -1)):
            signed = np.where(structural, np.inf, s * share)
            shares[:, side] = signed.min(axis=1)
            # Beside rounding, whatever fails by less than is allowed may not hold at all.
            least = np.maximum(noise, STRICT)
            narrow = ~structural & (np.abs(share) <= least)
            narrow |= (signed < 0) & (signed >= -np.maximum(noise, WEAK))
            fails = np.any(signed < -np.maximum(noise, WEAK), axis=1)
            certain[:, side] &= ~np.any(narrow, axis=1)
            certain[:, side] |= fails
        return shares, certain

    def _gather(
        self,
        tuples: Indices,
        fits: _Fits,
        rows: Indices,
        signs: Signs,
        coefficients: Floats,
        margin: Floats,
        certain: Mask,
    ) -> Minima:
        K, D, e = tuples.shape[1], self.faces.rank, self.free.shape[1]
        T = self.faces.bases[self.faces.flat[tuples[rows]]]
        R = np.einsum("mkde,mke->mkd", T, coefficients[:, e:].reshape(-1, K, D))
        residuals = fits.residuals[rows]
        return Minima(
            faces=tuples[rows],
            output_signs=signs,
            points=R * signs[:, :, None],
            offset=coefficients[:, :e].sum(axis=1),
            loss=np.mean(residuals**2, axis=1),
            margin=margin,
            dimension=fits.null.shape[1] - fits.rank[rows],
            decided=fits.plain[rows] & certain,
            residuals=residuals,
        )

    # --- neurons that add nothing -----------------------------------------------------------

    def completed(
        self, minima: Minima, extra: int, idle: Indices, silent: Indices
    ) -> Iterator[Minima]:
        """Minima with `extra` more neurons whose outputs are zero, for each of the minima.

        Parameters
        ----------
        minima : Minima
            Of active neurons.
        extra : int
            At least 1.
        idle : ndarray of int
            Faces on which u_j may be: those without outputs.
        silent : ndarray of int
            Cells in which w_j may be, with z_j = 0 and some output beside.
        """
        step = max(1, CHUNK // (len(self.y) * max(1, minima.faces.shape[1])))
        for start in range(0, len(minima), step):
            part = minima.take(np.arange(start, min(start + step, len(minima))))
            for k, own in enumerate(self.states(part, idle, silent)):
                if not own:
                    continue
                face, sign, share, certain = (np.array(c) for c in zip(*own, strict=True))
                inner = np.array([self.interior(f) for f in face.tolist()])
                states = States(face, sign.astype(np.int8), inner, share, certain)
                picked = combinations_with_replacement(range(len(own)), extra)
                row = part.take(np.array([k]))
                yield joined(self.faces, row, np.array(list(picked)), states)

    def states(
        self, minima: Minima, idle: Indices, silent: Indices
    ) -> list[list[tuple[int, int, float, bool]]]:
        """The states (face, s, margin, decided) of a neuron that adds nothing to minima."""
        fits = self._fits(minima.faces)
        rows = np.arange(len(fits))
        states: list[list[tuple[int, int, float, bool]]] = [[] for _ in rows]
        for face in idle.tolist():
            if not self.faces.codimension[face]:
                for state in states:
                    state.append((face, 0, 1.0, True))
                continue
            shares, certain = self._multipliers(face, fits, rows)
            # What rounding leaves open is kept, undecided.
            for k, side in np.argwhere((shares >= -WEAK) | ~certain).tolist():
                share = min(max(float(shares[k, side]), 0.0), 1.0)
                states[k].append((face, 1 - 2 * side, share, bool(certain[k, side])))
        size = term_sizes(fits.outputs, self.y)
        X = self.faces.samples.X
        ranks = self.faces.modular_ranks(minima.faces, bool(self.free.shape[1]))
        step = max(1, (CHUNK << 3) // max(1, len(fits) * len(X)))
        for start in range(0, len(silent), step):
            which = silent[start : start + step]
            slopes = self.faces.slopes(which)
            pull = np.abs((fits.residuals[:, None] * slopes) @ X)
            bound = WEAK * ((size[:, None] * np.abs(slopes)) @ np.abs(X))
            lengths = np.sqrt(slopes**2 @ X**2)
            bound = np.maximum(bound, fits.off[:, None, None] * lengths)
            found = np.argwhere(np.all(pull <= bound, axis=2))
            # It is zero beyond doubt if the outputs there are in the span of the columns.
            tuples = np.column_stack([minima.faces[found[:, 0]], which[found[:, 1]]])
            free = bool(self.free.shape[1])
            spanned = self.faces.modular_ranks(tuples, free) == ranks[found[:, 0]]
            for (k, f), beyond in zip(found.tolist(), spanned.tolist(), strict=True):
                states[k].append((int(which[f]), 0, float(beyond), beyond))
        return states


def term_sizes(outputs: Floats, y: Floats) -> Floats:
    """|f_i| + |y_i|, and so much more that `WEAK` of it is above the rounding error of r_i.

    Where f_i = y_i = 0 the residual still has the rounding errors of the whole fit.
    """
    rounding = 8 * y.shape[-1] * np.finfo(np.float64).eps * float(np.linalg.norm(y))
    sizes: Floats = np.abs(outputs) + np.abs(y) + rounding / WEAK
    return sizes


def sign_choices(faces: Indices, allowed: Mask) -> Iterator[tuple[int, ...]]:
    """Output signs, those of equal faces falling: neurons may be exchanged."""
    options = [[s for s, ok in zip((1, -1), row, strict=True) if ok] for row in allowed]
    for choice in product(*options):
        if all(
            faces[j] != faces[j + 1] or choice[j] >= choice[j + 1]
            for j in range(len(choice) - 1)
        ):
            yield choice
