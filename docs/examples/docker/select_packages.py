"""Print the part of requirements.lock that an image needs: `python select_packages.py models store > image.lock`.

The lock file has the packages of development too. Those of the project and of the named extras stay, with all that they
require. The comments of the lock file (`# via`) say which package requires which.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def select_packages(lock: str, project: dict[str, object], extras: list[str]) -> str:
    """The entries of the lock file that the project requires. Raises `KeyError` for an extra that does not exist."""
    metadata = project["project"]
    assert isinstance(metadata, dict)
    roots = [*metadata["dependencies"]]
    for extra in extras:
        roots += metadata["optional-dependencies"][extra]
    wanted = {_normalize(root) for root in roots}
    entries = re.split(r"^(?=[A-Za-z0-9])", lock, flags=re.MULTILINE)[1:]
    parents: dict[str, set[str]] = {}
    for entry in entries:
        via = entry.partition("# via")[2].replace("#", " ").split("\n")
        parents.setdefault(_normalize(entry), set()).update(_normalize(line) for line in via if line.strip())
    while found := {name for name in parents if name not in wanted and parents[name] & wanted}:
        wanted |= found
    return "".join(entry for entry in entries if _normalize(entry) in wanted)


def _normalize(text: str) -> str:
    match = _NAME.search(text)
    return re.sub(r"[-_.]+", "-", match[0]).lower() if match else ""


if __name__ == "__main__":
    folder = Path.cwd()
    settings = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
    sys.stdout.write(
        select_packages((folder / "requirements.lock").read_text("utf-8"), settings, sys.argv[1:])
    )
