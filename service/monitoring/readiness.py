"""Readiness: the status of the service, and the checks behind it."""

from __future__ import annotations

from collections import Counter

from service.http.admission import Admission
from service.jobs.watch import QueueView, QueueWatch
from service.lifecycle import Lifecycle, Phase
from service.models.registry import ModelRegistry
from service.monitoring.schemas import Status
from service.predictions.batching import InferenceThread


class Readiness:
    """Reads the state of the collaborators; nothing here waits."""

    def __init__(
        self,
        *,
        lifecycle: Lifecycle,
        registry: ModelRegistry,
        inference: InferenceThread,
        prediction_slots: Admission,
        watch: QueueWatch | None,
    ) -> None:
        self._lifecycle = lifecycle
        self._registry = registry
        self._inference = inference
        self._slots = prediction_slots
        self._watch = watch

    @property
    def phase(self) -> Phase:
        """Phase of the process."""
        return self._lifecycle.phase

    @property
    def is_alive(self) -> bool:
        """Whether the process can serve, or still come to serve; otherwise it must be restarted."""
        return self.phase is not Phase.FAILED and self._inference.alive

    @property
    def queue(self) -> QueueView | None:
        """Last snapshot of the queue; None without Redis, or while it is away."""
        return self._watch.view if self._watch else None

    def status(self) -> Status:
        """Return the phase; `degraded` if the service is ready but evaluations would not be run."""
        if self.phase is not Phase.READY or self._watch is None:
            return self.phase.value
        return "ready" if self.queue and self.queue.workers else "degraded"

    def checks(self) -> dict[str, str]:
        """Return the result of every check as text."""
        view = self.queue
        return {
            "models": ", ".join(model.reference for model in self._registry),
            "inference": self._inference_check(),
            "queue": f"{self._slots.taken} of {self._slots.slots} slots taken",
            "redis": "none: LABN_REDIS_URL is not set" if self._watch is None else ("there" if view else "away"),
            "workers": _workers_check(view),
        }

    def _inference_check(self) -> str:
        if self.phase is Phase.STARTING:
            return "warming up"
        return "running" if self._inference.alive else "stopped"


def _workers_check(view: QueueView | None) -> str:
    if view is None:
        return "not known"
    states = Counter(worker.state for worker in view.workers)
    return ", ".join(f"{count} {state}" for state, count in sorted(states.items())) or "none"
