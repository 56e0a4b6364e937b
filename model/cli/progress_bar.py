"""Progress bar of a set of images."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tqdm import tqdm


@dataclass
class Bar:
    """Progress of all images on one bar; skipped images shorten it, so that the ETA stays right."""

    shown: tqdm[Any]
    each: int  # forwards an image
    begun: int = field(default=0, init=False)  # of the images before this

    def tell(self, stage: str, done: int, total: int) -> None:  # noqa: ARG002
        """Show the progress of the current image."""
        self.shown.set_description(stage, refresh=False)
        self.shown.update(self.begun + done - self.shown.n)

    def finish(self) -> None:
        """End an image."""
        self.begun += self.each
        self.shown.update(self.begun - self.shown.n)

    def skip(self) -> None:
        """Leave an image out."""
        self.shown.total = (self.shown.total or 0) - self.each
        self.shown.update(self.begun - self.shown.n)
