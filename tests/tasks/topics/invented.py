"""Invented comments about known topics, in a language with blanks between words and in one without."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime

from warehouse.home import Home
from warehouse.schema.table_schema import Row
from warehouse.schema.tables import Comment, Post

DAY = datetime(2026, 1, 5, tzinfo=UTC)
TOPICS = {
    "en": ("kitten whiskers fluffy tabby purr paws", "espresso beans roast latte crema barista", "beach island ferry harbour hike coast"),
    "ja": ("子猫 肉球 毛並 尻尾", "珈琲豆 焙煎 喫茶店 エスプレッソ", "海岸 離島 港町 灯台"),
}  # fmt: skip
SHARED = {"en": ("this is so lovely", "what a wonderful", "I really love the", "and here is the picture of your"),
          "ja": ("この写真の", "とてもきれいな", "今日の", "素敵な")}  # fmt: skip


def invent(language: str, number: int) -> Iterator[tuple[str, str]]:
    """Texts with the number of their topic, as a text; the first ones are the same for every `number`."""
    choices = random.Random(language)
    for _ in range(number):
        topic = choices.randrange(len(TOPICS[language]))
        words = choices.sample(TOPICS[language][topic].split(), 3)
        glue = "と" if language == "ja" else " "
        yield glue.join([choices.choice(SHARED[language]), *words]), str(topic)


def store(home: Home, language: str, number: int, first: int = 0) -> dict[str, str]:
    """Store such comments, five under each post and by 40 authors; returns the topic of each by its id."""
    rows: list[Row] = []
    made = dict(enumerate(invent(language, number)))
    for place in range(first, number):
        post = f"{language}{place // 5}"
        rows.append(comment(home, f"{language} {place}", made[place][0], f"author {place % 40}", post))
    home.lake.append([post_row(post) for post in {row.post_id for row in rows if isinstance(row, Comment)}])
    home.lake.append(rows)
    return {f"{language} {place}": made[place][1] for place in range(first, number)}


def comment(home: Home, comment_id: str, text: str, author: str, post: str) -> Comment:
    """A row of `comments`."""
    return Comment(
        source="s", post_id=post, comment_id=comment_id, parent_id=None, author=home.authors().stored(author),
        text=text, posted_at=DAY, likes=None,
    )  # fmt: skip


def post_row(post_id: str) -> Post:
    """A row of `posts`."""
    return Post(
        source="s", post_id=post_id, account="studio", url="https://example.org", kind="image", posted_at=DAY,
        caption=None, place=None, pinned=None, first_seen_at=DAY, last_seen_at=DAY,
    )  # fmt: skip
