"""Checks the text of a settings file, and writes it: complete, or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from flows.docs_pages import HOME
from flows.errors import SettingsError
from flows.settings import parse_settings
from warehouse.errors import BadHome


def check_output(file: Path, *, force: bool) -> None:
    """Raise `SettingsError` where the file can't be written."""
    if file.is_dir():
        raise SettingsError(f"{file} is a folder. Name a file with --output.")
    if not force and (file.exists() or file.is_symlink()):
        raise SettingsError(
            f"{file} exists already, and was not changed. Name another file with --output, or replace it with --force."
        )
    if not file.absolute().parent.is_dir():
        raise SettingsError(
            f"There is no folder {file.absolute().parent}. Make it first, or name another --output."
        )


def write_settings(file: Path, text: str, *, force: bool) -> None:
    """Write the file if the text is valid. Raises `SettingsError`, and leaves the old file as it is then."""
    try:
        parse_settings(text, file).home.check_path()
    except BadHome as error:
        raise SettingsError(f"{error} See {HOME}.") from error
    target = file.resolve() if force else file
    try:
        handle, name = tempfile.mkstemp(prefix=".likelens-", suffix=".toml", dir=target.absolute().parent)
        temporary = Path(name)
        try:
            with open(handle, "w", encoding="utf-8", newline="\n") as opened:  # noqa: PTH123 - it is a handle
                opened.write(text)
            temporary.chmod(0o666 & ~_umask())
            if force:
                os.replace(temporary, target)
            else:
                _link(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
    except FileExistsError:
        check_output(file, force=force)
        raise
    except OSError as error:
        raise SettingsError(
            f"{file} can't be written: {error.strerror}. Name a file with --output that you can write."
        ) from error


def _link(temporary: Path, target: Path) -> None:
    """Give the file its name. A link fails where another program has written it meanwhile; a rename would replace it."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without links, such as exFAT
        with target.open("x"):
            pass
        os.replace(temporary, target)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
