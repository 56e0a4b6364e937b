"""The one door: probabilities, maps and warnings of pictures."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from model.checkpoint import LoadedCheckpoint, load_checkpoint
from model.errors import NonFiniteOutput, UnknownMethod
from model.explain.explainer import stretch
from model.explain.lambda_attention import LambdaAttention
from model.images.familiarity import input_statistics
from model.images.normalisation import denormalise
from model.images.preprocessing import Picture, to_tensor
from model.predictor import Prediction, Predictor
from tests.model.networks import images, small_network

MakePicture = Callable[..., Picture]


@pytest.fixture
def predictor(loaded: LoadedCheckpoint) -> Predictor:
    return Predictor(loaded)


def sound(prediction: Prediction | NonFiniteOutput) -> Prediction:
    assert isinstance(prediction, Prediction)
    return prediction


class TestProbabilities:
    def test_are_the_softmax_of_the_logits_in_class_order(
        self, predictor: Predictor, loaded: LoadedCheckpoint, picture: MakePicture
    ) -> None:
        prediction = predictor.predict(picture())
        logits = loaded.network(to_tensor(picture(), loaded.preprocessing)).logits[0].double()
        odds = logits.exp()
        assert prediction.probabilities == pytest.approx((odds / odds.sum()).tolist(), abs=1e-6)
        assert sum(prediction.probabilities) == pytest.approx(1)

    @pytest.mark.parametrize("index", [0, 1, 2])
    def test_the_likeliest_class_gives_the_label(
        self, save: Callable[..., Path], picture: MakePicture, index: int
    ) -> None:
        network = small_network(classes=3)
        network.classify.weight.data.zero_()
        network.classify.bias.data[index] += 20
        prediction = Predictor(load_checkpoint(save(network, labels=("a", "b", "c")))).predict(picture())
        assert (prediction.label, prediction.index) == ("abc"[index], index)
        assert prediction.probability == max(prediction.probabilities) == prediction.probabilities[index] > 0.9

    def test_huge_logits_do_not_overflow(self, save: Callable[..., Path], picture: MakePicture) -> None:
        network = small_network()
        network.classify.weight.data.zero_()
        network.classify.bias.data = torch.tensor([-1e30, 1e30])
        assert Predictor(load_checkpoint(save(network))).predict(picture()).probabilities == (0, 1)


class TestExplanation:
    def test_attention_is_the_network_s_map(
        self, predictor: Predictor, loaded: LoadedCheckpoint, picture: MakePicture
    ) -> None:
        explanation = predictor.predict(picture()).explanation
        assert explanation is not None
        assert explanation.method == "attention"
        expected = loaded.network(to_tensor(picture(), loaded.preprocessing)).attention[0, 0].numpy()
        np.testing.assert_allclose(explanation.values, expected, atol=1e-6)

    def test_lambda_attention_fills_0_to_1_for_each_image(
        self, predictor: Predictor, loaded: LoadedCheckpoint
    ) -> None:
        batch = images(3)
        expected = stretch(LambdaAttention().maps(loaded.network, batch)).numpy()
        for prediction, map_ in zip(
            predictor.predict_batch(batch, explanation="lambda_attention"), expected, strict=True
        ):
            explanation = sound(prediction).explanation
            assert explanation is not None
            assert (explanation.values.min(), explanation.values.max()) == (0, 1)
            assert explanation.values.dtype == np.float32
            np.testing.assert_allclose(explanation.values, map_, atol=1e-5)

    def test_may_be_left_out(self, predictor: Predictor, picture: MakePicture) -> None:
        assert predictor.predict(picture(), explanation=None).explanation is None

    def test_of_an_unknown_method_is_refused_naming_those_there_are(self, predictor: Predictor) -> None:
        with pytest.raises(UnknownMethod, match=r"'rice'.*attention, lambda_attention"):
            predictor.predict_batch(images(1), explanation="rice")


class TestBatches:
    @pytest.mark.parametrize("method", ["attention", "lambda_attention", None])
    def test_give_each_image_its_own_answer_in_order(self, predictor: Predictor, method: str | None) -> None:
        batch = images(4)
        together = [sound(p) for p in predictor.predict_batch(batch, explanation=method)]
        for place, prediction in enumerate(together):
            alone = sound(predictor.predict_batch(batch[place : place + 1], explanation=method)[0])
            assert prediction.probabilities == pytest.approx(alone.probabilities, abs=1e-5)
            if prediction.explanation is not None and alone.explanation is not None:
                np.testing.assert_allclose(prediction.explanation.values, alone.explanation.values, atol=1e-4)
        assert len({prediction.probabilities for prediction in together}) == 4

    @pytest.mark.parametrize("broken", [(0,), (2,), (0, 3), (0, 1, 2, 3)])
    @pytest.mark.parametrize("method", ["attention", "lambda_attention"])
    def test_an_overflow_takes_no_other_image_with_it(
        self, predictor: Predictor, broken: tuple[int, ...], method: str
    ) -> None:
        batch = images(4)
        expected = predictor.predict_batch(batch, explanation=method)
        batch[list(broken)] *= 1e30
        for place, prediction in enumerate(predictor.predict_batch(batch, explanation=method)):
            if place in broken:
                assert isinstance(prediction, NonFiniteOutput)
                assert prediction.images == [place]
            else:
                assert sound(prediction).probabilities == pytest.approx(
                    sound(expected[place]).probabilities, abs=1e-5
                )

    def test_an_overflow_of_a_single_picture_is_raised(
        self, save: Callable[..., Path], picture: MakePicture
    ) -> None:
        network = small_network()
        network.classify.weight.data.fill_(3e38)
        with pytest.raises(NonFiniteOutput):
            Predictor(load_checkpoint(save(network))).predict(picture())


def test_threads_get_the_answers_to_their_own_pictures(predictor: Predictor, picture: MakePicture) -> None:
    pictures = [picture(seed) for seed in range(6)]
    expected = [predictor.predict(p).probabilities for p in pictures]
    assert len(set(expected)) == 6
    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(lambda place: predictor.predict(pictures[place % 6]).probabilities, range(60)))
    for place, probabilities in enumerate(got):
        assert probabilities == pytest.approx(expected[place % 6], abs=1e-6)


class TestWarnings:
    @pytest.fixture
    def knowing(self, save: Callable[..., Path], picture: MakePicture) -> Predictor:
        network = small_network()
        path = save(network)
        preprocessing = load_checkpoint(path).preprocessing
        seen = torch.cat([to_tensor(picture(seed), preprocessing) for seed in range(20)])
        statistics = input_statistics(denormalise(seen, preprocessing))
        return Predictor(load_checkpoint(save(network, statistics=statistics)))

    def test_are_silent_on_a_picture_of_the_training_set(self, knowing: Predictor, picture: MakePicture) -> None:
        assert knowing.warnings(to_tensor(picture(3), knowing.loaded.preprocessing)) == []

    def test_say_how_a_picture_is_unlike_it(self, knowing: Predictor, picture: MakePicture) -> None:
        white = Picture(picture().pixels.point(lambda _: 255), 64, 96)
        said = knowing.warnings(to_tensor(white, knowing.loaded.preprocessing))
        assert any("mean red is 1.000" in sentence for sentence in said)
        assert all(sentence.startswith("This image is unlike the training set") for sentence in said)

    def test_are_silent_where_the_training_set_is_not_known(
        self, predictor: Predictor, picture: MakePicture
    ) -> None:
        assert predictor.warnings(to_tensor(picture(), predictor.loaded.preprocessing)) == []
