"""``arrangement --version``: what a report of a fault needs."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from arrangement.kernels import built
from arrangement.version import __version__

__all__ = ["versions"]

LIBRARIES = (
    "numpy",
    "scipy",
    "numba",
    "python-flint",
    "networkx",
    "cvxpy",
    "highspy",
    "clarabel",
)
EXTRAS = ("matplotlib", "scikit-learn", "onnx", "torch", "sympy", "dask", "pyarrow")


def versions() -> str:
    """The versions of the package and of what it stands on, a line each kind."""
    loops = "built at installation" if built.functions() else "compiled when first called"
    return "\n".join([
        f"arrangement {__version__}",
        f"Python {platform.python_version()}, {platform.platform()}",
        f"loops {loops}",
        ", ".join(_installed(LIBRARIES)),
        f"extras: {', '.join(_installed(EXTRAS)) or 'none'}",
    ])  # fmt: skip


def _installed(names: tuple[str, ...]) -> list[str]:
    found = []
    for name in names:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return found
