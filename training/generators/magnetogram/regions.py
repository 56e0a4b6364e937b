"""Active regions of a generated magnetogram: positions and bipolar plage. Lengths are solar radii."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from training.generators.magnetogram.disk import SIDE, Disk, Floats
from training.generators.magnetogram.spots import QUIET_CORES, Core, Spot
from training.generators.magnetogram.texture import COARSE

DEGREE = np.pi / 180  # of heliographic arc, in solar radii
NORTHERN_LEADER = -1  # polarity of solar cycle 24 (2008-2019), the one that SDO saw; the south has the opposite


@dataclass(frozen=True, kw_only=True)
class Region:
    """Bipole with its leading polarity to the west and nearer to the equator (Joy's law)."""

    axes: Floats  # (3, 3) west, north and outward at its centre
    leader: int  # polarity of its western part, +1 or -1 (Hale's law)
    turn: float  # rad, of the line from following to leading polarity, north of west
    half: float  # half the distance of its polarities
    spread: float  # of the plage of each, a standard deviation
    strength: float  # of the plage, in units of the grains


def draw_region(rng: np.random.Generator, disk: Disk, *, furthest: float, size: float) -> Region:
    """Draw a region at most `furthest` rad east or west of the meridian; `size` scales its extent."""
    hemisphere = int(rng.choice((-1, 1)))
    latitude = float(np.clip(rng.normal(17, 5), 8, 28)) * DEGREE
    longitude = float(rng.uniform(-furthest, furthest))
    return Region(
        axes=disk.place(hemisphere * latitude, longitude),
        leader=NORTHERN_LEADER * hemisphere,
        turn=-hemisphere * float(0.5 * latitude + rng.normal(0, 0.2)),
        half=size * float(rng.uniform(2, 4)) * DEGREE,
        spread=size * float(rng.uniform(1.4, 3.2)) * DEGREE,
        strength=float(rng.uniform(1.5, 5.5)),
    )


def draw_remnant(rng: np.random.Generator, disk: Disk) -> Region:
    """Draw the remnant of a region after months: wide and weak."""
    old = draw_region(rng, disk, furthest=1.3, size=float(rng.uniform(1.5, 4)))
    return replace(old, strength=float(rng.uniform(0.4, 2.2)))


def paint_polarity(regions: list[Region], disk: Disk) -> Floats:
    """Return the mean polarity (h, w) of the plage of all regions, on the coarse grid."""
    polarity = np.zeros((COARSE, COARSE), dtype=np.float32)
    step = SIDE // COARSE
    sphere = [axis[::step, ::step] for axis in _middles(disk)]
    for region in regions:
        polarity += region.strength * _bipole(region, *sphere)
    return polarity


def draw_spots(rng: np.random.Generator, region: Region) -> list[Spot]:
    """Draw the spots of a bipole: usually a round leader, sometimes smaller followers."""
    spots = []
    if rng.uniform() < 0.55:
        spots.append(_spot(rng, region, 1, rng.uniform(0.45, 1.1)))
    spots += [_spot(rng, region, -1, rng.uniform(0.3, 0.6)) for _ in range(rng.poisson(0.8))]
    return spots


def draw_cores(rng: np.random.Generator, region: Region) -> tuple[Core, Core]:
    """Draw two versions of a region's core with the same outline: flaring and quiet."""
    length = region.half * float(rng.uniform(0.55, 0.95))
    spot = Spot(
        west=float(rng.normal(0, 0.25 * length)),
        north=float(rng.normal(0, 0.25 * length)),
        radii=(length, length * float(rng.uniform(0.55, 0.85))),
        turn=region.turn + float(rng.normal(0, 0.25)),
        field=region.leader * float(rng.uniform(700, 1400)),
        lobes=_draw_lobes(rng),
    )
    bend, side = float(rng.normal(0, 0.25)), float(rng.choice((0, np.pi)))
    sheared, across = float(rng.uniform(-0.4, 0.4)), np.pi / 2 + float(rng.uniform(-0.35, 0.35))
    kind = str(rng.choice(list(QUIET_CORES), p=list(QUIET_CORES.values())))
    turn = across if kind == "divided across" else float(rng.uniform(0, 2 * np.pi))
    return (
        Core(spot=spot, turn=sheared + side, bend=bend, kind="flaring"),
        Core(spot=spot, turn=turn + side, bend=bend, kind=kind),
    )


def _spot(rng: np.random.Generator, region: Region, end: int, degrees: float) -> Spot:
    """Place a spot in the leading (1) or following (-1) polarity."""
    along = end * region.half + rng.normal(0, 0.35 * region.spread)
    across = rng.normal(0, 0.35 * region.spread)
    west, north = np.cos(region.turn), np.sin(region.turn)
    return Spot(
        west=float(along * west - across * north),
        north=float(along * north + across * west),
        radii=(degrees * DEGREE * float(rng.uniform(0.8, 1.3)), degrees * DEGREE),
        turn=float(rng.uniform(0, np.pi)),
        field=end * region.leader * float(rng.uniform(700, 1900)),
        lobes=_draw_lobes(rng),
    )


def _draw_lobes(rng: np.random.Generator) -> tuple[float, ...]:
    return tuple(rng.uniform(0, 2 * np.pi, 4).tolist())


def _middles(disk: Disk) -> tuple[Floats, Floats, Floats]:
    x, y, z = disk.sphere
    return np.broadcast_to(x, z.shape), np.broadcast_to(y, z.shape), z


def _bipole(region: Region, x: Floats, y: Floats, z: Floats) -> Floats:
    """Return the plage (h, w) of a region, with a more compact leading polarity and peaks of about 1."""
    west, north, outward = region.axes.astype(np.float32)
    u = x * west[0] + y * west[1] + z * west[2]
    v = x * north[0] + y * north[1] + z * north[2]
    front = x * outward[0] + y * outward[1] + z * outward[2] > 0
    cos, sin = np.float32(np.cos(region.turn)), np.float32(np.sin(region.turn))
    along, across = (u * cos + v * sin) / region.spread, (v * cos - u * sin) / region.spread
    half = region.half / region.spread
    leading = np.exp(-((along - half) ** 2 + across**2) / 2)
    following = np.exp(-(((along + half) ** 2 + across**2) / 2) / 1.5)
    plage: Floats = region.leader * (leading - following) * front
    return plage.astype(np.float32)
