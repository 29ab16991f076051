"""What a browser fetches once stays small; a library that came in by the way would show here."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from hatch_build import node_and_npm

ROOT = Path(__file__).parents[2]
OWN_SCRIPTS, STYLES = 6_000, 12_000  # bytes, gzipped; htmx comes on top of our own


def test_scripts_and_styles_of_all_pages_together_are_small() -> None:
    said = subprocess.run([node_and_npm()[0], ROOT / "frontend" / "weigh.mjs"], capture_output=True, check=True)
    weights = json.loads(said.stdout)
    assert 0 < weights["own"] < OWN_SCRIPTS, weights
    assert weights["own"] < weights["scripts"], "htmx is among them"
    assert 0 < weights["styles"] < STYLES, weights
