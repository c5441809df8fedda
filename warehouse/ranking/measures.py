"""The numbers of a post that labels can be ranked by, each defined once, as an SQL query.

To add a measure, add its name to `By` and an entry to `MEASURES`: the view `post_measures`, the macro `top_labels`, the
Python functions and `likelens rank --by` then have it. A query has a row for each post with a known number:
`source, post_id, value, counted_at, rounded`. `counted_at` is when the number was last observed, `rounded` whether the
source showed it with fewer digits. A ratio with a lift also has the two counts of its value, `numerator, denominator`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from warehouse.schema.current_reader import CURRENT_READER

By: TypeAlias = Literal[
    "likes",
    "comments",
    "count",
    "shares",
    "likes_per_follower",
    "comments_per_like",
    "likes_first_day",
    "likes_first_week",
    "tone",
    "questions",
    "spam",
]
"""What labels are ranked by; `count` is the number of posts, and no number of a post."""
Counts: TypeAlias = Literal["likes", "comments", "shares"]

FOLLOWER_DAYS = 30
"""A number of followers is that of a post if it was observed at most so many days before or after it was posted."""
FIRST_DAY_GAP_HOURS = 36
FIRST_WEEK_GAP_HOURS = 60
"""The two observations around an age are at most so far apart: nightly runs of which one was late, or failed."""

_EXACT = "floor({} * 268435456 + 0.5) / 268435456"
"""A ratio as a multiple of 2**-28 (4e-9), so that a sum has the same digits in any order of its rows."""
_COUNT = """select source, post_id, arg_max({count}, observed_at)::double as value, max(observed_at) as counted_at,
                   arg_max(coalesce({count}_rounded, false), observed_at) as rounded
            from observations where {count} is not null group by all"""
_LATEST = """select source, post_id, {count}::double as value, {count}_at as counted_at,
                    coalesce(shown_rounded, false) as rounded
             from latest_observations
             left join (select distinct source, post_id, observed_at as {count}_at, true as shown_rounded
                        from observations where {count}_rounded and {count} is not null)
                 using (source, post_id, {count}_at)
             where {count} is not null"""
_LIKES, _COMMENTS = _LATEST.format(count="likes"), _LATEST.format(count="comments")
_COMMENTS_PER_LIKE = f"""select source, post_id, {_EXACT.format("comment.value / liked.value")} as value,
                                least(liked.counted_at, comment.counted_at) as counted_at,
                                liked.rounded or comment.rounded as rounded,
                                comment.value::bigint as numerator, liked.value::bigint as denominator
                         from ({_LIKES}) liked join ({_COMMENTS}) comment using (source, post_id)
                         where liked.value > 0"""
TONE_LIMIT = 0.05
"""A comment with this tone or more is positive, with its negative or less negative.

That is VADER's own convention (Hutto, C. and Gilbert, E. (2014), 'VADER: a parsimonious rule-based model for sentiment
analysis of social media text', and the README of vaderSentiment, 'About the scoring').
"""
_COMMENT_SHARE = f"""
    select source, post_id, {_EXACT.format("numerator / denominator")} as value, counted_at, false as rounded,
           numerator, denominator
    from (select source, post_id, max(read_at) as counted_at, count(*) filter ({{counted}}) as numerator,
                 count(*) filter ({{of}}) as denominator
          from comment_readings where version = {CURRENT_READER}
          group by source, post_id)
    where denominator > 0"""
"""The share of a post's read comments, by the current reader, as the view `post_comment_readings` counts them."""
_FOLLOWERS = f"""
    select source, post_id, case when near_earlier then earlier.followers else later.followers end as followers,
           case when near_earlier then earlier.rounded else later.rounded end as rounded
    from (select post.source, post.post_id, earlier, later, epoch(post.posted_at - earlier.observed_at) as since,
                 epoch(later.observed_at - post.posted_at) as until, coalesce(since <= until, until is null) as near_earlier
          from (select source, post_id, account, posted_at from posts where posted_at is not null) post
          asof left join sizes earlier on earlier.source = post.source and earlier.account = post.account
                                       and earlier.observed_at <= post.posted_at
          asof left join sizes later on later.source = post.source and later.account = post.account
                                     and later.observed_at >= post.posted_at)
    where least(since, until) <= {FOLLOWER_DAYS} * 86400"""
_LIKES_PER_FOLLOWER = f"""
    with sizes as (select source, account, observed_at, followers, coalesce(rounded, false) as rounded
                   from accounts where followers > 0)
    select source, post_id, {_EXACT.format("liked.value / size.followers")} as value, liked.counted_at as counted_at,
           liked.rounded or size.rounded as rounded
    from ({_LIKES}) liked join ({_FOLLOWERS}) size using (source, post_id)"""
