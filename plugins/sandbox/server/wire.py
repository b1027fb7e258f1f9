"""Just enough HTTP/1.1: requests read from a connection, answers written to it whole, cut or never."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

JSON = "application/json"


@dataclass(slots=True)
class Request:
    """What a client asked; header names are in lower case."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes = b""


@dataclass(slots=True)
class Response:
    """What is answered, and how it gets there: `whole`, `cut` in mid-body, or `hang`, which never answers."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = JSON
    sending: str = "whole"


def read_head(head: bytes) -> Request:
    """Read the request line and the headers."""
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _version = first.split(" ", 2)
    path, _, query = target.partition("?")
    pairs = (line.partition(":") for line in lines if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return Request(method, unquote(path), parse_qsl(query, keep_blank_values=True), headers)


async def _read(reader: asyncio.StreamReader) -> Request | None:
    try:
        request = read_head((await reader.readuntil(b"\r\n\r\n"))[:-4])
        request.body = await reader.readexactly(int(request.headers.get("content-length", "0")))
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError):
        return None
    return request


def _bytes(response: Response) -> bytes:
    headers = {"Content-Type": response.content_type, "Content-Length": str(len(response.body)), **response.headers}
    lines = [f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    body = response.body[: len(response.body) // 2] if response.sending == "cut" else response.body
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


async def talk(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Callable[[Request], Awaitable[Response]]
) -> None:
    """Answer the requests of one connection until the client leaves or an answer breaks it off."""
    try:
        while request := await _read(reader):
            response = await answer(request)
            if response.sending == "hang":
                await reader.read()
                break
            writer.write(_bytes(response))
            await writer.drain()
            if response.sending == "cut" or request.headers.get("connection", "").lower() == "close":
                break
    except ConnectionError:
        pass
    finally:
        writer.close()
