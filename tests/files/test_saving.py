"""Saved files that were altered: refused, or a whole object; never a crash of compiled code."""

import inspect
import io
import subprocess
import sys
import zipfile
from functools import cached_property

import numpy as np
import pytest

from arrangement import Arrangement, Cells, InputError, families
from arrangement.files import archives
from arrangement.networks import Network, Regions
from tests.amounts import first

SQUARE = [(-1, 1), (-1, 1)]
KINDS = {"cells": Cells, "regions": Regions, "network": Network}


# Not integers over the generator that the text of the other row leads to.
IRRATIONAL = [["-(1+sqrt(5))/2", "sqrt(2)"], [0, "-sqrt(2)-sqrt(5)"]], ["sqrt(5)", "sqrt(3)"]


def _cells(arrangement, **options):
    cells = arrangement.cells(**options)
    _ = cells.points, cells.bounded, cells.edges
    return cells


def _objects():
    regions = Network.random([2, 4, 3, 2], rng=3).regions(SQUARE)
    rng = np.random.default_rng(0)
    weights, biases = [rng.normal(size=(9, 2)), rng.normal(size=(2, 3))], [np.ones(9), [0, 0]]
    maxout = Network(weights, biases, ("maxout", 3)).regions(SQUARE)
    copies = Arrangement([["1/3", 10**30], [0.1, 2], [1, 0], [-1, 0]], ["1/7", 0, 0, 0])
    return {
        "catalan": ("cells", _cells(families.catalan(3))),
        "copies": ("cells", _cells(copies)),
        "domain": ("cells", _cells(families.braid(3), domain=[(0, 1), (-1, 1), ("1/3", 1)])),
        "irrational": ("cells", _cells(families.braid(2), domain=IRRATIONAL)),
        "bare": ("cells", families.braid(3).cells()),
        "regions": ("regions", regions),
        "merged": ("regions", regions.merge()),
        "decision": ("regions", regions.decision_regions()),
        "maxout": ("regions", maxout),
        "solid": ("regions", Network.random([3, 4, 2], rng=3).regions([(-1, 1)] * 3)),
        "line": ("regions", Network.random([1, 4, 2], rng=3).regions([(-1, 1)])),
        "network": (
            "network",
            Network(weights[:1], biases[:1], "leaky_relu", 0.1, labels=list("abcdefghi")),
        ),
    }


OBJECTS = _objects()


def use(thing):
    """Ask for everything that is public and needs no argument but an index."""
    for name in dir(type(thing)):
        member = inspect.getattr_static(type(thing), name)
        if name.startswith("_"):
            continue
        try:
            if isinstance(member, property | cached_property):
                getattr(thing, name)
            elif inspect.isfunction(member):
                needed = [
                    p.name for p in inspect.signature(member).parameters.values()
                    if p.default is p.empty and p.name != "self"
                ]  # fmt: skip
                if not needed:
                    getattr(thing, name)()
                elif needed == ["i"]:
                    for i in range(len(thing)):
                        getattr(thing, name)(i)
        except InputError:
            pass  # there is none of this kind, or the file lied where only work can tell
        except AttributeError:  # a network with several inputs has none
            assert name == "breakpoints"
    if isinstance(thing, Cells):
        for cell in thing:
            use(cell)


def altered(arrays, rng):
    """The arrays with one to five entries of one of them changed, or its shape or type."""
    name = str(rng.choice(sorted(arrays.keys() - {"format", "checksum"})))
    array = np.array(arrays[name])
    how = rng.integers(12)
    if how == 0:
        return {k: v for k, v in arrays.items() if k != name}
    if how == 1:
        return {**arrays, name: array[None] if rng.random() < 0.5 else array.ravel()[:-1]}
    if how == 2 and array.dtype.kind in "iufb":
        other = str(rng.choice(["int64", "float32", "uint8", "complex128", "S3"]))
        with np.errstate(invalid="ignore"):
            return {**arrays, name: array.astype(other)}
    for i in rng.integers(max(1, array.size), size=rng.integers(1, 6)):
        if array.size == 0:
            break
        if array.dtype.kind == "b":
            values = [not array.flat[i]]
        elif array.dtype.kind == "f":
            values = [np.nan, np.inf, -1e300, 0.0, array.flat[i] * 1.01, array.flat[i] + 1]
        elif array.dtype.kind == "U":
            values = ["0", "-3", "7/3", "x", "1/0", "nan", "1e9999", ""]
        else:
            low, high = np.iinfo(array.dtype).min, np.iinfo(array.dtype).max
            near = [int(array.flat[i]) + step for step in (-1, 1)]
            values = [low, high, 10**9, 0, 3, *near, int(rng.choice(array.ravel()))]
            values = [min(max(v, low), high) for v in values]
        array.flat[i] = values[rng.integers(len(values))]
    return {**arrays, name: array}


