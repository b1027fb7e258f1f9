"""A local server that answers as the vendors do, traps included, over the seeded world."""

from sandbox.server.server import SandboxServer

__all__ = ["SandboxServer"]
