"""The errors that the package raises on purpose, on one page."""

from __future__ import annotations

__all__ = ["ArrangementError", "InputError", "MissingExtraError", "SizeError", "SolverError"]


class ArrangementError(Exception):
    """Base class of every error that the package raises on purpose."""


class InputError(ArrangementError, ValueError):
    """The input is not what it must be; the message names the row or the value."""


class SizeError(InputError):
    """The request is well formed but too large; the message says what to reduce."""


class MissingExtraError(ArrangementError, ImportError):
    """An optional dependency is missing; the message names the extra to install."""


class SolverError(ArrangementError, RuntimeError):
    """A numerical solver gave no answer that could be certified."""
