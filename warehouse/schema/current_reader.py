"""The version of the reader whose rows of `comment_readings` count."""

from __future__ import annotations

CURRENT_READER = """coalesce(
    (select arg_max(version, started_at) from runs
     where stage = 'read_comments' and status in ('done', 'incomplete') and version is not null),
    (select arg_max(version, read_at) from comment_readings))"""
"""SQL of the version that the last complete run of the stage read_comments had: it has read all comments.

The version of the newest reading is not enough. A run that a model stopped half way leaves readings of some comments,
and a run that returns to an earlier version may have nothing left to read.
"""
