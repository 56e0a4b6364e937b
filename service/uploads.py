"""The uploaded image of a request: the multipart field `image`, or the whole body; never put on disk."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from service.errors import BadParameter, ClientGone, MalformedRequest, UploadTooSlow

FIELD = "image"
MOST_PARTS = 8  # each costs calls in the event loop's thread


async def read_image(request: Request, *, within_s: float) -> bytes:
    """Return the bytes of the uploaded image, whatever media type a body that is no form claims to have.

    Raises:
        MalformedRequest: no image, an empty one, or a broken multipart body.
        BadParameter: a multipart field that is not `image`, or two of it.
        BodyTooLarge: more bytes than allowed.
        UploadTooSlow: not complete in time.
        ClientGone: the client left in mid-upload.
    """
    try:
        async with asyncio.timeout(within_s):
            body = await request.body()
    except TimeoutError as error:
        raise UploadTooSlow(f"the upload was not complete after {within_s:g} s") from error
    except ClientDisconnect as error:
        raise ClientGone("the client left before its upload was complete") from error
    if not body:
        raise MalformedRequest(f"no image: send it as the body or as the multipart field {FIELD!r}")
    media_type, options = parse_options_header(request.headers.get("content-type"))
    if media_type == b"multipart/form-data":
        return _image_part(body, boundary=options.get(b"boundary", b""))
    return body


def _image_part(body: bytes, *, boundary: bytes) -> bytes:
    fields = _Fields()
    try:
        fields.parse(body, boundary)
    except FormParserError as error:
        raise MalformedRequest(f"the multipart body does not parse: {error}") from error
    if unknown := sorted(set(fields.values) - {FIELD}):
        raise BadParameter(f"{', '.join(unknown)}: no such field, only {FIELD!r}")
    images = fields.values[FIELD]
    if len(images) > 1:
        raise BadParameter(f"{FIELD}: {len(images)} of them, only one is allowed")
    if not images or not images[0]:
        raise MalformedRequest(f"the multipart field {FIELD!r} is missing or empty")
    return images[0]


class _Fields:
    """The parts of one multipart body by name, as the parser calls them out."""

    def __init__(self) -> None:
        self.values: defaultdict[str, list[bytes]] = defaultdict(list)
        self._header, self._value = b"", b""
        self._name = ""
        self._pieces: list[bytes] = []
        self._parts = 0

    def parse(self, body: bytes, boundary: bytes) -> None:
        """Read the parts.

        Raises:
            FormParserError: no boundary, too many parts, a broken or an unfinished body.
        """
        if not boundary:
            raise FormParserError("no boundary")
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._add_header,
                "on_header_value": self._add_value,
                "on_header_end": self._end_header,
                "on_part_data": self._add_data,
                "on_part_end": self._end,
            },
        )
        parser.write(body)
        parser.finalize()

    def _begin(self) -> None:
        self._name, self._pieces = "", []
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise FormParserError(f"more than {MOST_PARTS} parts")

    def _add_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._name = (
                parse_options_header(self._value.decode("latin-1"))[1].get(b"name", b"").decode("utf-8", "replace")
            )
        self._header, self._value = b"", b""

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        self._pieces.append(data[start:end])

    def _end(self) -> None:
        self.values[self._name].append(b"".join(self._pieces))
