"""The view of the posts' measures and the macros of the rankings by a plain statistic.

Both are made from `warehouse.ranking.measures` and `warehouse.ranking.plain_statistics`.
"""

from __future__ import annotations

from collections.abc import Iterable

from warehouse.database.sql_ranks import count_ranges, count_values, place_values
from warehouse.ranking.measures import MEASURES, POST_MEASURES, RUN_BY
from warehouse.ranking.plain_statistics import BY_RANK, OPTIONAL, PLAIN_STATISTICS, PlainStatistic, Statistic
from warehouse.ranking.within import has_label
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


def _columns(names: Iterable[Statistic]) -> str:
    return ", ".join(_column(name, PLAIN_STATISTICS[name]) for name in names)


def _worth(names: Iterable[Statistic]) -> str:
    return " ".join(f"when '{name}' then {name}" for name in names)


_RATIOS = [by for by, measure in MEASURES.items() if measure.ratio]
_OTHERS = [by for by in MEASURES if by not in RUN_BY]
_RATIO_STATISTICS = [name for name, one in PLAIN_STATISTICS.items() if one.of_ratios]
_STORED: tuple[Statistic, ...] = ("mean", "total")
"""Statistics that stored sums give; the others need the number of each post."""
_OF_POSTS = [name for name in PLAIN_STATISTICS if name not in _STORED]
_IN_ANY_ORDER = [name for name, one in PLAIN_STATISTICS.items() if not one.by_rank]
_SCOPE = "classifier = classifier_name and (account_name is null or account = account_name)"
_KNOWN_STATISTIC = f"error('statistic is {_list(PLAIN_STATISTICS)}')"
_NAMED = "case when grouped then label_group else label end as label"
_ONCE = "(not grouped or first_in_group)"
"""A post counts once for a group, however many of its labels it has."""
_PARAMETERS = """classifier_name, "by" := '{by}', n := 10, statistic := 'mean', account_name := null, min_posts := 1, grouped := false"""
_EACH = "select label, value, value as sum, 1 as posts"
"""Rows of a post each, as `PlainStatistic.sql` takes them."""


def _by_count(likes: str, comments: str, count: str) -> str:
    """The column of the measure."""
    return f"""case "by" when 'likes' then {likes} when 'comments' then {comments} when 'count' then {count}
                    else error('by is {_list(RUN_BY)}; top_labels_by has {_list(_OTHERS)}') end"""


def _posts(condition: str) -> str:
    """The labels of the posts with their numbers. By count each post has the number 1, which needs no row."""
    return f"""(from (select {_NAMED}, {_by_count("likes", "comments", "1::bigint")} as value
                      from post_labels where {_SCOPE} and {_ONCE} and "by" <> 'count' and {condition})
                where value is not null)"""


_NEEDS_POSTS = f"(\"by\" <> 'count' and statistic in ({_quote(_OF_POSTS)}))"
_REQUESTED = f"statistic in ({_quote(OPTIONAL)})"
_BY_RANK = f"statistic in ({_quote(BY_RANK)})"
_SUMMED_WORTH = " ".join(
    f"when '{name}' then {name if name in _STORED else 'null'}" for name in PLAIN_STATISTICS
)
_OF_EACH = [name for name in _OF_POSTS if name in _IN_ANY_ORDER]


def _number(name: Statistic) -> str:
    """The column of a statistic that needs posts. By count each post has the number 1."""
    condition = f" and statistic = '{name}'" if name in OPTIONAL else ""
    return f"""case when "by" = 'count'{condition} then 1 else {name} end"""


