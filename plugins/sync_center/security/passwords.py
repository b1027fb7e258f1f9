"""Passwords, as Argon2 hashes; two at a time, since each takes a core and 19 MB."""

from __future__ import annotations

import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 10
_WORD_BYTES = 15
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$Tm9ib2R5IGlzIGhlcmU$Gz8dZ4m1nC7Jv3vPq5oT6sYbXyXq1mJ0cY2m7p0WnkM"
"""What is compared where there is no such user, so that an answer takes as long."""
_turn = threading.BoundedSemaphore(2)


def hashed(password: str) -> str:
    """What the database keeps of it."""
    with _turn:
        return _HASHER.hash(password)


def is_right(password: str, known: str | None) -> bool:
    """Whether it is the password of that hash."""
    try:
        with _turn:
            return _HASHER.verify(known or _NOBODY, password) and known is not None
    except (VerificationError, InvalidHashError):
        return False


def random_password() -> str:
    """One that nobody has to remember before the first login."""
    return secrets.token_urlsafe(_WORD_BYTES)
