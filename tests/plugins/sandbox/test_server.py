from __future__ import annotations

import gc
import json
import socket
import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import requests
from click.testing import CliRunner
from sandbox.__main__ import main
from sandbox.people import World
from sandbox.server import SandboxServer
from sandbox.server.faults import KINDS

from tests.plugins.sandbox.stripe_client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(World(7, 200)) as started:
        yield started


@pytest.fixture
def client(sandbox: SandboxServer) -> Iterator[Client]:
    with Client(sandbox) as connected:
        yield connected


def control(sandbox: SandboxServer, path: str, /, **body: Any) -> Any:
    if body:
        return requests.post(f"{sandbox.url}/control/{path}", json=body, timeout=5)
    return requests.get(f"{sandbox.url}/control/{path}", timeout=5)


@pytest.mark.parametrize(
    ("kind", "status", "error_type"),
    [
        ("rate_limit", 429, "invalid_request_error"),
        ("server_error", 500, "api_error"),
        ("unavailable", 503, "api_error"),
        ("unauthorized", 401, "invalid_request_error"),
        ("forbidden", 403, "invalid_request_error"),
    ],
)
def test_a_fault_is_told_in_the_vendors_words(
    sandbox: SandboxServer, client: Client, kind: str, status: int, error_type: str
) -> None:
    sandbox.faults.add(kind, "/stripe/v1/customers", count=2, skip=1)
    statuses = [client.get("/v1/customers").status_code for _ in range(4)]
    assert statuses == [200, status, status, 200]
    assert client.get("/v1/charges").status_code == 200
    sandbox.faults.add(kind)
    assert client.error("/v1/charges", status)["type"] == error_type
    assert sandbox.violations == []


def test_a_cut_connection_ends_in_mid_body(sandbox: SandboxServer, client: Client) -> None:
    sandbox.faults.add("cut")
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)):
        client.get("/v1/customers", limit=100)
    assert client.get("/v1/customers").status_code == 200


def test_truncated_json_comes_with_status_200(sandbox: SandboxServer, client: Client) -> None:
    sandbox.faults.add("truncated")
    response = client.get("/v1/customers")
    assert response.status_code == 200
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        response.json()


def test_html_comes_with_status_200(sandbox: SandboxServer, client: Client) -> None:
    sandbox.faults.add("html")
    response = client.get("/v1/customers")
    assert (response.status_code, response.headers["Content-Type"][:9]) == (200, "text/html")


def test_a_hanging_answer_never_comes_and_does_not_keep_the_server(sandbox: SandboxServer, client: Client) -> None:
    sandbox.faults.add("hang")
    with pytest.raises(requests.exceptions.ReadTimeout):
        client.session.get(f"{client.base}/v1/customers", timeout=0.2)
    assert client.get("/v1/customers").status_code == 200


def test_a_day_can_pass_while_somebody_pages(sandbox: SandboxServer, client: Client) -> None:
    sandbox.faults.add("advance", "/stripe/v1/customers", skip=1)
    before = set(sandbox.world_state("customers"))
    client.get("/v1/customers")
    assert set(sandbox.world_state("customers")) == before
    client.get("/v1/customers")
    assert set(sandbox.world_state("customers")) != before
    assert sandbox.days == 1


def test_an_unknown_fault_is_refused_with_the_choices(sandbox: SandboxServer) -> None:
    answer = control(sandbox, "fault", kind="flood")
    assert answer.status_code == 400
    assert all(kind in answer.json()["error"] for kind in KINDS)


def test_the_control_address_does_what_the_object_does(sandbox: SandboxServer, client: Client) -> None:
    assert control(sandbox, "fault", kind="unavailable", path="*", count=1).status_code == 200
    assert client.get("/v1/customers", limit=3).status_code == 503
    now = control(sandbox, "clock").json()["now"]
    assert control(sandbox, "advance", days=2).json() == {"now": now + 2 * 86_400, "days": 2}
    assert control(sandbox, "truth?stream=customers").json() == sandbox.world_state("customers")
    assert control(sandbox, "deleted?stream=customers").json() == sandbox.deleted("customers")
    assert control(sandbox, "violations").json() == []
    assert control(sandbox, "forbid", stream="payouts").status_code == 200
    assert control(sandbox, "nothing").status_code == 404
    (logged,) = control(sandbox, "log").json()
    assert (logged["path"], logged["params"], logged["status"], logged["fault"]) == (
        "/stripe/v1/customers",
        [["limit", "3"]],
        503,
        "unavailable",
    )


