"""Numbers in the pages' sentences are those of the code."""

from __future__ import annotations

import re

import pytest

from classifiers.formats import MAX_PIXELS
from flows.commands.demo import POSTS
from flows.futures import MAX_PARALLEL_TASKS
from flows.run_lifecycle import WAIT_FOR_OTHER_RUN_SECONDS
from tasks.fetch.download import Limits
from tasks.scrape.graph.usage import MAX_PERCENT, WAIT_SECONDS
from warehouse.database.publish import READABLE_FROM
from warehouse.records.runs import RESUME_WITHIN
from warehouse.storage.retention import KEEP_HOURS

WORDS = {4: "four", 5: "five", 6: "six", 7: "a week"}
SENTENCES = [
    ("guide.md", f"serves a gallery of {POSTS} posts"),
    ("guide.md", f"the same time ({WORDS[MAX_PARALLEL_TASKS]} at most)"),
    (
        "guide.md",
        f"picture may have {Limits().max_bytes // 2**20} MB and {MAX_PIXELS // 10**6} million pixels",
    ),
    ("guide.md", f"began less than {RESUME_WITHIN.total_seconds() / 3600:g} hours ago"),
    ("guide.md", f"waits up to {WORDS[int(WAIT_FOR_OTHER_RUN_SECONDS / 3600)]} hours for the first"),
    ("tables.md", f"old files stay there for {WORDS[KEEP_HOURS // 24]}"),
    ("sql-cookbook.md", f"older than {WORDS[KEEP_HOURS // 24]} may lose their files"),
    ("sql-cookbook.md", f"own command line, {READABLE_FROM.removeprefix('v').removesuffix('.0')} or newer"),
    ("graph.md", f"waits {WORDS[int(WAIT_SECONDS / 60)]} minutes from {MAX_PERCENT} percent on"),
    ("classifiers.md", f"at most {MAX_PIXELS // 10**6} million pixels"),
]


@pytest.mark.parametrize(("page", "sentence"), SENTENCES, ids=range(len(SENTENCES)))
def test_a_sentence_has_the_number_of_the_code(pages, page, sentence):
    """The page has the sentence with the code's number."""
    assert sentence in re.sub(r"\s+", " ", pages[page].text)
