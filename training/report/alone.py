"""Scandid the way its peers are asked: in a process of its own, one text a call.

python -m training.report.alone models/scandid.onnx
"""

import sys

from scandid import Identifier
from training.peers.protocol import Identify, serve


def main(path: str) -> None:
    """Load the model and serve."""
    identifier = Identifier.load(path)

    def load() -> tuple[str, Identify]:
        return identifier.metadata.version, lambda text: identifier.identify(text).label

    serve(load)


if __name__ == "__main__":
    main(sys.argv[1])
