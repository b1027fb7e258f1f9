"""What several streams need and only the first works out."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_Value = TypeVar("_Value")


class Once(Generic[_Value]):
    """Makes a value when it is first asked for; a failure is remembered too, so that nobody waits for it again."""

    def __init__(self, make: Callable[[], _Value]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._values: list[_Value] = []
        self._error: BaseException | None = None

    def __call__(self) -> _Value:
        """Return the value, or raise the error that came instead."""
        with self._lock:
            if not self._values and self._error is None:
                self._try()
        if self._error is not None:
            raise self._error
        return self._values[0]

    def _try(self) -> None:
        try:
            self._values.append(self._make())
        except BaseException as error:
            self._error = error