# Of the posts, only what sums do not have, and only of some labels: of all if it orders them, else of the first n. The
# numbers of these fit in memory, so that DuckDB's own median is taken for them, in a third of the time.
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
    orders as (
        select label, case statistic {_worth(BY_RANK)} end as number
        from (select label, {_columns(BY_RANK)} from {count_ranges(_posts(_BY_RANK))} group by label)
        union all
        select label, case statistic {_worth(_OF_EACH)} end
        from (select label, {_columns(_OF_EACH)}
              from ({_EACH} from {_posts(f"statistic in ({_quote(_OF_EACH)})")}) group by label)),
    best as (
        select *, place as rank from summed where place <= n and not {_NEEDS_POSTS}
        union all by name
        select summed.*, row_number() over (order by number desc, posts desc, label) as rank
        from summed join orders using (label) where {_NEEDS_POSTS} qualify rank <= n),
    numbers as (
        select label, median(value) as median from {_posts("true")} semi join best using (label) group by label),
    requested as (
        select label, {_columns(OPTIONAL)}
        from {count_values(f"(from {_posts(_REQUESTED)} semi join best using (label))")} group by label)
    select rank, label, posts, accounts, total, mean, {_number("median")} as median, posts / all_posts as share,
           {", ".join(f"{_number(name)} as {name}" for name in OPTIONAL)}
    from best left join numbers using (label) left join requested using (label) order by rank"""

_MEASURED_ROWS = f"""(
    from (select source, post_id, account, {_NAMED}, first_label, value, numerator, denominator
          from post_labels
          join (select source, post_id, value, numerator, denominator from post_measures
                where measure = case when "by" in ({_quote(MEASURES)}) then "by"
                                     else error('by is {_list(MEASURES)}') end) measured
              using (source, post_id)
          where {_SCOPE} and {{condition}}) where value is not null)"""


# It reads the rows twice, as text and not as a common table: DuckDB would store its rows, which takes several times as
# long as to read them twice, because names in Parquet files are numbers. Measures are ratios, and their queries take
# longer than to count all of their numbers, so they are not counted in ranges.
def _top_labels_by(posts: str = "true", labels: str = "true") -> str:
    """The query of `top_labels_by`, over the posts and with the labels of two conditions."""

    def rows(condition: str) -> str:
        return _MEASURED_ROWS.format(condition=f"{posts} and {condition}")

    def measured(condition: str) -> str:
        return rows(f"{_ONCE} and {condition}")

    return f"""
    with worths as (
        select label, posts,
               case when "by" in ({_quote(_RATIOS)}) and statistic not in ({_quote(_RATIO_STATISTICS)})
                    then error('statistic is {_list(_RATIO_STATISTICS)}')
                    else case statistic {_worth(_IN_ANY_ORDER)} else {_KNOWN_STATISTIC} end
               end as worth
        from (select label, count(*) as posts, {_columns(_IN_ANY_ORDER)}
              from ({_EACH} from {measured(f"not {_BY_RANK}")}) group by label)
        union all
        select label, posts, case statistic {_worth(BY_RANK)} end
        from (select label, sum(posts)::bigint as posts, {_columns(BY_RANK)}
              from {count_values(measured(_BY_RANK))} group by label)),
    best as (
        select label, row_number() over (order by worth desc, posts desc, label) as rank
        from worths where posts >= min_posts and {labels} qualify rank <= n),
    best_counts as (
        select label, value, grouping(value) as of_accounts, count(*) as posts, sum(value) as sum,
               sum(numerator)::bigint as numerator, sum(denominator)::bigint as denominator
        from {measured("true")} semi join best using (label)
        group by grouping sets ((label, value), (label, source, account)))
    select rank, label, posts, accounts, total, mean, median, posts / all_posts as share,
           {", ".join(OPTIONAL)}, denominator, rate
    from best
    join (select label, sum(posts)::bigint as posts, {_columns(PLAIN_STATISTICS)},
                 sum(denominator)::bigint as denominator, sum(numerator)::bigint / sum(denominator)::bigint as rate
          from {place_values("best_counts where of_accounts = 0")} group by label) using (label)
    join (select label, count(*) as accounts from best_counts where of_accounts = 1 group by label) using (label)
    cross join (select count(*) as all_posts from {rows("first_label")})
    order by rank"""


_OTHER_LABELS = """label <> within_label and classifier_name || ':' || label <> within_label"""
"""Every post within a label has it."""

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
        _top_labels_by(),
        "The same as top_labels for any measure of post_measures:"
        " top_labels_by('inception_v3', by := 'comments_per_like', statistic := 'median')",
    ),
    Macro(
        "top_labels_within",
        f"classifier_name, within_label, {_PARAMETERS.format(by='likes').partition(', ')[2]}",
        _top_labels_by(has_label("classifier_name", "within_label"), _OTHER_LABELS),
        "The same as top_labels_by over posts that have a label, of this classifier or of another one:"
        " top_labels_within('inception_v3', 'food:hotdog', by := 'likes')",
    ),
)
