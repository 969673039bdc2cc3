"""One peer as a process, in the protocol of :mod:`training.peers.protocol`.

python -m training.peers heliport
"""

import sys
from importlib.metadata import PackageNotFoundError, version

from training.peers.adapters import ADAPTERS
from training.peers.protocol import Identify, serve


def main(name: str) -> None:
    """Load the peer, say so, and serve."""
    adapter = ADAPTERS[name]

    def load() -> tuple[str, Identify]:
        found = version(adapter.package)
        return found, adapter.load()

    try:
        serve(load)
    except (PackageNotFoundError, ImportError) as error:
        sys.exit(f"{adapter.package} is not installed here: {error}")


if __name__ == "__main__":
    main(sys.argv[1])
