from __future__ import annotations

import base64
import io
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import pytest
from PIL import Image

from model.images.preprocessing import decode_image, decode_size, to_tensor
from model.predictor import Prediction
from service.models.registry import ModelRegistry
from tests.conftest import Encode
from tests.service.api import Client


def alone(registry: ModelRegistry, data: bytes, *, explanation: str | None = "attention") -> Prediction:
    """The prediction without a service."""
    predictor = registry.default.predictor
    preprocessing = predictor.loaded.preprocessing
    picture = decode_image(data, preprocessing.mode, at_least=decode_size(preprocessing))
    (prediction,) = predictor.predict_batch(to_tensor(picture, preprocessing), explanation=explanation)
    assert isinstance(prediction, Prediction)
    return prediction


def picture(png: str | bytes) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(png) if isinstance(png, str) else png))


def test_answers_as_the_predictor_does(client: Client, registry: ModelRegistry, encode: Encode) -> None:
    response = client.predict(encode(), params={"include": "values"})
    assert response.status_code == 200
    answer, expected = response.json(), alone(registry, encode())
    assert answer["model"] == {"name": "tiny", "version": registry.default.version}
    assert answer["prediction"]["label"] == expected.label
    assert answer["prediction"]["index"] == expected.index
    assert [entry["label"] for entry in answer["probabilities"]] == ["negative", "positive"]
    assert [entry["probability"] for entry in answer["probabilities"]] == pytest.approx(expected.probabilities)
    assert expected.explanation is not None
    assert np.array(answer["explanation"]["values"]) == pytest.approx(expected.explanation.values, abs=1e-6)
    assert answer["explanation"]["coverage"] == pytest.approx(float((expected.explanation.values > 0.4).mean()))
    assert answer["explanation"]["region"] == {"left": 24, "top": 0, "width": 48, "height": 64}
    assert (answer["explanation"]["method"], answer["explanation"]["threshold"]) == ("attention", 0.4)
    assert answer["explanation"]["overlay_png"] is None
    assert answer["explanation"]["heatmap_png"] is None
    assert answer["id"] == response.headers["x-request-id"]
    assert set(answer["timing_ms"]) == {"decode", "queue", "infer", "render", "total"}
    stages = ("decode", "queue", "infer", "render")
    assert sum(answer["timing_ms"][stage] for stage in stages) <= answer["timing_ms"]["total"] + 0.01


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP"])
def test_reads_every_image_type(client: Client, encode: Encode, kind: str) -> None:
    assert client.predict(encode(kind=kind)).status_code == 200


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "I;16", "1"])
def test_reads_every_pixel_type(client: Client, encode: Encode, mode: str) -> None:
    kind = "TIFF" if mode == "CMYK" else "PNG"
    assert client.predict(encode(kind=kind, mode=mode)).status_code == 200


def test_multipart_and_raw_bodies_say_the_same(client: Client, encode: Encode) -> None:
    raw = client.predict(encode()).json()
    form = client.request("POST", "/v1/predictions", files={"image": ("a.jpg", encode(), "image/jpeg")}).json()
    assert form["probabilities"] == raw["probabilities"]
    assert form["explanation"] == raw["explanation"]


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded", "a/b", "?"])
def test_a_body_that_is_no_form_is_the_image(client: Client, encode: Encode, content_type: str | None) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    response = client.request("POST", "/v1/predictions", content=encode(), headers=headers)
    assert response.status_code == 200
    assert response.json()["probabilities"] == client.predict(encode()).json()["probabilities"]


def test_display_options_never_change_the_prediction(client: Client, encode: Encode) -> None:
    image = encode(600, 800)
    shown: list[dict[str, str]] = [
        {},
        {"size": "upload"},
        {"size": "input"},
        {"size": "1"},
        {"threshold": "0"},
        {"threshold": "1"},
    ]
    answers = [client.predict(image, params=params).json() for params in shown]
    assert all(answer["probabilities"] == answers[0]["probabilities"] for answer in answers)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ("upload", (1120, 840)),
        ("input", (32, 32)),
        ("100", (100, 75)),
        ("9" * 400, (1120, 840)),
        (None, (1024, 768)),
    ],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_pictures_have_the_size_asked_for(
    client: Client, encode: Encode, kind: str, size: str | None, expected: tuple[int, int]
) -> None:
    params = {"include": "overlay,heatmap"} | ({"size": size} if size else {})
    explanation = client.predict(encode(840, 1120, kind=kind), params=params).json()["explanation"]
    overlay, heatmap = picture(explanation["overlay_png"]), picture(explanation["heatmap_png"])
    assert (overlay.size, heatmap.size) == (expected, expected)
    assert (overlay.mode, heatmap.mode) == ("RGB", "RGBA")


def test_the_upload_is_never_enlarged(client: Client, encode: Encode) -> None:
    explanation = client.predict(encode(64, 96), params={"size": 1024}).json()["explanation"]
    assert picture(explanation["overlay_png"]).size == (96, 64)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_large_upload_is_drawn_sharp(client: Client, kind: str) -> None:
    """What is held of it while it waits is smaller: stripes would be gone."""
    stripes = np.tile(np.array([0, 255], dtype=np.uint8).repeat(4), (600, 200))
    file = io.BytesIO()
    Image.fromarray(stripes).convert("RGB").save(file, kind, quality=95)
    params: dict[str, str] = {"size": "upload", "opacity": "0"}
    drawn = picture(client.predict(file.getvalue(), params=params).json()["explanation"]["overlay_png"])
    assert np.asarray(drawn.convert("L")) == pytest.approx(stripes, abs=30)


