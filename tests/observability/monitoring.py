"""A real Prometheus with what is shipped for it, and a real Alertmanager, on free ports of the loopback."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import yaml

from tests.observability.shipped import PROMETHEUS, read_yaml
from tests.service.launcher import free_port
from tests.worker.live import wait_for

Series = list[dict[str, Any]]
START_S = 120.0
SHIPPED_FAST_S = "0.1"
SCRAPE = {"scrape_interval": "1s", "evaluation_interval": "1s"}  # what is shipped waits for 15 s


class Receiver(ThreadingHTTPServer):
    """Takes what an Alertmanager delivers."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.delivered: list[dict[str, Any]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        Thread(target=self.serve_forever, daemon=True).start()

    def alerts(self) -> dict[str, dict[str, Any]]:
        """The alerts that have come, by name."""
        return {alert["labels"]["alertname"]: alert for message in self.delivered for alert in message["alerts"]}


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        self.server.delivered.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


class Monitoring:
    """Both servers, each with a folder of its own; what they say is in its `log`.

    `fast_s`: the edge of the histogram up to which a prediction is fast, as an operator would choose another one.
    """

    def __init__(self, folder: Path, targets: Mapping[str, str], *, fast_s: str = SHIPPED_FAST_S) -> None:
        self.folder = folder
        self._fast_s = fast_s
        self.receiver = Receiver()
        self._stack = ExitStack()
        self._stack.callback(self.receiver.server_close)
        self._stack.callback(self.receiver.shutdown)
        try:
            self._start_both(targets)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        self._stack.close()

    def get(self, path: str, **parameters: Any) -> Any:
        answer = httpx.get(f"{self.url}/api/v1/{path}", params=parameters, timeout=30).json()
        assert answer["status"] == "success", answer
        return answer["data"]

    def query(self, expression: str) -> Series:
        result: Series = self.get("query", query=_as_grafana_would(expression))["result"]
        return result

    def query_range(self, expression: str, start_s: float, end_s: float, step_s: float) -> Series:
        span = {"start": start_s, "end": end_s, "step": step_s}
        result: Series = self.get("query_range", query=_as_grafana_would(expression), **span)["result"]
        return result

    def _start_both(self, targets: Mapping[str, str]) -> None:
        self.alertmanager_url = f"http://127.0.0.1:{(alerting := free_port())}"
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        self._write_configurations(targets | {"prometheus": self.url})
        self._start(
            "alertmanager", f"--config.file={self.folder}/alertmanager.yml", f"--storage.path={self.folder}/alerts",
            f"--web.listen-address=127.0.0.1:{alerting}", "--cluster.listen-address=",
        )  # fmt: skip
        self._start(
            "prometheus", f"--config.file={self.folder}/prometheus.yml",
            f"--storage.tsdb.path={self.folder}/series",
            f"--web.listen-address=127.0.0.1:{port}",
        )  # fmt: skip
        wait_for(lambda: _is_ready(self.url) and _is_ready(self.alertmanager_url), within_s=START_S)

    def _write_configurations(self, targets: Mapping[str, str]) -> None:
        """Write what is shipped, with addresses for names."""
        shipped = read_yaml(PROMETHEUS / "prometheus.yml")
        for job in shipped["scrape_configs"]:
            job.pop("dns_sd_configs", None)
            job["static_configs"] = [{"targets": [targets[job["job_name"]].removeprefix("http://")]}]
        manager = {"static_configs": [{"targets": [self.alertmanager_url.removeprefix("http://")]}]}
        own = {
            **shipped,
            "global": SCRAPE,
            "rule_files": [str(self._copy_rules() / "*.rules.yml")],
            "alerting": {"alertmanagers": [manager]},
        }
        route = {"receiver": "test", "group_wait": "0s", "group_by": ["alertname"]}
        receivers = [{"name": "test", "webhook_configs": [{"url": self.receiver.url}]}]
        (self.folder / "prometheus.yml").write_text(yaml.safe_dump(own))
        (self.folder / "alertmanager.yml").write_text(yaml.safe_dump({"route": route, "receivers": receivers}))

    def _copy_rules(self) -> Path:
        folder = self.folder / "rules"
        folder.mkdir()
        for file in sorted((PROMETHEUS / "rules").glob("*.rules.yml")):
            edges = f'le="{SHIPPED_FAST_S}"', f'le="{self._fast_s}"'
            (folder / file.name).write_text(file.read_text(encoding="utf-8").replace(*edges), encoding="utf-8")
        return folder

    def _start(self, *command: str) -> None:
        log = self._stack.enter_context((self.folder / f"{command[0]}.log").open("wb"))
        process = subprocess.Popen(command, stdout=log, stderr=log)
        self._stack.callback(process.wait, 30)
        self._stack.callback(process.terminate)


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/-/ready").status_code == 200
    except httpx.TransportError:
        return False


def _as_grafana_would(expression: str) -> str:
    return expression.replace("$__rate_interval", "1m")
