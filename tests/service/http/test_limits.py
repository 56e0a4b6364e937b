from __future__ import annotations

import asyncio

import pytest
from starlette.types import Message, Receive, Scope, Send

from service.errors import BodyTooLarge
from service.http.body_limit import BodyLimit

Events = list[Message]


def serve(app: object, headers: dict[str, str], pieces: list[bytes]) -> tuple[Events, int]:
    """Return what was sent, and how many of the body's pieces were taken in all."""
    sent: Events = []
    waiting = [
        {"type": "http.request", "body": piece, "more_body": place + 1 < len(pieces)}
        for place, piece in enumerate(pieces)
    ]
    left = len(waiting)

    async def receive() -> Message:
        return waiting.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "headers": [(name.encode(), value.encode()) for name, value in headers.items()]}
    asyncio.run(BodyLimit(app, max_bytes=10)(scope, receive, send))  # type: ignore[arg-type]
    return sent, left - len(waiting)


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b"no", "more_body": False})


async def read(scope: Scope, receive: Receive, send: Send) -> None:
    try:
        while (await receive()).get("more_body"):
            pass
    except BodyTooLarge:
        await refuse(scope, receive, send)


@pytest.mark.parametrize("app", [refuse, read])
def test_the_rest_of_a_body_is_taken_before_the_answer_ends(app: object) -> None:
    sent, taken = serve(app, {"transfer-encoding": "chunked"}, [b"123456"] * 4)
    assert taken == 4
    assert (b"connection", b"close") in sent[0]["headers"]
    assert b"".join(message["body"] for message in sent[1:]) == b"no"
    assert [message["more_body"] for message in sent[1:]] == [True, False]


def test_a_body_that_is_withheld_is_not_asked_for() -> None:
    sent, taken = serve(read, {"content-length": "11", "expect": "100-continue"}, [b"12345678901"])
    assert taken == 0
    assert sent[-1]["more_body"] is False


def test_a_small_body_passes() -> None:
    sent, taken = serve(read, {"content-length": "10"}, [b"12345", b"67890"])
    assert (sent, taken) == ([], 2)


def test_a_path_may_have_a_bound_of_its_own() -> None:
    async def read_and_end(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        await refuse(scope, receive, send)

    def sizes(path: str) -> Events:
        sent: Events = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b"12345678901", "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        scope = {"type": "http", "path": path, "headers": [(b"content-length", b"11")]}
        asyncio.run(BodyLimit(read_and_end, max_bytes=10, larger={"/large": 11})(scope, receive, send))
        return sent

    assert sizes("/large")[-1]["body"] == b"no"
    with pytest.raises(BodyTooLarge):
        sizes("/larger")
