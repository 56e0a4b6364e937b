"""Multipart form parser for bodies that arrive in chunks (docs/adr/0005: why not Starlette's)."""

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
    """One multipart body. Parts are kept in memory, except those that are written to a file."""

    def __init__(
        self,
        content_type: str | None,
        *,
        most_parts: int,
        most_bytes: int | None = None,
        files: Mapping[str, BinaryIO] | None = None,
    ) -> None:
        """Prepare to parse a body.

        Args:
            content_type: header of the request, with the boundary.
            most_parts: largest number of parts.
            most_bytes: largest total size of the parts in memory; None if the body itself is bounded.
            files: files to write the parts of these names to, one part per name.

        Raises:
            MalformedRequest: not multipart/form-data, or no boundary.
        """
        media_type, options = parse_options_header(content_type)
        if media_type != FORM_TYPE:
            raise MalformedRequest("send a form: multipart/form-data")
        self._parts: defaultdict[str, list[BinaryIO]] = defaultdict(list)
        self._files = files or {}
        self._most_parts, self._left_bytes = most_parts, most_bytes
        self._header, self._value = b"", b""
        self._name = ""
        self._count = 0
        self._is_complete = False
        try:
            self._parser = self._make_parser(options.get(b"boundary", b""))
        except FormParserError as error:
            raise _does_not_parse(error) from error

    def write(self, data: bytes) -> None:
        """Parse the next chunk of the body.

        Raises:
            MalformedRequest: invalid syntax, or too many parts.
            BodyTooLarge: the parts in memory exceed `most_bytes`.
        """
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise _does_not_parse(error) from error

    def finish(self, names: Set[str]) -> None:
        """Check that the body is complete and has parts of these names only.

        Raises:
            MalformedRequest: the body is truncated.
            BadParameter: a part of another name.
        """
        if not self._is_complete:
            raise _does_not_parse("it is truncated")
        if unknown := sorted(set(self._parts) - names):
            raise BadParameter(
                f"{', '.join(unknown)}: no such field; fields are {', '.join(map(repr, sorted(names)))}"
            )

    def file(self, name: str) -> BinaryIO | None:
        """Return a part as a file at its start, None if it is missing or empty.

        Raises:
            BadParameter: the part was sent more than once.
        """
        parts = self._parts.get(name, [])
        if len(parts) > 1:
            raise BadParameter(f"{name}: {len(parts)} parts of that name, only one is allowed")
        if not parts or not parts[0].seek(0, io.SEEK_END):
            return None
        parts[0].seek(0)
        return parts[0]

    def bytes_of(self, name: str) -> bytes | None:
        """Return the bytes of a part, None if it is missing or empty.

        Raises:
            BadParameter: the part was sent more than once.
        """
        file = self.file(name)
        return file.read() if file else None

    def texts(self, name: str) -> list[str]:
        """Return the texts of all parts of that name.

        Raises:
            BadParameter: not UTF-8.
        """
        parts = self._parts.get(name, [])
        for part in parts:
            part.seek(0)
        try:
            return [part.read().decode() for part in parts]
        except UnicodeDecodeError as error:
            raise BadParameter(f"{name}: not UTF-8 text") from error

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
        if self._left_bytes is not None and self._name not in self._files:
            self._left_bytes -= end - start
            if self._left_bytes < 0:
                raise BodyTooLarge(f"the field {self._name!r} is too large")
        part.write(data[start:end])

    def _end(self) -> None:
        self._is_complete = True


def _does_not_parse(error: FormParserError | str) -> MalformedRequest:
    return MalformedRequest(f"the multipart body does not parse: {error}")
