from __future__ import annotations

import asyncio
import io
import struct
import zlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from PIL import Image

from service.app import create_app
from service.lifecycle import Lifecycle
from service.models.registry import load_registry
from service.settings import Settings
from tests.conftest import Encode
from tests.service.api import Client, running

MEDIA_TYPE = "application/problem+json"


def assert_problem(response: httpx.Response, status: int, slug: str, *words: str) -> None:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == MEDIA_TYPE
    problem = response.json()
    assert problem["type"] == f"urn:labn:problem:{slug}"
    assert problem["status"] == status
    assert problem["title"]
    assert all(word in problem["detail"] for word in words), problem["detail"]
    assert "Traceback" not in response.text


def declared_png(width: int, height: int) -> bytes:
    """68 bytes that declare any size."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0\0\0"))
        + chunk(b"IEND", b"")
    )


def animated_gif() -> bytes:
    file = io.BytesIO()
    frames = [Image.new("P", (64, 64), color) for color in (0, 1)]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    return file.getvalue()


def test_no_body(client: Client) -> None:
    assert_problem(client.request("POST", "/v1/predictions"), 400, "malformed-request", "image")


def test_empty_file(client: Client) -> None:
    response = client.request("POST", "/v1/predictions", files={"image": ("a.jpg", b"", "image/jpeg")})
    assert_problem(response, 400, "malformed-request", "image", "empty")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"--x\r\n"),  # no boundary
        ("multipart/form-data; boundary=x", b"no part"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=image\r\n\r\ncut"),
        ("multipart/form-data; boundary=x", b"--x--\r\n"),
        (f"multipart/form-data; boundary={'x' * 5000}", b"--x--\r\n"),
    ],
)
def test_broken_multipart(client: Client, content_type: str, body: bytes) -> None:
    response = client.predict(body, headers={"Content-Type": content_type})
    assert_problem(response, 400, "malformed-request", "multipart")


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("size=big", "must be 'upload' or 'input', or a whole number"),
        ("size=0", "must be 'upload' or 'input', or at least 1"),
        ("threshold=7", "must be at most 1"),
        ("threshold=nan", "must be a number"),
        ("include=overlay,pixels", "value 2 must be 'overlay', 'heatmap' or 'values'"),
        ("model=", "must not be empty"),
        ("treshold=1", "no such parameter"),
    ],
)
def test_a_bad_parameter_has_one_plain_reason(client: Client, encode: Encode, query: str, reason: str) -> None:
    response = client.request("POST", f"/v1/predictions?{query}", content=encode())
    assert response.json()["errors"] == [{"name": query.partition("=")[0], "reason": reason}]


def test_unknown_field(client: Client, encode: Encode) -> None:
    files = {"image": encode(), "picture": encode()}
    response = client.request("POST", "/v1/predictions", files=files)
    assert_problem(response, 422, "bad-parameter", "picture")


def test_two_images(client: Client, encode: Encode) -> None:
    response = client.request("POST", "/v1/predictions", files=[("image", encode()), ("image", encode())])
    assert_problem(response, 422, "bad-parameter", "image")


def test_form_without_the_image(client: Client) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="other"\r\n\r\nvalue\r\n--x--\r\n'
    response = client.predict(body, headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert_problem(response, 422, "bad-parameter", "other")


def test_more_parts_than_a_form_of_one_image_can_have(client: Client) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="other"\r\n\r\n\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    assert_problem(client.predict(part * 8 + b"--x--\r\n", headers=headers), 422, "bad-parameter", "other")
    assert_problem(client.predict(part * 9 + b"--x--\r\n", headers=headers), 400, "malformed-request", "parts")


def test_an_upload_that_takes_too_long(make_app: Callable[..., FastAPI], encode: Encode) -> None:
    async def stalled() -> AsyncIterator[bytes]:
        yield encode()[:100]
        await asyncio.sleep(60)

    with running(make_app(upload_s=0.05)) as client:
        response = client.request("POST", "/v1/predictions", content=stalled())
        assert_problem(response, 408, "upload-too-slow", "0.05 s")
        assert client.predict(encode()).status_code == 200


def test_a_full_queue_is_told_before_the_upload(make_app: Callable[..., FastAPI], encode: Encode) -> None:
    read = []

    async def upload() -> AsyncIterator[bytes]:
        read.append(True)
        yield encode()

    headers = {"Expect": "100-continue"}
    with running(make_app(max_waiting=1)) as client:
        with client.app.state.prediction_slots.slot():
            response = client.request("POST", "/v1/predictions", content=upload(), headers=headers)
        assert_problem(response, 429, "queue-full")
        assert not read
        assert client.request("POST", "/v1/predictions", content=upload(), headers=headers).status_code == 200


@pytest.mark.parametrize("data", [b"I am a photograph.", animated_gif(), b"<svg/>", b"\0" * 1000])
def test_not_an_image_that_is_read(client: Client, data: bytes) -> None:
    assert_problem(client.predict(data), 415, "unsupported-image")


@pytest.mark.parametrize("kept", [3, 30, 300, 0.5])
def test_truncated_jpeg(client: Client, encode: Encode, kept: float) -> None:
    data = encode()
    assert_problem(client.predict(data[: int(kept if kept > 1 else kept * len(data))]), 422, "broken-image")


def test_a_few_bytes_that_declare_many_pixels(client: Client) -> None:
    bomb = declared_png(20_000, 20_000)
    assert len(bomb) < 80
    assert_problem(client.predict(bomb), 422, "too-many-pixels", "20000")


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 5000), (5000, 1), (2, 3)])
@pytest.mark.parametrize("size", ["upload", "input", "1", "1024"])
def test_tiny_and_thin_images_are_answered(
    client: Client, encode: Encode, height: int, width: int, size: str
) -> None:
    response = client.predict(
        encode(height, width, kind="PNG"), params={"size": size, "include": "overlay,heatmap"}
    )
    assert response.status_code == 200


def test_cmyk_jpeg_is_answered(client: Client, encode: Encode) -> None:
    assert client.predict(encode(mode="CMYK")).status_code == 200


def test_body_over_the_limit(client: Client) -> None:
    assert_problem(client.predict(bytes(2_000_001)), 413, "body-too-large", "2000000")


def test_body_at_the_limit_is_read(client: Client, encode: Encode) -> None:
    data = encode()
    assert client.predict(data + bytes(2_000_000 - len(data))).status_code == 200


@pytest.mark.parametrize("model", ["nothing", "tiny@0", "../tiny", "\0", "ü"])
def test_unknown_model(client: Client, encode: Encode, model: str) -> None:
    assert_problem(client.predict(encode(), params={"model": model}), 404, "unknown-model")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            ("threshold", value)
            for value in ("2", "1.01", "-0.1", "nan", "NaN", "inf", "-inf", "", "half", "1e999")
        ),
        *(("opacity", value) for value in ("-0.01", "1.01", "nan", "inf", "x")),
        *(("size", value) for value in ("0", "-1", "nan", "1e3", "10.5", "big", "", "9" * 5000)),
        ("explanation", "rise"),
        ("colormap", "jet"),
        ("include", "overlay,everything"),
        ("model", "m" * 300),
        ("model", ""),
        ("treshold", "0.5"),
        ("q", ""),
    ],
)
def test_bad_query_value_is_named(client: Client, encode: Encode, name: str, value: str) -> None:
    response = client.predict(encode(), params={name: value})
    assert_problem(response, 422, "bad-parameter", name)
    assert [fault["name"] for fault in response.json()["errors"]] == [name]


@pytest.mark.parametrize("name", ["threshold", "model", "explanation", "unknown"])
def test_a_parameter_given_twice_is_named(client: Client, encode: Encode, name: str) -> None:
    response = client.predict(encode(), params=[(name, "tiny"), (name, "tiny")])
    assert_problem(response, 422, "bad-parameter", f"{name}: given more than once")
    assert [fault["name"] for fault in response.json()["errors"]] == [name]


def test_every_fault_is_named(client: Client, encode: Encode) -> None:
    response = client.predict(encode(), params={"threshold": "2", "opacity": "2"})
    assert [fault["name"] for fault in response.json()["errors"]] == ["threshold", "opacity"]


def test_png_needs_an_explanation(client: Client, encode: Encode) -> None:
    response = client.predict(encode(), params={"explanation": "none"}, headers={"Accept": "image/png"})
    assert_problem(response, 422, "bad-parameter", "explanation")


def test_outputs_that_are_not_finite(save_tiny: Callable[..., Path], encode: Encode) -> None:
    path = save_tiny("overflowing", overflowing=True)
    registry = load_registry([path], default="overflowing", device="cpu")
    with running(create_app(Settings(threads=1), registry, Lifecycle())) as client:
        assert_problem(client.predict(encode()), 422, "non-finite-output", "overflowed")
        assert client.get("/healthz").status_code == 200


def test_unknown_path_and_method(client: Client) -> None:
    assert_problem(client.get("/v1/nothing"), 404, "not-found")
    response = client.request("PUT", "/v1/predictions", content=b"x")
    assert_problem(response, 405, "method-not-allowed")
    assert response.headers["allow"] == "POST"


def test_the_service_goes_on_and_counts(client: Client, encode: Encode) -> None:
    client.predict(b"text")
    client.predict(encode(), params={"threshold": "2"})
    assert client.predict(encode()).status_code == 200
    assert client.metric("labn_requests_rejected_total", reason="unsupported-image") == 1
    assert client.metric("labn_requests_rejected_total", reason="bad-parameter") == 1
