"""The samples of a problem: checked, exact as an arrangement, and scaled for float64."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import KDTree

from arrangement.arrangement import Arrangement
from arrangement.errors import InputError, SolverError
from arrangement.exact.numbers import exact_table
from arrangement.exact.one_field import field_of
from arrangement.exact.packing import pack_signs

__all__ = [
    "CHUNK", "SPREAD", "Floats", "Indices", "Mask", "Samples", "Signs", "exact_bias",
    "float_samples", "in_float64", "lengths", "sample_arrangement", "sample_targets",
    "sample_weights",
]  # fmt: skip

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Signs = NDArray[np.int8]
Mask = NDArray[np.bool_]

FEATURES = (1e-200, 1e200)
TARGETS = (1e-100, 1e100)
"""The absolute values that float64 can work with safely, zero aside. Features are scaled before
they are squared, targets are not."""

SPREAD = 1e10
"""Samples of a larger `Samples.spread` are beyond float64."""

CHUNK = 1 << 16
"""Numbers in one intermediate table: half a megabyte stays in a processor's cache."""


def exact_bias(bias: Any) -> Any:
    """The value of the constant coordinate, an exact number that is not 0."""
    value = exact_table([bias], "bias", "entry", 1)[0]
    if not value:
        raise InputError(
            "bias=0 appends a coordinate that is always 0; for no bias give None "
            "('none' on the command line)"
        )
    return value


def sample_arrangement(X: ArrayLike, bias: Any) -> Arrangement:
    """The samples, with the bias appended, as normals of a central arrangement.

    Raises
    ------
    InputError
        If X is not a table of finite numbers, of at least one sample and one feature, if a
        sample is zero and there is no bias, or a number is beyond float64.
    """
    arrangement = Arrangement.from_samples(X, 1 if bias is None else exact_bias(bias))
    given = arrangement.normals
    if field_of(given) is not None:
        raise InputError("X: irrational numbers; samples are rational, such as floats")
    if not len(given) or given.shape[1] == 1:
        raise InputError(
            f"X has shape ({len(given)}, {given.shape[1] - 1}): at least one sample and one "
            "feature are needed"
        )
    if bias is None:
        zero = np.flatnonzero(~np.any(given[:, :-1] != 0, axis=1))
        if len(zero):
            raise InputError(
                f"X, row {zero[0]}: without a bias a zero sample is no hyperplane, and its "
                "output is always 0; give a bias (bias=1.0) or remove the row"
            )
        arrangement = Arrangement.from_samples(given[:, :-1])
    for (i, j), value in np.ndenumerate(given[:, :-1]):
        _refuse_extreme(value, FEATURES, f"X, row {i}, column {j}")
    _refuse_extreme(given[0, -1], FEATURES, "bias")
    return arrangement


@contextmanager
def in_float64(what: str) -> Iterator[None]:
    """Raise a SolverError that says what was beyond float64."""
    try:
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            yield
    except (FloatingPointError, ZeroDivisionError, OverflowError):
        raise SolverError(
            f"{what} are beyond float64; scale the samples, targets and weights"
        ) from None


def float_samples(arrangement: Arrangement, bias: bool) -> Floats:
    """The samples as given in float64, for convex programs.

    Raises
    ------
    SolverError
        If they are beyond float64.
    """
    samples = Samples.of(arrangement, np.zeros(arrangement.n_hyperplanes), bias)
    if samples.spread > SPREAD:
        samples.uncentred().refuse_beyond("remove one of them, or scale the data")
    given: Floats = arrangement.normals.astype(np.float64)
    return given


def sample_targets(y: Any, n: int) -> tuple[Floats, NDArray[Any]]:
    """The n targets in float64, read-only, and exactly as given.

    Raises
    ------
    InputError
        If y is not a sequence of n finite numbers; the message names the entry.
    """
    if (
        isinstance(y, str | bytes | type)
        or not hasattr(y, "__len__")
        or not hasattr(y, "__getitem__")
    ):
        raise InputError(f"y must be a sequence of {n} numbers, one a sample")
    values = exact_table(y if isinstance(y, np.ndarray) else list(y), "y", "entry", 1)
    if len(values) != n:
        raise InputError(f"y has {len(values)} entries, but X has {n} samples")
    for i, value in enumerate(values):
        _refuse_extreme(value, TARGETS, f"y, entry {i}")
    result = values.astype(np.float64)
    result.flags.writeable = False
    return result, values


