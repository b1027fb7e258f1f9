"""What has run, by whoever it was started: downloads and phase 2, what was published, what the panel has started."""

from sync_center.pages.runs.routes import page

__all__ = ["page"]
