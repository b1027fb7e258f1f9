"""Uploads: what is taken and what is refused, what is said about it, what its columns mean, when it is imported."""

from __future__ import annotations

import json
import shutil
import socket
import threading
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from stage_first.uploads import Uploads
from support.databases import fresh_database
from support.panels import Panel, Visitor, running_panel
from sync_center.pages.imports.names import safe_name

from tests.extractors.tap_csv.test_bad_files import CASES

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

FIXTURES = Path(__file__).parents[2] / "fixtures" / "csv"
PEOPLE = b"Name,Mail,Card\nAna,ana@x.com,7\nLuis,luis@x.com,8\n"
MOST = 1_000_000
LARGE = 60_000_000
NO_ANSWER_YET = 0.2


@pytest.fixture(scope="module")
def shared_world(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    folder = tmp_path_factory.mktemp("world")
    with (
        fresh_database(server, template) as url,
        running_panel(url, {}, imports=folder / "imports", logs=folder, largest_upload=MOST) as panel,
    ):
        yield panel


@pytest.fixture
def world(shared_world: Panel) -> Panel:
    """A panel that takes small files and has none yet."""
    shutil.rmtree(shared_world.settings.imports, ignore_errors=True)
    shared_world.query("truncate ops.sync_runs, ops.csv_mappings, staging_csv.files, ops.panel_audit")
    return shared_world


@pytest.fixture
def started(world: Panel, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []

    def start(command: Any, _who: str) -> bool:
        found.append(" ".join(command.typed(None)))
        return True

    monkeypatch.setattr(world.application.state.panel.processes, "start", start)
    return found


def upload(visitor: Visitor, name: str, content: Any, token: str | None = None, **headers: str) -> httpx.Response:
    data = {"form_token": visitor.form_token("/import") if token is None else token}
    return visitor.client.post("/import", data=data, files={"file": (name, content)}, headers=headers)


def files(panel: Panel) -> list[str]:
    """What lies in the folder, but for the list and its lock."""
    folder = panel.settings.imports
    return sorted(file.name for file in folder.glob("*") if file.name not in {"files.json", "lock"})


def uploads(panel: Panel) -> Uploads:
    return Uploads(panel.settings.imports)


def test_an_upload_leads_to_what_was_detected(world: Panel) -> None:
    operator = world.logged_in("operator")
    answer = upload(operator, "ventas de María.csv", (FIXTURES / "hotmart_sales.csv").read_bytes())
    assert (answer.status_code, answer.headers["location"]) == (303, "/import/ventas%20de%20Mar%C3%ADa.csv")
    text = operator.text(answer.headers["location"])
    for said in ("hotmart_sales", "cp1252, semicolon", "in line 1", "not imported yet", "Preço da Oferta", "Moeda_2"):
        assert said in text
    (kept,) = uploads(world).all()
    assert (kept.uploaded_by, kept.is_wanted) == ("operator", False)
    assert (world.settings.imports / kept.name).read_bytes() == (FIXTURES / "hotmart_sales.csv").read_bytes()
    assert (world.settings.imports / kept.name).stat().st_mode & 0o077 == 0
    assert "ventas de María.csv" in world.logged_in("viewer").text("/import")
    assert world.query("select who, action, about from ops.panel_audit where action = 'upload'") == [
        ("operator", "upload", "ventas de María.csv")
    ]


BAD = {
    "empty": (b"", "The file is empty: there is nothing to import."),
    "only line ends": (b"\n\n\n", "The file is empty."),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "This is a PNG picture, not a CSV."),
    "bytes": (bytes(range(256)) * 40, "This is a binary file, not a CSV."),
    "a sign-in page": (b"<!doctype html><title>Sign in</title>", "The download was probably a sign-in page"),
    "utf-32": ("name,city\nAna,Lima\n".encode("utf-32"), "This is a text in UTF-32, not a CSV."),
    "a cut archive": (b"PK\x03\x04" + b"\0" * 60, "archive"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_ends_with_a_sentence_and_is_not_kept(world: Panel, name: str) -> None:
    content, said = BAD[name]
    operator = world.logged_in("operator")
    answer = upload(operator, "bad.csv", content)
    assert answer.status_code == 422
    assert said in answer.text
    told = upload(operator, "bad.csv", content, accept="application/json")
    assert (told.status_code, said in told.json()["message"]) == (422, True)
    assert files(world) == []


def test_odd_files_never_break_a_page(world: Panel) -> None:
    operator = world.logged_in("operator")
    token = operator.form_token("/import")
    huge_line = b"name,city\nAna," + b"x" * (MOST - 1000) + b"\n"
    no_header = b"1,2,3\n4,5,6\n7,8,9\n"
    for number, content in enumerate([huge_line, no_header, *(case.content for case in CASES)]):
        if len(content) > MOST:
            continue
        answer = upload(operator, f"{number}.csv", content, token)
        assert answer.status_code in {303, 422}, CASES[number - 2].name
        if answer.status_code == 303:
            assert operator.get(answer.headers["location"]).status_code == 200


def test_what_is_too_large_is_refused_and_leaves_nothing(world: Panel) -> None:
    operator = world.logged_in("operator")
    told = upload(operator, "large.csv", b"a,b\n" * MOST, accept="application/json")
    assert told.status_code == 413
    assert "An upload may have 1 MB." in told.json()["message"]
    token = operator.form_token("/import")
    head = b'--x\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    pieces = iter([head, *[b"a,b\n" * 25_000] * 12, b"\r\n--x--\r\n"])
    headers = {"content-type": "multipart/form-data; boundary=x", "x-form-token": token}
    assert operator.client.post("/import", content=pieces, headers=headers).status_code == 413, (
        "its length was not told"
    )
    assert files(world) == []


FORM = "multipart/form-data; boundary=x"
FILE = b'--x\r\ncontent-disposition: form-data; name="file"; filename="%b"\r\n\r\n'


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", FORM),
        (b"nonsense", FORM),
        (b"nonsense", "multipart/form-data"),
        (b"--x\r\n", FORM),
        (b"--x--\r\n", FORM),
        (FILE % b"" + b"\r\n--x--\r\n", FORM),
        (FILE % b"a.csv" + b"a,b\n1,2\n", FORM),
        (b"a,b\n1,2\n", "text/csv"),
    ],
)
def test_what_is_no_form_is_refused_with_a_sentence(world: Panel, body: bytes, kind: str) -> None:
    operator = world.logged_in("operator")
    headers = {"content-type": kind, "x-form-token": operator.form_token("/import"), "accept": "application/json"}
    answer = operator.client.post("/import", content=body, headers=headers)
    assert (answer.status_code, bool(answer.json()["message"])) == (400, True)
    assert files(world) == []


def test_without_the_forms_token_or_the_role_nothing_is_read(world: Panel) -> None:
    operator, viewer = world.logged_in("operator"), world.logged_in("viewer")
    assert upload(operator, "a.csv", PEOPLE, token="0" * 64).status_code == 403
    assert upload(viewer, "a.csv", PEOPLE).status_code == 403
    assert upload(world.visitor(), "a.csv", PEOPLE, token="").status_code == 303, "to the login"
    assert files(world) == []


def test_a_connection_that_breaks_leaves_nothing(world: Panel) -> None:
    operator = world.logged_in("operator")
    token, cookie = operator.form_token("/import"), operator.client.cookies["stage_first_session"]
    port = world.settings.port
    with socket.create_connection(("127.0.0.1", port)) as wire:
        wire.sendall(
            f"POST /import HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: {world.url}\r\nX-Form-Token: {token}\r\n"
            f"Cookie: stage_first_session={cookie}\r\nContent-Length: 90000\r\n"
            'Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\nContent-Disposition: form-data; name="file"; '
            'filename="a.csv"\r\n\r\nname,city\nAna,Lima\n'.encode()
        )
        time.sleep(NO_ANSWER_YET)
        assert [name.endswith(".part") for name in partials(world)] == [True]
    deadline = time.monotonic() + 5
    while partials(world):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    (world.settings.imports / ".killed.part").write_bytes(b"of a panel that was killed")
    upload(operator, "b.csv", PEOPLE)
    assert (partials(world), files(world)) == ([], ["b.csv"])


def partials(panel: Panel) -> list[str]:
    return [file.name for file in panel.settings.imports.glob(".*.part")]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\Ana\\ventas.csv", "ventas.csv"),
        ("", "upload.csv"),
        ("..", "upload.csv"),
        (".hidden.csv", "hidden.csv"),
        ("-rf.csv", "rf.csv"),
        ("a\0b\n<script>.csv", "a_b_script_.csv"),
        ("niño año.csv", "niño año.csv"),
        ("名簿.csv", "名簿.csv"),
        ("~$lock.csv", "_lock.csv"),
        ("a,b;c&d.csv", "a_b_c_d.csv"),
        ("x" * 400 + ".csv", "x" * 156 + ".csv"),
        ("é" * 400 + ".csv", "é" * 78 + ".csv"),
    ],
)
def test_names_are_made_safe(given: str, kept: str) -> None:
    assert safe_name(given) == kept


