"""Prometheus collectors of the service, in their own registry. Label values come from closed sets."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from service.metrics.multiprocess import shared_registry

HTTP_BUCKETS_S = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10)
STAGE_BUCKETS_S = (0.0005, 0.001, *HTTP_BUCKETS_S)
BATCH_BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
RATIO_BUCKETS = tuple(tenth / 10 for tenth in range(1, 11))
CONFIDENCE_BUCKETS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
DIFFERENCE_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)  # of probabilities
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
STAGES = ("decode", "queue", "infer", "render", "total")
SHADOW_OUTCOMES = ("agreed", "differed", "failed", "dropped")
OTHER = "other"  # label of an unknown method or route


class Metrics:
    """Collectors of one application."""

    def __init__(self, *, rejection_reasons: Iterable[str]) -> None:
        self.registry = CollectorRegistry()
        shared = shared_registry()
        self.exposed = shared or self.registry  # served at /metrics
        if not shared:  # of several processes, only the one that answers would be described
            ProcessCollector(registry=self.registry)
        self._add_http(rejection_reasons)
        self._add_inference()

    def _add_http(self, rejection_reasons: Iterable[str]) -> None:
        route = ("method", "route", "status")
        self.requests = Counter("labn_http_requests", "Answers sent.", route, registry=self.registry)
        self.request_seconds = Histogram(
            "labn_http_request_duration_seconds",
            "From the request's head to the end of its answer; event streams are left out.",
            route,
            buckets=HTTP_BUCKETS_S,
            registry=self.registry,
        )
        self.in_flight = Gauge(
            "labn_http_requests_in_flight",
            "Requests under way.",
            multiprocess_mode="livesum",
            registry=self.registry,
        )
        self.rejected = Counter(
            "labn_requests_rejected", "Requests refused, by problem.", ("reason",), registry=self.registry
        )
        for reason in rejection_reasons:
            self.rejected.labels(reason)

    def add_shadow(self, model: str) -> None:
        """Add the collectors that compare a shadow model with the model that answers."""
        self.shadow_predictions = Counter(
            "labn_shadow_predictions",
            "Predictions that were asked of the shadow model too: same class, another one, no answer, no place.",
            ("model", "outcome"),
            registry=self.registry,
        )
        self.shadow_difference = Histogram(
            "labn_shadow_probability_difference",
            "Largest difference of a class's probability between the answer and the shadow's.",
            ("model",),
            buckets=DIFFERENCE_BUCKETS,
            registry=self.registry,
        )
        self.shadow_difference.labels(model)
        for outcome in SHADOW_OUTCOMES:
            self.shadow_predictions.labels(model, outcome)

    def _add_inference(self) -> None:
        self.stage_seconds = Histogram(
            "labn_stage_duration_seconds",
            "Stages of a prediction; queue is the wait for the network.",
            ("stage",),
            buckets=STAGE_BUCKETS_S,
            registry=self.registry,
        )
        for stage in STAGES:
            self.stage_seconds.labels(stage)
        self.batch_size = Histogram(
            "labn_batch_size", "Images in one forward pass.", buckets=BATCH_BUCKETS, registry=self.registry
        )
        self.predictions = Counter(
            "labn_predictions", "Predictions by class.", ("model", "label"), registry=self.registry
        )
        self.confidence = Histogram(
            "labn_prediction_confidence",
            "Probability of the predicted class.",
            buckets=CONFIDENCE_BUCKETS,
            registry=self.registry,
        )
        self.coverage = Histogram(
            "labn_attention_coverage_ratio",
            "Share of the attention map above the model's own threshold, whatever was drawn.",
            buckets=RATIO_BUCKETS,
            registry=self.registry,
        )
        self.model_info = Gauge(
            "labn_model_info",
            "Models that are served.",
            ("name", "version", "preset"),
            multiprocess_mode="max",
            registry=self.registry,
        )
