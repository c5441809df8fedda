"""What a ranking is about: the classifier, the order, and which posts count."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

By = Literal["likes", "comments", "count"]
Statistic = Literal["lift", "mean", "median", "total"]
MEASURES: tuple[By, ...] = get_args(By)
STATISTICS: tuple[Statistic, ...] = get_args(Statistic)
"""What a ranking can be ordered by. To add a statistic, add its name above, and a column in `rankings.add_statistics`."""
MIN_LIFT_POSTS = 10
MIN_ADJUSTED_POSTS = 30
"""So many posts a label needs by default in a ranking by lift, and with the others held equal; in other rankings one."""

_WITHIN = """(source, post_id) in (select (source, post_id) from post_labels
             where classifier = $classifier and $within in (label, label_group))"""


@dataclass(frozen=True, slots=True)
class RankingQuery:
    """Parameters of a ranking: the classifier, the order, the number of labels, and the posts that count.

    `min_posts` skips labels with fewer posts; None is the default of the statistic. `source` and `account` count only
    their posts, `since` and `until` those of these days (UTC, both included), `kind` only images, videos or carousels,
    `within` only posts with this label or group of the classifier. With `grouped` the labels of a group count as one: a
    tabby and a tiger cat are cats. For lift: `pairs` ranks pairs of labels, `adjusted` holds the other labels equal.
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

    @property
    def by_lift(self) -> bool:
        """Whether labels are ordered by their lift; a count has none."""
        return self.statistic == "lift" and self.by != "count"

    @property
    def is_stored(self) -> bool:
        """Whether the table `lifts` has the ranking: it is by lift, of all posts and single labels."""
        chosen = (self.source, self.account, self.since, self.until, self.kind, self.within)
        return self.by_lift and not (self.pairs or self.adjusted) and chosen == (None,) * len(chosen)

    @property
    def least_posts(self) -> int:
        """The number of posts that a label needs."""
        lift = MIN_ADJUSTED_POSTS if self.adjusted else MIN_LIFT_POSTS
        return self.min_posts or (lift if self.by_lift else 1)

    @property
    def stem(self) -> str:
        """A file name without extension, such as `inception_v3-likes-lift`, or `…-lift-instagram` for one account.

        Characters other than ASCII letters, digits, dots, underscores and dashes are removed, and a hash is added
        for them, so that two accounts never share a file.
        """
        statistic = () if self.by == "count" else (self.statistic,)
        account = () if self.account is None else (_safe(self.account),)
        grouped = ("groups",) if self.grouped else ()
        days = tuple(f"{name}-{day}" for name, day in (("since", self.since), ("until", self.until)) if day)
        others = [name for name in (self.kind, self.source, self.within) if name is not None]
        ways = [name for name, on in (("pairs", self.pairs), ("adjusted", self.adjusted)) if on]
        parts = (*statistic, *grouped, *ways, *account, *days, *map(_safe, others))
        return "-".join((_safe(self.classifier), self.by, *parts))

    def conditions(self) -> tuple[str, dict[str, object]]:
        """An SQL condition on the columns of `posts`, and the values of the query's parameters."""
        parts = {
            "account": ("account = $account", self.account),
            "since": ("posted_at >= $since", self.since),
            "until": ("posted_at < $until + interval 1 day", self.until),
            "kind": ("kind = $kind", self.kind),
            "source": ("source = $source", self.source),
            "within": (_WITHIN, self.within),
        }
        used = {name: part for name, part in parts.items() if part[1] is not None}
        condition = " and ".join(text for text, _ in used.values()) or "true"
        return condition, {"classifier": self.classifier} | {name: value for name, (_, value) in used.items()}


def file_stem(*names: str) -> str:
    """A file name without extension from these names, made safe as in `RankingQuery.stem`."""
    return "-".join(map(_safe, names))


def _safe(name: str) -> str:
    safe = re.sub(r"[^A-Za-z0-9_.-]", "", name).lstrip(".-")[:60]
    if safe == name:
        return safe
    return f"{safe}_{hashlib.sha256(name.encode(errors='surrogatepass')).hexdigest()[:8]}"
