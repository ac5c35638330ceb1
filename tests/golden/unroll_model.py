"""Reading and writing model files of unroll, and the windows of a text that `unroll gradient` measures: what the
independent references have in common. Nothing here computes a gradient."""
import json
import pathlib
import struct
import unicodedata
import zlib

import numpy


class Model:
    """config: the options of the model; vocabulary: its tokens in the order of their ids, None of a task without a
    text; tensors: arrays of float32 by PyTorch's names."""

    def __init__(self, config, vocabulary, tensors, source_vocabulary=None):
        self.config, self.vocabulary, self.tensors = config, vocabulary, tensors
        self.source_vocabulary = source_vocabulary

    def __getitem__(self, name):
        return self.tensors[name]

    def get(self, name):
        return self.tensors.get(name)


def read_file(path):
    """The metadata and the tensors of float32 of a safetensors file, a checkpoint's too."""
    data = pathlib.Path(path).read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + length])
    about, tensors = header.pop("__metadata__"), {}
    for name, entry in header.items():
        first, last = entry["data_offsets"]
        if entry["dtype"] == "F32":
            flat = numpy.frombuffer(data[8 + length + first : 8 + length + last], dtype="<f4")
            tensors[name] = flat.reshape(entry["shape"])
    return about, tensors


def read_model(path):
    """A model file, or the one in a run directory."""
    path = pathlib.Path(path)
    about, tensors = read_file(path / "model.safetensors" if path.is_dir() else path)
    words = [json.loads(about[k]) if k in about else None for k in ("vocabulary", "source_vocabulary")]
    return Model(json.loads(about["config"]), words[0], tensors, words[1])


def write_model(path, model):
    """With the checksums that the program wants: of the data, and of the header with eight zeros in its own's place."""
    header, blob = {}, b""
    for name in sorted(model.tensors):
        raw = numpy.ascontiguousarray(model.tensors[name], dtype="<f4").tobytes()
        header[name] = {
            "dtype": "F32",
            "shape": list(model.tensors[name].shape),
            "data_offsets": [len(blob), len(blob) + len(raw)],
        }
        blob += raw
    about = {"format": "unroll", "version": "1", "config": json.dumps(model.config)}
    for name, words in (("vocabulary", model.vocabulary), ("source_vocabulary", model.source_vocabulary)):
        if words is not None:
            about[name] = json.dumps(words)
    about["crc32"] = f"{zlib.crc32(blob):08x}"
    about["header_crc32"] = "0" * 8
    header["__metadata__"] = about
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    before = b'"header_crc32":"'
    text = text.replace(before + b"0" * 8, before + f"{zlib.crc32(text):08x}".encode())
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + blob)


def encode(model, text):
    """Ids of the code points or bytes of a text, which are the tokens that the references are made with."""
    config = model.config
    if config["tokens"] == "byte":
        return list(text.encode())
    assert config["tokens"] == "codepoint"
    if config["casefold"]:
        text = text.casefold()
    if config["normalize"] != "none":
        text = unicodedata.normalize(config["normalize"].upper(), text)
    ids = {token: i for i, token in enumerate(model.vocabulary)}
    unknown = ids.get("<unk>")
    return [ids.get(c, unknown) if unknown is not None else ids[c] for c in text]


def windows(tokens, steps, count):
    """[count] lists of steps + 1 tokens: inputs x_0 … x_{T−1}, target x_T. The first window begins at token 0, the
    last ends with the text."""
    room = len(tokens) - steps - 1
    starts = [w * room // (count - 1) if count > 1 else 0 for w in range(count)]
    return [tokens[s : s + steps + 1] for s in starts]


def read_curve(path):
    """{(layer, state, distance): (mean, gmean, q10, median, q90)} as text, of the last step that a distance.csv has."""
    rows = {}
    with open(path) as f:
        next(f)
        for line in f:
            step, layer, state, distance, *values = line.strip().split(",")
            rows[int(layer), state, int(distance)] = values[:5]
    return rows
