"""From any network of one hidden layer down to a piece of minima, face by face.

With u_j = |z_j| w_j and the signs of z fixed the outputs are piecewise linear in u, and so the
loss along a line is a quadratic between kinks: its first minimum is found kink by kink. From a
point the descent goes to the least squares fit on the faces that its neurons are on; a kink at
which it has to stop is added to the faces. At a fit it leaves the faces along the rays on which
h(v) < 0 (see :mod:`arrangement.relu.losses.criterion`), and where there are none it has a
piece, which :mod:`arrangement.relu.training.piece_proof` proves. Every step lowers the loss,
which on the fits of finitely many faces has finitely many values: so it ends.

Near a point the way goes on in finer units. With the `lift` t_0 of its neurons' pre-activations
u is the change from it: t = t_0 + u·x, and outputs change by s (slope(t) u·x + (slope(t) −
slope(t_0)) t_0), where no digit is lost, however large t_0 is beside u.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lstsq

from arrangement.relu.training.piece_proof import DEPENDENT, OFF_FACE, Faces, Flat, Proof, proof
from arrangement.relu.weight_space import Floats, Mask, Samples, Signs

__all__ = ["ROUNDED", "Descent", "Found"]

NEAR = (1e-2, 1e-3, 1e-4, 1e-6, 1e-8)
"""So near to a sample's hyperplane, as the sine of an angle, weights are put on it at first."""

FLAT = 1e-10
"""A slope, beside the size of its terms, that is none."""

LOWER = 1e-13
"""Losses that differ by less of themselves are the same to rounding."""

FITTED = 1e-12
"""Residuals, beside the targets, that are none."""

ROUNDED = 1e-10
"""A sine of an angle that is none at a fit."""

SAME = 1e-11
"""Kinks so near to each other, beside the way to them, are one."""


@dataclass(frozen=True, eq=False)
class Found:
    """Where a descent has ended: a proof of a piece, or what is missing from one."""

    faces: Faces
    u: Floats
    offset: float
    loss: float  # Σ r²
    proof: Proof | str
    steps: int
    is_fit: bool = True


