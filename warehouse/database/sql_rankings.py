"""The view of the posts' measures and the macros of the rankings by a plain statistic.

Both are made from `warehouse.ranking.measures` and `warehouse.ranking.plain_statistics`.
"""

from __future__ import annotations

from collections.abc import Iterable

from warehouse.ranking.measures import MEASURES, POST_MEASURES, RUN_BY
from warehouse.ranking.plain_statistics import OPTIONAL, PLAIN_STATISTICS, PlainStatistic
from warehouse.schema.sql_types import Macro, View

MEASURE_VIEWS: tuple[View, ...] = (
    View(
        "post_measures",
        POST_MEASURES,
        "The numbers of each post that labels can be ranked by, one row for each known number",
        {
            "source": "Name of the source in the settings",
            "post_id": "The source's own id of the post",
            "measure": "Name of the measure, as likelens rank --by has it",
            "value": "Its value for the post; an unknown one has no row",
            "counted_at": "When the number was last observed (UTC)",
            "rounded": "Whether the source showed it with fewer digits",
            "numerator": "The count that value is a share of the denominator of; null: the measure has none",
            "denominator": "What the count is divided by, such as read comments; null: the measure has none",
        },
    ),
)


def _list(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}"


def _quote(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _column(name: str, statistic: PlainStatistic) -> str:
    """The column of a statistic; one that is not requested, or that ratios do not have, is null and costs nothing."""
    condition = "true" if statistic.of_ratios else f'"by" not in ({_quote(_RATIOS)})'
    if statistic.optional:
        condition += f" and statistic = '{name}'"
    return f"case when {condition} then {statistic.sql} end as {name}"


_RATIOS = [by for by, measure in MEASURES.items() if measure.ratio]
_OTHERS = [by for by in MEASURES if by not in RUN_BY]
_RATIO_STATISTICS = [name for name, one in PLAIN_STATISTICS.items() if one.of_ratios]
_NUMBERS = ", ".join(_column(name, one) for name, one in PLAIN_STATISTICS.items())
_SHARES = (
    ", sum(denominator)::bigint as denominator, sum(numerator)::bigint / sum(denominator)::bigint as rate"
)
_WORTH = " ".join(f"when '{name}' then {name}" for name in PLAIN_STATISTICS)
_SCOPE = "classifier = classifier_name and (account_name is null or account = account_name)"
_KNOWN_STATISTIC = f"error('statistic is {_list(PLAIN_STATISTICS)}')"
_NAMED = "case when grouped then label_group else label end as label"
_ONCE = "(not grouped or first_in_group)"
"""A post counts once for a group, however many of its labels it has."""
_PARAMETERS = """classifier_name, "by" := '{by}', n := 10, statistic := 'mean', account_name := null, min_posts := 1, grouped := false"""

_SUMMED = ("mean", "total")
"""Statistics that are made of sums; the others need the number of each post."""


def _by_count(likes: str, comments: str, count: str) -> str:
    """The column of the measure."""
    return f"""case "by" when 'likes' then {likes} when 'comments' then {comments} when 'count' then {count}
                    else error('by is {_list(RUN_BY)}; top_labels_by has {_list(_OTHERS)}') end"""


_NEEDS_POSTS = f""""by" <> 'count' and statistic in ({_quote(name for name in PLAIN_STATISTICS if name not in _SUMMED)})"""
_POST_NUMBERS = ", ".join(_column(name, one) for name, one in PLAIN_STATISTICS.items() if name not in _SUMMED)

_POST_WORTH = " ".join(f"when '{name}' then {name}" for name in PLAIN_STATISTICS if name not in _SUMMED)
_SUMMED_WORTH = " ".join(
    f"when '{name}' then {name if name in _SUMMED else 'null'}" for name in PLAIN_STATISTICS
)


def _number(name: str) -> str:
    """The column of a statistic that needs posts. By count each post has the number 1."""
    condition = f" and statistic = '{name}'" if name in OPTIONAL else ""
    return f"""case when "by" = 'count'{condition} then 1 else {name} end"""


# Of the posts, only what sums do not have, and only of some labels: of all if it orders them, else of the first n.
_TOP_LABELS = f"""
    with summed as (
        select *, row_number() over (order by worth desc, posts desc, label) as place
        from (select *, case when "by" = 'count' then posts
                             else case statistic {_SUMMED_WORTH} else {_KNOWN_STATISTIC} end end as worth
              from (select label, sum(known)::bigint as posts, count(*) as accounts, sum(value)::bigint as total,
                           sum(value) / sum(known) as mean, sum(sum(first)) over ()::bigint as all_posts
                    from (select label, {_by_count("posts_with_likes", "posts_with_comments", "posts")} as known,
                                 {_by_count("likes", "comments", "posts")} as value,
                                 {_by_count("first_with_likes", "first_with_comments", "first_posts")} as first
                          from label_sums where {_SCOPE} and label_sums.grouped = grouped)
                    where known > 0 group by label))
        where posts >= min_posts),
    wanted as (select * from summed where place <= n or {_NEEDS_POSTS}),
    numbers as (
        select label, {_POST_NUMBERS}
        from (select {_NAMED}, {_by_count("likes", "comments", "1::bigint")} as value
              from post_labels where {_SCOPE} and {_ONCE})
        semi join wanted using (label) where value is not null and "by" <> 'count' group by label)
    select case when {_NEEDS_POSTS} then row_number() over (order by case statistic {_POST_WORTH} end desc, posts desc, label)
                else place end as rank,
           label, posts, accounts, total, mean,
           {_number("median")} as median, posts / all_posts as share,
           {", ".join(f"{_number(name)} as {name}" for name in OPTIONAL)}
    from wanted left join numbers using (label) qualify rank <= n order by rank"""

_MEASURED_ROWS = f"""(
    from (select source, post_id, account, {_NAMED}, first_label, value, numerator, denominator
          from post_labels
          join (select source, post_id, value, numerator, denominator from post_measures
                where measure = case when "by" in ({_quote(MEASURES)}) then "by"
                                     else error('by is {_list(MEASURES)}') end) measured
              using (source, post_id)
          where {_SCOPE} and {{once}}) where value is not null)"""
_MEASURED = _MEASURED_ROWS.format(once=_ONCE)

# It reads the rows twice, as text and not as a common table: DuckDB would store its rows, which takes several times as
# long as to read them twice, because names in Parquet files are numbers.
_TOP_LABELS_BY = f"""
    with best as (
        select label, row_number() over (order by worth desc, posts desc, label) as rank
        from (select label, posts,
                     case when "by" in ({_quote(_RATIOS)}) and statistic not in ({_quote(_RATIO_STATISTICS)})
                          then error('statistic is {_list(_RATIO_STATISTICS)}')
                          else case statistic {_WORTH} else {_KNOWN_STATISTIC} end
                     end as worth
              from (select label, count(*) as posts, {_NUMBERS} from {_MEASURED} group by label)
              where posts >= min_posts)
        qualify rank <= n)
    select rank, label, posts, accounts, total, mean, median, posts / all_posts as share,
           {", ".join(OPTIONAL)}, denominator, rate
    from best
    join (select label, count(*) as posts, count(distinct (source, account)) as accounts, {_NUMBERS}{_SHARES}
          from {_MEASURED} semi join best using (label) group by label) using (label)
    cross join (select count(*) as all_posts from {_MEASURED_ROWS.format(once="first_label")})
    order by rank"""


RANKING_MACROS: tuple[Macro, ...] = (
    Macro(
        "top_labels",
        _PARAMETERS.format(by="likes"),
        _TOP_LABELS,
        "Labels of a classifier ranked by likes, comments or count: top_labels('inception_v3', by := 'likes', n := 10)."
        " posts counts the posts with a known number; mean, median and total are over these; share is their part of the"
        " posts that the classifier labelled. The other columns are null unless statistic names them. With"
        " grouped := true labels of a group count as one",
    ),
    # A macro of its own, because DuckDB opens every table that a macro names.
    Macro(
        "top_labels_by",
        _PARAMETERS.format(by="shares"),
        _TOP_LABELS_BY,
        "The same as top_labels for any measure of post_measures:"
        " top_labels_by('inception_v3', by := 'comments_per_like', statistic := 'median')",
    ),
)
