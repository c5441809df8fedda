"""Each package's docstring is a map: its names exist, and it has every module."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = sorted(
    file.parent
    for room in ("flows", "tasks", "classifiers", "warehouse")
    for file in (ROOT / room).rglob("__init__.py")
)
NAMED = re.compile(r"(?<![\w./])((?:\w+/)*\w+\.(?:py|html|css)|(?:\w+/)+)(?![\w/])")


def read_map(package: Path) -> str:
    return ast.get_docstring(ast.parse((package / "__init__.py").read_text("utf-8"))) or ""


def ids(package: Path) -> str:
    return str(package.relative_to(ROOT))


@pytest.mark.parametrize("package", PACKAGES, ids=ids)
def test_every_name_on_a_map_exists(package):
    """Files and folders in the docstring exist in the package, its folders or the project."""
    for name in NAMED.findall(read_map(package)):
        folders = [package, ROOT, *(folder for folder in package.iterdir() if folder.is_dir())]
        assert any((folder / name).exists() for folder in folders), name


@pytest.mark.parametrize("package", PACKAGES, ids=ids)
def test_a_map_has_every_module(package):
    """The docstring names every module and every subpackage."""
    text = read_map(package)
    modules = [file.stem for file in package.glob("*.py") if file.stem != "__init__"]
    assert [name for name in modules if not re.search(rf"\b{name}\.py\b|`{name}`", text)] == []
    folders = [file.parent.name for file in package.glob("*/__init__.py")]
    assert [name for name in folders if f"{name}/" not in text] == []
