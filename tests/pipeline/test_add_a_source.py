"""`docs/add-a-source.md`, followed word by word in a copy of the project: its blocks are all that is added."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from support.pipes import BIN, PROJECT, query

from tests.extractors.scripted_server import Answer, serving

PAGE = PROJECT / "docs" / "add-a-source.md"
BLOCK = re.compile(r'^```(\w+) title="([^"]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)
COPIED = ("extractors", "plugins", "transform", "tests/extractors", "tests/support")
NOT_COPIED = shutil.ignore_patterns("__pycache__", "target", "logs", ".pytest_cache")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with what the page adds, and the commands that its `pyproject.toml` then has."""
    root = tmp_path_factory.mktemp("copy")
    for name in COPIED:
        shutil.copytree(PROJECT / name, root / name, ignore=NOT_COPIED)
    for name in ("meltano.yml", "pyproject.toml", "tests/conftest.py"):
        shutil.copy(PROJECT / name, root / name)
    for kind, name, text in BLOCK.findall(PAGE.read_text("utf-8")):
        (patch if kind == "diff" else create)(root / name, text)
    install_commands(root)
    return root


def create(file: Path, text: str) -> None:
    assert not file.exists(), file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def patch(file: Path, text: str) -> None:
    """Add the lines with a plus after the line that the block names."""
    anchor, *added = text.splitlines(keepends=True)
    assert all(line.startswith("+") for line in added)
    parts = file.read_text().split(anchor[1:])
    assert len(parts) == 2, f"{anchor} stands in {file} {len(parts) - 1} times"
    file.write_text((anchor[1:] + "".join(line[1:] for line in added)).join(parts))


def install_commands(root: Path) -> None:
    scripts = tomllib.loads((root / "pyproject.toml").read_text())["project"]["scripts"]
    folder = root / ".venv" / "bin"
    folder.mkdir(parents=True)
    (folder / "pytest").symlink_to(BIN / "pytest")
    paths = f"sys.path[:0] = {[str(root / 'extractors'), str(root / 'plugins')]}"
    for name, place in scripts.items():
        module, _, function = place.partition(":")
        command = folder / name
        call = f"from {module} import {function.split('.')[0]}\n{function}()"
        command.write_text(f"#!{BIN / 'python'}\nimport sys\n{paths}\nsys.argv[0] = {name!r}\n{call}\n")
        command.chmod(command.stat().st_mode | stat.S_IXUSR)


def run(root: Path, environment: dict[str, str], program: str, *arguments: str) -> str:
    paths = os.pathsep.join(str(root / name) for name in ("extractors", "plugins", "tests", "."))
    done = subprocess.run(
        [root / ".venv" / "bin" / program, *arguments],
        cwd=root,
        env={"PATH": "/usr/bin:/bin", "HOME": str(root), "PYTHONPATH": paths, **environment},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    return done.stdout


class Calendario:
    """The invented vendor: bookings by the time of their last change, two a page."""

    def __init__(self) -> None:
        self.bookings = [booking(number, f"2026-01-0{number + 1}T00:00:00Z") for number in range(1, 6)]
        self.asked: list[dict[str, str]] = []

    def answer(self, _path: str, asked: dict[str, str]) -> Answer:
        self.asked.append(asked)
        since, until = asked["updated_from"], asked["updated_to"]
        found = [one for one in self.bookings if since[:19] <= one["updated"][:19] < until[:19]]
        first = int(asked.get("cursor", 0))
        following = str(first + 2) if len(found) > first + 2 else None
        body = json.dumps({"bookings": found[first : first + 2], "next": following})
        return Answer(body=body.encode(), headers={"Date": "Mon, 02 Feb 2026 12:00:00 GMT"})


def booking(number: int, updated: str, price: str = "49.90") -> dict[str, Any]:
    customer = {"email": f" Ana{number}@Example.com", "phone": f"55 1234 567{number}", "country": "MX"}
    return {"id": number, "created": "2026-01-01T00:00:00Z", "updated": updated, "customer": customer, "price": price}


def test_the_page_adds_a_source(project: Path, database_url: str) -> None:
    vendor = Calendario()
    with serving(vendor.answer) as url:
        environment = {"DATABASE_URL": database_url, "TAP_CALENDARIO_TOKEN": "t", "TAP_CALENDARIO_API_URL": url}
        assert "calendario: ok." in run(project, environment, "stage-first", "check", "--only", "calendario")
        run(project, environment, "meltano", "run", "download-calendario")
        vendor.bookings.append(booking(3, "2026-02-02T11:59:00Z", "59.90"))
        del vendor.asked[:]
        run(project, environment, "meltano", "run", "download-calendario")
        assert len(vendor.asked) == 2
        run(project, environment, "dbt", "build", "--select", "+stg_calendario__bookings")
    rows = query(database_url, "select id, emails, phones, price from unified_internal.stg_calendario__bookings")
    assert sorted(rows)[2] == ("3", ["ana3@example.com"], ["+525512345673"], "59.90")
    assert len(rows) == 5


def test_the_test_of_the_page_passes(project: Path, server: str) -> None:
    said = run(project, {"STAGE_FIRST_TEST_SERVER": server}, "pytest", "-q", "tests/extractors/tap_calendario")
    assert "1 passed" in said
