"""Files from anywhere: hostile sizes, damaged archives, devices, all within a budget."""

import csv
import gzip
import io
import os
import pickle
import random
import struct
import subprocess
import sys
import threading
import time
import zipfile
from decimal import Decimal

import numpy as np
import pytest

from arrangement.cli.arrangement_files import read_arrangement
from arrangement.data.samples import load, read_cifar10, read_csv, read_idx
from arrangement.errors import InputError, SizeError
from arrangement.exact.numbers import exact_number, exact_table, primitive
from arrangement.files.reading import read_arrays, read_bytes
from arrangement.files.text import parse_json, read_rows
from tests.amounts import first

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
    "no_letter": npy(declared((1,), "'<U1'"), b"\0\0\x11\0"),
    "no_letter_big": npy(declared((1,), "'>U1'"), b"\0\x11\0\0"),
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


@pytest.mark.parametrize("seed", first(1, range(4)))
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


@pytest.mark.processes
@pytest.mark.parametrize("name", HOSTILE)
def test_small_files_take_little_memory(tmp_path, name):
    """Read where no more than 1 GB can be had at all."""
    (tmp_path / name).write_bytes(HOSTILE[name]())
    bounded(
        "from arrangement.files.reading import read_arrays; read_arrays(sys.argv[1])",
        tmp_path / name,
    )