def sealed_bytes(kind, thing, tmp_path):
    thing.save(tmp_path / "whole.npz")
    with np.load(tmp_path / "whole.npz") as file:
        return dict(file)


def same(a, b):
    return a.keys() == b.keys() and all(
        a[k].dtype == b[k].dtype
        and a[k].shape == b[k].shape
        and a[k].tobytes() == b[k].tobytes()
        for k in a
    )


@pytest.mark.parametrize("count", first(1, [8, 30]))
@pytest.mark.parametrize("which", OBJECTS)
def test_alterations_are_noticed(tmp_path, which, count):
    kind, thing = OBJECTS[which]
    arrays = sealed_bytes(kind, thing, tmp_path)
    rng = np.random.default_rng(0)
    for _ in range(count):
        changed = altered(arrays, rng)
        if same(changed, arrays):
            continue
        np.savez(tmp_path / "changed.npz", **changed)
        with pytest.raises(InputError, match=r"changed.npz: .*checksum"):
            KINDS[kind].load(tmp_path / "changed.npz")


CHILD = """
import resource, sys, warnings
resource.setrlimit(resource.RLIMIT_AS, (6 * 2**30,) * 2)
warnings.simplefilter("ignore")
from tests.files.test_saving import KINDS, InputError, use
kind, *paths = sys.argv[1:]
for path in paths:
    print(path, flush=True)
    try:
        use(KINDS[kind].load(path))
    except InputError as error:
        text = str(error)
        assert text.startswith(path + ": ") and text.count(chr(10)) == 0, text
"""


def survive(tmp_path, which, seed, count):
    kind, thing = OBJECTS[which]
    arrays = sealed_bytes(kind, thing, tmp_path)
    rng = np.random.default_rng(seed)
    paths = []
    for k in range(count):
        paths.append(str(tmp_path / f"{k}.npz"))
        archives.write(paths[-1], kind, altered(arrays, rng))
    command = [sys.executable, "-c", CHILD, kind, *paths]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300 + 5 * count)
    assert done.returncode == 0, (which, done.stdout.splitlines()[-1:], done.stderr[-2000:])


@pytest.mark.processes
@pytest.mark.parametrize("which", ["domain", "merged", "decision", "solid", "network"])
def test_alterations_with_a_checksum_of_their_own_do_no_harm(tmp_path, which):
    survive(tmp_path, which, 0, 25)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("which", OBJECTS)
def test_many_alterations_do_no_harm(tmp_path, which, seed):
    survive(tmp_path, which, seed + 1, 100)


@pytest.mark.parametrize("which", [k for k, (kind, _) in OBJECTS.items() if kind == "cells"])
def test_cells_are_loaded_as_they_were_saved(tmp_path, which):
    cells = OBJECTS[which][1]
    cells.save(tmp_path / "cells.npz")
    loaded = Cells.load(tmp_path / "cells.npz")
    assert loaded.arrangement == cells.arrangement
    assert (loaded.packed == cells.packed).all()
    if cells.domain is not None:
        mine, theirs = (Arrangement(c.domain[:, :-1], c.domain[:, -1]) for c in (cells, loaded))
        assert mine == theirs
    assert (loaded.points == cells.points).all()
    assert (loaded.bounded == cells.bounded).all()


