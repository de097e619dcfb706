"""The errors and warnings that the package raises on purpose, on one page."""

from __future__ import annotations

from arrangement.printable import printable

__all__ = [
    "ArrangementError", "InputError", "MissingExtraError", "ModelWarning",
    "NearlyDegenerateWarning", "SizeError", "SolverError", "one_line",
]  # fmt: skip


_LONGEST = 2000
"""Characters of a message; what the input holds may be of any length."""


class ArrangementError(Exception):
    """Base class of every error that the package raises on purpose.

    Its message is one line that a terminal shows as it is, whatever the input holds: what is
    not printable is escaped, and a very long message is cut.

    Examples
    --------
    >>> from arrangement import Arrangement
    >>> from arrangement import ArrangementError
    >>> try:
    ...     Arrangement([[0, 0]])
    ... except ArrangementError as error:
    ...     print(type(error).__name__)
    InputError
    """

    def __init__(self, *args: object) -> None:
        super().__init__(*(_line(arg) if isinstance(arg, str) else arg for arg in args))


class InputError(ArrangementError, ValueError):
    """The input is not what it must be; the message names the row or the value.

    Examples
    --------
    >>> from arrangement import Arrangement, InputError
    >>> try:
    ...     Arrangement([[1, 2], [0, 0]])
    ... except InputError as error:
    ...     print(error)
    row 1: the normal is zero, so this row is no hyperplane; remove the row
    """


class SizeError(InputError):
    """The request is well formed but too large; the message says what to reduce.

    Examples
    --------
    >>> from arrangement import SizeError, families
    >>> try:
    ...     families.resonance(20).n_cells()
    ... except SizeError as error:
    ...     print('too large')
    too large
    """


class MissingExtraError(ArrangementError, ImportError):
    """An optional dependency is missing; the message names the extra to install.

    Examples
    --------
    >>> from arrangement import ArrangementError, MissingExtraError
    >>> issubclass(MissingExtraError, ArrangementError)
    True
    """


class SolverError(ArrangementError, RuntimeError):
    """A numerical solver gave no answer that could be certified.

    Examples
    --------
    >>> from arrangement import ArrangementError, SolverError
    >>> issubclass(SolverError, ArrangementError)
    True
    """


class NearlyDegenerateWarning(UserWarning):
    """Hyperplanes given as floats miss a common flat by the rounding of their entries.

    Examples
    --------
    >>> import warnings
    >>> from arrangement import Arrangement, NearlyDegenerateWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", NearlyDegenerateWarning)
    ...     n = Arrangement([[1, 0], [0, 1], [1, 1]]).n_cells()
    >>> n
    6
    """


class ModelWarning(UserWarning):
    """A part at the end of a model, such as a softmax, is left out of the network.

    Examples
    --------
    >>> from arrangement import ModelWarning
    >>> issubclass(ModelWarning, UserWarning)
    True
    """


def _line(message: str) -> str:
    short = message if len(message) <= _LONGEST else message[: _LONGEST - 2] + " …"
    return printable(short)


def one_line(error: BaseException, first: bool = False) -> str:
    """What an error of another library says, in one line or the first one; else its type."""
    said = str(error).strip()
    return " ".join(said.splitlines()[:1] if first else said.split()) or type(error).__name__
