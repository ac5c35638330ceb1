"""Write small models with PyTorch, for tests/check_model.c to load and run.

    python3 tests/golden/make_models.py

needs torch and safetensors from PyPI and writes torch_{rnn,lstm,gru}.safetensors beside this
script. Each is a plain state dictionary with the metadata that a model needs, and with an
example: the tokens of "input" lead, from the zero state, to the "logits".
"""

import json
import pathlib

import torch
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent
VOCABULARY = ["\n", " ", "a", "b", "c", "é", "\u0000"]
INPUT = [2, 3, 1, 4, 0, 6, 5, 2, 2]
MODELS = {
    "rnn": dict(layers=1, hidden=5, embedding=0, activation="relu"),
    "lstm": dict(layers=2, hidden=6, embedding=0),
    "gru": dict(layers=2, hidden=5, embedding=3),
}


class Model(torch.nn.Module):
    def __init__(self, cell, layers, hidden, embedding, activation="tanh"):
        super().__init__()
        size = len(VOCABULARY)
        if embedding:
            self.encoder = torch.nn.Embedding(size, embedding)
        kind = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[cell]
        more = {"nonlinearity": activation} if cell == "rnn" else {}
        self.rnn = kind(embedding or size, hidden, layers, **more)
        self.decoder = torch.nn.Linear(hidden, size)
        self.embedding = embedding

    def forward(self, tokens):
        if self.embedding:
            x = self.encoder(tokens)
        else:
            x = torch.nn.functional.one_hot(tokens, len(VOCABULARY)).float()
        return self.decoder(self.rnn(x)[0])


for cell, sizes in MODELS.items():
    torch.manual_seed(1)
    model = Model(cell, **sizes)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.uniform_(-0.8, 0.8)
        logits = model(torch.tensor(INPUT))
    metadata = {
        "format": "pt",
        "config": json.dumps({"task": "char", "cell": cell, "tokens": "codepoint", **sizes}),
        "vocabulary": json.dumps(VOCABULARY),
        "input": json.dumps(INPUT),
        "logits": json.dumps(logits.tolist()),
    }
    save_file(model.state_dict(), HERE / f"torch_{cell}.safetensors", metadata)
