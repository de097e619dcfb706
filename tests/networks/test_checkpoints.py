"""State dicts as training saves them: in a checkpoint, with prefixes, as safetensors."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest

from arrangement.errors import InputError, SizeError
from arrangement.networks import Network
from tests.amounts import first

RNG = np.random.default_rng(0)
STATE = {
    "fc1.weight": RNG.normal(size=(3, 2)).astype(np.float32),
    "fc1.bias": RNG.normal(size=3),
    "fc2.weight": RNG.integers(-9, 9, (1, 3)),
    "fc2.bias": np.float16([0.5]),
}
LAYERS = ["fc1", "fc2"]
WANTED = Network.from_torch(STATE, "relu", layers=LAYERS)
TYPES = {"f4": "F32", "f8": "F64", "i8": "I64", "f2": "F16", "u2": "BF16"}


def safetensors(state):
    """The bytes of a file, written as the format's description says."""
    header, content = {"__metadata__": {"format": "pt"}}, b""
    for name, array in state.items():
        raw = array.tobytes()
        header[name] = {
            "dtype": TYPES[array.dtype.str[1:]], "shape": list(array.shape),
            "data_offsets": [len(content), len(content) + len(raw)],
        }  # fmt: skip
        content += raw
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + content


def headed(facts, n=16):
    """A file whose header has these entries, of numbers in float64."""
    header = b"{" + facts.replace("%s", '"dtype": "F64"').encode() + b"}"
    return struct.pack("<Q", len(header)) + header + bytes(n)


def test_safetensors(tmp_path):
    path = tmp_path / "n.safetensors"
    path.write_bytes(safetensors(STATE))
    assert Network.read(path, "relu", layers=LAYERS) == WANTED
    with pytest.raises(InputError, match=r"n.safetensors: a state dict does not say"):
        Network.read(path)
    # 1.5, −2 and 2^-100 as bfloat16.
    path.write_bytes(safetensors({"weight": np.uint16([[0x3FC0, 0xC000, 0x0D80]])}))
    read = Network.read(path, layers=[""])
    assert read.weights[0].tolist() == [[1.5, -2.0, 2.0**-100]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no header"),
        (struct.pack("<Q", 2**60) + b"{}", "no header"),
        (struct.pack("<Q", 2) + b"[]", "no header"),
        (b"\x0e" + bytes(7) + b'{"weight": 1 }', "weight: the header does not say"),
        (safetensors({"weight": np.ones((1, 1))})[:-1], "weight: shape .1, 1. and type F64"),
        (safetensors(STATE).replace(b'"F32"', b'"F8" '), "type F8 are not read"),
        (safetensors(STATE) + b"0", r"what is at byte \d+ is of no tensor, or of two"),
        (headed('"0.weight": {%s, "shape": [1, 1], "data_offsets": [8, 16]}'), "at byte 80"),
        (
            headed(
                '"0.weight": {%s, "shape": [1, 2], "data_offsets": [0, 16]},'
                '"0.bias": {%s, "shape": [1], "data_offsets": [0, 8]}'
            ),
            "of no tensor, or of two",
        ),
        (
            headed('"a": {%s, "shape": [1], "data_offsets": [0, 8]}, "a": 1'),
            "'a' is given twice",
        ),
        (
            headed('"W1": {%s, "shape": [999999999999, 0], "data_offsets": [0, 0]}'),
            "is that of",
        ),
        (headed('"W1": {%s, "shape": [0, 1], "data_offsets": [0, 0]}', 0), r"shape .0, 1. is"),
        (
            headed('"W1": {%s, "shape": [1' + ", 1" * 70 + '], "data_offsets": [0, 8]}', 8),
            "is that of no weights",
        ),
    ],
)
def test_safetensors_that_are_refused(tmp_path, content, message):
    path = tmp_path / "n.safetensors"
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"n.safetensors: .*{message}"):
        Network.read(path, "relu", layers=LAYERS)


