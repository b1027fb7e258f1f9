"""As whom the server runs: itself as a normal user, and under one of three other identities as root."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from local_postgres import LocalServerError
from local_postgres.binaries import environment, program
from local_postgres.identity import NOBODY, Identity, choose_identity, namespaced_root, other_user

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can lend the server another identity")
SOMEBODY = 12345

DROP_AND_RUN = f"""
import os
from local_postgres.cli import main
os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})
main()
"""


@pytest.fixture
def install_only(place: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes a PATH in which only these programs are."""

    def install(*programs: str) -> None:
        folder = place / "bin"
        folder.mkdir()
        for name in programs:
            (folder / name).symlink_to(str(shutil.which(name)))
        monkeypatch.setenv("PATH", str(folder))

    return install


def require(identity: Identity) -> None:
    command = [*identity.prefix, program("postgres"), "--version"]
    tried = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"{identity.name} is not permitted here: {tried.stderr.strip()}")


@pytest.mark.parametrize("identity", [namespaced_root(), other_user()], ids=lambda identity: identity.name)
def test_root_starts_and_stops_a_server_that_is_not_root(make_server, postmasters_of, identity):
    require(identity)
    server = make_server(identity=identity)
    server.start()
    (postmaster,) = postmasters_of(server)
    assert postmaster.uids().real == identity.uid
    assert {path.stat().st_uid for path in (server.folder, *server.folder.rglob("*"))} - {identity.uid, 0} == set()
    assert server.data.stat().st_uid == identity.uid
    server.stop()
    assert not server.is_running()


def test_the_folder_of_a_user_stays_the_users_when_root_starts_it(existing, postmasters_of):
    require(other_user(SOMEBODY, SOMEBODY))
    for path in (existing.folder, *existing.folder.rglob("*")):
        os.chown(path, SOMEBODY, SOMEBODY)
    (existing.folder / "password").unlink()
    existing.start()
    assert postmasters_of(existing)[0].uids().real == SOMEBODY
    owners = {path.name: path.stat().st_uid for path in existing.folder.iterdir()}
    assert set(owners.values()) == {SOMEBODY}, owners


def test_a_project_that_root_may_enter_only_by_its_power_gives_the_server_to_its_owner(place):
    require(other_user(SOMEBODY, SOMEBODY))
    folder = place / "home" / "postgres"
    folder.mkdir(parents=True, mode=0o700)
    (place / "home").chmod(0o700)
    os.chown(place / "home", SOMEBODY, SOMEBODY)
    assert choose_identity(folder) == other_user(SOMEBODY, SOMEBODY)


def test_without_unshare_the_server_runs_as_nobody(existing, postmasters_of, install_only):
    require(other_user())
    install_only("setpriv")
    existing.start()
    assert postmasters_of(existing)[0].uids().real == NOBODY


def test_without_both_programs_root_is_told_what_to_install(existing, install_only):
    install_only()
    with pytest.raises(LocalServerError, match=r"unshare is not installed.*setpriv is not installed.*util-linux"):
        existing.start()


def test_a_folder_that_the_other_user_cannot_reach_is_said(place, install_only):
    require(other_user())
    install_only("setpriv")
    folder = place / "closed" / "postgres"
    folder.mkdir(parents=True)
    (place / "closed").chmod(0o700)
    with pytest.raises(LocalServerError, match=rf"{place}/closed.*chmod a\+x"):
        choose_identity(folder)


def test_a_normal_user_runs_the_server_as_itself(place, free_port, make_server, postmasters_of):
    require(other_user())
    home = place / "home"
    home.mkdir()
    os.chown(home, NOBODY, NOBODY)
    server = make_server(home / "postgres", port=free_port)

    def run(command: str) -> str:
        options = [command, "--folder", str(server.folder), "--port", str(free_port)]
        command_line = [sys.executable, "-c", DROP_AND_RUN, *options]
        return subprocess.run(command_line, capture_output=True, text=True, check=True, cwd=home).stdout

    assert "is ready" in run("start")
    (postmaster,) = postmasters_of(server)
    assert postmaster.uids().real == NOBODY
    assert {path.stat().st_uid for path in server.folder.rglob("*")} == {NOBODY}
    assert "is stopped" in run("stop")
    assert postmasters_of(server) == []


def test_a_normal_user_is_told_that_the_folder_belongs_to_another(existing):
    require(other_user())
    options = ["start", "--folder", str(existing.folder), "--port", str(existing.port)]
    done = subprocess.run(
        [sys.executable, "-c", DROP_AND_RUN, *options], capture_output=True, text=True, check=False, cwd="/"
    )
    assert done.returncode == 1
    assert "Permission denied" in done.stderr
    assert "run as the user it belongs to" in done.stderr


def test_a_lock_that_root_left_in_a_users_folder_becomes_the_users(existing):
    require(other_user(SOMEBODY, SOMEBODY))
    for path in (existing.folder, *existing.folder.rglob("*")):
        os.chown(path, SOMEBODY, SOMEBODY)
    os.chown(existing.folder / "lock", 0, 0)
    existing.start()
    assert (existing.folder / "lock").stat().st_uid == SOMEBODY