@pytest.mark.parametrize("count", first(1, [10, 40]))
@pytest.mark.parametrize("which", OBJECTS)
def test_damaged_files_are_one_line(tmp_path, which, count):
    kind, thing = OBJECTS[which]
    thing.save(tmp_path / "whole.npz")
    whole = (tmp_path / "whole.npz").read_bytes()
    rng = np.random.default_rng(1)
    path = tmp_path / "damaged.npz"
    for _ in range(count):
        damaged = bytearray(whole)
        for place in rng.integers(len(whole), size=rng.integers(1, 4)).tolist():
            damaged[place] = int(rng.integers(256))
        path.write_bytes(
            damaged[: int(rng.integers(len(whole)))] if rng.random() < 0.3 else damaged
        )
        message = f"{path}: "  # bytes that zip does not look at may be anything
        try:
            KINDS[kind].load(path)
        except InputError as error:
            message = str(error)
        assert message.startswith(f"{path}: ")
        assert "\n" not in message


def test_an_array_cannot_stand_in_for_another(tmp_path):
    """The network's regions are found again, so that it cannot be exchanged."""
    one, other = (Network.random([2, 4, 2], rng=k).regions(SQUARE) for k in (0, 1))
    arrays = sealed_bytes("regions", one, tmp_path)
    strange = sealed_bytes("regions", other, tmp_path)
    arrays["network.weights_0"] = strange["network.weights_0"]
    archives.write(tmp_path / "mixed.npz", "regions", arrays)
    with pytest.raises(InputError, match="signs_of_regions: the network has other regions"):
        Regions.load(tmp_path / "mixed.npz")


def test_regions_in_another_order_are_read(tmp_path):
    """Which signs a region has lasts, and its number does not."""
    for which in ("regions", "merged", "decision"):
        regions = OBJECTS[which][1]
        arrays = sealed_bytes("regions", regions, tmp_path)
        for name in ("signs_of_regions", "owner"):
            arrays[name] = arrays[name][::-1]
        archives.write(tmp_path / "turned.npz", "regions", arrays)
        again = Regions.load(tmp_path / "turned.npz")
        assert np.array_equal(again.volumes, regions.volumes)


@pytest.mark.parametrize("which", ["regions", "merged", "decision"])
def test_regions_that_are_joined_in_a_file_are_refused(tmp_path, which):
    """A merged region has one affine map, and a decision region is connected."""
    arrays = sealed_bytes("regions", OBJECTS[which][1], tmp_path)
    arrays["owner"][arrays["owner"] == 1] = 0
    archives.write(tmp_path / "wrong.npz", "regions", arrays)
    with pytest.raises(InputError, match=r"wrong.npz: .*owner: .* made up of other cells"):
        Regions.load(tmp_path / "wrong.npz")


def test_files_of_the_other_byte_order_are_read(tmp_path):
    regions = OBJECTS["regions"][1]
    arrays = sealed_bytes("regions", regions, tmp_path)
    swapped = {
        k: v if v.dtype.kind == "U" else v.astype(v.dtype.newbyteorder("S"))
        for k, v in arrays.items()
    }
    archives.write(tmp_path / "swapped.npz", "regions", swapped)
    assert np.array_equal(Regions.load(tmp_path / "swapped.npz").volumes, regions.volumes)


def test_a_later_version_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "VERSION", 2)
    families.braid(3).cells().save(tmp_path / "later.npz")
    monkeypatch.undo()
    with pytest.raises(InputError, match="it says that it holds 'cells 2', not 'cells 1'"):
        Cells.load(tmp_path / "later.npz")


def test_hyperplanes_are_read_from_unaltered_cells_only(tmp_path):
    from arrangement.cli.arrangement_files import read_arrangement

    arrays = sealed_bytes("cells", OBJECTS["catalan"][1], tmp_path)
    assert read_arrangement(str(tmp_path / "whole.npz"))[0] == families.catalan(3)
    arrays["offsets"] = arrays["offsets"] + 1
    np.savez(tmp_path / "shifted.npz", **arrays)
    with pytest.raises(InputError, match=r"shifted.npz: the checksum is not"):
        read_arrangement(str(tmp_path / "shifted.npz"))


def test_zip_files_in_ways_of_their_own(tmp_path):
    content = io.BytesIO()
    np.save(content, np.arange(3))
    for way in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with zipfile.ZipFile(tmp_path / "odd.npz", "w", way) as file:
            file.writestr("packed.npy", content.getvalue())
        for kind in KINDS.values():
            with pytest.raises(InputError, match=r"odd.npz"):
                kind.load(tmp_path / "odd.npz")
