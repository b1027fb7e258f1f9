"""Settings: sources, rules, schedules, people, tokens, the inbox; each part is a module of its own."""

from sync_center.pages.settings import account, inbox, people, rules, schedules, sources, tokens
from sync_center.pages.settings.sections import page

__all__ = ["account", "inbox", "page", "people", "rules", "schedules", "sources", "tokens"]
