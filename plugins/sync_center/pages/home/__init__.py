"""The Sync Center itself: download, then unify."""

from sync_center.pages.home.routes import page

__all__ = ["page"]
