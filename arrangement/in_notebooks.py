"""What notebooks show of a result."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

__all__ = ["InNotebooks"]


class InNotebooks:
    """A result that notebooks show as a small picture and a table."""

    _drawn: ClassVar[Callable[[object], str]] = staticmethod(repr)
    """Set by the package, as what draws stands above all results."""

    def _repr_html_(self) -> str:
        return InNotebooks._drawn(self)
