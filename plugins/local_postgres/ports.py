"""Whether the port can be ours, and who has it otherwise."""

from __future__ import annotations

import errno
import socket

import psutil

from local_postgres.errors import port_taken

HOST = "127.0.0.1"


def require_free(port: int) -> None:
    """Bind as the server will; a taken port is an error that names its holder where the system tells it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise port_taken(port, holder(port)) from error
            raise


def holder(port: int) -> str:
    """The program that listens on the port, for a message."""
    try:
        connections = psutil.net_connections("tcp")
        pids = [found.pid for found in connections if found.pid and found.laddr and found.laddr.port == port]
        return f"{psutil.Process(pids[0]).name()} (pid {pids[0]})" if pids else "another program"
    except psutil.Error:
        return "another program"
