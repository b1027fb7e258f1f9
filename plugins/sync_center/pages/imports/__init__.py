"""CSV files: uploaded, looked at, their columns given a meaning, imported."""

from sync_center.pages.imports.routes import page

__all__ = ["page"]
