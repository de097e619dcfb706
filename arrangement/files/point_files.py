"""Points from files: tables of text, arrays, and vertices as cdd and lrs write them."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import InputError
from arrangement.files.cdd import read_cdd
from arrangement.files.exact_text import table_numbers
from arrangement.files.reading import read_arrays
from arrangement.files.text import read_text

__all__ = ["read_points"]


def read_points(path: str) -> NDArray[Any]:
    """Points, one a row: of a table of text, a .npy file or a .ext file of cdd and lrs.

    Parameters
    ----------
    path : str
        Numbers of a text are exact, a header is left out; each may be compressed (.gz).

    Raises
    ------
    InputError
        If the file cannot be read, or holds no such table; the message names the file.
    """
    suffix = os.path.splitext(path.lower().removesuffix(".gz"))[1]
    if suffix == ".ext":
        _, rows, lines = read_cdd(path, "V")
        for i in [*np.flatnonzero(rows[:, 0] != 1), *lines]:
            raise InputError(f"{path}, row {i + 1}: a ray or a line, where points are needed")
        return rows[:, 1:]
    if suffix in (".npy", ".npz"):
        points = read_arrays(path)
        if not isinstance(points, np.ndarray):
            raise InputError(f"{path}: arrays by name; give a .npy file or a table of text")
        return points
    name, text = read_text(path)
    return table_numbers(text, name)[0]
