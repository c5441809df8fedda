"""Each package's docstring is a map: what it names is there, and no module is left out."""

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


def map_of(package: Path) -> str:
    return ast.get_docstring(ast.parse((package / "__init__.py").read_text("utf-8"))) or ""


def ids(package: Path) -> str:
    return str(package.relative_to(ROOT))


@pytest.mark.parametrize("package", PACKAGES, ids=ids)
def test_what_a_map_names_is_there(package):
    """Files and folders in the docstring exist, seen from the package, its folders or the project."""
    for name in NAMED.findall(map_of(package)):
        around = [package, ROOT, *(folder for folder in package.iterdir() if folder.is_dir())]
        assert any((folder / name).exists() for folder in around), name


@pytest.mark.parametrize("package", PACKAGES, ids=ids)
def test_a_map_leaves_no_module_out(package):
    """Every module and folder with modules of a package is named in its docstring."""
    told = map_of(package)
    modules = [file.stem for file in package.glob("*.py") if file.stem != "__init__"]
    assert [name for name in modules if not re.search(rf"\b{name}\.py\b|`{name}`", told)] == []
    folders = [file.parent.name for file in package.glob("*/__init__.py")]
    assert [name for name in folders if f"{name}/" not in told] == []
