"""Where the project and its private folder are."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("STAGE_FIRST_DATA") or ROOT / ".data")
ENV_FILE = ROOT / ".env"
TRANSFORM = ROOT / "transform"
BIN = ROOT / ".venv" / "bin"
DEMO = "demo"
DEMO_SETTINGS = DATA / "demo" / "settings.env"
EMBEDDED_DATABASE = "stage_first"
DEMO_DATABASE = "stage_first_demo"
