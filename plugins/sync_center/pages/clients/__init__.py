"""The clients: find one, see who it is and why, decide about it."""

from sync_center.pages.clients import routes
from sync_center.pages.clients.acts import page

__all__ = ["page", "routes"]
