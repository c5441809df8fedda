"""What a classifier finds as rows: `labels` and `captions` have what a picture shows, `unlabelled` why it has no label."""

from __future__ import annotations

from datetime import UTC, datetime

from classifiers.protocol import Label
from classifiers.remote.outcomes import Sentence
from warehouse.schema.picture_tables import Caption, PictureLabel, Unlabelled

MAX_MESSAGE_LENGTH = 300


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


def caption_row(sha256: str, classifier: str, version: str, sentence: Sentence, now: datetime) -> Caption:
    """The row for the sentence on a picture."""
    return Caption(
        sha256=sha256,
        classifier=classifier,
        version=version,
        caption=sentence.text,
        language=sentence.language,
        captioned_at=now,
    )


def describe_copies(count: int) -> str:
    """A sentence for a lane that labelled smaller copies."""
    return f"{count:,} pictures were labelled from smaller copies, because originals_days replaced their originals."


def unlabelled_row(
    sha256: str, classifier: str, version: str, reason: str, message: str | None = None
) -> Unlabelled:
    """The row for a picture that gets no label, with the present time and a message of limited length."""
    return Unlabelled(
        sha256=sha256,
        classifier=classifier,
        version=version,
        reason=reason,
        message=None if message is None else message[:MAX_MESSAGE_LENGTH],
        attempted_at=datetime.now(UTC),
    )
