"""A data set: finite samples with one label each."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arrangement.checks import entries
from arrangement.errors import InputError, SizeError
from arrangement.in_notebooks import InNotebooks

__all__ = ["DataSet", "refuse_many"]

_MANY = 2**26
"""Numbers of any data set: 512 MiB in float64, and all of MNIST."""


@dataclass(frozen=True, eq=False)
class DataSet(InNotebooks):
    """Samples with one label each.

    Attributes
    ----------
    X : ndarray of float64, shape (N, D)
        One sample a row; finite, read-only.
    y : ndarray, shape (N,)
        Labels: numbers, or names as text; read-only.
    name : str
        Where the samples come from.

    Raises
    ------
    InputError
        If there is no sample or no feature, the lengths differ, or an entry is no finite
        number; the message names the data set and the row.

    Examples
    --------
    >>> from arrangement.data.samples import DataSet
    >>> data = DataSet([[0, 1], [2, 3], [4, 5]], ["cat", "dog", "cat"], "pets")
    >>> data
    DataSet pets: 3 samples, 2 features, 2 labels
    >>> data.classes.tolist()
    ['cat', 'dog']
    """

    X: NDArray[np.float64]
    y: NDArray[Any]
    name: str

    def __post_init__(self) -> None:
        X = _finite(self.X, f"{self.name}: samples")
        y = entries(self.y)
        if y.dtype.kind in "US" or (
            y.dtype == object and all(isinstance(v, str) for v in y.flat)
        ):
            y = y.astype(str)
        else:
            y = _finite(y, f"{self.name}: labels")
        if X.ndim != 2 or 0 in X.shape:
            raise InputError(
                f"{self.name}: samples of shape {X.shape}; at least one row and one feature "
                "are needed"
            )
        if y.shape != (len(X),):
            raise InputError(
                f"{self.name}: {len(X)} samples but labels of shape {y.shape}; one label a "
                "sample is needed"
            )
        for field, values in (("X", X), ("y", y)):
            values.flags.writeable = False
            object.__setattr__(self, field, values)

    @property
    def classes(self) -> NDArray[Any]:
        """The distinct labels in ascending order; shape (k,)."""
        return np.unique(self.y)

    def __len__(self) -> int:
        return len(self.X)

    def __repr__(self) -> str:
        return (
            f"DataSet {self.name}: {len(self)} samples, {self.X.shape[1]} features, "
            f"{len(self.classes)} labels"
        )


def refuse_many(numbers: int, path: str) -> None:
    """A SizeError for a small file whose content becomes an array of huge size in float64."""
    if numbers > max(_MANY, 8 * os.stat(path).st_size):
        raise SizeError(
            f"{path}: {numbers:,} numbers, more than {_MANY:,} in a file that is so small; if "
            "they are meant, write it without compression"
        )


def _finite(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """A copy in float64, or an InputError that names the first bad row."""
    try:
        if np.iscomplexobj(values):
            raise TypeError
        result = np.array(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{name}: not a table of numbers") from None
    if not result.ndim:
        raise InputError(f"{name}: not a table of numbers")
    bad = np.argwhere(~np.isfinite(result))
    if len(bad):
        place = f"row {bad[0][0]}" + (f", column {bad[0][1]}" if result.ndim == 2 else "")
        raise InputError(f"{name}, {place}: {result[tuple(bad[0])]} is not a finite number")
    return result
