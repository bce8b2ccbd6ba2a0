"""Puts tests/ on the path, so that tests import the oracles as `oracles.name`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
