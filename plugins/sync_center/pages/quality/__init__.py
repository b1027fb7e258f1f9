"""Data quality: what keeps records from being joined rightly, with examples and what to do about each."""

from sync_center.pages.quality.routes import page

__all__ = ["page"]