def test_the_vendors_clock_is_in_the_date_header(sandbox: SandboxServer, client: Client) -> None:
    dates = [client.get("/v1/products").headers["Date"]]
    sandbox.advance(1)
    dates.append(client.get("/v1/products").headers["Date"])
    assert dates == ["Sun, 01 Nov 2026 00:00:00 GMT", "Mon, 02 Nov 2026 00:00:00 GMT"]


def test_latency_holds_back_no_other_answer() -> None:
    with SandboxServer(World(7, 20), latency_ms=(30, 30)) as slow, Client(slow) as client:
        assert client.get("/v1/customers").elapsed.total_seconds() >= 0.03


def limited(sandbox: SandboxServer, seconds: list[float]) -> None:
    """Let the limiter read its time from a list."""
    sandbox.stripe.limiter.clock = lambda: seconds[0]


def test_stripe_endpoint_limit_is_25_a_second_and_a_violation_is_a_fact(sandbox: SandboxServer, client: Client) -> None:
    now = [0.0]
    limited(sandbox, now)
    statuses = Counter(client.get("/v1/products").status_code for _ in range(27))
    assert statuses == {200: 25, 429: 2}
    assert client.get("/v1/prices").status_code == 200
    now[0] = 0.041
    assert [client.get("/v1/products").status_code for _ in range(2)] == [200, 429]
    assert [one.limit for one in sandbox.violations] == ["endpoint-rate"] * 3
    assert [one.path for one in sandbox.violations] == ["/v1/products"] * 3


def test_stripe_global_limit_is_100_a_second_over_all_endpoints(sandbox: SandboxServer, client: Client) -> None:
    limited(sandbox, [0.0])
    for stream in ("products", "prices", "payouts", "disputes"):
        assert {client.get(f"/v1/{stream}").status_code for _ in range(25)} == {200}
    refused = client.get("/v1/refunds")
    assert refused.status_code == 429
    assert refused.headers["Stripe-Rate-Limited-Reason"] == "global-rate"
    assert "Retry-After" not in refused.headers
    assert refused.json()["error"]["code"] == "rate_limit"


def test_limits_can_be_off() -> None:
    with SandboxServer(World(7, 20), limits=False) as sandbox, Client(sandbox) as client:
        assert {client.get("/v1/products").status_code for _ in range(30)} == {200}
        assert sandbox.violations == []


def test_a_taken_port_is_an_error(sandbox: SandboxServer) -> None:
    taken = int(sandbox.url.rpartition(":")[2])
    with pytest.raises(OSError, match="address already in use"):
        SandboxServer(World(7, 20), port=taken).start()


def test_the_command_names_its_options() -> None:
    told = CliRunner().invoke(main, ["serve", "--help"])
    assert all(option in told.output for option in ("--port", "--people", "--seed", "--latency-ms", "--limits"))


def test_the_log_is_json(sandbox: SandboxServer, client: Client) -> None:
    client.get("/v1/events", **{"types[]": ["customer.created", "customer.deleted"]})
    (logged,) = json.loads(control(sandbox, "log").text)
    assert logged["params"] == [["types[]", "customer.created"], ["types[]", "customer.deleted"]]


def test_connections_that_nobody_reads_any_more_end_with_the_server() -> None:
    asked = (
        b"GET /stripe/v1/customers?limit=100 HTTP/1.1\r\nHost: sandbox\r\nAuthorization: Bearer sk_test_sandbox\r\n\r\n"
    )
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        with SandboxServer(World(7, 200)) as sandbox:
            address = ("127.0.0.1", int(sandbox.url.rpartition(":")[2]))
            clients = [socket.create_connection(address) for _ in range(20)]
            for client in clients[:10]:
                client.sendall(asked * 200)
        gc.collect()
        for client in clients:
            client.close()
    assert [str(one.message) for one in warned] == []
