"""What notebooks show of a result."""

from __future__ import annotations

from importlib import import_module

__all__ = ["InNotebooks"]


class InNotebooks:
    """A result that notebooks show as a small picture and a table."""

    def _repr_html_(self) -> str:
        # What draws stands above all results, and only notebooks wait for it.
        return str(import_module("arrangement.plot.notebooks").html(self))
