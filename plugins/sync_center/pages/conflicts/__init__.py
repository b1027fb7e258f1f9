"""Conflicts: the cases that only a person can decide."""

from sync_center.pages.conflicts.routes import page

__all__ = ["page"]
