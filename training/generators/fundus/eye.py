"""Geometry of the eye of a generated fundus, in world units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Eye:
    """A left or right eye as seen by the camera."""

    temporal: int  # sign of u from the disc to the fovea
    disc: tuple[float, float]
    disc_radii: tuple[float, float]
    fovea: tuple[float, float]
    blur: float  # defocus, a standard deviation
    clarity: float  # contrast left by the ocular media, about 0..1


def draw_eye(rng: np.random.Generator) -> Eye:
    """Draw an eye, with its macula near the centre and its disc 2.5 disc diameters beside it."""
    temporal = int(rng.choice((-1, 1)))
    u, v = float(np.clip(rng.normal(0.62, 0.13), 0.3, 0.9)), float(rng.normal(-0.02, 0.1))
    radius, distance = float(rng.normal(0.148, 0.013)), float(rng.normal(0.77, 0.04))
    return Eye(
        temporal=temporal,
        disc=(-temporal * u, v),
        disc_radii=(radius, radius * float(rng.normal(1.1, 0.04))),
        fovea=(temporal * (distance - u), v + float(rng.normal(0.1, 0.05))),
        blur=float(rng.uniform(0.0015, 0.006)),
        clarity=float(np.clip(rng.normal(0.75, 0.18), 0.3, 1.05)),
    )