def test_headers_that_are_large(tmp_path):
    path = tmp_path / "n.safetensors"
    path.write_bytes(headed('"a": ' + "[" * 10**5))
    with pytest.raises(InputError, match=r"n.safetensors: .*nested too deeply"):
        Network.read(path, "relu", layers=LAYERS)
    path.write_bytes(headed('"a": [' + "0," * 4_000_000 + "0]"))
    with pytest.raises(SizeError, match=r"n.safetensors: more than 4,000,000 values"):
        Network.read(path, "relu", layers=LAYERS)


def test_weights_without_entries():
    for shape in ((10**12, 0), (0, 10**12), (0, 0)):
        with pytest.raises(InputError, match=r"W1: weights of shape .* neither of them 0"):
            Network.from_arrays({"W1": np.zeros(shape)})


@pytest.mark.parametrize("seed", first(30, range(500)))
def test_damaged_safetensors(tmp_path, seed):
    rng, path = np.random.default_rng(seed), tmp_path / "n.safetensors"
    content = bytearray(safetensors(STATE))
    for _ in range(rng.integers(1, 4)):
        content[rng.integers(len(content))] = rng.integers(256)
    path.write_bytes(content)
    message = ""
    try:
        Network.read(path, "relu", layers=LAYERS)
    except InputError as error:
        message = str(error)
    assert not message or ("n.safetensors: " in message and "\n" not in message)


@pytest.mark.parametrize("word", ["module.", "_orig_mod."])
def test_words_before_all_names(word):
    state = {word + name: array for name, array in STATE.items()}
    assert Network.from_torch(state, "relu", layers=LAYERS) == WANTED
    with_words = [word + name for name in LAYERS]
    assert Network.from_torch(state, "relu", layers=with_words) == WANTED


def test_checkpoints(tmp_path):
    torch = pytest.importorskip("torch")
    path = tmp_path / "n.pt"
    state = {name: torch.tensor(array) for name, array in STATE.items()}
    for key in ("state_dict", "model_state_dict", "model"):
        torch.save({"epoch": 3, key: state, "optimizer": {"lr": 0.1}}, path)
        assert Network.read(path, "relu", layers=LAYERS) == WANTED
    torch.save({"model": state, "state_dict": state}, path)
    with pytest.raises(InputError, match=r"n.pt: state_dict and model are state dicts"):
        Network.read(path, "relu", layers=LAYERS)


class Hostile:
    """Runs a program where it is unpickled without care."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_files_of_torch_that_are_refused(tmp_path):
    torch = pytest.importorskip("torch")
    path, touched = tmp_path / "n.pt", tmp_path / "touched"
    module = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
    state = module.state_dict()

    def refused(message, **facts):
        with pytest.raises(InputError, match=rf"n.pt: {message}") as caught:
            Network.read(path, "relu", layers=["0", "2"], **facts)
        assert str(caught.value).isprintable()

    for held in (module, {"model": module}, {"state_dict": state, "x": Hostile(touched)}):
        torch.save(held, path)
        refused(r".*other Python objects; save module.state_dict\(\)")
    assert not touched.exists()
    torch.jit.save(torch.jit.script(module), path)
    refused(r".*of TorchScript; save module.state_dict\(\)")
    torch.save(state, path, _use_new_zipfile_serialization=False)
    refused(".*none of torch 1.6 or later; load it and save it again")
    for change, message in (
        (lambda v: v.bfloat16(), r"0.weight: .*\.float\(\), which is exact"),
        (lambda v: v.to_sparse(), "0.weight: .*to_dense"),
        (lambda v: v.to(torch.complex64), "0.weight: numbers of type complex64"),
        (lambda v: v.T if v.dim() == 2 else v, r"layer 0: weights of shape \(2, 3\), but 3"),
        (lambda v: v[:1].expand(10**5, *v.shape[1:]), "its tensors have more numbers"),
        (lambda v: v / 0, "layer 0, weights, row 0, column 0: -?inf"),
    ):
        torch.save({name: change(tensor) for name, tensor in state.items()}, path)
        refused(message)
    torch.save({name: tensor.half() for name, tensor in state.items()}, path)
    half = Network.read(path, "relu", layers=["0", "2"])
    assert half.weights[0].tolist() == state["0.weight"].half().tolist()
