"""Chance that depends only on a text: the same digest on every machine and Python, with nothing kept in memory."""

from __future__ import annotations

import struct
from hashlib import blake2b
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

_NUMBERS = struct.Struct("<32H")
_DIGITS_UPPER = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_Choice = TypeVar("_Choice")


def digest(about: str) -> bytes:
    """64 bytes that belong to `about`, for instance `7:42:ghl`."""
    return blake2b(about.encode(), digest_size=64).digest()


def numbers(drawn: bytes) -> tuple[int, ...]:
    """32 numbers from 0 to 65,535 out of a digest; by convention each has one use."""
    return _NUMBERS.unpack(drawn)


def chance(number: int, per_hundred: int) -> bool:
    """Say yes `per_hundred` times in a hundred."""
    return number % 100 < per_hundred


def spread(shares: Sequence[tuple[_Choice, int]]) -> tuple[_Choice, ...]:
    """Repeat each choice by its share, so that one index picks with the right weights."""
    return tuple(choice for choice, share in shares for _ in range(share))


def alphabet(letters: str) -> bytes:
    """Build a translation table from digest bytes to the letters of a vendor's ids."""
    return bytes(ord(letters[byte % len(letters)]) for byte in range(256))


UPPER = alphabet(_DIGITS_UPPER)
MIXED = alphabet(_DIGITS_UPPER + "abcdefghijklmnopqrstuvwxyz")


def token(drawn: bytes, start: int, length: int, letters: bytes) -> str:
    """Write a part of a digest (never the same part twice) as an id of `length` letters."""
    return drawn[start : start + length].translate(letters).decode("ascii")
