"""`make bench-large`: the first download of all five sources at their typical size, limits off and latency on."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import psutil

from benchmarks.bench import BIN, Bench
from benchmarks.results import Result, at_least, at_most
from benchmarks.sandbox_process import PORT, Sandbox, sandbox_process

if TYPE_CHECKING:
    from collections.abc import Iterator

PEOPLE = {"ghl": 279_500, "manychat": 167_500, "stripe": 15_000, "paypal": 25_500}
"""So many people make about 217,000 contacts, 45,000 subscribers, 60,000 objects and 20,000 rows."""
CSV_ROWS = 532_000
COUNTED = {
    "ghl": ("contacts", "opportunities", "payment_transactions", "payment_subscriptions", "invoices", "tags", "users"),
    "manychat": ("subscribers",),
    "stripe": (
        "customers", "charges", "payment_intents", "invoices", "subscriptions", "refunds", "disputes", "payouts",
        "balance_transactions", "credit_notes", "checkout_sessions", "invoice_payments", "products", "prices",
    ),
    "paypal": ("transactions", "subscriptions", "plans", "products", "invoices", "disputes"),
}  # fmt: skip
FAST = {
    "TAP_GHL_REQUESTS_PER_SECOND": "1000",
    "TAP_STRIPE_REQUESTS_PER_SECOND": "5000",
    "TAP_STRIPE_ENDPOINT_REQUESTS_PER_SECOND": "2000",
    "TAP_PAYPAL_REQUESTS_PER_SECOND": "2000",
    "TAP_MANYCHAT_REQUESTS_PER_SECOND": "5000",
    "TAP_MANYCHAT_MAX_CONCURRENCY": "64",
    "TAP_MANYCHAT_LOOK_UP": "[]",
}


def measure(bench: Bench) -> list[Result]:
    """One first run and one with nothing new, by `meltano run download-all`."""
    with contextlib.ExitStack() as stack:
        sandboxes = {
            source: stack.enter_context(
                sandbox_process(people, "--limits", "off", "--only", source, port=PORT - 10 - number)
            )
            for number, (source, people) in enumerate(PEOPLE.items())
        }
        expected = {source: _expected(sandbox, source) for source, sandbox in sandboxes.items()}
        environment = _environment(bench, sandboxes)
        first, peaks = _download(bench, environment)
        again, _ = _download(bench, environment)
    wrong = _wrong(bench, expected)
    total = sum(sum(counts.values()) for counts in expected.values()) + CSV_ROWS
    sizes = ", ".join(f"{source} {sum(counts.values()):,}" for source, counts in expected.items())
    what = f"streams that hold another number of rows than the vendor; {sizes}, csv {CSV_ROWS:,}"
    note = ", ".join(f"{name} {peak:.0f}" for name, peak in sorted(peaks.items()))
    taps = [peak for name, peak in peaks.items() if name.startswith("tap-")]
    loaders = [peak for name, peak in peaks.items() if name.startswith("target-")]
    return [
        at_most("large_wrong_counts", what, [len(wrong)], 0, "; ".join(wrong)),
        at_most("large_first_seconds", "seconds of the first download of all five", [first], 1800),
        at_most("large_again_seconds", "seconds of a second one with nothing new", [again], 120),
        at_least("large_rows_per_second", "rows a second over all sources", [total / first], 1000),
        at_most("large_tap_mb", "peak MB, the largest tap", [max(taps)], 150, f"({note})"),
        at_most("large_loader_mb", "peak MB, the largest loader", [max(loaders)], 150),
    ]


def _wrong(bench: Bench, expected: dict[str, dict[str, int]]) -> list[str]:
    """Streams whose living rows are not as many as the vendor's."""
    counts = {f"staging_{source}.{stream}": n for source, streams in expected.items() for stream, n in streams.items()}
    counts["staging_csv.imports"] = CSV_ROWS
    found = {table: bench.count(f"{table} where _deleted_at is null") for table in counts}
    return [f"{table}: {found[table]:,} for {rows:,}" for table, rows in counts.items() if found[table] != rows]


def _expected(sandbox: Sandbox, source: str) -> dict[str, int]:
    """Counts by a process of its own: the objects need more memory than a measure should hold."""
    code = (
        "import json, sys; from benchmarks.sandbox_process import Sandbox; "
        "s = Sandbox(sys.argv[1]); "
        "print(json.dumps({n: len(s.objects(sys.argv[2], n)) for n in sys.argv[3:]}))"
    )
    words = [sys.executable, "-c", code, sandbox.url, source, *COUNTED[source]]
    counts: dict[str, int] = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)
    return counts


def _environment(bench: Bench, sandboxes: dict[str, Sandbox]) -> dict[str, str]:
    file, ids = bench.folder / "shopify.csv", bench.folder / "ids.txt"
    words = [sys.executable, "-m", "sandbox", "export", "shopify_customers", str(file), "--rows", str(CSV_ROWS)]
    subprocess.run(words, check=True)
    ids.write_text("\n".join(sandboxes["manychat"].objects("manychat", "subscribers")))
    return {
        **os.environ,
        **FAST,
        "DATABASE_URL": bench.url,
        "TAP_CSV_FILES": str(file),
        "TAP_GHL_LOCATION_ID": "loc_sandbox",
        "TAP_GHL_PRIVATE_TOKEN": "pit-sandbox",
        "TAP_STRIPE_API_KEY": "sk_test_sandbox",
        "TAP_PAYPAL_CLIENT_ID": "sandbox_client",
        "TAP_PAYPAL_CLIENT_SECRET": "sandbox_secret",
        "TAP_MANYCHAT_API_TOKEN": "1234567:sandbox",
        "TAP_MANYCHAT_SUBSCRIBER_IDS_FILE": str(ids),
        **{f"TAP_{source.upper()}_API_URL": f"{sandbox.url}/{source}" for source, sandbox in sandboxes.items()},
    }


def _download(bench: Bench, environment: dict[str, str]) -> tuple[float, dict[str, float]]:
    """Seconds, and the peak MB of each tap and loader."""
    began = time.monotonic()
    with (bench.folder / "output.log").open("ab") as log:
        child = subprocess.Popen([BIN / "meltano", "run", "download-all"], env=environment, stdout=log, stderr=log)
        with _watched(child.pid) as peaks:
            child.wait()
    if child.returncode:
        sys.stderr.write((bench.folder / "output.log").read_text()[-4000:])
        raise RuntimeError(f"download-all ended with {child.returncode}")
    return time.monotonic() - began, peaks


@contextlib.contextmanager
def _watched(pid: int) -> Iterator[dict[str, float]]:
    """The peak of every tap and loader below a process, looked at four times a second."""
    peaks: dict[str, float] = {}
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.25):
            with contextlib.suppress(psutil.Error):
                for child in psutil.Process(pid).children(recursive=True):
                    _note(child, peaks)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peaks
    finally:
        done.set()
        thread.join()


def _note(child: psutil.Process, peaks: dict[str, float]) -> None:
    with contextlib.suppress(psutil.Error):
        words = [word.rpartition("/")[2] for word in child.cmdline()[:2]]
        name = next((word for word in words if word.startswith(("tap-", "target-"))), None)
        if name:
            key = name if name.startswith("tap-") else f"{name} {child.pid}"
            peaks[key] = max(peaks.get(key, 0.0), child.memory_info().rss / 2**20)
