"""A client of POST /v1/predictions in a process of its own: keep-alive sockets, no HTTP library, no torch.

`python -m benchmarks.client PORT` is ordered blocks and answers each with its latencies.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.blocks import Block
from benchmarks.piped_process import PipedProcess, answer_orders

BOUNDARY = "labn-benchmark"
TIMEOUT_S = 120.0


class Client(PipedProcess):
    """The process."""

    def __init__(self, port: int) -> None:
        super().__init__("benchmarks.client", port)

    def block(self, picture: Path, *, clients: int, seconds: float) -> Block:
        """Let that many clients ask again and again, each as soon as it has its answer.

        Raises:
            RuntimeError: the process has ended, over an answer other than 200.
        """
        return Block(**self.ask({"picture": str(picture), "clients": clients, "seconds": seconds}))


def prediction_request(image: bytes) -> bytes:
    """Return the whole request, as `curl -F image=@…` sends it."""
    part = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="photo.jpg"\r\n'
    body = f"{part}Content-Type: image/jpeg\r\n\r\n".encode() + image + f"\r\n--{BOUNDARY}--\r\n".encode()
    head = (
        "POST /v1/predictions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def run_clients(port: int, request: bytes, *, clients: int, seconds: float) -> Block:
    """Time a block; each client's first answer is not counted.

    Raises:
        RuntimeError: an answer other than 200.
    """

    def ask_until_the_end(_: int) -> tuple[float, float, list[float]]:
        with _connection(port) as connection:
            _exchange(connection, request)
            latencies: list[float] = []
            started = perf_counter()
            while not latencies or perf_counter() < started + seconds:
                asked = perf_counter()
                _exchange(connection, request)
                latencies.append(perf_counter() - asked)
            return started, perf_counter(), latencies

    with ThreadPoolExecutor(clients) as pool:
        starts, ends, latencies = zip(*pool.map(ask_until_the_end, range(clients)), strict=True)
    return Block(latencies_s=list(chain.from_iterable(latencies)), elapsed_s=max(ends) - min(starts))


@contextmanager
def _connection(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield connection


def _exchange(connection: socket.socket, request: bytes) -> None:
    """Send the request and read its answer to the end."""
    connection.sendall(request)
    received = connection.recv(1 << 16)
    while b"\r\n\r\n" not in received and (more := connection.recv(1 << 16)):
        received += more
    head, _, body = received.partition(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n", 1)[0]:
        raise RuntimeError(received[:500].decode(errors="replace"))
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    left = int(lengths[0].partition(b":")[2]) - len(body)
    buffer = bytearray(1 << 18)
    while left > 0 and (count := connection.recv_into(buffer)):
        left -= count
    if left > 0:
        raise RuntimeError(f"the connection ended {left} bytes early")


def main() -> None:
    """Answer orders until the input ends."""
    port, requests = int(sys.argv[1]), dict[str, bytes]()

    def answer(order: Any) -> dict[str, Any]:
        path = order["picture"]
        request = requests.setdefault(path, prediction_request(Path(path).read_bytes()))
        return asdict(run_clients(port, request, clients=order["clients"], seconds=order["seconds"]))

    answer_orders(answer)


if __name__ == "__main__":
    main()
