from __future__ import annotations

import io

import pytest

from service.errors import BodyTooLarge, MalformedRequest
from service.http.multipart import Form

TYPE = "multipart/form-data; boundary=x"


def part(name: str, value: bytes) -> bytes:
    return f'--x\r\nContent-Disposition: form-data; name="{name}"; filename="f"\r\n\r\n'.encode() + value + b"\r\n"


@pytest.mark.parametrize("piece", [1, 7, 1000])
@pytest.mark.parametrize("end", [b"--x--\r\n", b"--x--"])
def test_pieces_of_any_size(piece: int, end: bytes) -> None:
    disk = io.BytesIO()
    body = part("a", b"1\r\n--2") + part("zip", b"\r\n" * 50) + part("a", b"") + part("ü", "é".encode()) + end
    form = Form(TYPE, most_parts=4, files={"zip": disk})
    for start in range(0, len(body), piece):
        form.write(body[start : start + piece])
    form.finish({"a", "zip", "ü"})
    assert form.texts("a") == ["1\r\n--2", ""]
    assert form.texts("ü") == ["é"]
    assert form.texts("b") == []
    assert form.bytes_of("zip") == form.bytes_of("zip") == disk.getvalue() == b"\r\n" * 50


def test_only_what_is_in_memory_is_bounded() -> None:
    disk = io.BytesIO()
    form = Form(TYPE, most_parts=4, most_bytes=10, files={"zip": disk})
    form.write(part("zip", bytes(1000)) + part("a", bytes(6)))
    with pytest.raises(BodyTooLarge, match="'b'"):
        form.write(part("b", bytes(6)))


def test_headers_are_bounded() -> None:
    form = Form(TYPE, most_parts=4)
    with pytest.raises(MalformedRequest):
        form.write(b"--x\r\nContent-Disposition: form-data; name=" + bytes(100_000))


def test_a_form_cut_short() -> None:
    for body in (b"", b"--x\r\n", part("a", b"1"), part("a", b"1") + b"--x"):
        form = Form(TYPE, most_parts=4)
        form.write(body)
        with pytest.raises(MalformedRequest, match="truncated"):
            form.finish({"a"})