def test_the_same_file_again_says_so(world: Panel) -> None:
    operator = world.logged_in("operator")
    upload(operator, "people.csv", PEOPLE)
    answer = upload(operator, "other name.csv", PEOPLE)
    assert answer.headers["location"] == "/import/people.csv"
    assert "This is the same file as people.csv" in operator.text(answer.headers["location"])
    assert upload(operator, "people.csv", PEOPLE + b"Eva,eva@x.com,9\n").headers["location"] == "/import/people-2.csv"
    assert files(world) == ["people-2.csv", "people.csv"]


def test_content_that_came_from_elsewhere_is_known_before_it_is_imported(world: Panel) -> None:
    operator = world.logged_in("operator")
    upload(operator, "people.csv", PEOPLE)
    digest = uploads(world).all()[0].sha256[:32]
    read(world, "exports/clients.csv", digest=digest)
    text = operator.text("/import/people.csv")
    assert "The same content is imported already, from exports/clients.csv." in text


def read(panel: Panel, path: str, status: str = "succeeded", **bookmark: Any) -> None:
    """What a run leaves that has read a file."""
    told = {"done": True, "rows": 2, "digest": "", "settings": "", **bookmark}
    panel.query(
        "insert into ops.sync_runs (run_id, source, stream, status, bookmark) values (%s, 'csv', 'imports', %s, %s)",
        uuid.uuid4(), status, json.dumps({"files": {path: told}}),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("bookmark", "word"),
    [
        ({}, "imported; changed since"),
        ({"done": False}, "imported in part"),
        ({"done": False, "refused": "This is a PDF document."}, "could not be read"),
        ({"settings": None}, "imported"),
    ],
)
def test_the_state_of_a_file_is_what_the_last_run_left(world: Panel, bookmark: dict[str, Any], word: str) -> None:
    from sync_center.pages.imports.looking import options

    operator = world.logged_in("operator")
    upload(operator, "people.csv", PEOPLE)
    if "settings" in bookmark:
        found = options(world.application.state.panel, uploads(world).all()[0])
        bookmark = {"settings": found.fingerprint(), "rejected": 1}
    read(world, str(world.settings.imports / "people.csv"), **bookmark)
    assert f"people.csv {word} " in operator.text("/import")
    text = operator.text("/import/people.csv")
    assert word in text
    assert ("See the run" in text) == ("rejected" in bookmark)


