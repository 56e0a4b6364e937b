"""Read request bodies: one image, or a form."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Set
from contextlib import asynccontextmanager

from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.requests import ClientDisconnect

from service.errors import ClientGone, MalformedRequest, UploadTooSlow
from service.http.multipart import FORM_TYPE, Form

FIELD = "image"
MOST_PARTS = 8  # of a form that holds one image


async def read_image(request: Request, *, within_s: float) -> bytes:
    """Return the bytes of the uploaded image: the field `image` of a form, else the body itself.

    Raises:
        MalformedRequest: no image, an empty one, or an invalid multipart body.
        BadParameter: a field other than `image`, or more than one `image`.
        BodyTooLarge: the body exceeds the limit.
        UploadTooSlow: not complete in time.
        ClientGone: the client disconnected during the upload.
    """
    async with _complete(within_s):
        body = await request.body()
    if not body:
        raise MalformedRequest(f"no image: send it as the body or as the multipart field {FIELD!r}")
    content_type = request.headers.get("content-type")
    if parse_options_header(content_type)[0] != FORM_TYPE:
        return body
    form = Form(content_type, most_parts=MOST_PARTS)
    form.write(body)
    form.finish({FIELD})
    return required(form.bytes_of(FIELD), FIELD)


async def read_form(request: Request, form: Form, names: Set[str], *, within_s: float) -> None:
    """Read the request's body into a form with fields of these names. Parses in a thread: parts may go to a disk.

    Raises:
        MalformedRequest: an invalid multipart body.
        BadParameter: a field of another name.
        BodyTooLarge: the body exceeds the limit.
        UploadTooSlow: not complete in time.
        ClientGone: the client disconnected during the upload.
    """
    async with _complete(within_s):
        async for chunk in request.stream():
            await asyncio.to_thread(form.write, chunk)
    form.finish(names)


def required(value: bytes | None, name: str) -> bytes:
    """Return the bytes of a part that must be there.

    Raises:
        MalformedRequest: the part is missing or empty.
    """
    if value is None:
        raise MalformedRequest(f"the multipart field {name!r} is missing or empty")
    return value


@asynccontextmanager
async def _complete(within_s: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(within_s):
            yield
    except TimeoutError as error:
        raise UploadTooSlow(f"the upload was not complete after {within_s:g} s") from error
    except ClientDisconnect as error:
        raise ClientGone("the client left before its upload was complete") from error
