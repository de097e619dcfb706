"""Sequences over columns: what cells, faces and flats have in common."""

from __future__ import annotations

import operator
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import MissingExtraError
from arrangement.exact.numbers import shown
from arrangement.in_notebooks import InNotebooks

if TYPE_CHECKING:
    import pandas

__all__ = ["Columnar", "Columns", "Valued", "Witnesses", "frozen"]

Columns = dict[str, Sequence[Any] | NDArray[Any]]
"""Columns of one length by name."""

Item = TypeVar("Item", covariant=True)


class Columnar(InNotebooks, Sequence[Item]):
    """A sequence that never changes, whose items are views of a row of its columns."""

    _name: str
    """What one item is called in messages."""

    @abstractmethod
    def _item(self, i: int) -> Item:
        """Item i, 0 ≤ i < len(self)."""

    @abstractmethod
    def node_columns(self) -> Columns:
        """What graphs and tables say of each item: columns of len(self) entries by name."""

    def to_dataframe(self) -> pandas.DataFrame:
        """The columns as a pandas DataFrame, a row an item.

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        MissingExtraError
            If pandas is not installed.

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> table = Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, -1]).cells().to_dataframe()
        >>> table.loc[table.bounded, "signs"].tolist()
        ['++-']
        """
        try:
            import pandas
        except ImportError:
            message = "a data frame needs pandas: pip install 'arrangement[pandas]'"
            raise MissingExtraError(message) from None
        columns = {name: np.asarray(column) for name, column in self.node_columns().items()}
        return pandas.DataFrame(
            {
                name: column.astype(str) if column.dtype.kind == "S" else list(column)
                for name, column in columns.items()
            }
        )

    @overload
    def __getitem__(self, key: int) -> Item: ...

    @overload
    def __getitem__(self, key: slice) -> list[Item]: ...

    def __getitem__(self, key: int | slice) -> Item | list[Item]:
        if isinstance(key, slice):
            return [self._item(i) for i in range(*key.indices(len(self)))]
        return self._item(self._place(key))

    def _place(self, i: int) -> int:
        """An index counted from the beginning; an IndexError if there is no such item."""
        i = operator.index(i)
        if not -len(self) <= i < len(self):
            raise IndexError(f"{self._name} {shown(i)} does not exist: there are {len(self)}")
        return i % len(self)

    def __iter__(self) -> Iterator[Item]:
        return (self._item(i) for i in range(len(self)))

    def __contains__(self, item: object) -> bool:
        try:
            self.index(item)
        except ValueError:  # an InputError where the index is looked up by signs
            return False
        return True

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Freeze the columns again: unpickled and copied arrays are writeable."""
        for name, value in state.items():
            self.__dict__[name] = frozen(value) if isinstance(value, np.ndarray) else value


class Valued(Columnar[Item]):
    """One that is equal to another of the same arrangement with the same items in order."""

    arrangement: Any

    @property
    @abstractmethod
    def _value(self) -> tuple[Any, ...]:
        """What it is made of beside the arrangement."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Valued) or type(self) is not type(other):
            return NotImplemented
        return self is other or (
            self.arrangement == other.arrangement
            and all(map(np.array_equal, self._value, other._value))
        )

    def __hash__(self) -> int:
        return hash((len(self), self.arrangement))


class Pointed(Protocol):
    """Cells or faces: each has a point, and a witness."""

    @property
    def points(self) -> Any: ...

    def __len__(self) -> int: ...

    def __getitem__(self, key: int) -> Any: ...


class Witnesses(Sequence[Item]):
    """The witnesses of cells or faces, computed one at a time; see :attr:`Cells.witness`."""

    def __init__(self, owner: Pointed) -> None:
        self._owner = owner

    def __len__(self) -> int:
        return len(self._owner)

    def __iter__(self) -> Iterator[Item]:
        _ = self._owner.points  # all at once is quicker than one by one
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return [self[i] for i in range(*key.indices(len(self)))]
        return self._owner[key].witness


def frozen(array: NDArray[Any]) -> Any:
    """The array itself, read-only from now on."""
    array.flags.writeable = False
    return array