def test_the_heatmap_lies_on_the_crop(client: Client, encode: Encode) -> None:
    params = {"include": "overlay,heatmap", "threshold": "0", "opacity": "1", "size": "upload"}
    explanation = client.predict(encode(kind="PNG"), params=params).json()["explanation"]
    alpha = np.asarray(picture(explanation["heatmap_png"]))[:, :, 3]
    assert alpha[:, 24:72].min() == 255  # the map is a sigmoid: over 0 everywhere
    assert alpha[:, :24].max() == alpha[:, 72:].max() == 0
    overlay = np.asarray(picture(explanation["overlay_png"]))
    upload = np.asarray(Image.open(io.BytesIO(encode(kind="PNG"))))
    assert (overlay[:, :24] == upload[:, :24]).all()
    assert (overlay[:, 24:72] != upload[:, 24:72]).any()


def test_values_under_the_threshold_are_transparent(client: Client, encode: Encode) -> None:
    params = {"include": "heatmap,values", "size": "input"}
    explanation = client.predict(encode(), params=params).json()["explanation"]
    values = np.array(explanation["values"])
    threshold = float(np.median(values))
    explanation = client.predict(encode(), params=params | {"threshold": str(threshold)}).json()["explanation"]
    shown = np.asarray(picture(explanation["heatmap_png"]))[:, :, 3] > 0
    assert explanation["coverage"] == pytest.approx((values > threshold).mean())
    assert 0.2 < shown.mean() < 0.8


def test_no_explanation(client: Client, encode: Encode) -> None:
    answer = client.predict(encode(), params={"explanation": "none"}).json()
    assert answer["explanation"] is None
    assert answer["timing_ms"]["total"] > 0


def test_lambda_attention_is_another_map(client: Client, encode: Encode) -> None:
    params = {"include": "values"}
    own = client.predict(encode(), params=params).json()
    other = client.predict(encode(), params=params | {"explanation": "lambda_attention"}).json()
    assert other["probabilities"] == own["probabilities"]
    assert other["explanation"]["method"] == "lambda_attention"
    assert other["explanation"]["values"] != own["explanation"]["values"]


def test_include_may_be_repeated_or_empty(client: Client, encode: Encode) -> None:
    both = client.predict(encode(), params=[("include", "overlay"), ("include", "values")]).json()["explanation"]
    assert both["overlay_png"]
    assert both["values"]
    spaced = client.predict(encode(), params={"include": "overlay, values"}).json()["explanation"]
    assert spaced == both
    none = client.predict(encode(), params={"include": ""}).json()["explanation"]
    assert none["overlay_png"] is none["values"] is None


def test_png_on_request(client: Client, encode: Encode) -> None:
    as_json = client.predict(encode()).json()
    response = client.predict(encode(), headers={"Accept": "image/png"})
    assert response.headers["content-type"] == "image/png"
    assert response.content == base64.b64decode(as_json["explanation"]["overlay_png"])
    assert response.headers["x-labn-label"] == as_json["prediction"]["label"]
    assert float(response.headers["x-labn-probability"]) == pytest.approx(
        as_json["prediction"]["probability"], abs=1e-6
    )
    assert "infer;dur=" in response.headers["server-timing"]


def test_model_by_name_and_version(client: Client, registry: ModelRegistry, encode: Encode) -> None:
    old = next(model for model in registry if model.name == "other" and model is not registry.find("other"))
    current = client.predict(encode(), params={"model": "other"}).json()
    former = client.predict(encode(), params={"model": old.reference}).json()
    assert [entry["label"] for entry in current["probabilities"]] == ["a", "b", "c"]
    assert former["model"] == {"name": "other", "version": old.version}
    assert former["probabilities"] != current["probabilities"]


def test_parallel_requests_get_their_own_maps(client: Client, registry: ModelRegistry, encode: Encode) -> None:
    images = [encode(seed=seed) for seed in range(8)]

    def ask(number: int) -> tuple[int, httpx.Response]:
        return number % 8, client.predict(images[number % 8], params={"include": "values"})

    expected = [alone(registry, image) for image in images]
    maps = [prediction.explanation.values for prediction in expected if prediction.explanation]
    assert all(np.abs(maps[i] - maps[j]).max() > 1e-3 for i in range(8) for j in range(i))
    with ThreadPoolExecutor(8) as pool:
        for number, response in pool.map(ask, range(48)):
            answer = response.json()
            assert np.array(answer["explanation"]["values"]) == pytest.approx(maps[number], abs=1e-4)
            assert answer["prediction"]["probability"] == pytest.approx(expected[number].probability, abs=1e-4)


def test_a_request_id_is_kept_where_it_is_sane(client: Client, encode: Encode) -> None:
    answer = client.predict(encode(), headers={"X-Request-Id": "batch-7.photo_3"})
    assert answer.json()["id"] == answer.headers["x-request-id"] == "batch-7.photo_3"
    for insane in ("a b", "x" * 65, "<script>"):
        response = client.predict(encode(), headers={"X-Request-Id": insane})
        assert response.headers["x-request-id"] != insane
        assert len(response.json()["id"]) == 32