def test_a_file_is_imported_only_when_somebody_says_so(world: Panel, started: list[str]) -> None:
    operator = world.logged_in("operator")
    upload(operator, "people.csv", PEOPLE)
    assert not uploads(world).all()[0].is_wanted
    answer = operator.post("/import/people.csv/start", seen="/import")
    assert (answer.status_code, started) == (303, ["meltano run download-csv"])
    assert uploads(world).all()[0].is_wanted
    world.query("insert into ops.sync_runs (run_id, source, stream) values (gen_random_uuid(), 'csv', 'imports')")
    operator.post("/import/people.csv/start", seen="/import")
    assert len(started) == 1
    text = operator.text("/import/people.csv")
    assert "Files are being imported already." in text
    assert "being imported" in text
    operator.post("/import/people.csv/remove", seen="/import")
    assert files(world) == ["people.csv"], "it is being read"
    world.query("update ops.sync_runs set status = 'succeeded'")
    operator.post("/import/people.csv/remove", seen="/import")
    assert files(world) == []
    assert operator.get("/import/people.csv").status_code == 404


def change(visitor: Visitor, name: str, fields: dict[str, str], **written: str) -> httpx.Response:
    data = {"column": list(fields), "field": list(fields.values()), **written}
    return visitor.post(f"/import/{name}/mapping", data, seen="/import")