def packed(text, size):
    """A gzip file of a text of about this size, repeated."""
    repeated = text * (MEBIBYTE // len(text))
    content = io.BytesIO()
    with gzip.GzipFile(fileobj=content, mode="wb", compresslevel=1) as stream:
        for _ in range(size // MEBIBYTE):
            stream.write(repeated)
    return content.getvalue()


TEN, TWENTY = 10 * MEBIBYTE, 20 * MEBIBYTE

TABLES = {
    "zeros": lambda: packed(b"\0", 5 * 2**28),
    "lines": lambda: packed(b"\n", TEN),
    "rows": lambda: packed(b"12 3\n", TWENTY),
    "columns": lambda: packed(b"1,", TWENTY),
    "blanks": lambda: packed(b"1 ", TWENTY),
    "digits": lambda: packed(b"9", TWENTY),
    "exponents": lambda: packed(b"1e9999,1\n", TWENTY),
    "small": lambda: packed(b"1e-9999,1e9999\n", TWENTY),
    "labels": lambda: packed(b"1,a\n", TEN // 2) + gzip.compress(b"1," + b"b" * 100_000),
    "wide": lambda: packed("1,ä😀\n".encode(), TEN),
}


LONG = ("lines", "rows", "labels", "wide")
"""Many short rows take a minute."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [pytest.param(k, marks=pytest.mark.slow if k in LONG else ()) for k in TABLES]
)
def test_small_texts_take_little_memory(tmp_path, name):
    path = tmp_path / "a.csv.gz"
    path.write_bytes(TABLES[name]())
    bounded("arrangement.data.samples.read_csv(sys.argv[1])", path)
    bounded("arrangement.cli.arrangement_files.read_arrangement(sys.argv[1])[0].rows", path)


JSONS = {
    "nested": lambda: packed(b'{"normals":', TWENTY),
    "brackets": lambda: packed(b"[", TWENTY),
    "objects": lambda: gzip.compress(b'{"normals":[') + packed(b"{},", TWENTY),
    "numbers": lambda: gzip.compress(b'{"normals":[') + packed(b"999,", TWENTY),
    "exponents": lambda: gzip.compress(b'{"normals":[') + packed(b"1e9999,", 4 * MEBIBYTE),
    "texts": lambda: gzip.compress(
        b'{"normals":[[' + b'"1e9999",' * 200_000 + b"1]]}", compresslevel=1
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", JSONS)
def test_small_json_takes_little_memory(tmp_path, name):
    path = tmp_path / "a.json.gz"
    path.write_bytes(JSONS[name]())
    said = bounded("arrangement.cli.arrangement_files.read_arrangement(sys.argv[1])", path)
    assert said.startswith(("InputError", "SizeError"))


def idx(shape, data=b"", code=8):
    return bytes([0, 0, code, len(shape)]) + struct.pack(f">{len(shape)}I", *shape) + data


def pickled(*parts):
    return b"\x80\x02" + b"".join(parts) + b"."


SAMPLES = {
    "x-images-idx3-ubyte.gz": lambda: packed(b"\0", 2**28),
    "y-images-idx3-ubyte.gz": lambda: (
        gzip.compress(idx((255 * MEBIBYTE, 1))) + zeros(255 * MEBIBYTE)
    ),
    "a.npz": lambda: archive([("X.npy", npy(declared((2**26, 2), "'|u1'"), bytes(2**27)))]),
    "memo_batch": lambda: pickled(b"]r\x00\x00\x00\x20"),
    "lists_batch.gz": lambda: packed(b"]", TWENTY),
    "pixels_batch.gz": lambda: zeros(5 * 2**28),
    "long_batch": lambda: pickled(b"\x8b\xff\xff\xff\x7f"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SAMPLES)
def test_small_files_of_samples_take_little_memory(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(SAMPLES[name]())
    if "images" in name:
        labels = tmp_path / name.replace("images", "labels").replace("idx3", "idx1")
        labels.write_bytes(gzip.compress(idx((1,), b"0")))
    bounded("arrangement.data.samples.load(sys.argv[1])", path)


def bounded(command, *arguments):
    """Run Python with 1 GiB beyond what the imports take; its error is one line."""
    code = (
        "import sys, resource, numpy\n"
        "import arrangement.data.samples, arrangement.cli.arrangement_files\n"
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
        capture_output=True, text=True, timeout=300, env=environment,
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


def test_large_files_are_read_whatever_their_size(tmp_path, monkeypatch):
    """The bound is for what is not on disk: a file that takes its place is read."""
    path = tmp_path / "a"
    path.write_bytes(np.random.default_rng(0).bytes(3 * MEBIBYTE))
    assert len(read_bytes(path, least=MEBIBYTE)) == 3 * MEBIBYTE
    with pytest.raises(SizeError):
        read_bytes(path, max_bytes=MEBIBYTE)
    with monkeypatch.context() as patch:
        patch.setattr("arrangement.files.reading.memory", lambda: 5 * MEBIBYTE)
        with pytest.raises(SizeError, match="larger than 2 MiB"):
            read_bytes(path)
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


# --- text ---


def rows(text):
    return [cells for _, cells in read_rows(text, "t")]


@pytest.mark.parametrize("seed", range(5))
def test_tables_are_read_as_the_csv_module_reads_them(seed):
    rng = random.Random(seed)
    for _ in range(300):
        letters = rng.choice(["a1", 'a1"', "a1 \t", "ä\u2028\x85\x0b1", 'a,1"'])
        table = [
            [
                "".join(rng.choices(letters, k=rng.randrange(1, 4))).strip() or "x"
                for _ in range(3)
            ]
            for _ in range(rng.randrange(1, 5))
        ]
        written = io.StringIO()
        ends = rng.choice(["\n", "\r\n", "\r"])
        csv.writer(written, lineterminator=ends).writerows(table)
        assert rows(written.getvalue()) == table


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,a\n2,a\0\n", "t, line 2: a NUL character"),
        ('1,"2\n3,4"\n', "t, line 1: unexpected end of data"),
        ("1,2\n3\n", "t, line 2: 1 cells, but line 1 has 2"),
        ("\n\n# no\n", "t: empty, not one row"),
        ("1," * 1_000_000 + "1", "t, line 1: more than 1,000,000 columns"),
        ("1 " * 1_000_001, "t, line 1: more than 1,000,000 columns"),
    ],
)
def test_tables_that_are_none(text, message):
    with pytest.raises(InputError, match=message):
        rows(text)


MANY_KEYS = "{" + ", ".join(f'"k{i}": {i}' for i in range(300_000))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1, "a": 2}', "t: 'a' is given twice"),
        pytest.param(
            MANY_KEYS + ', "k299999": 1}',
            "t: 'k299999' is given twice",
            marks=pytest.mark.slow,
        ),
        ('{"a": ' + "9" * 200_000 + "}", "t: a number is longer than 100,000 characters"),
        ("[1]", "t: not a JSON object"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a": NaN}', "t: NaN is not a finite number"),
        ('{"a": -Infinity}', "t: -Infinity is not a finite number"),
        ('{"a": 1', "t: not JSON"),
    ],
)
def test_json_that_is_none(text, message):
    with pytest.raises(InputError, match=message):
        parse_json(text, "t", exact_number)


def test_long_numbers_are_exact_and_bounded(monkeypatch):
    long = "123456789" * 1000
    assert exact_number(f"-{long[:50]}.{long}") * 10**9000 == exact_number(
        f"-{long[:50]}{long}"
    )
    assert exact_number(f" {long}e-9000 ") * 10**9000 == exact_number(long)
    started = time.process_time()
    assert exact_number(f"{'6' * 49_999}/{'3' * 49_999}") == 2
    assert time.process_time() - started < 1
    for text in ("1e10000", "1E-0010_000", "9" * 100_001, "1e999999999"):
        with pytest.raises(OverflowError):
            exact_number(text)
    with pytest.raises(InputError, match="row 0, column 0"):
        exact_table([[Decimal("1e999999999")]], "normals", "row", 2)
    monkeypatch.setattr("arrangement.exact.numbers.MOST_BITS", 2**23)
    with pytest.raises(SizeError, match="normals: the numbers take more than 1 MiB"):
        exact_table([["1e9999"] * 300], "normals", "row", 2)
    for shape in ((2_000_001, 2), (0, 10**12)):
        with pytest.raises(SizeError, match="more than 4,000,000 numbers"):
            exact_table(np.zeros(shape), "normals", "row", 2)
    with pytest.raises(SizeError, match="a row scaled to integers"):
        primitive([exact_number(f"1/{10**3000 + i}") for i in range(1000)])


# --- samples ---


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (idx((1,) * 255, b"0"), "255 axes"),
        (idx((1,) * 33, b"0"), "33 axes"),
        (idx((0,) + (2**32 - 1,) * 7), r"shape \(0, 4294967295, .*not one number"),
        (idx((2**32 - 1,) * 8, b"0"), "cut off"),
        (idx((2, 1), b"000"), "too long"),
    ],
)
def test_idx_files_that_are_none(tmp_path, content, message):
    (tmp_path / "a-images-idx3-ubyte").write_bytes(content)
    (tmp_path / "a-labels-idx1-ubyte").write_bytes(idx((1,), b"0"))
    with pytest.raises(InputError, match=message):
        read_idx(tmp_path / "a-images-idx3-ubyte")


def a_batch(labels=(3,)):
    pixels = np.arange(len(labels) * 3072, dtype=np.uint64).astype(np.uint8)
    return {b"data": pixels.reshape(-1, 3072), b"labels": list(labels)}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pickled(b"cnumpy\nndarray\n}X\1\0\0\0aK\1sb"), "gives a state to what has none"),
        (pickled(b"c_codecs\nencode\n}X\1\0\0\0aK\1sb"), "gives a state to what has none"),
        (pickled(b"cnumpy\nndarray\nX\1\0\0\0aK\1s"), "sets items of what is no dict"),
        (pickled(b"cnumpy\nndarray\nK\1a"), "appends to what is no list"),
        (pickled(b"}K\1K\1s"), "a key is no text"),
        (pickled(b"cnumpy\nndarray\n)\x81"), "the instruction NEWOBJ"),
        (pickled(b"(cnumpy\nndarray\no"), "the instruction OBJ"),
        (b"(inumpy\nndarray\n.", "the instruction INST"),
        (pickled(b"\x82\1"), "the instruction EXT1"),
        (pickled(b"K\1Q"), "the instruction BINPERSID"),
        (pickled(b"h\7"), "damaged"),
        (pickled(b"r\xff\xff\xff\xff"), "damaged"),
        (pickled(b"t"), "damaged"),
        (pickle.dumps(a_batch([10**400])), "a label beyond"),
        (pickle.dumps(a_batch([-(2**60)])), "a label beyond"),
        (pickle.dumps(a_batch([])), "."),
    ],
)
def test_pickles_that_are_no_batch(tmp_path, content, message):
    (tmp_path / "data_batch_1").write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_cifar10(tmp_path / "data_batch_1")


class Plain(pickle._Unpickler):
    """Python's own reading of pickles, with a memo that does not take what is declared."""

    def find_class(self, module, name):
        assert module.startswith("numpy") or (module, name) == ("_codecs", "encode")
        return super().find_class(module, name)


@pytest.mark.parametrize("count", first(1, [60, 300]))
@pytest.mark.parametrize("protocol", range(6))
def test_altered_batches_are_read_or_refused(tmp_path, protocol, count):
    """What is read of an altered batch is what Python's own pickle reads."""
    rng = np.random.default_rng(protocol)
    expected = a_batch([3, 5])
    whole = np.frombuffer(pickle.dumps(expected, protocol), dtype=np.uint8)
    path = tmp_path / "data_batch_1"
    path.write_bytes(whole.tobytes())
    np.testing.assert_array_equal(read_cifar10(path).X, expected[b"data"])
    ends = [*range(min(200, len(whole))), *range(max(0, len(whole) - 200), len(whole))]
    read = 0
    for _ in range(count):
        altered = whole.copy()
        altered[rng.choice(ends, size=rng.integers(1, 3))] = rng.integers(256)
        path.write_bytes(altered.tobytes())
        try:
            data = read_cifar10(path)
        except InputError:
            continue
        try:
            again = Plain(io.BytesIO(altered.tobytes())).load()
        except (
            TypeError,
            ValueError,
            pickle.UnpicklingError,
        ):  # it minds what says nothing of pixels
            continue
        read += 1
        pixels = again.get(b"data", again.get("data"))
        np.testing.assert_array_equal(data.X, pixels)
        assert data.y.tolist() == again.get(b"labels", again.get("labels"))
    assert read


@pytest.mark.parametrize("seed", first(1, range(4)))
def test_altered_texts_are_read_or_refused(tmp_path, seed):
    rng = random.Random(seed)
    texts = [
        "1,2,0\n3,4.5,1\n",
        "a b c\n1 1/3 2e1\n",
        '{"normals": [[1, "1/3"]], "offsets": [2]}',
    ]
    signs = list('0123456789eE+-./_,;"[]{}:#\t \n\r\0\x1b\u2028\u0663')
    read = 0
    for _ in range(200):
        text = list(rng.choice(texts))
        for _ in range(rng.randrange(1, 4)):
            place = rng.randrange(len(text))
            text[place : place + rng.randrange(2)] = [rng.choice(signs) for _ in range(2)]
        for name, reader in (
            ("a.csv", load),
            ("a.csv", read_arrangement),
            ("a.json", read_arrangement),
        ):
            (tmp_path / name).write_text("".join(text), encoding="utf-8", newline="")
            try:
                reader(str(tmp_path / name))
            except InputError as error:
                message = str(error)
            else:
                message, read = "read", read + 1
            assert message.isprintable()
    assert read


def test_streams_that_are_none():
    class Endless(io.RawIOBase):
        def read(self, size=-1):
            return b"1,2\n" * (size // 4)

    closed = io.StringIO("1,2\n")
    closed.close()
    for stream in (Endless(), closed, io.StringIO("\udc80"), 3, None, [1], object()):
        with pytest.raises(InputError):
            read_csv(stream)
    assert len(read_csv(io.StringIO("1,2\r\n3,4\r\n"))) == 2
