"""Rankings: the labels of one classifier ordered by likes, comments or count, as Polars frames.

The macro `top_labels` in `warehouse.sql` gives the same result in SQL; a test compares the two to the digit. Both
count a post once for each label, and skip posts with an unknown number.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Literal, get_args

import polars as pl

from warehouse.home import Home
from warehouse.publish import published

By = Literal["likes", "comments", "count"]
Statistic = Literal["mean", "median", "total"]
MEASURES: tuple[By, ...] = get_args(By)

STATISTICS: tuple[Statistic, ...] = get_args(Statistic)
"""What a ranking can be ordered by. To add a statistic, add its name above and a column in `_with_statistics`."""
COLUMNS = ("rank", "label", "posts", "accounts", "total", "mean", "median", "share")


@dataclass(frozen=True, slots=True)
class RankingQuery:
    """Parameters of a ranking: the classifier, the order and the number of labels.

    `min_posts` skips labels with fewer posts; `account` counts only one account's posts. With `grouped` the labels
    of a group count as one: a tabby and a tiger cat are cats.
    """

    classifier: str
    by: By = "likes"
    statistic: Statistic = "mean"
    top: int = 10
    account: str | None = None
    min_posts: int = 1
    grouped: bool = False

    @property
    def stem(self) -> str:
        """A file name without extension, such as `inception_v3-likes-mean`, or `…-mean-instagram` for one account.

        Characters other than ASCII letters, digits, dots, underscores and dashes are removed, and a hash is added
        for them, so that two accounts never share a file.
        """
        statistic = () if self.by == "count" else (self.statistic,)
        account = () if self.account is None else (_safe(self.account),)
        grouped = ("groups",) if self.grouped else ()
        return "-".join((_safe(self.classifier), self.by, *statistic, *grouped, *account))


def file_stem(*names: str) -> str:
    """A file name without extension from these names, made safe as in `RankingQuery.stem`."""
    return "-".join(map(_safe, names))


def _safe(name: str) -> str:
    safe = re.sub(r"[^A-Za-z0-9_.-]", "", name).lstrip(".-")[:60]
    if safe == name:
        return safe
    return f"{safe}_{hashlib.sha256(name.encode(errors='surrogatepass')).hexdigest()[:8]}"


def rank(home: Home, question: RankingQuery) -> pl.DataFrame:
    """The ranking from the published database. Raises `NotPublished` when there is no database."""
    with published(home) as connection:
        post_labels = connection.sql(
            """select distinct source, post_id, case when $3 then label_group else label end as label,
                      account, likes, comments
               from post_labels where classifier = $1 and ($2 is null or account = $2)""",
            params=[question.classifier, question.account, question.grouped],
        ).pl()
    return rank_posts(post_labels.lazy(), question)


def rank_posts(post_labels: pl.LazyFrame, question: RankingQuery) -> pl.DataFrame:
    """Rank one classifier's rows of the view `post_labels`: the columns `COLUMNS`, best first.

    Ties are ordered by the number of posts, then by the label. `posts` counts the posts with a known number; `total`,
    `mean` and `median` are over these posts; `share` is their part of all such posts. By count, each post counts 1
    with every statistic.
    """
    value = pl.lit(1, pl.Int64) if question.by == "count" else pl.col(question.by)
    known = post_labels.with_columns(value=value).filter(pl.col("value").is_not_null())
    worth = "posts" if question.by == "count" else question.statistic
    return (
        _with_statistics(known)
        .filter(pl.col("posts") >= question.min_posts)
        .sort([worth, "posts", "label"], descending=[True, True, False])
        .head(question.top)
        .with_row_index("rank", offset=1)
        .with_columns(pl.col("rank").cast(pl.Int64))
        .select(COLUMNS)
        .collect()
    )


def classifiers_with_labels(home: Home) -> list[str]:
    """Names of the classifiers that have labels, in alphabetical order. Raises `NotPublished`."""
    with published(home) as connection:
        rows = connection.execute("select distinct classifier from current_labels order by 1").fetchall()
    return [name for (name,) in rows]


def _with_statistics(known: pl.LazyFrame) -> pl.LazyFrame:
    all_posts = known.select(pl.struct("source", "post_id").n_unique().cast(pl.Int64).alias("all_posts"))
    per_label = known.group_by("label").agg(
        posts=pl.len().cast(pl.Int64),
        accounts=pl.struct("source", "account").n_unique().cast(pl.Int64),
        total=pl.col("value").sum(),
        median=pl.col("value").median(),
    )
    return per_label.join(all_posts, how="cross").with_columns(
        mean=pl.col("total") / pl.col("posts"), share=pl.col("posts") / pl.col("all_posts")
    )
