"""A classifier's label as a row of the table `labels`."""

from __future__ import annotations

from datetime import datetime

from classifiers.protocol import Label
from warehouse.tables import PictureLabel


def label_row(sha256: str, classifier: str, version: str, label: Label, now: datetime) -> PictureLabel:
    """The row for one label of a picture."""
    box = label.box
    return PictureLabel(
        sha256=sha256,
        classifier=classifier,
        version=version,
        region=label.region,
        rank=label.rank,
        label=label.label,
        label_id=label.label_id,
        score=label.score,
        x0=box.x0 if box else None,
        y0=box.y0 if box else None,
        x1=box.x1 if box else None,
        y1=box.y1 if box else None,
        labelled_at=now,
    )
