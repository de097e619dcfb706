"""How large arrangements and ReLU networks can be; every bound with its theorem.

- :mod:`~arrangement.bounds.arrangements`: zaslavsky, cover, buck (cells and faces);
- :mod:`~arrangement.bounds.networks`: montufar_2014, raghu, montufar_2017, serra (regions of
  deep ReLU networks).
"""

from arrangement.bounds.arrangements import buck, cover, zaslavsky
from arrangement.bounds.networks import montufar_2014, montufar_2017, raghu, serra

__all__ = ["buck", "cover", "montufar_2014", "montufar_2017", "raghu", "serra", "zaslavsky"]


def __dir__() -> list[str]:
    return sorted(__all__)
