"""Dockerfile and docker-compose.yml, checked without Docker: no engine is needed, and none builds the image here."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from prefect.settings import Settings as PrefectSettings
from prefect.settings.legacy import _get_valid_setting_names

from flows import commands
from flows.pool_settings import PARTS
from flows.settings import read_settings

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs" / "examples" / "docker"
PINNED = re.compile(r"^[a-z0-9./-]+:\d+\.\d+[a-z0-9.-]*(@sha256:[0-9a-f]{64})?$")
"""An image with a complete version."""


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """The services of docker-compose.yml, with their anchors resolved."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    return dict(compose["services"])


@pytest.fixture(scope="module")
def selecting() -> ModuleType:
    """The program that selects the packages of the image."""
    made = importlib.util.spec_from_file_location("select_packages", EXAMPLES / "select_packages.py")
    assert made is not None and made.loader is not None
    module = importlib.util.module_from_spec(made)
    made.loader.exec_module(module)
    return module


def test_the_dockerfile_has_no_finding_of_hadolint():
    """The linter of the lock file, as it comes; it is no program where its package has none for the platform."""
    program = shutil.which("hadolint", path=Path(sys.executable).parent)
    if program is None:
        pytest.skip("hadolint is not installed")
    ended = subprocess.run([program, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, "")


def test_the_image_runs_as_a_user_without_rights_and_from_an_exact_base():
    """Two stages from one pinned base, the user by its number, and packages by their hashes."""
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    bases = [line.split()[1] for line in lines if line.startswith("FROM ")]
    assert len(bases) == 2 and len(set(bases)) == 1 and PINNED.match(bases[0])
    assert [line for line in lines if line.startswith("USER ")] == ["USER 10001:10001"]
    assert any("--require-hashes -r image.lock" in line for line in lines)
    assert any(line.startswith("HEALTHCHECK ") for line in lines)


def test_everything_that_the_dockerfile_copies_is_there_and_not_ignored():
    """A path that .dockerignore hides would end the build."""
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    copied = [
        part
        for line in lines
        if line.startswith("COPY ") and "--from" not in line
        for part in line.split()[1:-1]
    ]
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line[:1] == "!"}
    assert set(copied) == kept
    assert all((ROOT / one).exists() for one in copied)


def test_the_packages_of_the_image_are_complete_and_without_those_of_development(selecting):
    """What each selected package requires is selected too; the tests' and the docs' packages are not."""
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    chosen = selecting.select_packages(lock, project, ["models", "store"])
    names = {selecting._normalize(line) for line in re.findall(r"^[a-z0-9].*", chosen, re.MULTILINE)}
    assert {"prefect", "tensorflow", "obstore", "tokenizers", "asyncpg", "setuptools"} <= names
    assert names.isdisjoint({"pytest", "ruff", "mkdocs-material", "moto", "scikit-image", "ray"})
    assert chosen.count("--hash=sha256:") > len(names)
    for name in names:
        try:
            required = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue  # of another platform or Python
        for one in map(Requirement, required):
            if one.marker is None or one.marker.evaluate({"extra": ""}):
                assert selecting._normalize(one.name) in names, f"{name} requires {one.name}"


@pytest.mark.parametrize("name", ["database", "server", "scrape", "label", "report"])
def test_each_service_is_pinned_and_has_no_rights(services, name):
    """Non-root by number, read-only, no capabilities, no new privileges, a health check, and a restart."""
    service = services[name]
    assert set(services) == {"database", "server", "scrape", "label", "report"}
    assert PINNED.match(service["image"])
    user, group = service["user"].split(":")
    assert int(user) > 0 and int(group) > 0
    assert service["read_only"] is True and service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["restart"] == "unless-stopped" and service["tmpfs"][0] == "/tmp"  # noqa: S108
    assert "privileged" not in service
    for volume in service["volumes"]:
        source, _, rest = volume.partition(":")
        assert source.isalpha() or rest.endswith(":ro"), volume
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_the_image_has_the_version_of_the_project(services):
    """The tag is the version, so that a new version is a new image."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert {services[one]["image"] for one in services if one != "database"} == {f"likelens:{version}"}


def test_the_commands_exist_and_each_part_has_a_worker(services, monkeypatch):
    """`likelens serve` is a command, and the workers' pools are those of the example settings."""
    assert services["server"]["command"][0] in {module.name for module in iter_modules(commands.__path__)}
    workers = [services[one] for one in ("scrape", "label", "report")]
    assert all(worker["entrypoint"] == ["prefect"] for worker in workers)
    assert all(worker["command"][:3] == ["worker", "start", "--pool"] for worker in workers)
    monkeypatch.delenv("LIKELENS_HOME", raising=False)
    settings = read_settings(EXAMPLES / "likelens.toml")
    assert settings.pools is not None and settings.server.host == "0.0.0.0"
    pools = [settings.pools.pool_of(part) for part in PARTS]
    assert [worker["command"][3] for worker in workers] == pools


def test_the_variables_are_those_that_the_programs_read(services):
    """Each is one of Prefect, of PostgreSQL's image, or of likelens' own code; secrets come from outside."""
    code = "\n".join(
        file.read_text("utf-8")
        for room in ("flows", "tasks", "classifiers")
        for file in (ROOT / room).rglob("*.py")
    )
    prefect = _get_valid_setting_names(PrefectSettings)
    for service in services.values():
        for name, value in service.get("environment", {}).items():
            if name.startswith("POSTGRES_"):
                continue
            assert name in prefect if name.startswith("PREFECT_") else f'"{name}"' in code, name
            if re.search("PASSWORD|AUTH|TOKEN|PAT$|DATABASE|NOTIFY", name):
                assert "${" in value, f"{name} is a secret"
    image = re.findall(r"^(?:ENV| {4})\s*([A-Z_]+)=", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert {name for name in image if name.startswith("PREFECT_")} <= prefect