def sample_weights(weights: Any, n: int) -> Floats:
    """The n weights of samples, ones for None.

    Raises
    ------
    InputError
        If they are not n finite numbers of at least 0, and one above; the message names it.
    """
    if weights is None:
        return np.ones(n)
    exactly = exact_table(weights, "sample_weight", "entry", 1)
    if len(exactly) != n:
        raise InputError(f"sample_weight has {len(exactly)} entries, but X has {n} samples")
    for i, value in enumerate(exactly):
        _refuse_extreme(value, TARGETS, f"sample_weight, entry {i}")
        if value < 0:
            raise InputError(f"sample_weight, entry {i}: {float(value):g} is below 0")
    values = exactly.astype(np.float64)
    if not values.any():
        raise InputError("sample_weight: every weight is zero, so that no sample counts")
    return values


def _refuse_extreme(value: Any, limits: tuple[float, float], place: str) -> None:
    if value and not limits[0] <= abs(value) <= limits[1]:
        raise InputError(
            f"{place}: its absolute value is beyond {limits[0]:g} to {limits[1]:g}, where "
            "float64 can work with its squares; scale the data"
        )


@dataclass(frozen=True, eq=False)
class Samples:
    """The samples as normals of an arrangement, with the targets, for floating-point work.

    With a bias the features are centred first (exactly, then rounded), since a shift of the
    features is a change of the bias weight; then columns are divided by `scale`, their
    Euclidean norms, so that features of different units count alike. Signs, outputs and losses
    do not depend on either; :meth:`weights` and :meth:`coordinates` translate.

    Attributes
    ----------
    arrangement : Arrangement
        The exact arrangement of the samples, copies included.
    X : ndarray, shape (N, d)
        The centred and scaled samples; no row is zero.
    y : ndarray, shape (N,)
        The targets.
    scale : ndarray, shape (d,)
    shift : ndarray, shape (d,)
        The centre of the samples, in units of the constant coordinate, whose own entry is 0;
        all zero without a bias.
    beyond : tuple, optional
        The spread and the two samples that have it, where float64 is no arithmetic for them.
        Then nothing is decided with X; it is not centred and `scale` is powers of two, so that
        exact weights are translated without rounding.
    """

    arrangement: Arrangement
    X: Floats
    y: Floats
    scale: Floats
    shift: Floats
    beyond: tuple[float, int, int] | None = None

    @classmethod
    def of(cls, arrangement: Arrangement, y: Floats, with_bias: bool = False) -> Samples:
        """The samples of an arrangement from `Arrangement.from_samples`, for float64."""
        given = arrangement.normals
        shift = np.zeros(given.shape[1])
        if with_bias:
            constant = given[0, -1]
            with np.errstate(over="ignore", invalid="ignore"):
                features = given[:, :-1].astype(np.float64)
                shift[:-1] = (features / float(constant)).mean(axis=0)
            if not np.isfinite(shift).all():
                shift[:] = 0.0
            centre = shift if given.dtype != object else np.array([Fraction(v) for v in shift])
            given = given - centre * constant
        X = given.astype(np.float64)
        scale = lengths(X.T)
        scale[scale == 0] = 1.0
        X = X / scale
        _refuse_vanished(X)
        return cls(arrangement, X, y, scale, shift)

    @cached_property
    def spread(self) -> float:
        """How many times the smallest difference that matters goes into the largest.

        That is the largest ratio of two samples' lengths, or of a length to the distance
        between the directions of two hyperplanes; infinite where float64 takes two for one.
        """
        if self.beyond is not None:
            return np.inf
        return self._widest[0]

    @cached_property
    def _widest(self) -> tuple[float, int, int]:
        """The spread, and the two samples that have it."""
        size = np.log10(lengths(self.X))
        small, large = int(size.argmin()), int(size.argmax())
        widest = 10.0 ** min(float(size[large] - size[small]), 308.0), small, large
        first, _ = self.arrangement.coincidence
        distinct = np.flatnonzero(first == np.arange(len(first)))
        if len(distinct) == 1:
            return widest
        unit = self.unit[distinct]
        near, other = KDTree(np.concatenate([unit, -unit])).query(unit, k=2)
        k = int(near[:, 1].argmin())
        pair = {int(v) % len(distinct) for v in (k, *other[k])}
        a, b = (int(distinct[v]) for v in sorted(pair)[:2])
        with np.errstate(divide="ignore"):
            return max(widest, (float(1.0 / near[k, 1]), a, b))

    def refuse_beyond(
        self, remedy: str = "ask for exact=True, take fewer samples, or scale the data"
    ) -> None:
        """Raise a SolverError if float64 is no arithmetic for the samples."""
        if self.beyond is not None:
            spread, a, b = self.beyond
            raise SolverError(
                f"X, rows {min(a, b)} and {max(a, b)}: their lengths, or the directions of "
                f"their hyperplanes, are too far apart or too near for float64 ({spread:.0e}); "
                f"{remedy}"
            )

    def uncentred(self) -> Samples:
        """The same for samples that are beyond float64."""
        X = self.arrangement.normals.astype(np.float64)
        scale = np.ldexp(1.0, np.frexp(lengths(X.T))[1])
        X = X / scale
        _refuse_vanished(X)
        return Samples(self.arrangement, X, self.y, scale, np.zeros(len(scale)), self._widest)

    def weights(self, v: Floats) -> Floats:
        """The weights, for the samples as given, of weights v for the samples here."""
        w: Floats = v / self.scale
        w[..., -1] -= w @ self.shift
        return w

    def exact_weights(self, v: Floats) -> NDArray[np.object_]:
        """The same for rows v as Fractions, of which only the quotients are rounded."""
        shift = [Fraction(s) for s in self.shift.tolist()]
        rows = [[Fraction(x) for x in row] for row in (v / self.scale).tolist()]
        for row in rows:
            row[-1] -= sum((x * s for x, s in zip(row, shift, strict=True)), Fraction(0))
        return np.array(rows, dtype=object)

    def coordinates(self, w: NDArray[Any]) -> Floats:
        """The inverse of :meth:`weights`, the shift computed exactly."""
        v = np.array(w, dtype=np.float64)
        if self.shift.any():
            shift = [Fraction(s) for s in self.shift]
            given = np.reshape(w, (-1, v.shape[-1]))
            for row, exactly in zip(v.reshape(-1, v.shape[-1]), given, strict=True):
                moved = sum(
                    (Fraction(x) * s for x, s in zip(exactly, shift, strict=True)),
                    Fraction(exactly[-1]),
                )
                row[-1] = float(moved)
        return v * self.scale

    @cached_property
    def unit(self) -> Floats:
        """The scaled samples divided by their lengths, shape (N, d)."""
        unit: Floats = self.X / lengths(self.X)[:, None]
        return unit

    def some_cells(self) -> int:
        """The number of cells that random weights lie in: quick, and never too many."""
        count = min(1 << 17, (1 << 26) // len(self.y) + 1)
        w = np.random.default_rng(0).normal(size=(count, self.X.shape[1]))
        active = np.where(w @ self.unit.T > 0, 1, -1)
        return len(np.unique(pack_signs(active), axis=0))


def _refuse_vanished(X: Floats) -> None:
    for i in np.flatnonzero(~X.any(axis=1)):
        raise InputError(f"X, row {i}: too small beside the other samples for float64")


def lengths(rows: Floats) -> Floats:
    """Euclidean lengths of rows; a square of an entry may lie beyond the range of float64."""
    largest = np.abs(rows).max(axis=1)
    largest[largest == 0] = 1.0
    result: Floats = largest * np.linalg.norm(rows / largest[:, None], axis=1)
    return result
