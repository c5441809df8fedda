"""Numbers of posts by label and rank, for statistics that look ranks up, without a query that holds all numbers.

A hash table of every label and number would have nearly as many rows as there are labels of posts. So the numbers are
counted in ranges first, and then only those in the few ranges with a rank that is looked up. DuckDB moves what does not
fit in its memory to the disk, unlike the numbers that its own `median` holds.
"""

from __future__ import annotations

from warehouse.ranking.plain_statistics import looked_up_ranks

# A range around 10,000 has 200 numbers. Rounding keeps the order of square roots, so no number is in a wrong range.
_RANGE = "floor(sqrt(greatest(value, 0)))::bigint"


def place_values(counted: str) -> str:
    """An SQL table expression: rows `label, value, posts, sum` of different numbers, with `before` and `all_posts`."""
    return f"""(select *, (sum(posts) over (partition by label order by value) - posts)::bigint as before,
                       (sum(posts) over (partition by label))::bigint as all_posts
                from {counted})"""


def count_values(rows: str) -> str:
    """The same for rows `label, value`, with a row for each number."""
    return place_values(
        f"(select label, value, count(*) as posts, sum(value) as sum from {rows} group by label, value)"
    )


def count_ranges(rows: str) -> str:
    """The same for numbers of posts that are integers, with few rows; `rows` is read twice."""
    return f"""(with ranges as (
                    select *, {looked_up_ranks()} as looked_up
                    from (select *, (sum(posts) over (partition by label order by range) - posts)::bigint as before,
                                 (sum(posts) over (partition by label))::bigint as all_posts
                          from (select label, {_RANGE} as range, max(value) as value, count(*) as posts,
                                       sum(value) as sum
                                from {rows} group by label, range))),
                inside as (
                    select label, range, value, count(*) as posts, sum(value) as sum
                    from (select label, value, {_RANGE} as range from {rows})
                    semi join (from ranges where looked_up) using (label, range)
                    group by label, range, value)
                select label, value, posts, sum, before, all_posts from ranges where not looked_up
                union all
                select label, inside.value, inside.posts, inside.sum,
                       (before + sum(inside.posts) over (partition by label, range order by inside.value)
                        - inside.posts)::bigint, all_posts
                from inside join ranges using (label, range))"""
