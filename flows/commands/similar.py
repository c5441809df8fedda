"""List the stored pictures that look like one: a file, an address, or a stored picture's hash."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import click
import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from flows.completion import complete_lane
from flows.environment import prepare
from flows.errors import SettingsError
from flows.options import with_config, with_format
from flows.output import Format, show
from flows.settings import Settings, find_classifier, read_settings
from tasks.lane_models import open_lane_model
from tasks.similar.embedding import embed_file
from tasks.similar.fetching import fetched_picture
from warehouse.embeddings.lookup import current_versions, find_hashes, stored_vector
from warehouse.embeddings.similar import SimilarQuery, find_similar
from warehouse.published import published

MAX_TOP = 1000
_HASH = re.compile(r"[0-9a-fA-F]{6,64}")
_HASH_CHARACTERS = 16


@click.command(help=__doc__)
@with_config
@click.option(
    "--top",
    type=click.IntRange(min=1, max=MAX_TOP),
    default=20,
    show_default=True,
    help="Number of pictures.",
)
@click.option(
    "--classifier",
    shell_complete=complete_lane,
    help="The classifier whose embeddings are compared.  [default: the first in the settings that has some]",
)
@with_format
@click.argument("picture")
def similar(config: Path, top: int, classifier: str | None, form: Format, picture: str) -> int:
    settings = read_settings(config)
    with published(settings.home) as database:
        name, version = _choose(settings, current_versions(database), classifier)
        sha256 = None
        if _HASH.fullmatch(picture) and not Path(picture).exists():
            sha256 = _stored_hash(database, picture)
            vector = stored_vector(database, sha256, name, version)
            if vector is None:
                raise SettingsError(
                    f"The picture {sha256} has no embedding of {name}. If it is not listed in the table unlabelled,"
                    " run `likelens run` first."
                )
        else:
            vector = _embed(settings, picture, name, version)
        found = find_similar(database, SimilarQuery(name, version, vector, top, sha256))
    show(_readable(found) if form == "table" else found, form, f"Pictures like {picture}, by {name}")
    return 0


def _choose(settings: Settings, versions: dict[str, str], classifier: str | None) -> tuple[str, str]:
    """The classifier's name, and the version of its embeddings."""
    if not versions:
        raise SettingsError(
            "No embeddings are published yet. Set embeddings = true for a classifier of the kind keras in"
            f" {settings.file}, or add one of the kind zero_shot, and run `likelens run`."
        )
    if classifier is not None and classifier not in versions:
        raise SettingsError(
            f"No embeddings of {classifier!r} are stored. Classifiers with embeddings: {', '.join(versions)}."
        )
    in_settings = (lane.name for lane in settings.classifiers if lane.name in versions)
    name = classifier or next(in_settings, next(iter(versions)))
    return name, versions[name]


def _stored_hash(database: duckdb.DuckDBPyConnection, prefix: str) -> str:
    match find_hashes(database, prefix):
        case [sha256]:
            return sha256
        case []:
            raise SettingsError(
                f"No stored picture has a hash that begins with {prefix}, and there is no such file."
            )
    raise SettingsError(f"The hashes of several pictures begin with {prefix}. Give more of its characters.")


def _embed(settings: Settings, picture: str, name: str, version: str) -> NDArray[np.float16]:
    is_address = picture.lower().startswith(("http://", "https://"))
    if not is_address and not Path(picture).is_file():
        raise SettingsError(
            f"There is no file {picture}. Name a picture's file, its http(s) address, or at least 6 characters of"
            " a stored picture's SHA-256."
        )
    lane = find_classifier(settings, name)
    prepare(settings.home.folder)
    with _fetched(settings, picture) if is_address else nullcontext(Path(picture)) as file:
        model = open_lane_model(settings.home, lane.kind, lane.name, lane.options, single=True)
        return embed_file(model, file, version)


def _fetched(settings: Settings, url: str) -> AbstractContextManager[Path]:
    # Prefect takes a second to import.
    from flows.nightly import fetch_options

    return fetched_picture(url, fetch_options(settings))


def _readable(found: pl.DataFrame) -> pl.DataFrame:
    short_hash = pl.col("sha256").str.head(_HASH_CHARACTERS)
    return found.with_columns(short_hash).drop("path")
