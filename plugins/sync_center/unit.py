"""The panel as a systemd unit, for this very folder."""

from __future__ import annotations

import getpass

from stage_first import project

_UNIT = """[Unit]
Description=Stage First, Sync Center
After=network.target

[Service]
User={user}
WorkingDirectory={root}
Environment=MALLOC_ARENA_MAX=2
ExecStart="{bin}/sync-center" serve
Restart=always
RestartSec=2
KillMode=process

[Install]
WantedBy=multi-user.target"""


def systemd_unit() -> str:
    """The unit; `KillMode=process`, since what the panel has started goes on when the panel ends."""
    root, folder = (str(path).replace("%", "%%") for path in (project.ROOT, project.BIN))
    return _UNIT.format(user=getpass.getuser(), root=root, bin=folder)
