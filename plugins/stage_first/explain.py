"""Why a client is who it is: its records and what links them, what won, what was decided, and what nearly joined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stage_first.decisions import all_decisions
from stage_first.decisions_values import LISTED, clients_named, named, record_named
from stage_first.explain_nearly import Near, decisions_about, nearly_joined
from stage_first.explain_paths import Ways, ways
from stage_first.explain_rows import ClientRow, Holding, RecordRow, client_row, holdings_of, records_of
from stage_first.explain_winners import Winner, winners
from stage_first.settings import UsageError

if TYPE_CHECKING:
    from stage_first.decisions import Connection, Decision

MOST_CLIENTS = 3
"""How many clients one value may mean before a person has to name one."""


@dataclass(frozen=True)
class Explanation:
    """A client as the last publish left it; `ways` lead from the founding record to each."""

    client: ClientRow
    records: list[RecordRow]
    holdings: list[Holding]
    ways: Ways
    winners: list[Winner]
    decisions: list[Decision]
    nearly: list[Near]


def explain(connection: Connection, text: str) -> list[Explanation]:
    """Explain the client that a record key, an id (today's or an old one), an e-mail, a phone or another id means.

    Raises:
        UsageError: nobody is meant, or too many are.
    """
    decisions = all_decisions(connection, with_withdrawn=True)
    return [explain_client(connection, client_id, decisions) for client_id in _clients(connection, text)]


def _clients(connection: Connection, text: str) -> list[str]:
    record = record_named(connection, text)
    clients = [record.client_id] if record else list(dict.fromkeys(clients_named(connection, text)))
    if not clients:
        raise UsageError(
            f"Nobody is known as {text!r}. Give a client id, an e-mail, a phone with + and the country, or a record "
            "key (source:stream:account:id); what was loaded since the last `meltano run unify` is not known yet."
        )
    if len(clients) > MOST_CLIENTS:
        shown = min(LISTED, len(clients))
        raise UsageError(f"{len(clients)} clients hold {text!r}. The first {shown}: {named(connection, clients)}.")
    return clients


def explain_client(connection: Connection, client_id: str, decisions: list[Decision]) -> Explanation:
    """Explain one client, by its id of today."""
    client, records = client_row(connection, client_id), records_of(connection, client_id)
    holdings = holdings_of(connection, client_id)
    counting = [decision for decision in decisions if decision.is_applied]
    return Explanation(
        client,
        records,
        holdings,
        ways(records, holdings, counting),
        winners(client, records, counting),
        decisions_about(client, records, holdings, decisions),
        nearly_joined(connection, client, records, holdings, counting),
    )
