"""Weekdays, hours and time zones as the settings and the options of `likelens rank` write them."""

from __future__ import annotations

import re
from difflib import get_close_matches
from zoneinfo import available_timezones

import click

from warehouse.ranking.ranking_query import RankingQuery

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WEEKDAYS = tuple(day[:3] for day in _DAYS)
HOURS_A_DAY = 24


def check_time_zone(name: str) -> str:
    """Return the IANA name of a time zone. Raises `ValueError` with the nearest names where there is none."""
    # DuckDB does not know the zone of the machine by this name.
    zones = available_timezones() - {"localtime"}
    if name in zones:
        return name
    plain = {zone.casefold(): zone for zone in sorted(zones)}
    similar = [plain[zone] for zone in get_close_matches(name.casefold().replace(" ", "_"), plain)]
    hint = f"did you mean {', '.join(similar)}?" if similar else "write one such as Europe/Berlin, or UTC"
    raise ValueError(f"there is no time zone {name!r}; {hint}")


def describe_times(question: RankingQuery) -> str:
    """For example 'sat sun 6-9 Europe/Berlin'."""
    days = [WEEKDAYS[day - 1] for day in question.weekdays]
    hours = [] if question.hours is None else ["-".join(map(str, question.hours))]
    return " ".join([*days, *hours, question.time_zone])


class Weekdays(click.ParamType[tuple[int, ...]]):
    """Weekdays as `mon,tue`; the value has 1 for Monday."""

    name = "days"

    def convert(
        self, value: str | tuple[int, ...], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """Read the names, also complete ones. A wrong one is an error that lists the right ones."""
        if isinstance(value, tuple):
            return value
        days = [name.strip().casefold() for name in value.split(",")]
        for day in days:
            if len(day) < 3 or not any(known.startswith(day) for known in _DAYS):
                self.fail(f"{day!r} is no weekday. Write some of {','.join(WEEKDAYS)}.", param, ctx)
        return tuple(sorted({WEEKDAYS.index(day[:3]) + 1 for day in days}))


class Hours(click.ParamType[tuple[int, int]]):
    """Hours as `6-12`, from the first to before the second; `22-4` is at night, `6` one hour."""

    name = "hours"

    def convert(
        self, value: str | tuple[int, int], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Read the hours. A wrong value is an error that shows a right one."""
        if isinstance(value, tuple):
            return value
        found = re.fullmatch(r"(\d{1,2})(?:-(\d{1,2}))?", value.strip(), re.ASCII)
        first = int(found[1]) if found else HOURS_A_DAY
        end = int(found[2]) if found and found[2] else first + 1
        if first >= HOURS_A_DAY or end > HOURS_A_DAY or first == end:
            self.fail(
                f"{value!r} is no range of hours. Write it as 6-12, or 22-4, with hours from 0 to 24.",
                param,
                ctx,
            )
        return first, end
