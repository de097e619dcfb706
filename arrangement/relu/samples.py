"""The samples of a problem: checked, exact as an arrangement, and scaled for float64."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arrangement.errors import InputError
from arrangement.fields import field_of
from arrangement.hyperplanes import Arrangement
from arrangement.packing import pack_signs
from arrangement.parsing import exact_table

__all__ = [
    "CHUNK",
    "Floats",
    "Mask",
    "Samples",
    "Signs",
    "lengths",
    "sample_arrangement",
    "sample_targets",
]

Floats = NDArray[np.float64]
Signs = NDArray[np.int8]
Mask = NDArray[np.bool_]

FEATURES = (1e-200, 1e200)
TARGETS = (1e-100, 1e100)
"""The absolute values that float64 can work with safely, zero aside. Features are scaled before
they are squared, targets are not."""

CHUNK = 1 << 16
"""Numbers in one intermediate table: half a megabyte stays in a processor's cache."""


def sample_arrangement(X: ArrayLike, bias: Any) -> Arrangement:
    """The samples, with the bias appended, as normals of a central arrangement.

    Raises
    ------
    InputError
        If X is not a table of finite numbers, of at least one sample and one feature, if a
        sample is zero and there is no bias, or a number is beyond float64.
    """
    if bias is not None and not exact_table([bias], "bias", "entry", 1)[0]:
        raise InputError(
            "bias=0 appends a coordinate that is always 0; for no bias give None "
            "('none' on the command line)"
        )
    arrangement = Arrangement.from_samples(X, 1 if bias is None else bias)
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
        arrangement = Arrangement(given[:, :-1])
    for (i, j), value in np.ndenumerate(given):
        _refuse_extreme(value, FEATURES, f"X, row {i}, column {j}")
    return arrangement


def sample_targets(y: Any, n: int) -> tuple[Floats, NDArray[Any]]:
    """The n targets in float64, read-only, and exactly as given.

    Raises
    ------
    InputError
        If y is not a sequence of n finite numbers; the message names the entry.
    """
    if isinstance(y, str | bytes) or not hasattr(y, "__len__") or not hasattr(y, "__getitem__"):
        raise InputError(f"y must be a sequence of {n} numbers, one a sample")
    values = exact_table(y if isinstance(y, np.ndarray) else list(y), "y", "entry", 1)
    if len(values) != n:
        raise InputError(f"y has {len(values)} entries, but X has {n} samples")
    for i, value in enumerate(values):
        _refuse_extreme(value, TARGETS, f"y, entry {i}")
    result = values.astype(np.float64)
    result.flags.writeable = False
    return result, values


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
    """

    arrangement: Arrangement
    X: Floats
    y: Floats
    scale: Floats
    shift: Floats

    @classmethod
    def of(cls, arrangement: Arrangement, y: Floats, with_bias: bool = False) -> Samples:
        """The samples of an arrangement from `Arrangement.from_samples`, for float64."""
        given = arrangement.normals
        shift = np.zeros(given.shape[1])
        if with_bias:
            constant = given[0, -1]
            shift[:-1] = (given[:, :-1].astype(np.float64) / float(constant)).mean(axis=0)
            centre = shift if given.dtype != object else np.array([Fraction(v) for v in shift])
            given = given - centre * constant
        X = given.astype(np.float64)
        scale = lengths(X.T)
        scale[scale == 0] = 1.0
        X = X / scale
        for i in np.flatnonzero(~X.any(axis=1)):
            raise InputError(f"X, row {i}: too small beside the other samples for float64")
        return cls(arrangement, X, y, scale, shift)

    def weights(self, v: Floats) -> Floats:
        """The weights, for the samples as given, of weights v for the samples here."""
        w: Floats = v / self.scale
        w[..., -1] -= w @ self.shift
        return w

    def coordinates(self, w: Floats) -> Floats:
        """The inverse of :meth:`weights`, the shift computed exactly."""
        v = np.array(w, dtype=np.float64)
        if self.shift.any():
            shift = [Fraction(s) for s in self.shift]
            for row in v.reshape(-1, v.shape[-1]):
                moved = sum(
                    (Fraction(x) * s for x, s in zip(row, shift, strict=True)),
                    Fraction(row[-1]),
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


def lengths(rows: Floats) -> Floats:
    """Euclidean lengths of rows; a square of an entry may lie beyond the range of float64."""
    largest = np.abs(rows).max(axis=1)
    largest[largest == 0] = 1.0
    result: Floats = largest * np.linalg.norm(rows / largest[:, None], axis=1)
    return result
