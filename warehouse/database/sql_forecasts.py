"""The view that compares forecasts with what came."""

from __future__ import annotations

from warehouse.ranking.lift.age import DEFAULT_DAYS
from warehouse.schema.sql_types import View

OUTCOME_DAYS = DEFAULT_DAYS
"""Age of a post from which its count is an outcome. It is the same for all sources, so that an outcome never changes."""

FORECAST_OUTCOMES = f"""with seen as (
               select source, post_id, account, kind, posted_at, first_seen_at from posts),
           of_candidates as (
               select source, account, subject, measure, version, max(made_at) as last_made,
                      min_by(seen.post_id, row(seen.first_seen_at, seen.post_id)) as shown_in
               from (select source, account, subject, measure, version, sha256, made_at from forecasts
                     where post_id is null) as candidates
               join post_pictures using (source, sha256) join seen using (source, account)
               where seen.post_id = post_pictures.post_id and first_seen_at > made_at
               group by source, account, subject, measure, version
               qualify row_number() over (partition by source, account, subject, measure order by last_made desc) = 1),
           made as (
               select source, account, subject, measure, version, coalesce(post_id, shown_in) as post_id, made_at,
                      before_posting, usual, median, low, high
               from forecasts left join of_candidates using (source, account, subject, measure, version)
               where coalesce(post_id, shown_in) is not null),
           observed as (
               select source, post_id, observed_at, likes, comments
               from (select source, post_id, observed_at, likes, comments from observations) as counts
               join seen using (source, post_id) semi join made using (source, post_id)
               where observed_at >= posted_at + interval {OUTCOME_DAYS} day),
           numbers as (
               select source, post_id, 'likes' as measure, observed_at, likes as number from observed
               union all select source, post_id, 'comments', observed_at, comments from observed),
           outcomes as (
               select source, post_id, measure, min(observed_at) as observed_at, min_by(number, observed_at) as outcome
               from numbers where number is not null group by all)
           select source, account, subject, measure, version, post_id, kind, posted_at, made_at, before_posting,
                  usual, median, low, high, outcome, observed_at, outcome between low and high as covered
           from made join outcomes using (source, post_id, measure) join seen using (source, post_id, account)
           where made_at < observed_at"""
"""A post that was forecast when its number was known already would prove nothing, so it is left out. Of a candidate's
forecasts by several models the last one from before its post counts."""

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
