"""Examples of evaluations for the API's description: the shipped model's answers for docs/images/retina.jpg."""

from __future__ import annotations

from typing import Any

PARAMETERS: dict[str, Any] = {
    "methods": ["attention"],
    "patch_sizes": [32],
    "protocol": "paper",
    "step": 16,
    "blank": "black",
    "target": None,
    "rise_masks": 4000,
    "seed": 0,
    "random_orders": 0,
}

EVALUATION_EXAMPLE: dict[str, Any] = {
    "id": "c563304bed5b795aae3f635c346e81a2",
    "status": "succeeded",
    "progress": {"stage": "done", "done": 17, "total": 17, "eta_s": 0.0},
    "result": {
        "target": {"label": "retinopathy", "index": 1},
        "p_full": 0.969243,
        "p_blank": 0.143816,
        "methods": {
            "attention": {
                "coverage": 0.433564,
                "scores": [
                    {
                        "patch_size": 32,
                        "protocol": "paper",
                        "step": 16,
                        "blank": "black",
                        "insertion": 0.894182,
                        "deletion": 0.3399,
                        "pid": 0.554283,
                        "error_estimate": 0.140684,
                        "n": [0, 16, 32, 48, 64, 80, 96, 100],
                        "insertion_curve": [
                            0.143816,
                            0.936639,
                            0.951454,
                            0.966566,
                            0.966522,
                            0.968639,
                            0.969213,
                            0.969243,
                        ],
                        "deletion_curve": [
                            0.969243,
                            0.956628,
                            0.143816,
                            0.143816,
                            0.143816,
                            0.143816,
                            0.143816,
                            0.143816,
                        ],
                        "random_band": None,
                        "tied_fraction": 0.0,
                        "forwards": 12,
                    }
                ],
                "localisation": None,
            }
        },
        "provenance": {
            "checkpoint": "f52905df677b",
            "network": "compact",
            "request": PARAMETERS,
            "device": "cpu",
            "torch": "2.13.0+cpu",
            "model": {"name": "labn-idrid", "version": "f52905df677b"},
            "image_sha256": "67785099b4d1428167aa2647005815d7184b0c384e8c2926b7f40daebfdaffd7",
            "mask_sha256": None,
            "preprocessing": {
                "mode": "rgb",
                "height": 320,
                "width": 320,
                "mean": [0.4329, 0.2094, 0.0687],
                "std": [0.3083, 0.1643, 0.0829],
                "crop": [0.067631, 0.0, 0.863106, 1.0],
            },
            "seed": 0,
            "libraries": {"python": "3.11.7", "torch": "2.13.0+cpu", "numpy": "2.4.6", "pillow": "13.0.0"},
        },
        "warnings": ["attention: m = 32: too few counts, the score may be 0.14 off"],
    },
    "error": None,
    "created_at": "2026-11-23T23:54:46.558Z",
    "started_at": "2026-11-23T23:54:46.607Z",
    "ended_at": "2026-11-23T23:54:59.839Z",
    "request": {
        "kind": "evaluation",
        "model": {"name": "labn-idrid", "version": "f52905df677b"},
        "image_sha256": "67785099b4d1428167aa2647005815d7184b0c384e8c2926b7f40daebfdaffd7",
        "mask_sha256": None,
        "parameters": PARAMETERS,
    },
}

PARTIAL_EXAMPLE: dict[str, Any] = {
    "methods": {"attention": {"scores": EVALUATION_EXAMPLE["result"]["methods"]["attention"]["scores"]}},
    "growing": {
        "method": "random", "patch_size": 32, "patches": 100, "n": [0, 1, 2],
        "insertion_curve": [0.021, 0.034, 0.112], "deletion_curve": [0.98, 0.979, 0.975],
    },
}  # fmt: skip

SET_EXAMPLE: dict[str, Any] = {
    "id": "4efcb2c5dda4582364bb884bcad15e43",
    "status": "succeeded",
    "progress": {"stage": "done", "done": 2, "total": 2, "eta_s": 0.0},
    "result": {
        "images": 2,
        "tables": [
            {
                "label": None,
                "images": 2,
                "rows": [
                    {
                        "method": "attention",
                        "patch_size": 32,
                        "protocol": "paper",
                        "step": 16,
                        "blank": "black",
                        "images": 2,
                        "pid": 0.622378,
                        "low": 0.554283,
                        "high": 0.690474,
                        "insertion": 0.897375,
                        "deletion": 0.274997,
                        "error_estimate": 0.24433,
                        "tied_fraction": 0.0,
                        "band_low": None,
                        "band_high": None,
                    }
                ],
                "differences": [],
                "localisation": [],
                "markdown": "| PID | m=32 |\n| --- | --- |\n| attention | 0.622 [0.554, 0.690] |\n",
            }
        ],
        "provenance": {
            key: value for key, value in EVALUATION_EXAMPLE["result"]["provenance"].items() if key != "image_sha256"
        },
        "warnings": EVALUATION_EXAMPLE["result"]["warnings"],
    },
    "error": None,
    "created_at": "2026-11-23T23:54:47.640Z",
    "started_at": "2026-11-23T23:54:59.947Z",
    "ended_at": "2026-11-23T23:55:21.907Z",
    "request": {
        "model": {"name": "labn-idrid", "version": "f52905df677b"},
        "parameters": PARAMETERS,
        "images": 2,
    },
    "items": {"queued": 0, "running": 0, "succeeded": 2, "failed": 0, "cancelled": 0},
}

ITEMS_EXAMPLE: dict[str, Any] = {
    "items": [
        {
            "file": "a.jpg",
            "label": "retinopathy",
            "image_sha256": EVALUATION_EXAMPLE["request"]["image_sha256"],
            "id": EVALUATION_EXAMPLE["id"],
            "status": "succeeded",
            "pid": {"attention": {"16": 0.512}, "rise": {"16": 0.184}},
            "error": None,
        },
        {
            "file": "b.jpg",
            "label": "no retinopathy",
            "image_sha256": "9b74c9897bac770ffc029102a200c5de7b1f0d3b1a4c1f9a1e2a3c4d5e6f7a8b",
            "id": "0c8f2f64a1a34be0a5f0f3cf0a8d7a55",
            "status": "failed",
            "pid": None,
            "error": {"type": "broken_image", "detail": "JPEG image does not decode: image file is truncated"},
        },
    ],
    "next_cursor": 2,
}

EVALUATIONS_EXAMPLE: dict[str, Any] = {
    "evaluations": [{**EVALUATION_EXAMPLE, "result": None}],
    "next_cursor": 1795452699325421,
}

SETS_EXAMPLE: dict[str, Any] = {"sets": [{**SET_EXAMPLE, "result": None}], "next_cursor": None}

STATUS_EXAMPLE: dict[str, Any] = {
    "status": "ready",
    "queue": {
        "depths": {"evaluations": 1, "sets": 120},
        "oldest_age_s": 3.2,
        "limit": 256,
        "forward_s": {"f52905df677b": 0.0061},
    },
    "workers": [
        {
            "name": "gpu-1-3832-cad0156f",
            "state": "busy",
            "device": "cuda",
            "host": "gpu-1",
            "last_seen_at": "2026-11-23T16:57:22.375935Z",
        }
    ],
    "devices": {"service": "cpu", "workers": ["cuda"]},
    "key": {"name": "team", "scopes": ["predict", "evaluate"]},
}
