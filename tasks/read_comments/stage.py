"""Read the comments that are new, edited, or were read by another version, and store what they say."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from classifiers.errors import ClassifierUnavailable
from classifiers.tone.model import load_tone_model
from classifiers.tone.model_folder import ToneModelFiles, find_tone_model
from tasks.comment_text import MAX_READ_LENGTH
from tasks.read_comments.language import LANGUAGES
from tasks.read_comments.options import ReadOptions
from tasks.read_comments.reading import VERSION, Reader
from warehouse.authors import AuthorPolicy, Authors, normalise_author
from warehouse.home import Home
from warehouse.records.comment_readings import count_comments, count_unread, unread_comments
from warehouse.records.runs import StageResult
from warehouse.schema.comment_tables import CommentReading

BATCH = 5_000
"""Comments of a write. A batch takes seconds, and a killed run repeats at most one."""
MODEL_BATCH = 500
"""The same where a model gives the tone, which takes much longer."""
PART = 250
"""Comments between two reports of progress."""


def read_comments(
    home: Home,
    authors: AuthorPolicy,
    progress: Callable[[int, int], None],
    options: ReadOptions | None = None,
) -> StageResult:
    """Read all unread comments. `progress` gets done and total; `authors` says how accounts are stored.

    Where the model for tone can't be used, comments are read by the lexicons alone under their own version, all of
    them, so that no tone of one is compared with one of the other; the result is then incomplete and says why.

    The libraries are imported with the first comment, so that a run without a new one costs one query.
    """
    options = options or ReadOptions()
    if not options.are_scraped and not count_comments(home.lake):
        return StageResult("done", 0, message=_OFF, version=reader_version(options, None))
    reader = Reader(_hash_with(home.authors(authors)), reader_version(options, None), options.languages)
    if options.tone_model is None:
        return _read_unread(home, reader, None, progress)
    try:
        files = find_tone_model(options.tone_model)
        version = reader_version(options, files)
        with_model = replace(reader, version=version, tone_languages=options.tone_languages)
        return _read_unread(home, with_model, files, progress)
    except ClassifierUnavailable as error:
        result = _read_unread(home, reader, None, progress)
        return replace(
            result, status="incomplete", message=f"The tone model is not used: {error} {_FALLBACK}"
        )


_OFF = "Comments are off: comments is false in [scrape]."
_FALLBACK = "Until then the tone of comments comes from the lexicons of English and of emoji."


def reader_version(options: ReadOptions, files: ToneModelFiles | None) -> str:
    """The version of a reader with these languages, and with the model in these files."""
    parts = [VERSION]
    if set(options.languages) != set(LANGUAGES):
        parts.append(",".join(sorted(options.languages)))
    if files is not None:
        described = f"{files.digest} {sorted(options.tone_languages)}"
        parts.append(f"tone-{hashlib.sha256(described.encode()).hexdigest()[:12]}")
    return "+".join(parts)


def _read_unread(
    home: Home, reader: Reader, files: ToneModelFiles | None, progress: Callable[[int, int], None]
) -> StageResult:
    """Read what the reader's version has not read; the model in the files is loaded if there is any."""
    total = count_unread(home.lake, reader.version)
    done = 0
    if total and files is not None:
        reader = replace(reader, model=load_tone_model(files))
    size = BATCH if files is None else MODEL_BATCH
    for comments in unread_comments(home.lake, reader.version, size, MAX_READ_LENGTH) if total else ():
        read_at = datetime.now(UTC)
        rows: list[CommentReading] = []
        for start in range(0, len(comments), PART):
            rows += reader.read_all(comments[start : start + PART], read_at)
            progress(done + len(rows), total)
        home.lake.upsert(rows)
        done += len(rows)
    return StageResult("done", done, version=reader.version)


def _hash_with(authors: Authors) -> Callable[[str], str | None]:
    """The hash of a mentioned account: none where authors are dropped, and none for a forgotten one."""

    def hash_name(name: str) -> str | None:
        if authors.keeping == "dropped" or authors.is_forgotten(name):
            return None
        return authors.keyed(normalise_author(name))

    return hash_name
