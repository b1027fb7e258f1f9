"""What people decide about who is who: as they type it, what is refused, and what becomes of it."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from click.testing import CliRunner
from stage_first import decisions
from stage_first.cli import main
from stage_first.decisions_cases import Contest, contests, put_off, same_people, shared_values, values_not_theirs
from stage_first.decisions_checks import Pair, chain
from stage_first.decisions_many import decide_many, decide_together
from stage_first.decisions_people import different_in_conflict, different_people, same_person
from stage_first.decisions_policies import block, later, pin, prefer, shared
from stage_first.decisions_records import not_theirs, split_off
from stage_first.decisions_report import describe, state_of
from stage_first.settings import UsageError
from warehouse.connection import connect

from tests.plugins.stage_first.people import key, warehouse_of_people

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.transform.conftest import Warehouse

WHY = "they told us"
NEXT_YEAR = datetime.now(UTC) + timedelta(days=365)


@pytest.fixture(scope="module")
def warehouse(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    with warehouse_of_people(server, template, tmp_path_factory.mktemp("people")) as warehouse:
        warehouse.build()
        yield warehouse


@pytest.fixture(scope="module")
def undecided(warehouse: Warehouse) -> dict[str, list[dict[str, Any]]]:
    """What was published before anything was decided."""
    return warehouse.published()


@pytest.fixture
def people(warehouse: Warehouse) -> Iterator[Warehouse]:
    """The people, about whom nothing is decided."""
    yield warehouse
    warehouse.connection.execute("truncate ops.merge_decisions restart identity")


def rows(people: Warehouse) -> list[tuple[Any, ...]]:
    """What is written down, less what is empty."""
    written = people.rows("select * from ops.merge_decisions order by decision_id")
    names = ("decision", "record_key", "other_record_key", "kind", "value", "field", "source", "pattern")
    return [tuple(row[name] for name in names if row[name] is not None) for row in written]


def conflict(people: Warehouse, phone: str, business: str = "main") -> str:
    query = "select conflict_id::text from unified.merge_conflicts where value = %s and business = %s"
    return str(people.value(query, phone, business))


def test_two_clients_are_different_by_the_records_that_hold_what_both_hold(people: Warehouse) -> None:
    done = different_people(people.connection, people.client_of("people:leo"), "eva@x.mx", WHY, "Marta")
    assert rows(people) == [("different_people", key("leo"), key("eva"))]
    assert str(done) == (
        f"1: {key('leo')} (Leo Paz) and {key('eva')} (Eva Paz) are different people. It takes effect with the next "
        "`meltano run unify`; see it before with `meltano run unify-preview`."
    )
    signed = people.rows("select decided_by, reason, business, withdrawn_at from ops.merge_decisions")
    assert signed == [{"decided_by": "Marta", "reason": WHY, "business": "main", "withdrawn_at": None}]


def test_a_client_is_kept_apart_by_the_first_loaded_record_that_holds_what_is_contested(people: Warehouse) -> None:
    different_people(people.connection, "rosita@w.mx", "rosa@x.mx", WHY)
    assert rows(people) == [("different_people", key("rosa_new"), key("rosa_two"))]


def test_a_conflict_is_solved_by_a_pair_of_each_two_clients(people: Warehouse) -> None:
    conflict_id = conflict(people, "+525510000003")
    different_people(people.connection, key("leo"), key("paz_chat"), WHY)
    different_in_conflict(people.connection, conflict_id, WHY)
    assert {frozenset(row[1:]) for row in rows(people)} == {
        frozenset((key(one), key(other))) for one, other in (("eva", "leo"), ("eva", "paz_chat"), ("leo", "paz_chat"))
    }
    with pytest.raises(UsageError, match="apart already"):
        different_in_conflict(people.connection, conflict_id, WHY)
    assert len(rows(people)) == 3


def test_a_record_may_be_known_by_what_its_client_holds(people: Warehouse) -> None:
    old_id = people.value("select alias_client_id from unified.client_records where record_key = %s", key("rosa_chat"))
    same_person(people.connection, "CARMEN@x.mx ", "main/77", WHY)
    same_person(people.connection, str(old_id), "77", WHY)
    assert rows(people) == [
        ("same_person", key("carmen"), key("paz_chat")),
        ("same_person", key("rosa"), key("paz_chat")),
    ]


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ("nobody@x.mx", key("eva"), "Nobody is known as 'nobody@x.mx'"),
        ("ana@x.mx", key("eva"), r"2 clients hold 'ana@x.mx': \S+ \(Ana López, main\), \S+ \(Ana López, agency\)"),
        (key("eva"), "eva@x.mx", "Both are the record"),
        (key("ana"), key("ana", "agency"), "belongs to the business main, .* to agency: records of two businesses"),
    ],
    ids=["unknown", "ambiguous", "itself", "two-businesses"],
)
def test_who_cannot_be_the_same_person(people: Warehouse, one: str, other: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        same_person(people.connection, one, other, WHY)
    assert rows(people) == []


def test_a_client_cannot_be_kept_apart_from_itself(people: Warehouse) -> None:
    with pytest.raises(UsageError, match=r"Both are the client .*: name two of its records"):
        different_people(people.connection, "rosa@x.mx", "rosa@z.mx", WHY)
    different_people(people.connection, key("rosa"), key("rosa_two"), WHY)
    assert rows(people) == [("different_people", key("rosa"), key("rosa_two"))]


def test_a_decision_against_standing_ones_is_refused_by_name(people: Warehouse) -> None:
    connection = people.connection
    different_people(connection, key("carmen"), key("carmen_old"), "sisters", "Ana")
    same_person(connection, key("carmen"), key("carmen_work"), WHY)
    with pytest.raises(UsageError, match=r"Decision 1 \(Ana, .*: sisters\) says .* \(with decision 2\)\. .*withdraw 1"):
        same_person(connection, key("carmen_work"), key("carmen_old"), WHY)
    decisions.withdraw(connection, [1], "no sisters after all")
    same_person(connection, key("carmen_work"), key("carmen_old"), "one person")
    with pytest.raises(UsageError, match=r"Decision 2 .* and Decision 3 .* together say that .* are the same person"):
        different_people(connection, key("carmen"), key("carmen_old"), WHY)
    assert [row[0] for row in rows(people)] == ["different_people", "same_person", "same_person"]


def test_a_decision_is_made_once(people: Warehouse) -> None:
    connection = people.connection
    same_person(connection, key("carmen"), key("carmen_work"), WHY)
    with pytest.raises(UsageError, match=r"Decision 1 .* says so already"):
        same_person(connection, key("carmen_work"), key("carmen"), WHY)
    decisions.withdraw(connection, [1], WHY)
    same_person(connection, key("carmen_work"), key("carmen"), WHY)


def test_a_value_is_read_as_staging_reads_it(people: Warehouse) -> None:
    connection = people.connection
    not_theirs(connection, key("rosa_phone"), "email", " Rosa@Z.mx", WHY)
    not_theirs(connection, key("rosa_chat"), "phone_e164", "+52 1 55 1000-0002", WHY)
    not_theirs(connection, key("paz_chat"), "manychat_subscriber_id", "main/77", WHY)
    assert [row[2:] for row in rows(people)] == [
        ("email", "rosa@z.mx"),
        ("phone_e164", "+525510000002"),
        ("manychat_subscriber_id", "main/77"),
    ]


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("fax", "1", "There is no kind 'fax' .* stripe_customer_id, email"),
        ("email", "rosa", "'rosa' is no e-mail address: write it like"),
        ("phone_e164", "55 1000 0002", r"write it with \+ and the country"),
        ("manychat_subscriber_id", "77", "write account/id, like main/77"),
        ("email", "eva@x.mx", r"rosa\S* \(Rosa Gil\) does not hold email eva@x.mx. It holds: email rosa@x.mx"),
    ],
    ids=["kind", "email", "phone", "account", "not-held"],
)
def test_a_value_that_cannot_be_meant_is_refused(people: Warehouse, kind: str, value: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        not_theirs(people.connection, key("rosa"), kind, value, WHY)
    assert rows(people) == []


def test_split_off_takes_away_every_value_that_links(people: Warehouse) -> None:
    split_off(people.connection, key("rosa_two"), WHY)
    assert [row[3] for row in rows(people)] == ["rosa@x.mx", "rosa@z.mx"]
    with pytest.raises(UsageError, match="alone already"):
        split_off(people.connection, key("shop1"), WHY)
    same_person(people.connection, key("carmen"), key("carmen_work"), WHY)
    with pytest.raises(UsageError, match=r"joins .* by hand. Withdraw it first: `stage-first withdraw 3 "):
        split_off(people.connection, key("carmen"), WHY)


def test_values_for_nobody_tell_who_held_them(people: Warehouse) -> None:
    assert "6 records of 6 clients hold it" in str(shared(people.connection, "phone_e164", "+525550000001", WHY))
    assert "Nobody holds it today" in str(block(people.connection, "email", "Office@X.mx", WHY))
    assert rows(people) == [("shared", "phone_e164", "+525550000001"), ("blocked", "email", "office@x.mx")]


def test_a_pin_needs_a_value_and_stands_alone(people: Warehouse) -> None:
    pin(people.connection, key("rosa"), "name", WHY)
    with pytest.raises(UsageError, match=r"Decision 1 .* pins the name of this client"):
        pin(people.connection, key("rosa_chat"), "name", WHY)
    with pytest.raises(UsageError, match="has no phone"):
        pin(people.connection, key("rosa"), "phone", WHY)
    with pytest.raises(UsageError, match=r"no field 'colour' .* name, email"):
        pin(people.connection, key("rosa"), "colour", WHY)


def test_a_preference_names_a_source_or_a_pattern(people: Warehouse) -> None:
    prefer(people.connection, "email", "stripe", None, WHY)
    prefer(people.connection, "email", None, "%@work.mx", WHY)
    with pytest.raises(UsageError, match="Say which values win"):
        prefer(people.connection, "email", None, None, WHY)
    with pytest.raises(UsageError, match="no source 'fax'"):
        prefer(people.connection, "email", "fax", None, WHY)
    with pytest.raises(UsageError, match=r"ends with a single"):
        prefer(people.connection, "name", None, "Ana\\", WHY)
    assert rows(people) == [("preferred", "email", "stripe"), ("preferred", "email", "%@work.mx")]


def test_a_conflict_waits_in_one_business(people: Warehouse) -> None:
    connection, phone = people.connection, ("phone_e164", "+525510000001")
    with pytest.raises(UsageError, match=r"give --business \(agency, main\)"):
        later(connection, *phone, NEXT_YEAR, WHY)
    later(connection, *phone, NEXT_YEAR, WHY, "agency")
    with pytest.raises(UsageError, match=r"Decision 1 .* leaves it until .* already"):
        later(connection, *phone, NEXT_YEAR - timedelta(days=1), WHY, "agency")
    with pytest.raises(UsageError, match="is over: give --until a later date"):
        later(connection, *phone, NEXT_YEAR - timedelta(days=400), WHY, "agency")
    with pytest.raises(UsageError, match="No two clients compete"):
        later(connection, "phone_e164", "+525510000009", NEXT_YEAR, WHY)
    assert people.value("select business from ops.merge_decisions") == "agency"


def test_every_decision_says_why(people: Warehouse) -> None:
    with pytest.raises(UsageError, match="Say why: --because"):
        same_person(people.connection, key("carmen"), key("carmen_work"), "  ")
    same_person(people.connection, key("carmen"), key("carmen_work"), WHY)
    with pytest.raises(UsageError, match="Say why"):
        decisions.withdraw(people.connection, [1], None)
    assert people.value("select count(*) from ops.merge_decisions where withdrawn_at is null") == 1


def contested(people: Warehouse, phone: str) -> list[Contest]:
    return contests(people.connection, [conflict(people, phone)])


def test_an_answer_to_a_case_is_all_or_nothing(people: Warehouse) -> None:
    connection, paz = people.connection, contested(people, "+525510000003")
    different_people(connection, key("leo"), key("paz_chat"), "he is not", "Ana")
    with pytest.raises(UsageError, match=r"Decision 1 \(Ana, .*: he is not\) says that .* are different people"):
        decide_together(connection, same_people(paz), WHY, "Eva")
    assert len(rows(people)) == 1
    two = [each.client_id for each in paz[0].competitors if "leo" not in each.founding_key]
    decide_together(connection, same_people(paz, two), WHY, "Eva")
    with pytest.raises(UsageError, match="say all of that already"):
        decide_together(connection, same_people(paz, two), WHY, "Eva")
    with pytest.raises(UsageError, match="is over: give a later date"):
        decide_together(connection, put_off(paz, NEXT_YEAR - timedelta(days=400)), WHY, "Eva")
    assert len(rows(people)) == 2


def test_of_many_answers_those_that_contradict_are_left_out(people: Warehouse) -> None:
    connection = people.connection
    cases = [contested(people, f"+52551000000{number}") for number in (1, 3, 4)]
    different_people(connection, key("leo"), key("eva"), WHY)
    done = decide_many(connection, [same_people(case) for case in cases], WHY, "Eva")
    assert done.refused == [1]
    assert len(done.numbers) == len(rows(people)) - 1 == 2
    assert decisions.withdraw(connection, done.numbers, "a mistake").numbers == done.numbers
    assert [decision.decision_id for decision in decisions.standing(connection)] == [1]


def test_what_an_answer_takes_away_and_puts_off(people: Warehouse) -> None:
    case = contested(people, "+525510000001")
    first = case[0].competitors[0]
    assert [row["record_key"] for row in values_not_theirs(case, first.client_id)] == [key("ana")]
    decide_together(people.connection, [*shared_values(case), *put_off(case, NEXT_YEAR)], WHY, None)
    assert {row[0] for row in rows(people)} == {"shared", "later"}


def test_withdrawing_is_all_or_nothing(people: Warehouse) -> None:
    same_person(people.connection, key("carmen"), key("carmen_work"), WHY)
    with pytest.raises(UsageError, match="There is no decision 7"):
        decisions.withdraw(people.connection, [1, 7], WHY)
    decisions.withdraw(people.connection, [1], "a mistake", "Eva")
    with pytest.raises(UsageError, match="Decision 1 was withdrawn already, by Eva"):
        decisions.withdraw(people.connection, [1], WHY)
    told = people.rows("select withdrawn_by, withdrawn_reason from ops.merge_decisions")
    assert told == [{"withdrawn_by": "Eva", "withdrawn_reason": "a mistake"}]


def test_two_people_who_decide_at_once_do_not_contradict_each_other(people: Warehouse) -> None:
    with connect(people.url, application="tests") as other:
        other.execute("set lock_timeout = '200ms'")
        with decisions.deciding(people.connection), pytest.raises(psycopg.errors.LockNotAvailable):
            same_person(other, key("carmen"), key("carmen_work"), WHY)


def test_the_list_tells_which_decisions_do_not_count(people: Warehouse) -> None:
    connection = people.connection
    different_people(connection, key("carmen"), key("carmen_old"), WHY)
    for one, other in (("carmen", "carmen_work"), ("carmen_work", "carmen_old"), ("carmen", "gone")):
        decisions.write(connection, WHY, None, decision="same_person", record_key=key(one), other_record_key=key(other))
    decisions.write(connection, WHY, None, decision="pinned", record_key=key("carmen"), field="name")
    decisions.withdraw(connection, [5], "no")
    listed = decisions.all_decisions(connection, with_withdrawn=True)
    against = {1: [2, 3]}
    assert [state_of(decision, against).split(" by root")[0].split(" 20")[0] for decision in listed] == [
        "contradicted by decisions 2, 3",
        "waits for unify",
        "waits for unify",
        "orphaned: its record is gone",
        "withdrawn",
    ]
    assert describe(listed[4]) == f"the name of {key('carmen')} wins"


def test_the_fewest_decisions_are_named() -> None:
    same = [Pair(1, "a", "b"), Pair(2, "b", "c"), Pair(3, "c", "d"), Pair(4, "a", "c")]
    assert chain(same, "a", "d") == [4, 3]
    assert chain(same, "d", "a") == [3, 4]
    assert chain(same, "a", "e") == []


def typed(people: Warehouse, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    """What a command prints."""
    monkeypatch.setitem(os.environ, "DATABASE_URL", people.url)
    monkeypatch.setenv("COLUMNS", "250")
    done = CliRunner().invoke(main, arguments)
    return f"{done.exit_code} {done.output}"


@pytest.mark.parametrize(
    ("arguments", "written"),
    [
        (["same", key("carmen"), key("carmen_work")], ("same_person", key("carmen"), key("carmen_work"))),
        (["different", key("eva"), key("leo")], ("different_people", key("eva"), key("leo"))),
        (["not-theirs", key("rosa"), "email", "rosa@x.mx"], ("not_theirs", key("rosa"), "email", "rosa@x.mx")),
        (["split-off", key("rosa_chat")], ("not_theirs", key("rosa_chat"), "phone_e164", "+525510000002")),
        (["shared", "email", "rosa@x.mx"], ("shared", "email", "rosa@x.mx")),
        (["block", "email", "rosa@x.mx"], ("blocked", "email", "rosa@x.mx")),
        (["pin", key("rosa"), "name"], ("pinned", key("rosa"), "name")),
        (["prefer", "name", "--source", "ghl"], ("preferred", "name", "ghl")),
        (
            ["later", "phone_e164", "+525510000003", "--until", f"{NEXT_YEAR:%Y-%m-%d}"],
            ("later", "phone_e164", "+525510000003"),
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else None,
)
def test_each_decision_is_a_command(
    people: Warehouse, monkeypatch: pytest.MonkeyPatch, arguments: list[str], written: tuple[str, ...]
) -> None:
    said = typed(people, monkeypatch, "decide", *arguments, "--because", WHY, "--by", "Ana")
    assert said.startswith(("0 1: ", "0 Decision 1"))
    assert "It takes effect with the next `meltano run unify`" in said
    assert rows(people) == [written]
    listed = typed(people, monkeypatch, "decisions")
    assert all(text in listed for text in ("waits for unify", "Ana", WHY, *written[1:2]))
    assert typed(people, monkeypatch, "withdraw", "1", "--because", "no").startswith("0 Decision 1 no longer stands.")
    assert "waits" not in typed(people, monkeypatch, "decisions")
    assert "withdrawn" in typed(people, monkeypatch, "decisions", "--all")


def test_what_cannot_be_decided_is_a_sentence(people: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    said = typed(people, monkeypatch, "decide", "different", key("eva"), "--because", WHY)
    assert said == "1 Say who is different: two records or clients, or --conflict with the id of a conflict.\n"
    bad_date = typed(people, monkeypatch, "decide", "later", "email", "a@x.mx", "--until", "soon", "--because", WHY)
    assert bad_date == "1 'soon' is no date: write it like 2027-01-31.\n"


def test_before_the_first_unify_there_is_nobody_to_decide_about(database_url: str) -> None:
    with connect(database_url, application="tests") as connection:
        with pytest.raises(UsageError, match="Nothing is unified yet"):
            decisions.all_decisions(connection)
        with pytest.raises(UsageError, match="Nothing is unified yet"):
            same_person(connection, "a", "b", WHY)


def test_what_a_killed_server_lost_is_not_taken_for_nobody(people: Warehouse) -> None:
    with people.connection.transaction(force_rollback=True):
        people.connection.execute("truncate unified_internal.int_identity__records")
        with pytest.raises(UsageError, match="run `meltano run unify` again first"):
            same_person(people.connection, key("carmen"), key("carmen_work"), WHY)


def test_decisions_give_the_clients_that_they_say(people: Warehouse, undecided: dict[str, Any]) -> None:
    """It publishes, so only what undoes it may come after it."""
    connection = people.connection
    same_person(connection, key("carmen"), key("carmen_work"), WHY)
    different_in_conflict(connection, conflict(people, "+525510000003"), WHY)
    split_off(connection, key("rosa_chat"), WHY)
    shared(connection, "email", "rosa@z.mx", WHY)
    pin(connection, key("rosa"), "name", WHY)
    later(connection, "phone_e164", "+525510000001", NEXT_YEAR, WHY, "agency")
    people.build()
    alone = {frozenset({"rosa_chat"}), frozenset({"rosa_phone"})}
    assert {frozenset({"carmen", "carmen_work"}), *alone} <= people.people("main")
    rosa = people.rows("select name from unified.clients where client_id::text = %s", people.client_of("people:rosa"))
    assert rosa == [{"name": "Rosa Gil"}]
    told = people.rows("select business, value, status from unified.merge_conflicts order by value, business")
    assert [tuple(row.values()) for row in told] == [
        ("agency", "+525510000001", "later"),
        ("main", "+525510000001", "open"),
        ("main", "+525510000003", "solved"),
        ("main", "+525510000004", "open"),
    ]
    assert {state_of(decision, {}) for decision in decisions.all_decisions(connection)} == {"stands"}
    assert people.published() != undecided


@pytest.mark.soak
def test_without_its_decisions_all_is_as_before(people: Warehouse, undecided: dict[str, Any]) -> None:
    """The decisions of the test before are gone by now."""
    people.build()
    assert people.published() == undecided
