"""Data quality: figures of all rows, examples page by page, and what there is before the first unify."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.panels import Panel, Visitor

TABLES = """
create schema unified;
create schema unified_internal;
create table unified.shared_identifiers (
    business text, kind text, value text, reason text, name_count bigint, max_names integer, record_count bigint,
    primary key (business, kind, value)
);
create table unified.clients (client_id uuid primary key, name text);
create table unified.client_records (
    record_key text primary key, client_id uuid, source text, kind text, deleted_at timestamptz
);
create table unified_internal.int_identity__unidentifiable (
    record_key text primary key, business text, source text, stream text, kind text
);
insert into unified.shared_identifiers
select 'main', 'phone_e164', '+52555' || lpad(n::text, 6, '0'), 'counted', 6, 5, 9 from generate_series(1, 120) as n;
insert into unified.clients values ('11111111-1111-1111-1111-111111111111', '<b>Ana</b> Pérez');
insert into unified.client_records
select 'k' || n, '11111111-1111-1111-1111-111111111111', 'ghl', 'contacts', null from generate_series(1, 4) as n;
insert into unified_internal.int_identity__unidentifiable
select 'csv:' || lpad(n::text, 4, '0'), 'main', 'csv', 'imports', 'sales' from generate_series(1, 51) as n;
insert into ops.rejected_records (run_id, source, stream, reason, raw, raw_length, raw_sha256)
select gen_random_uuid(), 'csv', 'imports', 'a row of 3 cells', '\\xff3c623e'::bytea, 4, sha256('x')
from generate_series(1, 101);
insert into staging_ghl.contacts (account, id, record, _first_loaded_at, _loaded_at, _run_id, _batch_id)
select 'main', n::text, '{"phone": "no number"}', now(), now(), gen_random_uuid(), 1 from generate_series(1, 60) as n;
"""


@pytest.fixture(scope="module")
def viewer(panel: Panel) -> Visitor:
    return panel.logged_in("viewer")


def counted(viewer: Visitor) -> str:
    """The page when everything is counted."""
    deadline = time.monotonic() + 20
    while "hx-get" in (page := viewer.get("/quality").text):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return page


def totals(page: str) -> dict[str, str]:
    return dict(re.findall(r'id="topic-(\w+)">.*?<p class="total">([^<]*)</p>', page, re.DOTALL))


def walked(viewer: Visitor, topic: str) -> list[str]:
    """How many rows each page of the examples has."""
    path, lengths = f"/quality/{topic}", []
    while path:
        page = viewer.get(path).text
        lengths.append(page.count("<tr>") - 1)
        following = re.search(rf'href="(/quality/{topic}\?after=[^"]+)"', page)
        path = following.group(1) if following else ""
    return [str(length) for length in lengths]


def test_before_the_first_unify_staging_is_counted(viewer: Visitor) -> None:
    page = counted(viewer)
    assert "Nothing was unified yet" in page
    assert set(totals(page).values()) == {"0"}
    for topic in ("shared", "phones", "duplicates", "unidentifiable", "rejects"):
        assert "There is none." in viewer.text(f"/quality/{topic}")


def test_figures_and_examples(panel: Panel, viewer: Visitor) -> None:
    counted(viewer)
    panel.query(TABLES)
    panel.query("grant usage on schema unified, unified_internal to public")
    panel.query("grant select on all tables in schema unified, unified_internal to public")
    panel.application.state.panel.known.pop("quality", None)
    expected = {"shared": "120", "phones": "60", "duplicates": "3", "unidentifiable": "51", "rejects": "101"}
    assert totals(counted(viewer)) == expected
    assert walked(viewer, "shared") == ["50", "50", "20"]
    assert walked(viewer, "phones") == ["50", "10"]
    assert walked(viewer, "duplicates") == ["1"]
    assert walked(viewer, "unidentifiable") == ["50", "1"]
    assert walked(viewer, "rejects") == ["50", "50", "1"]
    assert "&lt;b&gt;Ana&lt;/b&gt; Pérez" in viewer.get("/quality/duplicates").text
    assert "<b>" not in viewer.get("/quality/rejects").text


def test_figures_are_kept_until_something_changes(panel: Panel, viewer: Visitor) -> None:
    counted(viewer)
    keeper = panel.application.state.panel.known["quality"]
    before = keeper.figures
    viewer.get("/quality")
    assert not keeper.is_counting
    assert keeper.figures is before
    keeper._tried_at = float("-inf")
    panel.query(
        "insert into ops.rejected_records (run_id, source, stream, reason, raw, raw_length, raw_sha256)"
        " values (gen_random_uuid(), 'csv', 'imports', 'one more', '', 0, sha256(''))"
    )
    counted(viewer)
    assert keeper.figures is not before


@pytest.mark.parametrize("after", ["x", "e30", "WzFd", "bnVsbA", "%00", "a" * 5000, "eyJyZWplY3RfaWQiOiAiYSJ9"])
def test_an_address_that_was_changed_by_hand_is_refused(viewer: Visitor, after: str) -> None:
    for topic in ("shared", "phones", "rejects"):
        assert viewer.get(f"/quality/{topic}?after={after}").status_code == 400
    assert viewer.get("/quality/nothing").status_code == 404


def test_a_count_that_fails_breaks_no_page(panel: Panel, viewer: Visitor) -> None:
    panel.query("alter table unified.client_records rename to hidden")
    panel.query("create view unified.client_records as select 1 / 0 as source")
    panel.application.state.panel.known.pop("quality", None)
    for _ in range(3):
        assert viewer.get("/quality").status_code == 200
        time.sleep(0.1)
    panel.query("drop view unified.client_records")
    panel.query("alter table unified.hidden rename to client_records")
    panel.application.state.panel.known.pop("quality", None)
    assert totals(counted(viewer))["duplicates"] == "3"


def test_cursors_say_nothing_but_the_key() -> None:
    from sync_center.pages.quality.routes import _read, _written

    key = {"business": "main", "kind": "email", "value": "ñ@example.com"}
    assert _read(_written(key), key) == key
    assert json.loads(json.dumps(key)) == key
