"""Eight float64 at once, for loops that are too short for the compiler to find the vectors.

A value is what one register of AVX-512, two of AVX2 or four of NEON hold; LLVM divides it up.
Sums, differences, products and quotients round as those of float64 do, also with a float64 on
one side. What the operations do is said in :mod:`arrangement.kernels.lanes_numba`; here
they have their names, for loops to name them without an import of numba.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "above",
    "absolute",
    "covering",
    "down",
    "fused",
    "if_above",
    "load",
    "marked",
    "maximum",
    "peak",
    "shared",
    "spread",
    "store",
]


class _Operation:
    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, *arguments: Any) -> Any:
        raise TypeError(f"{self.name} is for compiled loops, which give it a meaning")

    @property
    def _numba_type_(self) -> Any:
        # Numba asks for this; who has built loops does without it.
        from numba.core.registry import cpu_target

        from arrangement.kernels import lanes_numba

        return cpu_target.typing_context.resolve_value_type(getattr(lanes_numba, self.name))


(
    above, absolute, covering, down, fused, if_above, load, marked, maximum, peak,
    shared, spread, store,
) = map(_Operation, __all__)  # fmt: skip
