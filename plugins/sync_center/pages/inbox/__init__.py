"""The inbox: what ManyChat's External Request pushes, stored before it is answered."""

from sync_center.pages.inbox.routes import page

__all__ = ["page"]
