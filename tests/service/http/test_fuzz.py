"""Seeded mutations: whatever comes, the answer is never a 500."""

from __future__ import annotations

import random

from tests.conftest import Encode
from tests.service.api import Client

NAMES = ("explanation", "threshold", "colormap", "opacity", "include", "size", "model", "x")
VALUES = ("", "none", "0.5", "1e308", "-0", "NaN", "upload", "512", "overlay,values", "tiny", "\0", "%", "ä", "[]")


def mutated(data: bytes, choice: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(choice.choice((1, 2, 10, 100))):
        changed[choice.randrange(len(changed))] = choice.randrange(256)
    if choice.random() < 0.2:
        del changed[choice.randrange(len(changed)) :]
    return bytes(changed)


def test_mutated_images(client: Client, encode: Encode) -> None:
    choice = random.Random(0)
    originals = [encode(kind=kind) for kind in ("JPEG", "PNG", "WEBP", "TIFF", "BMP")]
    statuses = {client.predict(mutated(originals[n % 5], choice)).status_code for n in range(200)}
    assert statuses <= {200, 400, 415, 422}
    assert {200, 422} <= statuses


def test_mutated_queries(client: Client, encode: Encode) -> None:
    choice = random.Random(1)
    statuses = set()
    for _ in range(200):
        params = [(choice.choice(NAMES), choice.choice(VALUES)) for _ in range(choice.randrange(4))]
        statuses.add(client.predict(encode(), params=params).status_code)
    assert statuses == {200, 404, 422}


def test_mutated_forms(client: Client, encode: Encode) -> None:
    choice = random.Random(2)
    form = b'--x\r\nContent-Disposition: form-data; name="image"\r\n\r\n' + encode() + b"\r\n--x--\r\n"
    statuses = set()
    for _ in range(200):
        head = bytearray(form)
        head[choice.randrange(60)] = choice.randrange(256)
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        statuses.add(client.predict(bytes(head), headers=headers).status_code)
    assert statuses <= {200, 400, 415, 422}