@dataclass(eq=False)
class Descent:
    """Down from a point (u, s, offset), u in the coordinates of the samples.

    Attributes
    ----------
    samples : Samples
    free : ndarray, shape (N, e)
    leak : float
    u : ndarray, shape (K, d)
    s : ndarray of int8, shape (K,)
    offset : float
        The output bias.
    on : ndarray of bool, shape (K, N)
        The samples on whose hyperplanes the neurons are held.
    lift : ndarray, shape (K, N)
        Pre-activations where u = 0; zero from the origin.
    start : ndarray, shape (N,)
        Residuals where u and the offset are 0.
    size : float
        Of the targets, beside which residuals are none.
    """

    samples: Samples
    free: Floats
    leak: float
    u: Floats
    s: Signs
    offset: float
    on: Mask
    flats: list[Flat]
    lift: Floats
    start: Floats
    size: float
    steps: int = 0

    @classmethod
    def begun(
        cls, samples: Samples, free: Floats, leak: float, u: Floats, s: Signs, offset: float
    ) -> Descent:
        """On the faces that the neurons are near, so far as that does not raise the loss."""
        length = np.linalg.norm(u, axis=1)
        sines = np.abs(u @ samples.unit.T) / np.where(length == 0, 1.0, length)[:, None]
        no = np.zeros(sines.shape, dtype=bool)
        size, zero = float(np.linalg.norm(samples.y)), np.zeros(sines.shape)
        free_of_faces = cls(samples, free, leak, u, s, offset, no, [], zero, -samples.y, size)
        free_of_faces.hold(no)
        free_of_faces.size = size or float(np.sqrt(free_of_faces.loss()))
        limit = free_of_faces.loss()
        for near in NEAR:
            on = np.zeros(sines.shape, dtype=bool)
            for row, sine in zip(on, sines, strict=True):
                most = np.argsort(sine)[: samples.X.shape[1] - 1]
                row[most[sine[most] <= near]] = True
            if not on.any():
                break
            held = replace(free_of_faces)
            held.hold(on)
            if np.any(held.is_zero & (length > 0)):
                continue
            held.fit()
            if held.loss() <= limit:
                return held
        return free_of_faces

    def hold(self, on: Mask) -> None:
        """Hold the neurons on the hyperplanes of some samples, and no others."""
        known = {flat.on.tobytes(): flat for flat in self.flats}
        self.flats = [known.get(row.tobytes()) or Flat.of(self.samples, row) for row in on]
        self.on = np.array([flat.on for flat in self.flats])
        gone = self.is_zero & self.lift.any(axis=1)
        if gone.any():
            lost = np.where(self.lift > 0, self.lift, self.leak * self.lift)
            self.start = self.start - (self.s * gone) @ lost
            self.lift = np.where(gone[:, None], 0.0, self.lift)
        self.u = np.array(
            [
                0.0 * row
                if flat.is_origin
                else flat.basis @ (flat.basis.T @ row) - flat.dual @ lift[flat.chosen]
                for row, lift, flat in zip(self.u, self.lift, self.flats, strict=True)
            ]
        )
        idle: Mask = np.asarray(~(self.u.any(axis=1) | self.lift.any(axis=1)))
        if np.any(idle & ~self.is_zero):
            self.hold(self.on | idle[:, None])

    @property
    def is_zero(self) -> Mask:
        """Which neurons have no weights."""
        return np.asarray(self.on.all(axis=1))

    def along(self, u: Floats) -> Floats:
        """u_j·x_i, shape (K, N), 0 where the neurons are held."""
        return np.where(self.on, 0.0, self.lift + u @ self.samples.X.T)

    def residuals(self) -> Floats:
        """f(x_i) − y_i, shape (N,)."""
        slope, before = (
            np.where(t > 0, 1.0, self.leak) for t in (self.along(self.u), self.lift)
        )
        moved = np.where(self.on, -self.lift, self.u @ self.samples.X.T)
        change = slope * moved + (slope - before) * self.lift
        return np.asarray(self.s @ change + self.offset + self.start)

    def loss(self) -> float:
        """Σ r² at the point."""
        r = self.residuals()
        return float(r @ r)

    def faces(self) -> Faces:
        """The faces that the neurons are on."""
        signs = np.sign(self.along(self.u)).astype(np.int8)
        # A sample that is met by rounding only is none of the face.
        signs[(signs == 0) & ~self.on] = -1
        return Faces(self.samples, self.free, self.leak, self.flats, signs, self.s)

    def coefficients(self) -> Floats:
        """The point in the columns of its faces."""
        own = [flat.basis.T @ row for flat, row in zip(self.flats, self.u, strict=True)]
        return np.concatenate([np.full(self.free.shape[1], self.offset), *own])

    def run(self, most: int, report: Callable[[int, int], None]) -> Found:
        """Descend until a piece is proved, nothing is left to descend, or `most` steps."""
        while self.descend(most, report):
            faces = self.faces()
            end = proof(faces, self.samples.y, self.coefficients())
            if end == OFF_FACE and self.join():
                continue
            return Found(faces, self.u, self.offset, self.loss(), end, self.steps)
        end = f"more than {most} steps would be needed"
        return Found(self.faces(), self.u, self.offset, self.loss(), end, self.steps, False)

    def descend(self, most: int, report: Callable[[int, int], None]) -> bool:
        """Descend until float64 sees nothing below; False where `most` steps are too few."""
        while self.steps < most:
            report(self.steps, most)
            before, held = self.loss(), self.on
            if self.fit() and (
                self.loss() < before * (1 - LOWER) or not np.array_equal(self.on, held)
            ):
                continue
            if np.sqrt(self.loss()) <= FITTED * self.size:
                return True
            stop = replace(self, s=self.s.copy())
            before = self.loss()
            if not (self.leave(self.faces()) and self.loss() < before):
                self.__dict__.update({**stop.__dict__, "steps": self.steps})
                return True
        return False

    # --- steps ------------------------------------------------------------------------------

    def fit(self) -> bool:
        """Go towards the nearest least squares fit on the faces; has a kink been met?"""
        faces = self.faces()
        r = self.residuals()
        change = lstsq(faces.columns, -r, cond=DEPENDENT, lapack_driver="gelsy")[0]
        return self.go(faces.points(change), float(change[: self.free.shape[1]].sum()), self.on)

    def join(self) -> bool:
        """Hold the neurons on the hyperplanes that they are on up to rounding, if there are."""
        length = np.linalg.norm(self.u, axis=1, keepdims=True)
        on = np.abs(self.along(self.u / np.where(length == 0, 1.0, length))) <= (
            ROUNDED * np.linalg.norm(self.samples.X, axis=1)
        )
        reach = length[:, 0] * np.linalg.norm(self.samples.X)
        on[reach <= FITTED * self.size] = True
        if np.array_equal(on | self.on, self.on):
            return False
        self.hold(on | self.on)
        return True

    def leave(self, faces: Faces) -> bool:
        """Leave the faces of all neurons along their steepest rays; are there any?"""
        r = self.residuals()
        move, held = np.zeros_like(self.u), self.on.copy()
        for j, flat in enumerate(self.flats):
            if flat.is_origin:
                v, value = self._restart(r)
                if value:
                    self.s[j] = -np.sign(value)
                    move[j] = abs(value) * v
                    held[j] = np.abs(self.samples.unit @ v) <= ROUNDED * np.linalg.norm(v)
            elif len(flat.chosen):
                v, _, side = flat.rays
                h, changes, terms = faces.slants(j, r)
                length = np.linalg.norm(changes, axis=1)
                slope = h / np.where(length == 0, 1.0, length)
                k = int(np.argmin(slope))
                if h[k] < -FLAT * terms[k]:
                    move[j] = -slope[k] / length[k] * v[k]
                    held[j] &= side[k] == 0
        return bool(move.any()) and (self.go(move, 0.0, held) or True)

    def _restart(self, r: Floats) -> tuple[Floats, float]:
        """Weights at which a neuron's outputs agree most with the residuals, and how much."""
        unit = self.samples.unit
        v = np.concatenate([unit, -unit])
        value, best = 0.0, v[0]
        for some in np.array_split(v, len(v) // 1024 + 1):
            t = some @ self.samples.X.T
            out = np.where(t > 0, t, self.leak * t)
            size = np.linalg.norm(out, axis=1)
            with np.errstate(invalid="ignore", divide="ignore"):
                share = np.where(size > 0, out @ r / (size * np.linalg.norm(r)), 0.0)
            k = int(np.argmax(np.abs(share)))
            if abs(share[k]) > max(abs(value), FLAT):
                value, best = float(share[k]), some[k] / size[k]
        return best, value

    def go(self, move: Floats, shift: float, held: Mask) -> bool:
        """Go along a line to the first minimum of the loss; is it at or behind a kink?

        `held` are the samples whose hyperplanes the line does not leave.
        """
        self.steps += 1
        gain = 1.0 - self.leak
        t = self.along(self.u)
        speed = np.where(held, 0.0, move @ self.samples.X.T)
        slope = np.where((t > 0) | ((t == 0) & (speed > 0)), 1.0, self.leak)
        rate = self.s @ (slope * speed) + shift
        r = self.residuals()
        with np.errstate(divide="ignore", invalid="ignore"):
            times = np.where((t != 0) & (t * speed < 0), -t / speed, np.inf)
        first = np.argsort(times, axis=None)
        first = first[: int(np.sum(times < np.inf))]
        now, pull, square = 0.0, float(r @ rate), float(rate @ rate)
        if not pull < 0:
            return False
        met: NDArray[np.intp] = first[:0]
        for at, event in enumerate(first.tolist()):
            j, i = divmod(event, t.shape[1])
            then = float(times[j, i])
            if pull + (then - now) * square >= 0:
                break
            r += (then - now) * rate
            pull += (then - now) * square
            now = then
            bend = float(self.s[j]) * gain * abs(speed[j, i])
            pull += float(r[i]) * bend
            square += bend * (2 * float(rate[i]) + bend)
            rate[i] += bend
            if pull >= 0:
                close = times.flat[first] - then
                met = first[np.abs(close) <= SAME * then]
                break
            if at % 64 == 63:
                pull, square = float(r @ rate), float(rate @ rate)
        # Where the line starts on a hyperplane the fit took the neuron to be inactive.
        kinks = now > 0 or bool(np.any((t == 0) & (speed > 0)))
        if not len(met):
            now += -pull / square if square > 0 else 0.0
        self.u = self.u + now * move
        self.offset += now * shift
        on = held.copy()
        on.flat[met] = True
        if len(met) or not np.array_equal(on, self.on):
            self.hold(on)
        return kinks
