"""The views of what the comments of each post say, as the last run read them, and what they are about."""

from __future__ import annotations

from warehouse.ranking.measures import TONE_LIMIT
from warehouse.schema.current_reader import CURRENT_READER
from warehouse.schema.sql_types import View

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
    View(
        "current_topics",
        """select topics.topic, topics.language, name, words, coalesce(comments, 0) as comments,
                  coalesce(comments, 0) / placed as share, coalesce(posts, 0) as posts
           from topics
           join (select language, count(*) as placed from comment_topics group by language) using (language)
           left join (select topic, count(*) as comments, count(distinct (source, post_id)) as posts
                      from comment_topics group by topic) using (topic)
           where coalesce(comments, 0) > 0""",
        "What comments are about: the topics of each language with their numbers of comments",
        {
            "topic": "The topic: its language and a number, such as en-3",
            "language": "Language as ISO 639-1",
            "name": "Its most distinctive words",
            "words": "The same words as a list",
            "comments": "Number of comments with the topic",
            "share": "Part of all comments in the language, without spam, 0 to 1",
            "posts": "Number of posts that these comments are under",
        },
    ),
    View(
        "post_comment_topics",
        """select source, post_id, language, topic, name, count(*) as comments
           from comment_topics join topics using (topic, language) group by all""",
        "The topics of the comments of each post",
        {
            "source": "Name of the source in the settings",
            "post_id": "The source's own id of the post",
            "language": "Language as ISO 639-1",
            "topic": "The topic",
            "name": "Its most distinctive words",
            "comments": "Number of the post's comments with the topic",
        },
    ),
)
