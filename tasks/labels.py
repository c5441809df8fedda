"""What a classifier finds as rows: `labels` and `captions` have what a picture shows, `unlabelled` why it has no label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from classifiers.protocol import Label
from classifiers.remote.outcomes import Sentence
from warehouse.schema.picture_tables import Caption, PictureLabel, Unlabelled
from warehouse.storage.lake import Lake

MAX_MESSAGE_LENGTH = 300


@dataclass(frozen=True, slots=True)
class LabelledPicture:
    """The labels that one version of a classifier gave a picture at a time."""

    sha256: str
    classifier: str
    version: str
    labels: Sequence[Label]
    at: datetime


def append_labels(lake: Lake, pictures: Sequence[LabelledPicture]) -> int:
    """Add the labels that the table does not have; returns their number."""
    # An object for each row would keep Python's lock so long that the decoders of a fast lane wait for it.
    rows = [(one, label, label.box) for one in pictures for label in one.labels]
    columns: dict[str, Sequence[object]] = {
        "sha256": [one.sha256 for one, _, _ in rows],
        "classifier": [one.classifier for one, _, _ in rows],
        "version": [one.version for one, _, _ in rows],
        "region": [label.region for _, label, _ in rows],
        "rank": [label.rank for _, label, _ in rows],
        "label": [label.label for _, label, _ in rows],
        "label_id": [label.label_id for _, label, _ in rows],
        "score": [label.score for _, label, _ in rows],
        "x0": [box and box.x0 for _, _, box in rows],
        "y0": [box and box.y0 for _, _, box in rows],
        "x1": [box and box.x1 for _, _, box in rows],
        "y1": [box and box.y1 for _, _, box in rows],
        "labelled_at": [one.at for one, _, _ in rows],
    }
    return lake.append_columns(PictureLabel.table, columns)


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
