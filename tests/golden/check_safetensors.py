"""Read a model that unroll wrote with the reference implementations, strictly.

    python3 tests/golden/check_safetensors.py MODEL...

needs torch and safetensors from PyPI. Each MODEL (a file, or a run directory; a checkpoint will
do) is opened by safetensors, its checksums are computed again here, and its rnn is loaded into
torch.nn by name, strictly. What torch.nn has no place for (PReLU slopes, reset-before, peepholes) is named
and left out. Not part of `make check`.
"""

import json
import pathlib
import struct
import sys
import zlib

import safetensors
import torch

KINDS = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}


def check_checksums(path, metadata):
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header, payload = data[8 : 8 + length], data[8 + length :]
    assert length % 8 == 0, "the header is not padded to 8 bytes"
    own = ('"header_crc32":"' + metadata["header_crc32"] + '"').encode()
    zeroed = header.replace(own, b'"header_crc32":"00000000"')
    assert "%08x" % zlib.crc32(zeroed) == metadata["header_crc32"], "header_crc32"
    assert "%08x" % zlib.crc32(payload) == metadata["crc32"], "crc32"


def check_modules(tensors, config, vocabulary):
    size, hidden, embedding = len(vocabulary), config["hidden"], config["embedding"]
    if config["gru"] != "reset-after" and config["cell"] == "gru":
        return "reset-before is none of torch's"
    if config.get("lstm", "forget") != "forget" and config["cell"] == "lstm":
        return config["lstm"] + " is none of torch's"
    if config["cell"] == "rnn" and config["activation"] not in ("tanh", "relu"):
        return config["activation"] + " is none of torch's"
    more = {"nonlinearity": config["activation"]} if config["cell"] == "rnn" else {}
    modules = {
        "rnn": KINDS[config["cell"]](embedding or size, hidden, config["layers"], **more),
        "decoder": torch.nn.Linear(hidden, size),
    }
    if embedding:
        modules["encoder"] = torch.nn.Embedding(size, embedding)
    if config["tie"]:
        tensors["decoder.weight"] = tensors["encoder.weight"]
    torch.nn.ModuleDict(modules).load_state_dict(tensors, strict=True)
    return "loads into torch.nn"


def check(path):
    if path.is_dir():
        path = path / "model.safetensors"
    with safetensors.safe_open(path, framework="pt") as f:
        metadata = f.metadata()
        tensors = {key: f.get_tensor(key) for key in f.keys() if not key.startswith("trainer.")}
    check_checksums(path, metadata)
    config = json.loads(metadata["config"])
    if "vocabulary" in metadata:
        result = check_modules(tensors, config, json.loads(metadata["vocabulary"]))
    else:
        result = "has no vocabulary"
    print(f"{path}: {len(tensors)} tensors, {result}")


for name in sys.argv[1:]:
    check(pathlib.Path(name))