_AT_AGE = """
    select source, post_id, counted_at, rounded,
           floor(0.5 + before_likes + case when after_age = before_age then 0 else
               (after_likes - before_likes) * ln({age} / before_age) / ln(after_age / before_age) end) as value
    from (select source, post_id, max(age) filter (age <= {age}) as before_age, min(age) filter (age >= {age}) as after_age,
                 arg_max(likes, age) filter (age <= {age}) as before_likes,
                 arg_min(likes, age) filter (age >= {age}) as after_likes,
                 min(observed_at) filter (age >= {age}) as counted_at,
                 coalesce(arg_max(rounded, age) filter (age <= {age}), false)
                     or coalesce(arg_min(rounded, age) filter (age >= {age}), false) as rounded
          from (select source, post_id, observed_at, likes, coalesce(likes_rounded, false) as rounded,
                       greatest(epoch(observed_at - posted_at), 1) as age
                from observations join posts using (source, post_id)
                where likes is not null and observed_at >= posted_at and posted_at <> date_trunc('day', posted_at))
          group by all)
    where after_age - before_age <= {gap_hours} * 3600"""


@dataclass(frozen=True, slots=True)
class Measure:
    """A number of posts: its query, its name in a sentence, and what a post without it lacks.

    `history` is the count in `observations` whose growth says from which age on posts are comparable; None where the
    age of a post makes no difference. A ratio has neither a total nor a geometric mean. `of_likes`: a post with
    hidden likes has none. `per`: a ratio of two counts, whose lift compares the numerators with the denominators as
    offset, and what the denominators are. `counts` are the numerators of such a one.
    """

    query: str
    name: str
    lacking: str
    history: Counts | None = None
    of_likes: bool = True
    ratio: bool = False
    per: Literal["likes", "comments"] | None = None
    counts: str = ""


MEASURES: dict[By, Measure] = {
    "likes": Measure(_LIKES, "likes", "without a known number of likes", "likes"),
    "comments": Measure(
        _COMMENTS, "comments", "without a known number of comments", "comments", of_likes=False
    ),
    "shares": Measure(
        _COUNT.format(count="shares"), "shares", "without a known number of shares", "shares", of_likes=False
    ),
    "likes_per_follower": Measure(
        _LIKES_PER_FOLLOWER,
        "likes per follower",
        f"without known likes, or without a known number of followers within {FOLLOWER_DAYS} days of the post",
        ratio=True,
    ),
    "comments_per_like": Measure(
        _COMMENTS_PER_LIKE,
        "comments per like",
        "without likes, or without a known number of likes or comments",
        ratio=True,
        per="likes",
        counts="comments",
    ),
    "likes_first_day": Measure(
        _AT_AGE.format(age=86_400, gap_hours=FIRST_DAY_GAP_HOURS),
        "likes in the first day",
        f"without two observations at most {FIRST_DAY_GAP_HOURS} hours apart around an age of one day",
    ),
    "likes_first_week": Measure(
        _AT_AGE.format(age=7 * 86_400, gap_hours=FIRST_WEEK_GAP_HOURS),
        "likes in the first week",
        f"without two observations at most {FIRST_WEEK_GAP_HOURS} hours apart around an age of seven days",
    ),
    "tone": Measure(
        _COMMENT_SHARE.format(
            counted=f"not spam and tone >= {TONE_LIMIT}", of="not spam and tone is not null"
        ),
        "share of positive comments",
        "without a read comment that has a tone",
        of_likes=False,
        ratio=True,
        per="comments",
        counts="positive comments",
    ),
    "questions": Measure(
        _COMMENT_SHARE.format(counted="not spam and question", of="not spam"),
        "share of questions",
        "without a read comment, spam left out",
        of_likes=False,
        ratio=True,
        per="comments",
        counts="questions",
    ),
    "spam": Measure(
        _COMMENT_SHARE.format(counted="spam", of="true"),
        "share of spam",
        "without a read comment",
        of_likes=False,
        ratio=True,
        per="comments",
        counts="spam comments",
    ),
}
ALL_BY: tuple[By, ...] = get_args(By)
RUN_BY: tuple[By, ...] = ("likes", "comments", "count")
"""The measures of the rankings of every run, and of a comparison of classifiers."""
STORED_BY: tuple[Literal["likes", "comments"], ...] = ("likes", "comments")
"""The measures that `post_labels` has as columns, and whose lifts publish stores."""
LIFT_BY: tuple[By, ...] = tuple(by for by, measure in MEASURES.items() if not measure.ratio or measure.per)
COMMENT_BY: tuple[By, ...] = tuple(by for by, measure in MEASURES.items() if measure.per)
"""The measures of what people say under a post: shares of its read comments, and comments per like."""


def measure_rows(by: By) -> str:
    """The query of one measure, with the columns of the view `post_measures`.

    A query of ours takes it in place of the view: DuckDB plans all measures of the view, which takes ten times as long.
    """
    measure = MEASURES[by]
    shares = "" if measure.per else "null::bigint as "
    return f"""select source, post_id, '{by}' as measure, value, counted_at, rounded,
               {shares}numerator, {shares}denominator from ({measure.query})"""


POST_MEASURES = " union all ".join(map(measure_rows, MEASURES))
"""The query of the view `post_measures`."""
