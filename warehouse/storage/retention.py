"""How long files of old table versions stay."""

KEEP_HOURS = 168
"""Files that no table version of the last week needs are deleted. Sessions that are open for longer may fail."""
