"""The installed packages are those of the lock file, fit together, and do what likelens needs.

A newer package can stop all runs without an error: with SQLAlchemy 2.1 Prefect's scheduler makes no run.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import requires, version
from itertools import chain
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)(?: ; (.+?))? \\$", re.MULTILINE)


def project_requirements() -> list[Requirement]:
    """Return the requirements in pyproject.toml, with those of all extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    return [Requirement(line) for line in chain(project["dependencies"], *extras)]


def applies(requirement: Requirement, extras: set[str]) -> bool:
    """Return whether a requirement applies to this Python and system, with these extras."""
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in extras or {""})


def all_requirements() -> Iterator[tuple[str, Requirement]]:
    """Return the requirements of the project and of all its dependencies, each with the package that has it."""
    pending = [("likelens", requirement) for requirement in project_requirements()]
    seen = set()
    while pending:
        owner, requirement = pending.pop()
        yield owner, requirement
        name, extras = canonicalize_name(requirement.name), {"", *requirement.extras}
        if (name, frozenset(extras)) in seen:
            continue
        seen.add((name, frozenset(extras)))
        own = [Requirement(line) for line in requires(name) or []]
        pending += [(name, one) for one in own if applies(one, extras)]


def locked_versions() -> dict[str, str]:
    """Return the lock file's versions for this Python and system."""
    environment = default_environment()
    return {
        canonicalize_name(name): locked
        for name, locked, marker in LOCKED.findall((ROOT / "requirements.lock").read_text("utf-8"))
        if not marker or Requirement(f"{name} ; {marker}").marker.evaluate(environment)
    }


def test_every_package_has_what_it_requires():
    """Each package is installed in a version that every package that requires it accepts."""
    wrong = [
        f"{owner} requires {requirement}, installed is {version(requirement.name)}"
        for owner, requirement in all_requirements()
        if not requirement.specifier.contains(version(requirement.name), prereleases=True)
    ]
    assert wrong == []


@pytest.mark.slow
def test_the_installed_versions_are_those_of_the_lock_file():
    """Each package has the version of the lock file; `make setup` installs it."""
    locked = locked_versions()
    names = {canonicalize_name(requirement.name) for _, requirement in all_requirements()}
    assert {name: version(name) for name in names} == {name: locked.get(name) for name in names}


@pytest.mark.parametrize(
    ("package", "bound"), [("fastapi", "<0.151"), ("sqlalchemy", "<2.1"), ("prefect", "==3.8.8")]
)
def test_a_package_with_an_upper_bound_keeps_it(package, bound):
    """The bound is in pyproject.toml, the lock file obeys it, and docs/decisions.md gives the reason."""
    (requirement,) = (one for one in project_requirements() if one.name == package)
    assert str(SpecifierSet(bound)) in str(requirement.specifier).split(",")
    assert SpecifierSet(bound).contains(locked_versions()[package])
    assert package in (ROOT / "docs" / "decisions.md").read_text("utf-8").lower()


@pytest.mark.parametrize(
    ("month", "utc_hours"),
    [((2027, 3, 27), [2, 1, 1]), ((2027, 10, 30), [1, 2, 2])],
    ids=["to summer time", "to winter time"],
)
def test_a_run_keeps_its_hour_when_the_clocks_change(month, utc_hours):
    """A schedule at 03:00 in Berlin has one run a day at 03:00 there, through both changes of the clocks."""
    from prefect.server.schemas.schedules import CronSchedule

    schedule = CronSchedule(cron="0 3 * * *", timezone="Europe/Berlin")
    dates = asyncio.run(schedule.get_dates(n=3, start=datetime(*month, tzinfo=UTC)))
    first = datetime(*month, tzinfo=UTC)
    assert [(date.astimezone(UTC) - first).days for date in dates] == [0, 1, 2]
    assert [date.astimezone(UTC).hour for date in dates] == utc_hours


@pytest.mark.slow
def test_a_server_in_the_prefect_profile_is_used(tmp_path):
    """After `prefect config set PREFECT_API_URL=…`, as in the guide, a run uses that server and starts none."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    environment["PREFECT_HOME"] = str(tmp_path)
    program = [sys.executable, "-c", "from flows.environment import has_server; print(has_server())"]
    command = [Path(sys.executable).with_name("prefect"), "config", "set"]
    results = []
    for setting in (None, "PREFECT_API_URL=http://127.0.0.1:4200/api"):
        if setting:
            subprocess.run([*command, setting], env=environment, check=True, capture_output=True, timeout=300)
        ran = subprocess.run(program, env=environment, cwd=ROOT, check=True, capture_output=True, text=True)
        results.append(ran.stdout.strip())
    assert results == ["False", "True"]
