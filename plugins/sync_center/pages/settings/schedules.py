"""`/settings/schedules`: when what runs by itself; who runs it is cron, so the lines for it are here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi import Request, Response
from stage_first.crontab import MERGING, crontab, schedules

from sync_center.pages.settings.sections import page, show
from sync_center.panel import panel_of
from sync_center.rendering import language_of

if TYPE_CHECKING:
    from sync_center.language.catalogues import Language

_HOURLY = re.compile(r"(\d{1,2}) \* \* \* \*")
_DAILY = re.compile(r"(\d{1,2}) (\d{1,2}) \* \* \*")


@page.get("/settings/schedules", role="viewer", name="schedules")
def show_schedules(request: Request) -> Response:
    """The schedules."""
    panel, language = panel_of(request), language_of(request)
    rows = [
        {**one, "when": when(one["interval"], language), "is_merging": one["job"] in MERGING} for one in schedules()
    ]
    return show(request, "schedules.html", "schedules", schedules=rows, lines=crontab(panel.environment()))


def when(interval: str, language: Language) -> str:
    """An interval of cron in words, where it is one of the usual ones; else as it is."""
    if hourly := _HOURLY.fullmatch(interval):
        return language.text("every hour at minute %(minute)s", minute=hourly[1])
    if daily := _DAILY.fullmatch(interval):
        return language.text("every day at %(time)s", time=f"{int(daily[2]):02}:{int(daily[1]):02}")
    return interval
