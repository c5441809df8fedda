"""The tables of what runs did: the journal of stages, and the ledger of requests to servers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from warehouse.schema.table_schema import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge(Row):
    """What was sent to servers: one row for each picture of a request, written before it is sent."""

    table: ClassVar[str] = "charges"
    key: ClassVar[tuple[str, ...]] = ("request_id", "position")

    request_id: Annotated[str, "The request"]
    position: Annotated[int, "Position of the picture in the request: 0, 1, …"]
    sha256: Annotated[str | None, "The picture; null when it was forgotten since"]
    classifier: Annotated[str, "Name of the classifier in the settings"]
    model: Annotated[str, "The service's id of the model"]
    model_version: Annotated[str, "The service's id of the model's version"]
    sent_at: Annotated[datetime, "Time just before the request was sent (UTC)"]
    ended_at: Annotated[datetime | None, "When its outcome was recorded (UTC); null until then"]
    outcome: Annotated[
        str,
        "sent (no outcome recorded yet), billed, not_billed or unknown; all but not_billed count as spent",
    ]
    reason: Annotated[
        str | None,
        "Why there is no label: picture_failed, split, try_later, no_answer, unusable, cut_off, stopped or not_sent;"
        " null when the service responded",
    ]
    message: Annotated[str | None, "The service's message, where it gave no label"]
    price: Annotated[
        float | None,
        "Price of one picture in the settings then, 0 on a server of one's own; null when there is none",
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRun(Row):
    """What ran: one row for each stage and lane of a run, and one (stage run) for the run itself."""

    table: ClassVar[str] = "runs"
    key: ClassVar[tuple[str, ...]] = ("run_id", "stage", "lane")

    run_id: Annotated[str, "The run; a resumed run keeps its id"]
    stage: Annotated[
        str,
        "scrape, read_comments, find_topics, fetch, classify, tag, publish, forecast, rank, report, maintain, train_forecast,"
        " part for a part on another machine, or run for the run itself",
    ]
    lane: Annotated[str, "The source, classifier or part; empty where the stage has no lanes"]
    started_at: Annotated[datetime, "When it began (UTC)"]
    ended_at: Annotated[datetime | None, "When it ended (UTC); null while it runs or after it was cut off"]
    status: Annotated[str, "running, done, incomplete, failed or interrupted"]
    items: Annotated[int | None, "Number of posts, pictures or rows that it processed"]
    failures: Annotated[int | None, "Number of items that failed"]
    message: Annotated[str | None, "What a user should know about it"]
    version: Annotated[
        str | None,
        "Version of the classifier that was loaded, or of the forecast model that was trained; null for other stages",
    ]
    counts: Annotated[
        str | None,
        "Counts as JSON: for scrape pages, posts, nulls and unparsed values by field; for publish rows and problems by"
        " check; for classify the version of the embeddings that it stores; for find_topics topics by language",
    ] = None
