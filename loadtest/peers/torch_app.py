"""Flask + a torch LSTM over bytes, float32, under gunicorn: how such prototypes are written.

Embedding 64, LSTM 128, linear 5, untrained: the cost does not depend on the weights. A text is cut
at 1,024 bytes, as scandid cuts it.
"""

import torch
from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

_LABELS = ("dan", "swe", "nob", "nno", "other")
_MAX_BYTES = 1024
_MAX_BATCH = 32

torch.set_num_threads(1)
torch.manual_seed(0)


class Prototype(nn.Module):
    """Bytes to probabilities."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(256, 64)
        self.lstm = nn.LSTM(64, 128, batch_first=True)
        self.linear = nn.Linear(128, len(_LABELS))

    def forward(self, text: Tensor) -> Tensor:
        """int64 ``[batch, time]`` to float32 ``[batch, labels]``."""
        states, _ = self.lstm(self.embedding(text))
        probabilities: Tensor = self.linear(states.mean(1)).softmax(-1)
        return probabilities


_NETWORK = Prototype().eval()
app = Flask(__name__)


def identify(texts: list[str]) -> list[dict[str, object]]:
    """One answer a text."""
    answers: list[dict[str, object]] = []
    for start in range(0, len(texts), _MAX_BATCH):
        encoded = [_tensor(text) for text in texts[start : start + _MAX_BATCH]]
        with torch.inference_mode():
            best = _NETWORK(pad_sequence(encoded, batch_first=True)).max(-1)
        for value, index in zip(best.values.tolist(), best.indices.tolist(), strict=True):
            answers.append({"language": _LABELS[index], "confidence": value})
    return answers


@app.post("/identify")
def answer() -> ResponseReturnValue:
    """Answer one text or several."""
    query = request.get_json()
    if "text" in query:
        return jsonify(identify([query["text"]])[0])
    return jsonify(answers=identify(query["texts"]))


@app.get("/health/ready")
def ready() -> ResponseReturnValue:
    """Say so."""
    return jsonify(status="ready")


def _tensor(text: str) -> Tensor:
    return torch.tensor(list(text.encode()[:_MAX_BYTES]) or [0])
