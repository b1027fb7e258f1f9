"""The SDK's own target suite, and what its files leave in the tables."""

from __future__ import annotations

import importlib.resources
import json
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.testing import get_target_test_class, target_test_streams
from singer_sdk.testing.runners import TargetTestRunner
from target_postgres.target import TargetPostgres

if TYPE_CHECKING:
    from support.desk import Desk, Outcome

HOLDS_NUL = "encoded_string_data"
"""The one file that Postgres cannot store whole: with `fail` the run would end."""

StandardTests: Any = get_target_test_class(TargetPostgres, config={})


class TestTargetPostgres(StandardTests):
    @pytest.fixture
    def runner(self, request: pytest.FixtureRequest, desk: Desk) -> TargetTestRunner:
        handling = "reject" if HOLDS_NUL in request.node.name else "fail"
        return TargetTestRunner(TargetPostgres, config=desk.settings(on_bad_record=handling))


def load_file(desk: Desk, name: str) -> Outcome:
    file = importlib.resources.files(target_test_streams) / f"{name}.singer"
    return desk.load(*file.read_bytes().splitlines())


def test_array_data(desk: Desk) -> None:
    load_file(desk, "array_data")
    assert desk.content("test_array_data")[:2] == [
        {"id": 1, "fruits": ["apple", "orange", "pear"]},
        {"id": 2, "fruits": ["banana", "apple"]},
    ]
    assert len(desk.content("test_array_data")) == 4


def test_camelcase(desk: Desk) -> None:
    load_file(desk, "camelcase")
    assert desk.content("TestCamelcase")[0] == {"Id": "1", "clientName": "Gitter Windows Desktop App"}


def test_duplicate_records(desk: Desk) -> None:
    load_file(desk, "duplicate_records")
    assert desk.content("test_duplicate_records") == [{"id": 1, "metric": 100}, {"id": 2, "metric": 20}]
    run = desk.run()
    assert (run["rows_read"], run["rows_new"], run["rows_repeated"]) == (5, 2, 3)


def test_encoded_string_data(desk: Desk) -> None:
    load_file(desk, "encoded_string_data")
    strings = {row["id"]: row["info"] for row in desk.content("test_strings")}
    assert strings[2] == "απλή συμβολοσειρά"
    assert strings[6] == 'various " \\ / \n escape sequences'
    assert strings[10] == "Double quoting: \\u0000 \\u0041 \\u0001"
    assert {stream: run["rows_rejected"] for run in desk.runs() for stream in [run["stream"]]} == {
        "test_strings": 1,
        "test_strings_in_objects": 1,
        "test_strings_in_arrays": 1,
    }
    assert all("NUL" in reason for _, reason, _ in desk.rejects())


def test_schema_updates(desk: Desk) -> None:
    load_file(desk, "schema_updates")
    rows = desk.content("test_schema_updates")
    assert rows[0] == {"id": 1, "a1": 101, "a2": "string1"}
    assert rows[5] == {
        "id": 6,
        "a1": 106,
        "a2": "string6",
        "a3": True,
        "a4": {"id": 4, "value": 444},
        "a5": ["banana", "orange"],
        "a6": 341,
    }


def test_special_chars_in_attributes(desk: Desk) -> None:
    load_file(desk, "special_chars_in_attributes")
    ((thing,),) = desk.select("d", "test:SpecialChars!in?attributes")
    assert thing == {"env": "prod", "agent:type": "desktop", "agent:os:version": "10.13.1"}


def test_multiple_state_messages(desk: Desk) -> None:
    """The last STATE is passed on, and the rows after it are stored as well."""
    outcome = load_file(desk, "multiple_state_messages")
    assert outcome.states[-1] == {"test_multiple_state_messages_a": 5, "test_multiple_state_messages_b": 6}
    assert len(desk.content("test_multiple_state_messages_a")) == 6
    assert len(desk.content("test_multiple_state_messages_b")) == 6


def test_a_key_that_changes(desk: Desk) -> None:
    outcome = load_file(desk, "pk_updates")
    assert outcome.error is None
    assert len(desk.content("example_stream")) == 2


def test_rows_without_a_key_are_added(desk: Desk) -> None:
    load_file(desk, "no_primary_keys")
    load_file(desk, "no_primary_keys_append")
    assert len(desk.content("test_no_pk")) > 3


@pytest.mark.parametrize("name", ["invalid_schema", "record_before_schema", "record_missing_key_property"])
def test_what_the_suite_calls_an_error_is_one_sentence_in_the_run_log_or_a_reject(desk: Desk, name: str) -> None:
    outcome = load_file(desk, name)
    said = [reason for _, reason, _ in desk.rejects()] + [str(run["error"]) for run in desk.runs() if run["error"]]
    assert said
    assert (outcome.code == 0) == bool(desk.rejects())


def test_settings_are_described() -> None:
    assert all(kind.get("description") for kind in TargetPostgres.config_jsonschema["properties"].values())
    assert json.dumps(TargetPostgres.config_jsonschema["properties"]["database_url"]).count("secret")


def test_without_an_address_the_message_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with pytest.raises(Exception, match="set DATABASE_URL"):
        TargetPostgres(config={}).listen()
