"""The packages that are installed fit together and are those of the lock file, and what we use of them works.

A newer package can stop a night without an error of ours: with SQLAlchemy 2.1 Prefect's scheduler never made a run.
What has a test of its own elsewhere is not repeated here.
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
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)(?: ; (.+?))? \\$", re.MULTILINE)


def project_requirements() -> list[Requirement]:
    """What pyproject.toml asks for, with the packages for development."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return [
        Requirement(line) for line in [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    ]


def applies(requirement: Requirement, extras: set[str]) -> bool:
    """Whether a requirement counts for this Python and system, with these extras."""
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in extras or {""})


def all_requirements() -> Iterator[tuple[str, Requirement]]:
    """Every requirement of every package that the project leads to, each with the package that has it."""
    waiting = [("likelens", requirement) for requirement in project_requirements()]
    seen = set()
    while waiting:
        owner, requirement = waiting.pop()
        yield owner, requirement
        name, extras = canonicalize_name(requirement.name), {"", *requirement.extras}
        if (name, frozenset(extras)) in seen:
            continue
        seen.add((name, frozenset(extras)))
        own = [Requirement(line) for line in requires(name) or []]
        waiting += [(name, one) for one in own if applies(one, extras)]


def locked_versions() -> dict[str, str]:
    """The versions of the lock file for this Python and system."""
    environment = default_environment()
    return {
        canonicalize_name(name): locked
        for name, locked, marker in LOCKED.findall((ROOT / "requirements.lock").read_text("utf-8"))
        if not marker or Requirement(f"{name} ; {marker}").marker.evaluate(environment)
    }


def test_every_package_has_what_it_requires():
    """Each package that ours lead to is installed in a version that all who need it accept."""
    wrong = [
        f"{owner} requires {requirement}, installed is {version(requirement.name)}"
        for owner, requirement in all_requirements()
        if not requirement.specifier.contains(version(requirement.name), prereleases=True)
    ]
    assert wrong == []


def test_what_is_installed_is_what_the_lock_file_names():
    """Each of these packages has the version of the lock file; if not, `make setup` installs it."""
    locked = locked_versions()
    names = {canonicalize_name(requirement.name) for _, requirement in all_requirements()}
    assert {name: version(name) for name in names} == {name: locked.get(name) for name in names}


@pytest.mark.parametrize(
    ("package", "held"), [("fastapi", "<0.151"), ("sqlalchemy", "<2.1"), ("prefect", "==3.8.8")]
)
def test_a_package_that_is_held_for_a_reason_stays_held(package, held):
    """The bounds of docs/decisions.md stand in pyproject.toml, and the lock file keeps them."""
    (requirement,) = (one for one in project_requirements() if one.name == package)
    assert str(SpecifierSet(held)) in str(requirement.specifier).split(",")
    assert SpecifierSet(held).contains(locked_versions()[package])
    assert package in (ROOT / "docs" / "decisions.md").read_text("utf-8").lower()


@pytest.mark.parametrize(
    ("month", "utc_hours"),
    [((2027, 3, 27), [2, 1, 1]), ((2027, 10, 30), [1, 2, 2])],
    ids=["to summer time", "to winter time"],
)
def test_a_night_keeps_its_hour_when_the_clocks_change(month, utc_hours):
    """A schedule at 03:00 in Berlin has one run a day at 03:00 there, through both changes of the clocks."""
    from prefect.server.schemas.schedules import CronSchedule

    schedule = CronSchedule(cron="0 3 * * *", timezone="Europe/Berlin")
    dates = asyncio.run(schedule.get_dates(n=3, start=datetime(*month, tzinfo=UTC)))
    first = datetime(*month, tzinfo=UTC)
    assert [(date.astimezone(UTC) - first).days for date in dates] == [0, 1, 2]
    assert [date.astimezone(UTC).hour for date in dates] == utc_hours


def test_a_server_that_is_set_for_good_is_found(tmp_path):
    """After `prefect config set PREFECT_API_URL=…`, as in the guide, a run uses that server and starts none."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    environment["PREFECT_HOME"] = str(tmp_path)
    found = [sys.executable, "-c", "from flows.environment import has_server; print(has_server())"]
    command = [Path(sys.executable).with_name("prefect"), "config", "set"]
    answers = []
    for setting in (None, "PREFECT_API_URL=http://127.0.0.1:4200/api"):
        if setting:
            subprocess.run([*command, setting], env=environment, check=True, capture_output=True, timeout=300)
        ran = subprocess.run(found, env=environment, cwd=ROOT, check=True, capture_output=True, text=True)
        answers.append(ran.stdout.strip())
    assert answers == ["False", "True"]
