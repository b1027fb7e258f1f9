"""The control address: order faults, let days pass, read the log and the truth over HTTP."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import msgspec

from sandbox.server.wire import Request, Response

if TYPE_CHECKING:
    from sandbox.server.server import SandboxServer


class Control:
    """POST /control/{fault,clear,advance,forbid}, GET /control/{log,violations,truth,deleted,clock}."""

    def __init__(self, sandbox: SandboxServer) -> None:
        self._sandbox = sandbox

    def answer(self, request: Request) -> Response:
        """Do what is asked; a wrong wish is a 400 with a sentence."""
        deed = getattr(self, f"_{request.method.lower()}_{request.path.removeprefix('/control/')}", None)
        if deed is None:
            return Response(404, msgspec.json.encode({"error": f"There is nothing at {request.path}. {self.__doc__}"}))
        try:
            given = msgspec.json.decode(request.body) if request.body else dict(request.query)
            return Response(200, msgspec.json.encode(deed(**given)))
        except (TypeError, ValueError, KeyError) as error:
            return Response(400, msgspec.json.encode({"error": str(error)}))

    def _post_fault(self, **fault: Any) -> dict[str, Any]:
        self._sandbox.faults.add(**fault)
        return fault

    def _post_clear(self) -> dict[str, Any]:
        self._sandbox.faults.clear()
        return {"faults": 0}

    def _post_advance(self, days: int = 1) -> dict[str, Any]:
        self._sandbox.advance(int(days))
        return self._get_clock()

    def _post_forbid(self, stream: str, vendor: str = "stripe", forbidden: bool = True) -> dict[str, Any]:
        self._sandbox.vendors[vendor].forbid(stream, forbidden)
        return {"stream": stream, "forbidden": forbidden}

    def _get_clock(self) -> dict[str, Any]:
        return {"now": self._sandbox.clock.now, "days": self._sandbox.days}

    def _get_log(self) -> list[dict[str, Any]]:
        return [asdict(logged) for logged in self._sandbox.log]

    def _get_violations(self) -> list[dict[str, Any]]:
        return [asdict(violation) for violation in self._sandbox.violations]

    def _get_truth(self, stream: str, account: str = "main", vendor: str = "stripe") -> dict[str, Any]:
        return self._sandbox.world_state(stream, account, vendor)

    def _get_deleted(self, stream: str, account: str = "main", vendor: str = "stripe") -> dict[str, int]:
        return self._sandbox.deleted(stream, account, vendor)
