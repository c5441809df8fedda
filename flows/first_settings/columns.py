"""The columns of a CSV or Parquet file as fields, by the names that programs usually give them."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from flows.errors import SettingsError
from tasks.scrape.files.documents import UnreadableFile, open_regular
from tasks.scrape.files.lines import UTF_8, read_lines
from tasks.scrape.rows.csv_rows import OTHER_SEPARATORS
from tasks.scrape.rows.parquet import MAGIC
from tasks.scrape.rows.table import POST_FIELDS
from tasks.scrape.rows.validation import OWN

USUAL_NAMES: Mapping[str, tuple[str, ...]] = {
    "account": ("username", "user", "profile", "handle", "owner", "ownerusername", "accountname", "author"),
    "post_id": ("postid", "id", "shortcode", "code", "mediaid", "pk"),
    "url": ("posturl", "permalink", "link", "postlink"),
    "posted_at": ("postedat", "date", "timestamp", "createdat", "publishedat", "takenat", "time", "datetime"),
    "likes": ("likecount", "likescount", "numlikes", "favourites", "favorites", "hearts"),
    "comments": ("commentcount", "commentscount", "numcomments", "replies", "replycount", "repliescount"),
    "caption": ("text", "description", "message", "title", "content"),
    "pictures": (
        *("images", "image", "imageurl", "imageurls", "picture", "pictureurl", "photo", "photos"),
        *("displayurl", "mediaurl", "mediaurls", "media"),
    ),
    "shares": ("sharecount", "sharescount", "reposts", "boosts", "reblogs"),
    "place": ("location", "locationname", "geotag"),
}
"""Names of columns in lower case without signs, by the field that they hold; the first ones come first."""


@dataclass(frozen=True, slots=True)
class TableForm:
    """How a table is written. `columns` maps its columns to fields; None where all have the names of fields."""

    header: tuple[str, ...]
    columns: Mapping[str, str] | None
    separator: str = ","
    encoding: str = UTF_8

    @property
    def fields(self) -> frozenset[str]:
        """The fields that it has."""
        return frozenset((self.columns or {}).values()) | (set(self.header) & set(POST_FIELDS))


def read_form(file: Path) -> TableForm:
    """Read the header of a CSV or Parquet file. Raises `SettingsError`."""
    try:
        with open_regular(file.resolve()) as opened:
            start = opened.read(len(MAGIC))
            opened.seek(0)
            if start == MAGIC:
                return _form(list(pl.read_parquet_schema(file)))
            is_utf16 = start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
            encoding = "utf-16" if is_utf16 else UTF_8
            first = next(read_lines(opened, encoding), None)
    except (OSError, UnreadableFile, pl.exceptions.PolarsError) as error:
        raise SettingsError(f"The file {file} can't be read: {error}. Check the file.") from error
    if first is None:
        raise SettingsError(f"The file {file} is empty. Fill it first.")
    headers = [(_cells(first.text, separator), separator) for separator in OTHER_SEPARATORS]
    header, separator = max(headers, key=lambda one: len(one[0]))
    return _form(header, separator, encoding)


def _cells(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line.rstrip("\r\n")], delimiter=separator), [])
    except csv.Error:
        return []


def _form(header: Sequence[str], separator: str = ",", encoding: str = UTF_8) -> TableForm:
    known = all(column in POST_FIELDS or column.startswith(OWN) for column in header)
    return TableForm(tuple(header), None if known else map_columns(header), separator, encoding)


def map_columns(header: Sequence[str]) -> dict[str, str]:
    """The field of each column whose name is usual for one; columns with a field's own name are not in it."""
    plain = {column: re.sub(r"[\W_]+", "", column.casefold()) for column in header}
    mapped: dict[str, str] = {}
    for field, usual in USUAL_NAMES.items():
        if field in header:
            continue
        names = (field.replace("_", ""), *usual)
        found = (column for name in names for column in header if plain[column] == name)
        free = next((column for column in found if column not in mapped and column not in POST_FIELDS), None)
        if free is not None:
            mapped[free] = field
    return {column: mapped[column] for column in header if column in mapped}
