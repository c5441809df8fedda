"""What a ranking is about: the classifier, the order, and which posts count."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import date

from warehouse.ranking.measures import LIFT_BY, MEASURES, RUN_BY, STORED_BY, By, Measure
from warehouse.ranking.plain_statistics import OPTIONAL, PLAIN_STATISTICS, Statistic
from warehouse.ranking.within import has_label

SHARE_COLUMNS = ("denominator", "rate")
"""Columns of a ratio of two counts: the denominators of the posts, and the sum of the numerators over theirs."""
MIN_LIFT_POSTS = 10
MIN_ADJUSTED_POSTS = 30
"""So many posts a label needs by default in a ranking by lift, and with the others held equal; in other rankings one."""

_WITHIN = has_label("$classifier", "$within")
LOCAL_TIME = "timezone($time_zone, timezone('UTC', posted_at))"
DAY_ONLY = "posted_at = date_trunc('day', posted_at)"
LOCAL_DAY = f"case when {DAY_ONLY} then posted_at else {LOCAL_TIME} end"
"""SQL: when a post was posted in $time_zone, and a time of its day there. One that is dated with a day only has that
day in every zone, and no hour."""
_REPOSTED = """(source, post_id) in (
    select (source, post_id) from (
        select source, post_id, row_number() over (
                   partition by source, account, pictures order by posted_at nulls last, post_id) as turn
        from posts join (select source, post_id, list({sha256} order by position) as pictures from {shown}
                         group by all having count(sha256) = count(*)) using (source, post_id))
    where turn > 1)"""
_SHOWN = """(select source, post_id, position, shown.sha256, original
             from post_pictures as shown join posts using (source, post_id)
             left join (from near_duplicates
                        where classifier = (select coalesce(min(classifier) filter (classifier = $classifier),
                                                            min(classifier)) from embedding_codes)) as near
                 using (source, account, sha256))"""
"""The pictures of posts, and what they nearly equal by the ranked classifier's embeddings, or if it has none by those of
the first classifier that has some."""
EXCLUSIONS: dict[str, tuple[str, str]] = {
    "without_pinned": ("coalesce(pinned, false)", "pinned"),
    "without_reposts": (
        _REPOSTED.format(sha256="sha256", shown="post_pictures"),
        "with the pictures of an earlier post of the account",
    ),
    "without_near_reposts": (
        _REPOSTED.format(sha256="coalesce(original, sha256)", shown=_SHOWN),
        "with nearly the pictures of an earlier post of the account",
    ),
}
"""Posts that a question may leave out: its field, an SQL condition on the columns of `posts`, and what they are."""


@dataclass(frozen=True, slots=True)
class RankingQuery:
    """Parameters of a ranking: the classifier, the order, the number of labels, and the posts that count.

    `min_posts` skips labels with fewer posts; None is the default of the statistic. `source` and `account` count only
    their posts, `since` and `until` those of these days (UTC, both included), `kind` only images, videos or carousels,
    `within` only posts with this label or group of the classifier, or of another one
    (`food:hotdog`, or `hotdog` for a classifier of that name). With `grouped` the labels of a group count as one: a
    tabby and a tiger cat are cats. For lift: `pairs` ranks pairs of labels, `adjusted` holds the other labels equal.

    `weekdays` (1 is Monday) and `hours` (from the first to before the second) count only posts of these times in
    `time_zone`. `without_pinned`, `without_reposts` and `without_near_reposts` leave out such posts. `as_of` ranks what was known at the end
    of that day. `against_before` ranks the change of the lift since the period of the same length before `since`.
    """

    classifier: str
    by: By = "likes"
    statistic: Statistic = "mean"
    top: int = 10
    account: str | None = None
    min_posts: int | None = None
    grouped: bool = False
    since: date | None = None
    until: date | None = None
    kind: str | None = None
    source: str | None = None
    within: str | None = None
    pairs: bool = False
    adjusted: bool = False
    weekdays: tuple[int, ...] = ()
    hours: tuple[int, int] | None = None
    time_zone: str = "UTC"
    without_pinned: bool = False
    without_reposts: bool = False
    without_near_reposts: bool = False
    as_of: date | None = None
    against_before: bool = False

    @property
    def measure(self) -> Measure | None:
        """What it is ranked by; None for the number of posts."""
        return None if self.by == "count" else MEASURES[self.by]

    @property
    def by_lift(self) -> bool:
        """Whether labels are ordered by their lift; a count has none."""
        return self.statistic == "lift" and self.by in LIFT_BY

    @property
    def is_stored(self) -> bool:
        """Whether the table `lifts` has the ranking: it is by lift, of all posts and single labels."""
        return self.by_lift and self.by in STORED_BY and self.account is None and self._is_plain

    @property
    def has_macro(self) -> bool:
        """Whether the macro `top_labels` of every database gives the ranking: it is of all posts, or of an account."""
        return self._is_plain and (
            self.by == "count"
            or (self.by in RUN_BY and self.statistic in PLAIN_STATISTICS and self.statistic not in OPTIONAL)
        )

    @property
    def _is_plain(self) -> bool:
        """Whether nothing is chosen but the order, the account and groups. Without weekdays and hours a time zone is no choice."""
        plain = RankingQuery(
            self.classifier, self.by, self.statistic, self.top, self.account, self.min_posts, self.grouped
        )
        return self == replace(plain, time_zone=self.time_zone)

    @property
    def least_posts(self) -> int:
        """The number of posts that a label needs."""
        lift = MIN_ADJUSTED_POSTS if self.adjusted else MIN_LIFT_POSTS
        return self.min_posts or (lift if self.by_lift else 1)

    @property
    def labels_left_out(self) -> tuple[str, ...]:
        """The label of `within`, also where the ranked classifier's own name is before it: every post has it."""
        return () if self.within is None else (self.within, self.within.removeprefix(f"{self.classifier}:"))

    @property
    def optional_columns(self) -> tuple[str, ...]:
        """The columns that only rankings by their statistic have, and those of a ratio of two counts."""
        own = tuple(name for name in OPTIONAL if name == self.statistic and self.by != "count")
        return (*own, *(SHARE_COLUMNS if self.measure is not None and self.measure.per else ()))

    @property
    def sliced(self) -> bool:
        """Whether only posts of some weekdays or hours count."""
        return bool(self.weekdays) or self.hours is not None

    @property
    def stem(self) -> str:
        """A file name without extension, such as `inception_v3-likes-lift`, or `…-lift-instagram` for one account.

        Characters other than ASCII letters, digits, dots, underscores and dashes are removed, and a hash is added
        for them, so that two accounts never share a file.
        """
        statistic = () if self.by == "count" else (self.statistic,)
        account = () if self.account is None else (_safe(self.account),)
        grouped = ("groups",) if self.grouped else ()
        named = {"since": self.since, "until": self.until, "as_of": self.as_of}
        days = [f"{name}-{day}" for name, day in named.items() if day]
        others = [name for name in (self.kind, self.source, self.within) if name is not None]
        ways = [name for name in ("pairs", "adjusted", *EXCLUSIONS, "against_before") if getattr(self, name)]
        times = [f"{self.weekdays}{self.hours}{self.time_zone}"] if self.sliced else []
        parts = (*statistic, *grouped, *ways, *account, *days, *map(_safe, [*others, *times]))
        return "-".join((_safe(self.classifier), self.by, *parts))

    def find_conflict(self) -> str | None:
        """Which parts of the question exclude each other, as a sentence; None where none do."""
        if (
            self.measure is not None
            and self.measure.ratio
            and not (self.by_lift or _is_of_ratios(self.statistic))
        ):
            names = [name for name in PLAIN_STATISTICS if _is_of_ratios(name)]
            names = ["lift", *names] if self.measure.per else names
            return f"--by {self.by} has no {self.statistic}. Use --statistic {', '.join(names[:-1])} or {names[-1]}."
        for name in ("pairs", "against_before"):
            if getattr(self, name) and not self.by_lift:
                return f"--{name.replace('_', '-')} needs --statistic lift, and --by {', '.join(LIFT_BY[:-1])} or {LIFT_BY[-1]}."
        if self.adjusted and not (self.by_lift and self.by == "likes"):
            return "--adjusted needs --by likes and --statistic lift."
        if self.adjusted and (self.pairs or self.weekdays or self.hours):
            # A pair always comes with its labels, and a slice's labels with the slice.
            return "--adjusted has a row for every label, and for weekdays and hours. Leave out --pairs, --weekday and --hour."
        if self.against_before and (self.since is None or self.until is None):
            return "--against-before needs --since and --until."
        return self._find_period_conflict() if self.against_before else None

    def _find_period_conflict(self) -> str | None:
        assert self.since is not None, "find_conflict requires it"
        assert self.until is not None, "find_conflict requires it"
        if self.until < self.since:
            return "--against-before needs a --since that is not after --until."
        if self.since - date.min <= self.until - self.since:
            return "--against-before needs a later --since: the period before begins before the year 1."
        return None

    def conditions(self, *, slices: bool = True, exclusions: bool = True) -> tuple[str, dict[str, object]]:
        """An SQL condition on the columns of `posts`, and the values of the query's parameters.

        Without `slices` posts of all weekdays and hours meet it, without `exclusions` also those that are left out.
        """
        parts = {
            "account": ("account = $account", self.account),
            "since": ("posted_at >= $since", self.since),
            "until": ("posted_at < $until + interval 1 day", self.until),
            "kind": ("kind = $kind", self.kind),
            "source": ("source = $source", self.source),
            "within": (_WITHIN, self.within),
        }
        used = {name: part for name, part in parts.items() if part[1] is not None}
        texts = [text for text, _ in used.values()]
        values: dict[str, object] = {"classifier": self.classifier}
        values |= {name: value for name, (_, value) in used.items()}
        if exclusions:
            texts += [f"not {text}" for name, (text, _) in EXCLUSIONS.items() if getattr(self, name)]
        if slices and self.sliced:
            texts.append(self.slice_condition())
            values["time_zone"] = self.time_zone
        return " and ".join(texts) or "true", values

    def post_conditions(self) -> tuple[str, dict[str, object]]:
        """Like `conditions`, with the values alone that the condition has: it may be one of all classifiers."""
        condition, values = self.conditions()
        return condition, {name: value for name, value in values.items() if f"${name}" in condition}

    def slice_condition(self) -> str:
        """An SQL condition for the weekdays and hours; a post that is dated with a day only has no hour."""
        texts = ["posted_at is not null"] if self.sliced else ["true"]
        if self.weekdays:
            texts.append(f"isodow({LOCAL_DAY}) in ({', '.join(map(str, self.weekdays))})")
        if self.hours is not None:
            first, end = self.hours
            texts.append(f"not {DAY_ONLY}")
            texts.append(f"(hour({LOCAL_TIME}) + 24 - {first}) % 24 < {(end - first) % 24 or 24}")
        return " and ".join(texts)


ALL_POSTS = RankingQuery("")
"""The posts of no ranking in particular: all of them."""


def _is_of_ratios(statistic: Statistic) -> bool:
    return statistic in PLAIN_STATISTICS and PLAIN_STATISTICS[statistic].of_ratios


def file_stem(*names: str) -> str:
    """A file name without extension from these names, made safe as in `RankingQuery.stem`."""
    return "-".join(map(_safe, names))


def _safe(name: str) -> str:
    safe = re.sub(r"[^A-Za-z0-9_.-]", "", name).lstrip(".-")[:60]
    if safe == name:
        return safe
    return f"{safe}_{hashlib.sha256(name.encode(errors='surrogatepass')).hexdigest()[:8]}"
