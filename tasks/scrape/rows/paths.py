"""The files that the settings name: one file, or all that match a pattern."""

from __future__ import annotations

import glob
import re
from dataclasses import dataclass
from pathlib import Path

from tasks.errors import BadInput

_PATTERN = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Paths:
    """`file` or `files` of a source, relative to the settings file's folder."""

    base: Path
    given: str
    is_pattern: bool

    @property
    def location(self) -> Path:
        """The path to show to a person: the file, or the folder above the pattern."""
        path = self.base / Path(self.given).expanduser()
        if not self.is_pattern:
            return path
        parts = path.parts
        plain = next(
            (position for position, part in enumerate(parts) if _PATTERN.search(part)), len(parts) - 1
        )
        return Path(*parts[:plain])

    @property
    def folder(self) -> Path:
        """The folder that pictures may come from."""
        return self.location if self.is_pattern else self.location.parent

    def list_files(self) -> list[Path]:
        """The files, most recently changed first. Raises `BadInput` when there is none."""
        plain = str(Path(self.given).expanduser())
        # Path.glob rejects absolute patterns.
        names = glob.iglob(plain, root_dir=self.base, recursive=True) if self.is_pattern else [plain]  # noqa: PTH207
        files = [path for name in names if (path := self.base / name).is_file()]
        if not files:
            what = "no file that matches the pattern" if self.is_pattern else "no file"
            raise BadInput(f"There is {what} {self.base / plain}. Fix the path, or put the file there.")
        return sorted(files, key=lambda file: (-_changed(file), str(file)))


def _changed(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0
