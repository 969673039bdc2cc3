"""What a test needs that asks Apertium itself."""

import os
import shutil
from pathlib import Path

import pytest

_PAIR = Path("/usr/share/apertium/apertium-nno-nob")

needs_apertium = pytest.mark.skipif(
    not (shutil.which("apertium") and _PAIR.is_dir()) and "CI" not in os.environ,
    reason="needs Apertium: apt install apertium apertium-nno-nob",
)
