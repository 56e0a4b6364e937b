"""Whether predictions can be served, and what else is not as it should be."""

from __future__ import annotations

from collections import Counter

from service.dependencies import Parts
from service.lifecycle import Phase
from service.monitoring.queue_watch import QueueView
from service.schemas import Status


def status_of(parts: Parts) -> Status:
    """Return the phase of the process; `degraded` where it is ready and evaluations would not be done."""
    phase = parts.lifecycle.phase
    if phase is not Phase.READY or parts.queue is None:
        return phase.value
    view = parts.queue.watch.view
    return "ready" if view and view.workers else "degraded"


def checks_of(parts: Parts) -> dict[str, str]:
    """Return every check in words."""
    view = parts.queue.watch.view if parts.queue else None
    return {
        "models": ", ".join(model.reference for model in parts.registry),
        "inference": _inference(parts),
        "queue": f"{parts.admission.taken} of {parts.admission.places} places taken",
        "redis": "none: LABN_REDIS_URL is not set" if parts.queue is None else ("there" if view else "away"),
        "workers": _workers(view),
    }


def _inference(parts: Parts) -> str:
    if parts.lifecycle.phase is Phase.STARTING:
        return "warming up"
    return "running" if parts.pipeline.inference.alive else "stopped"


def _workers(view: QueueView | None) -> str:
    if view is None:
        return "not known"
    states = Counter(worker.state for worker in view.workers)
    return ", ".join(f"{count} {state}" for state, count in sorted(states.items())) or "none"
