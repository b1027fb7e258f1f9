"""Three roles, each with all that the one before it may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Role: TypeAlias = Literal["viewer", "operator", "owner"]
ROLES: tuple[Role, ...] = ("viewer", "operator", "owner")
"""viewer looks; operator also starts and decides; owner also changes settings and users."""


@dataclass(frozen=True)
class User:
    """Who asks: a person who is logged in, or a script with a token."""

    name: str
    role: Role
    is_script: bool = False

    def may(self, role: Role) -> bool:
        """Whether the user has that role, or one above it."""
        return ROLES.index(self.role) >= ROLES.index(role)
