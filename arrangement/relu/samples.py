"""The samples of a problem: checked, exact as an arrangement, and scaled for float64."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arrangement.errors import InputError
from arrangement.hyperplanes import Arrangement

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

CHUNK = 1 << 16
"""Numbers in one intermediate table: half a megabyte stays in a processor's cache."""


def sample_arrangement(X: ArrayLike, bias: float | Fraction | None) -> Arrangement:
    """The samples, with the bias appended, as normals of a central arrangement.

    Raises
    ------
    InputError
        If X is not a table of finite numbers, of at least one sample and one feature, if a
        sample is zero and there is no bias, or a number is beyond float64.
    """
    if bias is not None and bias == 0:
        raise InputError("bias=0 appends a coordinate that is always 0: for no bias pass None")
    arrangement = Arrangement.from_samples(X, 1 if bias is None else bias)
    given = arrangement.normals
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
    try:
        numbers = given.astype(np.float64)
        finite = bool(np.isfinite(numbers).all())
    except OverflowError:
        finite = False
    if not finite:
        raise InputError("X holds numbers beyond the range of float64; scale the features")
    return arrangement


def sample_targets(y: ArrayLike, n: int) -> Floats:
    """The n targets in float64, read-only.

    Raises
    ------
    InputError
        If y is not a sequence of n finite numbers; the message names the entry.
    """
    try:
        values: list[Any] = list(y)  # type: ignore[arg-type]
    except TypeError:
        raise InputError(f"y must be a sequence of {n} numbers, one a sample") from None
    if len(values) != n:
        raise InputError(f"y has {len(values)} entries, but X has {n} samples")
    result = np.empty(n)
    for i, value in enumerate(values):
        try:
            result[i] = float(value) if np.ndim(value) == 0 else np.nan
        except (TypeError, ValueError, OverflowError):
            result[i] = np.nan
        if not np.isfinite(result[i]):
            raise InputError(f"y, entry {i}: {value!r} is not a finite real number")
    result.flags.writeable = False
    return result


@dataclass(frozen=True, eq=False)
class Samples:
    """The samples as normals of an arrangement, with the targets, for floating-point work.

    Columns of the samples are divided by `scale`, their Euclidean norms, so that features of
    different units count alike; a weight vector w of the samples as given is w * scale here.
    Signs, outputs and losses do not depend on the scaling.

    Attributes
    ----------
    arrangement : Arrangement
        The exact arrangement of the samples, copies included.
    X : ndarray, shape (N, d)
        The scaled samples; no row is zero.
    y : ndarray, shape (N,)
        The targets.
    scale : ndarray, shape (d,)
    """

    arrangement: Arrangement
    X: Floats
    y: Floats
    scale: Floats

    @classmethod
    def of(cls, arrangement: Arrangement, y: Floats) -> Samples:
        """The scaled samples of an arrangement from `Arrangement.from_samples`."""
        X = arrangement.normals.astype(np.float64)
        scale = lengths(X.T)
        scale[scale == 0] = 1.0
        X = X / scale
        for i in np.flatnonzero(~X.any(axis=1)):
            raise InputError(f"X, row {i}: too small beside the other samples for float64")
        return cls(arrangement, X, y, scale)

    @cached_property
    def unit(self) -> Floats:
        """The scaled samples divided by their lengths, shape (N, d)."""
        unit: Floats = self.X / lengths(self.X)[:, None]
        return unit

    @property
    def zero_loss(self) -> float:
        """The loss of the zero function, mean(y²)."""
        return float(np.mean(self.y**2))

    def chunks(self, m: int) -> Iterator[slice]:
        """Slices of range(m) over which an (m, N) table is built piece by piece."""
        step = max(1, CHUNK // len(self.y))
        return (slice(start, min(start + step, m)) for start in range(0, m, step))


def lengths(rows: Floats) -> Floats:
    """Euclidean lengths of rows; a square of an entry may lie beyond the range of float64."""
    largest = np.abs(rows).max(axis=1)
    largest[largest == 0] = 1.0
    result: Floats = largest * np.linalg.norm(rows / largest[:, None], axis=1)
    return result
