"""Sign vectors as they are given, and as text."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.checks import entries
from arrangement.errors import InputError

__all__ = ["sign_strings", "sign_vector"]

_SIGNS = {"+": 1, "0": 0, "-": -1, "−": -1}


def sign_vector(given: Any, n: int, zeros: bool = False) -> NDArray[Any]:
    """A sign vector that is given by n numbers or as a text, such as "+-", shape (n,).

    Raises
    ------
    InputError
        If it has another length or other entries than ±1, and 0 if `zeros` are welcome.

    Examples
    --------
    >>> sign_vector("+-0", 3, zeros=True).tolist()
    [1, -1, 0]
    """
    if isinstance(given, str):
        values = np.array([_SIGNS.get(sign, 2) for sign in given], dtype=int)
    else:
        values = entries(given)
    if values.shape != (n,) or not np.isin(values, (-1, 0, 1) if zeros else (-1, 1)).all():
        kinds = "1, 0 or -1 ('+', '0' or '-')" if zeros else "1 or -1 ('+' or '-')"
        raise InputError(f"a sign vector has {n} entries, each {kinds}")
    return values


def sign_strings(signs: Any) -> list[str]:
    """Sign vectors as texts.

    Examples
    --------
    >>> sign_strings([[1, -1, 0]])
    ['+-0']
    """
    return ["".join("-0+"[s + 1] for s in row) for row in signs]
