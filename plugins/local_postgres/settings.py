"""The server's settings, worked out anew at each start from the memory and the disk of the machine."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

FILE_NAME = "local_postgres.conf"
MEGABYTE = 1024 * 1024
SMALL_MACHINE = 2048
MEMORY_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108
SHARED_MEMORY_NEEDED = 1024

ALWAYS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "max_connections": "100",
    "fsync": "on",
    "synchronous_commit": "on",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "checkpoint_timeout": "15min",
    "huge_pages": "try",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_checkpoints": "off",
    "log_min_error_statement": "panic",
}


def render(port: int, data: Path) -> str:
    """The text of our configuration file."""
    free_disk = shutil.disk_usage(data).free // MEGABYTE
    values = {"port": str(port), **ALWAYS, **sized(memory_megabytes(), free_disk), **_parallel_memory()}
    lines = (f"{name} = '{value}'" for name, value in values.items())
    header = "# Written at each start. Your own settings: `alter system set ...`, which wins over this file."
    return "\n".join((header, *lines, ""))


def sized(memory: int, free_disk: int) -> dict[str, str]:
    """The settings that depend on the machine, from its megabytes of memory and of free disk."""
    small = memory < SMALL_MACHINE
    megabytes = {
        "shared_buffers": min(1024, max(128, memory // 8)),
        "effective_cache_size": max(128, memory // 2),
        "work_mem": 16 if small else 64,
        "maintenance_work_mem": 64 if small else 256,
        "max_wal_size": min(4096, max(256, free_disk // 10)),
    }
    return {name: f"{value}MB" for name, value in megabytes.items()}


def memory_megabytes() -> int:
    """The memory that this process may use: the machine's, or less where a container has a limit."""
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for path in MEMORY_LIMITS:
        with suppress(OSError, ValueError):
            limits.append(int(path.read_text()))
    return min(limits) // MEGABYTE


def _parallel_memory() -> dict[str, str]:
    """Containers often have 64 MB of shared memory, in which a parallel query would fail: use files then."""
    if SHARED_MEMORY.is_dir() and shutil.disk_usage(SHARED_MEMORY).total < SHARED_MEMORY_NEEDED * MEGABYTE:
        return {"dynamic_shared_memory_type": "mmap"}
    return {}
