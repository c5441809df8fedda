"""Views and macros of the published database, with their comments.

They are made from the tables of `warehouse.schema.tables`. To add a view, add an entry to `VIEWS`; to add a macro, add one
to `MACROS`. Both are created in their order.
"""

from __future__ import annotations

from warehouse.database.sql_comments import COMMENT_VIEWS
from warehouse.database.sql_comparing import COMPARING_MACROS, COMPARING_VIEWS
from warehouse.database.sql_forecasts import FORECAST_VIEWS
from warehouse.database.sql_rankings import MEASURE_VIEWS, RANKING_MACROS
from warehouse.embeddings.sql import EMBEDDING_MACROS, EMBEDDING_VIEWS
from warehouse.schema.sql_types import Macro, View

CLASSIFIER_VERSIONS = """select lane as classifier, arg_max(version, started_at) as version from runs
    where stage in ('classify', 'tag') and version is not null group by lane"""

VIEWS: tuple[View, ...] = (
    View(
        "classifier_versions",
        CLASSIFIER_VERSIONS,
        "The version of each classifier that a run last loaded",
        {"classifier": "Name of the classifier in the settings", "version": "Current version"},
    ),
    View(
        "current_labels",
        "select labels.* from labels semi join classifier_versions using (classifier, version)",
        "Labels of each classifier's current version, which the rankings count",
    ),
    View(
        "failed_pictures",
        """select picture_url, tries, latest.* from (
               select picture_url, count(*) as tries,
                      arg_max(struct_pack(reason, http_status, last_try_at := attempted_at, next_try_at, message),
                              attempted_at) as latest
               from fetches semi join (select picture_url from fetches where status <> 'ok') using (picture_url)
               group by picture_url having not bool_or(status = 'ok'))""",
        "Pictures that no attempt could fetch: the reason, the number of attempts, and when a run retries",
        {
            "picture_url": "Address that was requested",
            "tries": "Number of attempts in all runs",
            "reason": "Why the last attempt failed",
            "http_status": "HTTP status of the last response; null when there was none",
            "last_try_at": "When the last attempt began (UTC)",
            "next_try_at": "When a run may retry (UTC); null: never, or not recorded",
            "message": "What came instead of a picture, and what to do; null when the reason is enough",
        },
    ),
    *EMBEDDING_VIEWS,
    *MEASURE_VIEWS,
    *COMMENT_VIEWS,
    *FORECAST_VIEWS,
    *COMPARING_VIEWS,
)


MACROS: tuple[Macro, ...] = (
    *RANKING_MACROS,
    Macro(
        "top_lifts",
        """classifier_name, "by" := 'likes', n := 10, min_posts := 10, grouped := false""",
        """select row_number() over (order by low desc, label) as rank,
                  label, posts, accounts, lift, low, high, p, q, total, mean, median, share
           from (
               select label, posts, accounts, lift, low, high, p, q, total, mean, median, share from lifts
               where lifts.classifier = classifier_name and lifts.measure = "by" and lifts.grouped = grouped
                 and lifts.posts >= min_posts and lifts.lift is not null
               union all by name
               select null as label
               where case when "by" in ('likes', 'comments') then false else error('by is likes or comments') end)
           qualify rank <= n order by rank""",
        "Labels of a classifier ranked by the lower end of their lift in likes or comments:"
        " top_lifts('inception_v3', by := 'likes', n := 10). lift is how many times the usual likes of their account"
        " the posts with the label get, low to high is its 95 % interval, q is p corrected for the number of labels."
        " min_posts skips labels with fewer posts. With grouped := true labels of a group count as one",
    ),
    *COMPARING_MACROS,
    *EMBEDDING_MACROS,
)
