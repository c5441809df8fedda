"""The view that compares forecasts with what came."""

from __future__ import annotations

from warehouse.ranking.lift.age import DEFAULT_DAYS
from warehouse.schema.sql_types import View

OUTCOME_DAYS = DEFAULT_DAYS
"""Age of a post from which its count is an outcome. It is the same for all sources, so that an outcome never changes."""

FORECAST_OUTCOMES = f"""with of_candidates as (
               select source, account, subject, measure, version, arg_min(posts.post_id, posts.first_seen_at) as seen_as
               from forecasts join post_pictures using (source, sha256)
               join posts on posts.source = forecasts.source and posts.post_id = post_pictures.post_id
                         and posts.account = forecasts.account and posts.first_seen_at > made_at
               where forecasts.post_id is null group by all),
           made as (
               select forecasts.* exclude (post_id, kind, posted_at, sha256), coalesce(post_id, seen_as) as post_id
               from forecasts left join of_candidates using (source, account, subject, measure, version)
               where coalesce(post_id, seen_as) is not null),
           counted as (
               select source, post_id, measure, min(observed_at) as observed_at, arg_min(count, observed_at) as outcome
               from (select observations.source, observations.post_id, observed_at,
                            unnest(['likes', 'comments']) as measure, unnest([likes, comments]) as count
                     from observations semi join made using (source, post_id)
                     join posts on posts.source = observations.source and posts.post_id = observations.post_id
                     where observed_at >= posts.posted_at + interval {OUTCOME_DAYS} day)
               where count is not null group by all)
           select source, account, subject, measure, version, post_id, posts.kind, posts.posted_at, made_at, before_posting,
                  usual, median, low, high, outcome, observed_at, outcome between low and high as covered
           from made join counted using (source, post_id, measure)
           join (select source, post_id, kind, posted_at from posts) as posts using (source, post_id)
           where made_at < observed_at"""

FORECAST_VIEWS: tuple[View, ...] = (
    View(
        "forecast_outcomes",
        FORECAST_OUTCOMES,
        "Forecasts of posts whose number is known by now, with that number",
        {
            "source": "Name of the source in the settings",
            "account": "Account that posted it",
            "subject": "The post's id, or the SHA-256 of a candidate picture's bytes",
            "measure": "likes or comments",
            "version": "Version of the forecast model",
            "post_id": "The post; of a candidate picture the first post that shows these bytes",
            "kind": "image, video or carousel, as posted",
            "posted_at": "When it was posted (UTC)",
            "made_at": "When the forecast was made (UTC)",
            "before_posting": "Whether it was made before a run first saw the post",
            "usual": "The account's usual number before the post",
            "median": "Forecast: half of such posts get less",
            "low": "Lower end of the forecast's 80 % interval",
            "high": "Upper end of the forecast's 80 % interval",
            "outcome": f"The first number that was observed {OUTCOME_DAYS} days after the post or later",
            "observed_at": "When it was observed (UTC)",
            "covered": "Whether it is in the interval",
        },
    ),
)
