"""A line to the service that breaks: a TCP proxy that has something against event streams."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class BrokenLine:
    """Passes requests on; an event stream is cut after so many bytes of answer, 0: is not found at all."""

    def __init__(self, port: int, *, stream_bytes: int) -> None:
        self.streams: list[bytes] = []  # heads of the requests for events
        self._port = port
        self._stream_bytes = stream_bytes
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=[self._listener.accept()[0]], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError), socket.create_connection(("127.0.0.1", self._port)) as service:
            answers = threading.Thread(target=self._answer, args=[client, service], daemon=True)
            answers.start()
            while request := client.recv(65536):
                if b"/events " in request.partition(b"\r\n")[0]:
                    self.streams.append(request)
                    if not self._stream_bytes:
                        client.sendall(NOT_FOUND)
                        break
                service.sendall(request)
            service.shutdown(socket.SHUT_RDWR)
            answers.join()

    def _answer(self, client: socket.socket, service: socket.socket) -> None:
        streamed = 0
        with suppress(OSError):
            while answer := service.recv(512):
                client.sendall(answer)
                streamed += len(answer) * (b"text/event-stream" in answer or streamed > 0)
                if streamed > self._stream_bytes > 0:
                    break
            client.shutdown(socket.SHUT_RDWR)
