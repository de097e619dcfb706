"""Files from anywhere: hostile sizes, damaged archives, devices, all within a budget."""

import gzip
import io
import os
import struct
import subprocess
import sys
import threading
import zipfile

import numpy as np
import pytest

from arrangement.errors import InputError, SizeError
from arrangement.files import read_arrays, read_bytes

MEBIBYTE = 2**20


def npy(header, data=b"", version=1):
    text = header.encode()
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + data


def declared(shape, descr="'<f8'"):
    return f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}"


def archive(members, compression=zipfile.ZIP_DEFLATED):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as file:
        for name, data in members:
            file.writestr(name, data)
    return content.getvalue()


def zeros(size):
    """A gzip file of zeros, made without holding them."""
    content = io.BytesIO()
    with gzip.GzipFile(fileobj=content, mode="wb", compresslevel=1) as stream:
        for _ in range(size // MEBIBYTE):
            stream.write(bytes(MEBIBYTE))
    return content.getvalue()


def zip_of_zeros(size):
    content = io.BytesIO()
    with (
        zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file,
        file.open("a.npy", "w", force_zip64=True) as stream,
    ):
        for _ in range(size // MEBIBYTE):
            stream.write(bytes(MEBIBYTE))
    return content.getvalue()


def encrypted(content):
    """The archive with the flag of encryption set in its list of members."""
    place = content.index(b"PK\x01\x02") + 8
    return content[:place] + b"\x01" + content[place + 1 :]


GOOD = npy(declared((3,)), np.arange(3.0).tobytes())

REFUSED = {
    "empty": b"",
    "huge": npy(declared((10**12,))),
    "negative": npy(declared((-1,)), bytes(8)),
    "zero_beside_huge": npy(declared((0, 2**62, 2**62))),
    "fractions": npy(declared((1.5,)), bytes(8)),
    "no_width": npy(declared((10**12,), "'<U0'")),
    "wide": npy(declared((0,), "('<f8', (10**9,))")),
    "records": npy(declared((1,), "[('a', '<f8')]"), bytes(8)),
    "named_records": npy(declared((1,), "[('ä', '<f8')]"), bytes(8), version=3),
    "objects": npy(declared((1,), "'|O'"), bytes(8)),
    "header_never_ends": b"\x93NUMPY\x02\x00\xff\xff\xff\xff{",
    "nested": npy("(" * 9000),
    "signs": npy("-" * 9000 + "1"),
    "digits": npy(declared("(" + "9" * 9000 + ",)")),
    "more_than_declared": GOOD + b"0",
    "less_than_declared": GOOD[:-1],
    "pickle": b"\x80\x04K\x01.",
    "twice": archive([("a", GOOD), ("a.npy", GOOD)]),
    "no_array": archive([("a.npy", GOOD), ("b.txt", b"hello")]),
    "folder": archive([("a/", b"")]),
    "many": archive([(f"{i}.npy", GOOD) for i in range(1001)], zipfile.ZIP_STORED),
    "lzma": archive([("a.npy", GOOD)], zipfile.ZIP_LZMA),
    "encrypted": encrypted(archive([("a.npy", GOOD)])),
    "cut": archive([("a.npy", GOOD)])[:-10],
    "cut_gzip": gzip.compress(GOOD)[:-10],
    "noise_in_gzip": gzip.compress(GOOD)[:12] + bytes(range(40)),
    "after_gzip": gzip.compress(GOOD) + b"more",
}


@pytest.mark.parametrize("kind", REFUSED)
def test_hostile_arrays_are_refused(tmp_path, kind):
    path = tmp_path / "a.npy"
    path.write_bytes(REFUSED[kind])
    with pytest.raises(InputError) as caught:
        read_arrays(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_what_numpy_writes_is_read(tmp_path):
    arrays = {
        "zero_axes": np.array(2.5),
        "text": np.array(["a", "bc"]),
        "nothing": np.array(""),
        "none": np.zeros((0, 3)),
        "columns": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "big_endian": np.arange(3, dtype=">i4"),
        "../up": np.array([True, False]),
        "complex": np.array([1j]),
    }
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "a.npz", **arrays)
        content = (tmp_path / "a.npz").read_bytes()
        (tmp_path / "a.npz.gz").write_bytes(gzip.compress(content))
        for name in ("a.npz", "a.npz.gz"):
            found = read_arrays(tmp_path / name)
            assert list(found) == list(arrays)
            for key, array in arrays.items():
                assert found[key].dtype == array.dtype
                np.testing.assert_array_equal(found[key], array)
                assert found[key].flags.writeable
    np.save(tmp_path / "a.npy", arrays["columns"])
    np.testing.assert_array_equal(read_arrays(tmp_path / "a.npy"), arrays["columns"])
    (tmp_path / "a.npy").write_bytes(gzip.compress(GOOD[:50]) + gzip.compress(GOOD[50:]))
    assert read_arrays(tmp_path / "a.npy").tolist() == [0, 1, 2]  # two members of gzip
    np.save(tmp_path / "long.npy", np.arange(100.0))
    assert len(read_arrays(tmp_path / "long.npy", max_bytes=928)) == 100
    with pytest.raises(SizeError, match=r"long.npy: larger than 0 MiB"):
        read_arrays(tmp_path / "long.npy", max_bytes=927)


@pytest.mark.parametrize("seed", range(4))
def test_damaged_archives_give_one_kind_of_error(tmp_path, seed):
    """Every error is an InputError, and what is still read is what numpy reads."""
    rng = np.random.default_rng(seed)
    content = io.BytesIO()
    save = np.savez_compressed if seed % 2 else np.savez
    save(content, a=np.arange(50), b=np.eye(3), c=np.array(["x", "yz"]))
    whole = np.frombuffer(content.getvalue(), dtype=np.uint8)
    path = tmp_path / "a.npz"
    refused = 0
    for _ in range(150):
        altered = whole.copy()
        places = rng.integers(len(whole), size=rng.integers(1, 4))
        altered[places] = rng.choice([0, 1, 255, rng.integers(256)], size=len(places))
        path.write_bytes(altered[: rng.choice([len(whole), rng.integers(len(whole))])])
        try:
            found = read_arrays(path)
        except InputError:
            refused += 1
            continue
        assert isinstance(found, dict)
        for key, array in found.items():
            np.testing.assert_array_equal(array, np.load(path)[key])
    assert refused > 50


HOSTILE = {
    "gzip.npy": lambda: zeros(5 * 2**28),
    "gzip.npz": lambda: gzip.compress(zip_of_zeros(5 * 2**28)),
    "zip.npz": lambda: zip_of_zeros(5 * 2**28),
    "members.npy": lambda: zeros(2**20) * 2000,
    "list.npz": lambda: gzip.compress(b"PK\x01\x02" * 10_000_000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_small_files_take_little_memory(tmp_path, name):
    """Read where no more than 1 GB can be had at all."""
    (tmp_path / name).write_bytes(HOSTILE[name]())
    bounded(
        "from arrangement.files import read_arrays; read_arrays(sys.argv[1])", tmp_path / name
    )


def bounded(command, *arguments):
    """Run Python with 1 GiB beyond what the imports take; its error is one line."""
    code = (
        "import sys, resource, numpy, arrangement.relu.data, arrangement.reading\n"
        "from arrangement.errors import InputError\n"
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + 2**30, used + 2**30))\n"
        f"try:\n    {command}\n"
        "except InputError as error:\n    print(type(error).__name__, error)\n"
        "else:\n    print('read')"
    )
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True, text=True, timeout=120, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert "memory that is left" not in done.stdout
    assert len(done.stdout.splitlines()) == 1
    return done.stdout


def test_what_never_ends_is_read_to_the_bound(tmp_path):
    link = tmp_path / "endless.npy"
    link.symlink_to("/dev/zero")
    with pytest.raises(SizeError, match=r"endless.npy: larger than 1 MiB"):
        read_bytes(link, least=MEBIBYTE)
    pipe = tmp_path / "pipe.npy"
    os.mkfifo(pipe)

    def write():
        try:
            with open(pipe, "wb") as stream:
                while True:
                    stream.write(bytes(MEBIBYTE))
        except BrokenPipeError:
            pass

    writer = threading.Thread(target=write)
    writer.start()
    with pytest.raises(SizeError, match=r"pipe.npy: larger than 2 MiB"):
        read_bytes(pipe, least=2 * MEBIBYTE)
    writer.join()
    holes = tmp_path / "holes.npy"
    holes.touch()
    os.truncate(holes, 2**40)
    with pytest.raises(SizeError, match=r"holes.npy: larger than 256 MiB"):
        read_bytes(holes)


def test_large_files_are_read_whatever_their_size(tmp_path):
    """The bound is for what is not on disk: a file that takes its place is read."""
    path = tmp_path / "a"
    path.write_bytes(np.random.default_rng(0).bytes(3 * MEBIBYTE))
    assert len(read_bytes(path, least=MEBIBYTE)) == 3 * MEBIBYTE
    with pytest.raises(SizeError):
        read_bytes(path, max_bytes=MEBIBYTE)
    (tmp_path / "b").write_bytes(gzip.compress(path.read_bytes() * 2))
    assert len(read_bytes(tmp_path / "b", least=MEBIBYTE)) == 6 * MEBIBYTE


@pytest.mark.parametrize("name", ["", "no\0name", "\ud800", None, 3, 2.5, [], b"\xff\0"])
def test_names_that_are_none(name):
    with pytest.raises(InputError):
        read_arrays(name)


def test_messages_are_one_printable_line():
    for error in (
        InputError("class \x1b[31mred\x1b[0m\n\u202e\0\udc80 ä"),
        SizeError("x" * 10**6),
    ):
        assert str(error).isprintable()
        assert len(str(error)) <= 2000
    assert str(InputError("a\\b: ≤ 3")) == "a\\b: ≤ 3"
