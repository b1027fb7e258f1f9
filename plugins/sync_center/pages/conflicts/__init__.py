"""Conflicts: the cases that only a person can decide."""

from sync_center.pages.conflicts import queue_routes, rule_routes, case_routes  # isort: skip - a case's path fits all
from sync_center.pages.conflicts.common import page

__all__ = ["case_routes", "page", "queue_routes", "rule_routes"]
