"""Where the server listens, and who has the port if it is taken."""

from __future__ import annotations

import psutil

HOST = "127.0.0.1"


def holder(port: int) -> str:
    """The program that listens on the port, for a message."""
    try:
        connections = psutil.net_connections("tcp")
        pids = [found.pid for found in connections if found.pid and found.laddr and found.laddr.port == port]
        return f"{psutil.Process(pids[0]).name()} (pid {pids[0]})" if pids else "another program"
    except psutil.Error:
        return "another program"
