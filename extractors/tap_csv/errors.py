"""The ways in which a file can disappoint; both carry a sentence for the user."""

from __future__ import annotations


class SettingError(Exception):
    """A setting that cannot be meant: nothing is read at all."""


class UnreadableError(Exception):
    """A file, or the rest of it, that cannot be read: it is named and the other files go on."""


class NotNowError(UnreadableError):
    """The same, for a reason that may pass: what is known of the file stays, and the next run tries again."""


class NoTableError(Exception):
    """A text file found in a folder that holds prose rather than a table: said, and no failure."""
