"""Pages that a site shows in place of the one that was requested: a login form, or a check for robots."""

from __future__ import annotations

import re

from lxml import etree

from tasks.scrape.gallery.selector_types import Part

_CHECKS = re.compile(
    r"captcha|cf-challenge|challenge-platform|just a moment\.\.\.|are you (?:a )?(?:human|robot)|unusual traffic",
    re.IGNORECASE,
)
"""What checks for robots have in their markup or text (reCAPTCHA, hCaptcha, Cloudflare and the like)."""


def wall_of(page: Part) -> str | None:
    """What stands in place of the page, in words; None where nothing of the kind is found.

    Ask it only of a page that shows neither the account nor a post: ordinary pages have login forms too.
    """
    if page.element is None:
        return None
    if _CHECKS.search(etree.tostring(page.element, encoding="unicode")):
        return "a check for robots (captcha)"
    if page.element.xpath("//input[@type='password']"):
        return "a login form"
    return None
