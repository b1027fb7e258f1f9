"""Which sources run once more, since others brought what they look up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from stage_first.children import MeltanoRun
from stage_first.console import console
from stage_first.download import FIGURES, Download
from stage_first.download_all import DownloadAll
from stage_first.sources import Source

CSV = Source("csv", "CSV", "tap-csv", "staging_csv", ())
MANYCHAT = Source("manychat", "ManyChat", "tap-manychat", "staging_manychat", (), reads_staging=True)


class Ended(MeltanoRun):
    """A run that has ended well."""

    code = 0


@pytest.mark.parametrize(
    ("sources", "new_rows", "runs"),
    [
        ([CSV, MANYCHAT], {"csv": 5}, [["csv", "manychat"], ["manychat"]]),
        ([CSV, MANYCHAT], {"manychat": 5}, [["csv", "manychat"]]),
        ([CSV, MANYCHAT], {}, [["csv", "manychat"]]),
        ([MANYCHAT], {"manychat": 5}, [["manychat"]]),
        ([CSV], {"csv": 5}, [["csv"]]),
    ],
)
def test_who_looks_up_what_others_staged_runs_once_more(
    sources: list[Source],
    new_rows: dict[str, int],
    runs: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Any,
) -> None:
    seen: list[list[str]] = []

    def run(_self: DownloadAll, downloads: Sequence[Download]) -> None:
        seen.append([download.name for download in downloads])
        for download in downloads:
            download._runs.append(Ended(download.name, [], tmp_path / "log"))
            row = {"rows_new": new_rows.get(download.name, 0), "state": "succeeded", "note": None, "error": None}
            download.figures = [{**dict.fromkeys(FIGURES, 0), **row}]

    monkeypatch.setattr(DownloadAll, "_run_side_by_side", run)
    monkeypatch.setattr(DownloadAll, "_take_signals", lambda _self: None)
    assert DownloadAll(sources, "postgresql://nowhere", console()).run() == 0
    assert seen == runs
