"""What is said when a page does not fit its profile."""

from __future__ import annotations

from tasks.scrape.gallery.profile import Profile


def misfit(profile: Profile, url: str, name: str, place: object, what: str, way_out: str = "") -> str:
    """That a selector finds what it should not, and what to do; `way_out` is a setting that may be meant."""
    return (
        f"The page {url} no longer fits the profile {profile.name}: its selector {name} ({place}) finds {what}."
        " Nothing of it was stored. If the site has changed, mend that selector in a profile of your own"
        f" (see docs/gallery-profiles.md).{way_out}"
    )
