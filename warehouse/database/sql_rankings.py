"""The view of the posts' measures and the macros of the rankings by a plain statistic.

Both are made from `warehouse.ranking.measures` and `warehouse.ranking.plain_statistics`.
"""

from __future__ import annotations

from collections.abc import Iterable

from warehouse.database.sql_ranks import count_ranges, count_values, place_values
from warehouse.ranking.measures import MEASURES, POST_MEASURES, RUN_BY, By
from warehouse.ranking.plain_statistics import BY_RANK, OPTIONAL, PLAIN_STATISTICS, PlainStatistic, Statistic
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


_RATIOS = [by for by, measure in MEASURES.items() if measure.ratio]
_OTHERS = [by for by in MEASURES if by not in RUN_BY]
_RATIO_STATISTICS = [name for name, one in PLAIN_STATISTICS.items() if one.of_ratios]
_SUMMED = [name for name, one in PLAIN_STATISTICS.items() if not one.by_rank]
_SHARES = (
    ", sum(denominator)::bigint as denominator, sum(numerator)::bigint / sum(denominator)::bigint as rate"
)
_RANKED = f"(\"by\" <> 'count' and statistic in ({_quote(BY_RANK)}))"
_SCOPE = "classifier = classifier_name and (account_name is null or account = account_name)"
_STORED_ROWS = f"""select source, post_id, account, label, label_group, first_label,
                       case "by" when 'likes' then likes when 'comments' then comments when 'count' then 1::bigint
                            else error('by is {_list(RUN_BY)}; top_labels_by has {_list(_OTHERS)}') end as value
                from post_labels where {_SCOPE}"""
_MEASURED_ROWS = f"""select source, post_id, account, label, label_group, first_label, value, numerator, denominator
                from post_labels
                join (select source, post_id, value, numerator, denominator from post_measures
                      where measure = case when "by" in ({_quote(MEASURES)}) then "by"
                                           else error('by is {_list(MEASURES)}') end) measured
                    using (source, post_id)
                where {_SCOPE}"""


def _worth(names: Iterable[Statistic]) -> str:
    return " ".join(f"when '{name}' then {name}" for name in names)


def _macro(name: str, by: By, rows: str, comment: str, *, shares: bool) -> Macro:
    """The macro over these rows; with `shares` they have a numerator and a denominator.

    It reads the rows twice: the number that orders the labels is cheap for all of them, and the accounts and the
    median only for the first n. A median that orders the labels is read twice itself; the other branch reads nothing.
    """
    counts = ", numerator, denominator" if shares else ""
    any_counts = ", any_value(numerator), any_value(denominator)" if shares else ""
    sum_counts = (
        ", sum(numerator)::bigint as numerator, sum(denominator)::bigint as denominator" if shares else ""
    )
    # As text and not as a common table: DuckDB would store its rows, which takes several times as long as to read
    # them twice, because names in Parquet files are numbers.
    counted = f"(from ({rows}) where value is not null)"

    def named(some_labels: str = "", some_groups: str = "", where: str = "true") -> str:
        # A post counts once for a group, however many of its labels it has.
        return f"""(select source, account, label, value{counts} from {counted} {some_labels}
                    where not grouped and {where}
                    union all
                    select source, account, label_group as label, any_value(value){any_counts}
                    from {counted} {some_groups} where grouped and {where}
                    group by source, post_id, account, label_group)"""

    best_named = named(
        "semi join best using (label)", "as counted semi join best on counted.label_group = best.label"
    )
    # Measures are ratios, and their queries take longer than to count all of their numbers.
    ranked = (count_values if shares else count_ranges)(named(where=_RANKED))
    return Macro(
        name,
        f"""classifier_name, "by" := '{by}', n := 10, statistic := 'mean', account_name := null, min_posts := 1, grouped := false""",
        f"""with worths as (
                select label, posts,
                       case when "by" = 'count' then posts
                            when "by" in ({_quote(_RATIOS)}) and statistic not in ({_quote(_RATIO_STATISTICS)})
                            then error('statistic is {_list(_RATIO_STATISTICS)}')
                            else case statistic {_worth(_SUMMED)}
                                 else error('statistic is {_list(PLAIN_STATISTICS)}') end
                       end as worth
                from (select label, count(*) as posts, {_columns(_SUMMED)}
                      from (select label, value, value as sum, 1 as posts from {named(where=f"not {_RANKED}")})
                      group by label)
                union all
                select label, posts, case statistic {_worth(BY_RANK)} end
                from (select label, sum(posts)::bigint as posts, {_columns(BY_RANK)} from {ranked} group by label)),
            best as (
                select label, row_number() over (order by worth desc, posts desc, label) as rank
                from worths where posts >= min_posts qualify rank <= n),
            best_counts as (
                select label, value, grouping(value) as of_accounts, count(*) as posts, sum(value) as sum{sum_counts}
                from {best_named} group by grouping sets ((label, value), (label, source, account)))
            select rank, label, posts, accounts, total, mean, median, posts / all_posts as share,
                   {", ".join(OPTIONAL)}{", denominator, rate" if shares else ""}
            from best
            join (select label, sum(posts)::bigint as posts, {_columns(PLAIN_STATISTICS)}{_SHARES if shares else ""}
                  from {place_values("best_counts where of_accounts = 0")} group by label) using (label)
            join (select label, count(*) as accounts from best_counts where of_accounts = 1 group by label)
                using (label)
            cross join (select count(*) as all_posts from {counted} where first_label)
            order by rank""",
        comment,
    )


RANKING_MACROS: tuple[Macro, ...] = (
    _macro(
        "top_labels",
        "likes",
        _STORED_ROWS,
        "Labels of a classifier ranked by likes, comments or count: top_labels('inception_v3', by := 'likes', n := 10)."
        " posts counts the posts with a known number; mean, median and total are over these; share is their part of the"
        " posts that the classifier labelled. The other columns are null unless statistic names them. With"
        " grouped := true labels of a group count as one",
        shares=False,
    ),
    # A macro of its own, because DuckDB opens every table that a macro names.
    _macro(
        "top_labels_by",
        "shares",
        _MEASURED_ROWS,
        "The same as top_labels for any measure of post_measures:"
        " top_labels_by('inception_v3', by := 'comments_per_like', statistic := 'median')",
        shares=True,
    ),
)
