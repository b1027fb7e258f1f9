"""The clients: find one, see who it is and why, decide about it."""

from sync_center.pages.clients.routes import page

__all__ = ["page"]
