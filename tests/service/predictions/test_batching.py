from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor

from model.errors import NonFiniteOutput, UnknownMethod
from service.metrics.collectors import Metrics
from service.models.registry import ModelRegistry
from service.predictions.batching import InferenceThread

WAIT_S = 600


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(rejection_reasons=[])


@pytest.fixture
def make_thread(registry: ModelRegistry, metrics: Metrics) -> Iterator[Callable[[int], InferenceThread]]:
    threads = []

    def make(max_batch: int) -> InferenceThread:
        predictors = [model.predictor for model in registry]
        threads.append(InferenceThread(predictors, max_batch=max_batch, threads=1, metrics=metrics))
        return threads[-1]

    yield make
    for thread in threads:
        thread.stop()


def image(seed: int) -> Tensor:
    return torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(seed))


def batches(metrics: Metrics) -> tuple[float | None, float | None]:
    """(how many, images in all)."""
    value = metrics.registry.get_sample_value
    return value("labn_batch_size_count"), value("labn_batch_size_sum")


def test_a_batch_gives_each_request_its_own_map(
    registry: ModelRegistry, metrics: Metrics, make_thread: Callable[[int], InferenceThread]
) -> None:
    predictor, thread = registry.default.predictor, make_thread(8)
    futures = [thread.submit(predictor, image(seed), method="attention") for seed in range(5)]
    thread.start()
    for seed, future in enumerate(futures):
        computed = future.result(WAIT_S).prediction
        (alone,) = predictor.predict_batch(image(seed), explanation="attention")
        assert computed.probabilities == pytest.approx(alone.probabilities, abs=1e-5)
        assert computed.explanation.values == pytest.approx(alone.explanation.values, abs=1e-5)
    assert batches(metrics) == (1, 5)
    assert thread.seconds_per_image > 0


def test_only_equal_models_and_methods_share_a_pass(
    registry: ModelRegistry, metrics: Metrics, make_thread: Callable[[int], InferenceThread]
) -> None:
    thread, tiny, other = make_thread(8), registry.default.predictor, registry.find("other").predictor
    asked = [
        (tiny, "attention"),
        (other, "attention"),
        (tiny, None),
        (tiny, "attention"),
        (other, "attention"),
    ]
    futures = [thread.submit(predictor, image(0), method=method) for predictor, method in asked]
    thread.start()
    predictions = [future.result(WAIT_S).prediction for future in futures]
    assert [len(prediction.probabilities) for prediction in predictions] == [2, 3, 2, 2, 3]
    assert [prediction.explanation is None for prediction in predictions] == [
        False,
        False,
        True,
        False,
        False,
    ]
    assert batches(metrics) == (3, 5)


def test_a_spare_image_waits_for_all_others_and_is_not_counted(
    registry: ModelRegistry, metrics: Metrics, make_thread: Callable[[int], InferenceThread]
) -> None:
    thread, predictor = make_thread(8), registry.default.predictor
    order: list[str] = []
    futures = []
    for name in ("spare", "first", "spare", "second"):
        futures.append(thread.submit(predictor, image(0), method=None, low_priority=name == "spare"))
        futures[-1].add_done_callback(lambda _, name=name: order.append(name))
    thread.start()
    for future in futures:
        future.result(WAIT_S)
    assert order == ["first", "second", "spare", "spare"]
    assert batches(metrics) == (1, 2)


def test_batches_are_bounded(
    registry: ModelRegistry, metrics: Metrics, make_thread: Callable[[int], InferenceThread]
) -> None:
    thread = make_thread(2)
    futures = [thread.submit(registry.default.predictor, image(0), method=None) for _ in range(5)]
    thread.start()
    for future in futures:
        future.result(WAIT_S)
    assert batches(metrics) == (3, 5)


def test_cancelled_requests_are_never_computed(
    registry: ModelRegistry, metrics: Metrics, make_thread: Callable[[int], InferenceThread]
) -> None:
    thread = make_thread(8)
    futures = [thread.submit(registry.default.predictor, image(0), method=None) for _ in range(3)]
    assert futures[0].cancel()
    thread.start()
    futures[2].result(WAIT_S)
    assert batches(metrics) == (1, 2)


def test_one_overflow_fails_only_its_own_request(
    registry: ModelRegistry, make_thread: Callable[[int], InferenceThread]
) -> None:
    thread, predictor = make_thread(8), registry.default.predictor
    good = thread.submit(predictor, image(0), method="attention")
    bad = thread.submit(predictor, torch.full((1, 3, 32, 32), float("nan")), method="attention")
    thread.start()
    assert len(good.result(WAIT_S).prediction.probabilities) == 2
    with pytest.raises(NonFiniteOutput):
        bad.result(WAIT_S)


def test_the_thread_survives_an_error(
    registry: ModelRegistry, make_thread: Callable[[int], InferenceThread]
) -> None:
    thread, predictor = make_thread(8), registry.default.predictor
    thread.start()
    with pytest.raises(UnknownMethod):
        thread.submit(predictor, image(0), method="tea-leaves").result(WAIT_S)
    thread.submit(predictor, image(0), method="attention").result(WAIT_S)
    assert thread.alive


def test_stopping_cancels_what_waits(
    registry: ModelRegistry, make_thread: Callable[[int], InferenceThread]
) -> None:
    thread = make_thread(8)
    waiting = thread.submit(registry.default.predictor, image(0), method=None)
    thread.start()
    thread.stop()
    assert waiting.done()
    assert not thread.alive