def test_the_mapping_is_what_the_tap_is_told(world: Panel) -> None:
    operator = world.logged_in("operator")
    upload(operator, "people.csv", PEOPLE)
    detected = {"Name": "full_name", "Mail": "email", "Card": ""}
    assert change(operator, "people.csv", {**detected, "Card": "tax_id"}, kind="friends").status_code == 303
    assert uploads(world).all()[0].settings == {"kind": "friends", "mapping": {"Card": "tax_id"}}
    assert change(operator, "people.csv", {**detected, "Mail": "", "Card": "tax_id"}, kind="friends").status_code == 303
    assert uploads(world).all()[0].settings["mapping"] == {"Card": "tax_id", "Mail": None}
    text = operator.text("/import/people.csv")
    assert "friends" in text
    assert '<option value="tax_id" selected>' in operator.get("/import/people.csv").text


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"kind": "My Friends"}, "must be lower case letters, digits and _"),
        ({"encoding": "klingon"}, "is no encoding that CSVs are read in"),
        ({"delimiter": "two"}, "must be one character"),
    ],
)
def test_settings_that_cannot_be_meant_are_said_and_not_saved(world: Panel, written: dict[str, str], said: str) -> None:
    operator = world.logged_in("operator")
    upload(operator, "people.csv", PEOPLE)
    answer = change(operator, "people.csv", {}, **written)
    assert (answer.status_code, said in answer.text) == (422, True)
    assert next(iter(written.values())) in answer.text, "what was typed is kept"
    assert uploads(world).all()[0].settings == {}


def test_the_mapping_holds_for_what_was_imported_of_that_kind(world: Panel) -> None:
    operator = world.logged_in("operator")
    record = {"kind": "friends", "headers": ["Name", "Mail", "Card"], "mapping": {}, "path": "x"}
    world.query(
        "insert into staging_csv.files (account, id, record, _first_loaded_at, _loaded_at, _run_id, _batch_id)"
        " values ('main', 'x', %s, now(), now(), gen_random_uuid(), 1)",
        json.dumps(record),
    )
    upload(operator, "people.csv", PEOPLE)
    change(operator, "people.csv", {"Name": "full_name", "Mail": "email", "Card": "tax_id"}, kind="friends")
    assert world.query("select kind, header, field, changed_by from ops.csv_mappings") == [
        ("friends", "Card", "tax_id", "operator")
    ]
    assert "follows with the next unify" in operator.text("/import/people.csv")


def test_what_was_said_of_a_kind_holds_for_its_next_file(world: Panel) -> None:
    operator = world.logged_in("operator")
    shopify = (FIXTURES / "shopify_customers.csv").read_bytes()
    world.query("insert into ops.csv_mappings values ('shopify_customers', 'Note', 'phone', null, 'eva', now())")
    upload(operator, "shop.csv", shopify)
    header = "Note" if b"Note" in shopify else ""
    assert uploads(world).all()[0].settings == ({"mapping": {"Note": "phone"}} if header else {})


def test_many_files_are_shown_in_pages(world: Panel) -> None:
    operator = world.logged_in("operator")
    token = operator.form_token("/import")
    for number in range(32):
        upload(operator, f"{number}.csv", f"name,city\nAna{number},Lima\n".encode(), token)
    first = operator.get("/import").text
    assert first.count('class="file-name"') == 30
    assert operator.get("/import?after=2.csv").text.count('class="file-name"') == 2


def test_memory_stays_flat_while_a_large_file_comes(server: str, template: str, tmp_path: Path) -> None:
    """60 MB: what grows by more than a few pieces of it would hold it whole somewhere."""
    source = tmp_path / "large.csv"
    line = b"Ana Maria de los Angeles,ana@example.com,Lima\n"
    with source.open("wb") as file:
        file.write(b"name,email,city\n")
        for _ in range(LARGE // (len(line) * 1000)):
            file.write(line * 1000)
    with (
        fresh_database(server, template) as url,
        running_panel(url, {}, imports=tmp_path / "imports", logs=tmp_path) as panel,
        source.open("rb") as file,
    ):
        operator = panel.logged_in("operator")
        upload(operator, "small.csv", PEOPLE)
        token, peak, before = operator.form_token("/import"), _Peak(), psutil.Process().memory_info().rss
        with peak:
            assert upload(operator, "large.csv", file, token).status_code == 303
        assert (panel.settings.imports / "large.csv").stat().st_size == source.stat().st_size
        assert peak.rss - before < LARGE / 2


class _Peak:
    """The most memory that this process has meanwhile."""

    def __enter__(self) -> None:
        self.rss, self._is_over = 0, threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _look(self) -> None:
        process = psutil.Process()
        while not self._is_over.wait(0.01):
            self.rss = max(self.rss, process.memory_info().rss)
