"""The table of pictures and classes: CSV with the columns `picture` and `class`, read and written."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from tasks.errors import BadInput

COLUMNS = ("picture", "class")
MAX_BYTES = 50_000_000


def read_table(file: Path) -> Iterator[tuple[Path, str]]:
    """The pictures with their classes; paths are relative to the file's folder. Other columns are ignored.

    Raises `BadInput`, which names the line.
    """
    try:
        if file.stat().st_size > MAX_BYTES:
            raise BadInput(f"{file} is larger than {MAX_BYTES // 10**6} MB. Write fewer pictures into it.")
        text = file.read_text("utf-8-sig", "surrogateescape")  # a file's name can be any bytes
    except OSError as error:
        raise BadInput(
            f"{file} can't be read ({error.strerror}). Set --csv to a CSV file in UTF-8."
        ) from error
    rows = csv.DictReader(io.StringIO(text, newline=""))  # a file's name can have line breaks
    try:
        missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
        if missing:
            raise BadInput(
                f"{file} has no column {' and no column '.join(missing)}. Its first line must be the header: picture,class"
            )
        for row in rows:
            picture, name = ((row[column] or "").strip() for column in COLUMNS)
            if not picture or not name:
                raise BadInput(f"{file}, line {rows.line_num}: write a picture and its class.")
            if "\0" in picture:
                raise BadInput(f"{file}, line {rows.line_num}: the picture's path has a zero byte.")
            yield file.parent / picture, name
    except csv.Error as error:
        raise BadInput(f"{file}, line {rows.line_num}: {error}. Write it again as CSV.") from error


def write_table(file: Path, rows: Iterable[Sequence[object]]) -> None:
    """Write pictures, classes, and what the model thought of them when it had not seen them."""
    with file.open("w", encoding="utf-8", errors="surrogateescape", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow([*COLUMNS, "found", "score", "near_duplicates_of"])
        writer.writerows(rows)


def drop_rows(file: Path, is_dropped: Callable[[Path], bool], page: Path) -> None:
    """Remove the rows of these pictures from a table of `write_table`, and before them the page that may show them."""
    with file.open(encoding="utf-8", errors="surrogateescape", newline="") as opened:
        header, *rows = csv.reader(opened)
    remaining = [row for row in rows if not is_dropped(file.parent / row[0])]
    if len(remaining) == len(rows):
        return
    page.unlink(missing_ok=True)
    rewritten = file.with_name(f".{file.name}")
    with rewritten.open("w", encoding="utf-8", errors="surrogateescape", newline="") as opened:
        csv.writer(opened).writerows([header, *remaining])
    rewritten.replace(file)
