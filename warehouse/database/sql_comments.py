"""The view of what the comments of each post say, from the version of the reader that the last run had."""

from __future__ import annotations

from warehouse.ranking.measures import TONE_LIMIT
from warehouse.schema.sql_types import View

CURRENT_READER = """coalesce(
    (select arg_max(version, started_at) from runs
     where stage = 'read_comments' and status in ('done', 'incomplete') and version is not null),
    (select arg_max(version, read_at) from comment_readings))"""
"""SQL of the version that the last complete run of the stage read_comments had: it has read all comments.

The version of the newest reading is not enough. A run that a model stopped half way leaves readings of some comments,
and a run that returns to an earlier version may have nothing left to read.
"""

COMMENT_VIEWS: tuple[View, ...] = (
    View(
        "post_comment_readings",
        f"""select source, post_id, count(*) as comments, count(*) filter (spam) as spam,
                  count(*) filter (not spam and question) as questions,
                  count(tone) filter (not spam) as with_tone,
                  count(*) filter (not spam and tone >= {TONE_LIMIT}) as positive,
                  count(*) filter (not spam and tone <= -{TONE_LIMIT}) as negative,
                  avg(tone) filter (not spam) as tone
           from comment_readings
           where version = {CURRENT_READER} group by source, post_id""",
        "What the comments of each post say, as the last run of read_comments read them",
        {
            "source": "Name of the source in the settings",
            "post_id": "The source's own id of the post",
            "comments": "Number of comments that were read, with spam",
            "spam": "Of these, the comments that a rule of spam matches; no later column has them",
            "questions": "Comments that ask something",
            "with_tone": "Comments whose tone was measured: compare tones only with this number beside them",
            "positive": f"Comments with a tone of {TONE_LIMIT} or more",
            "negative": f"Comments with a tone of -{TONE_LIMIT} or less",
            "tone": "Mean of the measured tones, from -1 to 1; null where none was measured",
        },
    ),
)
