"""Multipart bodies: their parts by name, taken in piece by piece as the parser calls them out."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Mapping, Set
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from service.errors import BadParameter, BodyTooLarge, MalformedRequest

FORM_TYPE = b"multipart/form-data"


class Form:
    """One multipart body. Parts are kept in memory, but for those with a file to go to."""

    def __init__(
        self,
        content_type: str | None,
        *,
        most_parts: int,
        most_bytes: int | None = None,
        files: Mapping[str, BinaryIO] | None = None,
    ) -> None:
        """Expect a body of that content type.

        Args:
            content_type: of the request, with the boundary.
            most_parts: bound on their number; each costs calls of the parser.
            most_bytes: bound on the parts in memory together; None: the body itself is bounded.
            files: where the parts of these names go, one part a name.

        Raises:
            MalformedRequest: another type, or no boundary.
        """
        media_type, options = parse_options_header(content_type)
        if media_type != FORM_TYPE:
            raise MalformedRequest("send a form: multipart/form-data")
        self._parts: defaultdict[str, list[BinaryIO]] = defaultdict(list)
        self._files = files or {}
        self._most_parts, self._left = most_parts, most_bytes
        self._header, self._value = b"", b""
        self._name = ""
        self._count = 0
        self._is_complete = False
        try:
            self._parser = self._make_parser(options.get(b"boundary", b""))
        except FormParserError as error:
            raise _does_not_parse(error) from error

    def write(self, data: bytes) -> None:
        """Take the next piece of the body in.

        Raises:
            MalformedRequest: it does not parse, or has too many parts.
            BodyTooLarge: more in memory than allowed.
        """
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise _does_not_parse(error) from error

    def finish(self, names: Set[str]) -> None:
        """End the body, whose parts may have these names.

        Raises:
            MalformedRequest: it is cut short.
            BadParameter: a part of another name.
        """
        if not self._is_complete:
            raise _does_not_parse("it is cut short")
        if unknown := sorted(set(self._parts) - names):
            raise BadParameter(f"{', '.join(unknown)}: no such field, only {', '.join(map(repr, sorted(names)))}")

    def file(self, name: str) -> BinaryIO | None:
        """Return a part at its beginning, None where it is missing or empty.

        Raises:
            BadParameter: two of it.
        """
        parts = self._parts.get(name, [])
        if len(parts) > 1:
            raise BadParameter(f"{name}: {len(parts)} of them, only one is allowed")
        if not parts or not parts[0].seek(0, io.SEEK_END):
            return None
        parts[0].seek(0)
        return parts[0]

    def bytes_of(self, name: str) -> bytes | None:
        """Return a part's bytes, None where it is missing or empty.

        Raises:
            BadParameter: two of it.
        """
        file = self.file(name)
        return file.read() if file else None

    def texts(self, name: str) -> list[str]:
        """Return the parts of that name as text.

        Raises:
            BadParameter: not UTF-8.
        """
        parts = self._parts.get(name, [])
        for part in parts:
            part.seek(0)
        try:
            return [part.read().decode() for part in parts]
        except UnicodeDecodeError as error:
            raise BadParameter(f"{name}: not text in UTF-8") from error

    def _make_parser(self, boundary: bytes) -> MultipartParser:
        if not boundary:
            raise FormParserError("no boundary")
        return MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._add_header,
                "on_header_value": self._add_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._begin_data,
                "on_part_data": self._add_data,
                "on_end": self._end,
            },
        )

    def _begin(self) -> None:
        self._name = ""
        self._count += 1
        if self._count > self._most_parts:
            raise FormParserError(f"more than {self._most_parts} parts")

    def _add_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            name = parse_options_header(self._value.decode("latin-1"))[1].get(b"name", b"")
            self._name = name.decode("utf-8", "replace")
        self._header, self._value = b"", b""

    def _begin_data(self) -> None:
        self._parts[self._name].append(self._files.get(self._name) or io.BytesIO())

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        part = self._parts[self._name][-1]
        if self._left is not None and self._name not in self._files:
            self._left -= end - start
            if self._left < 0:
                raise BodyTooLarge(f"the field {self._name!r} is too large")
        part.write(data[start:end])

    def _end(self) -> None:
        self._is_complete = True


def _does_not_parse(error: FormParserError | str) -> MalformedRequest:
    return MalformedRequest(f"the multipart body does not parse: {error}")
