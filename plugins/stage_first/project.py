"""Where the project and its private folder are."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / ".data"
TRANSFORM = ROOT / "transform"
BIN = ROOT / ".venv" / "bin"
DEMO = "demo"
EMBEDDED_DATABASE = "stage_first"
DEMO_DATABASE = "stage_first_demo"
