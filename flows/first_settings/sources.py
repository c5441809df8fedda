"""The table of a source, by its kind, with the questions that it needs."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from flows.docs_pages import TOKEN_PAGES
from flows.errors import SettingsError
from flows.first_settings.columns import read_form
from flows.first_settings.places import Place, check_visible
from flows.first_settings.preview import Preview, open_source, preview_files
from flows.first_settings.questions import Ask, Question
from flows.first_settings.source_draft import SourceDraft, Step, source_name
from flows.printable import printable
from tasks.errors import BadProfile
from tasks.scrape.crawl.pasted import instagram_name
from tasks.scrape.gallery.profile import built_in_profiles, load_profile

ALL_ACCOUNTS = "all"
"""The account of a folder with several accounts whose posts are all to be read."""


def draft_source(place: Place, folder: Path, ask: Ask) -> SourceDraft:
    """The table of a source; its paths are relative to `folder` where they are in it. Raises `SettingsError`."""
    draft = _DRAFTS[place.kind](place, folder, ask)
    open_source(draft.table(), folder)
    return draft


def _draft_mastodon(place: Place, folder: Path, ask: Ask) -> SourceDraft:
    server = urlsplit(place.address).netloc
    account = _account(ask(Question("--account", f"Which account on {server}?", place.account)))
    is_pixelfed = "pixelfed" in server
    when = (
        "Pixelfed requires a token"
        if is_pixelfed
        else "only if `likelens doctor` reports that the server requires it"
    )
    return SourceDraft(
        source_name(account, server),
        "mastodon",
        {"server": place.address, "account": account.removeprefix("@")},
        {"account": "name@other.server for an account of another server"},
        (Step("export MASTODON_TOKEN=…", f"{when}: {TOKEN_PAGES['mastodon']}"),),
    )


def _draft_graph(place: Place, folder: Path, ask: Ask) -> SourceDraft:
    suggestion = instagram_name(place.account) or ""
    account = _account(ask(Question("--account", "Which account on Instagram?", suggestion)))
    needed = f"the id of your own professional account, which makes the requests; {TOKEN_PAGES['graph']}"
    user_id = ask(Question("--user-id", f"Your user id ({needed})"))
    return SourceDraft(
        source_name(account, "instagram"),
        "graph",
        {"account": account.removeprefix("@"), "user_id": user_id},
        {"account": "the account to read", "user_id": "your own account, which makes the requests"},
        (Step("export INSTAGRAM_TOKEN=…", f"Instagram requires a token: {TOKEN_PAGES['graph']}"),),
    )


def _draft_instaloader(place: Place, folder: Path, ask: Ask) -> SourceDraft:
    written = _written_path(place.path, folder)
    draft = SourceDraft("pictures", "instaloader", {"folder": written})
    preview = preview_files(draft.table(), folder)
    names = [name for name, _ in preview.accounts.most_common()]
    suggestion = names[0] if len(names) == 1 else ALL_ACCOUNTS
    text = f"Which account? The folder has {printable(preview.describe())}; '{ALL_ACCOUNTS}' reads every one"
    account = _account(ask(Question("--account", text, suggestion)))
    draft = replace(
        draft, name=source_name(*([account] if account != ALL_ACCOUNTS else names), place.path.name)
    )
    if account == ALL_ACCOUNTS:
        return replace(draft, found=_describe(preview))
    draft = draft.with_keys(account=account)
    return replace(draft, found=_describe(preview_files(draft.table(), folder)))


def _draft_lines(place: Place, folder: Path, ask: Ask) -> SourceDraft:
    _check_lines(place.path)
    draft = SourceDraft(source_name(_stem(place.path)), "jsonl", {"file": _written_path(place.path, folder)})
    try:
        return _with_accounts(draft, preview_files(draft.table(), folder), ask)
    except SettingsError as error:
        if "account" not in str(error):
            raise
    account = _account(ask(Question("--account", "Which account? The lines name none", _stem(place.path))))
    draft = draft.with_keys(account=account)
    return replace(draft, found=_describe(preview_files(draft.table(), folder)))


def _draft_table(place: Place, folder: Path, ask: Ask) -> SourceDraft:
    form = read_form(place.path)
    draft = SourceDraft(source_name(_stem(place.path)), "table", {"file": _written_path(place.path, folder)})
    if form.separator != ",":
        draft = draft.with_keys(separator=form.separator)
    if form.encoding != "utf-8":
        draft = draft.with_keys(encoding=form.encoding)
    if form.columns is not None:
        draft = draft.with_keys(columns=form.columns)
        draft = replace(draft, notes={"columns": "your column = its field; add others, or correct these"})
    if "url" not in form.fields:
        text = "Address of a post's page, with {post_id} in it, such as https://pix.example/p/{post_id}"
        draft = draft.with_keys(url=ask(Question("--post-url", text)))
    if "account" in form.fields:
        return _with_accounts(draft, preview_files(draft.table(), folder), ask)
    text = "Which account? The file has no column for it"
    draft = draft.with_keys(account=_account(ask(Question("--account", text, _stem(place.path)))))
    return replace(draft, found=_describe(preview_files(draft.table(), folder)))


def _draft_gallery(place: Place, folder: Path, ask: Ask) -> SourceDraft:
    text = "Which profile describes its pages? Your own file, or a built-in one: docs/gallery-profiles.md#the-built-in-profiles"
    given = ask(Question("--profile", text))
    written = (
        given
        if given in built_in_profiles()
        else _written_path(Path.cwd() / Path(given).expanduser(), folder)
    )
    try:
        account = load_profile(written, folder).account_of(urlsplit(place.address).path)
    except BadProfile as error:
        raise SettingsError(f"{error} See docs/gallery-profiles.md#what-an-error-means.") from error
    name = source_name(account, urlsplit(place.address).hostname or "")
    return SourceDraft(
        name, "gallery", {"profile": written, "url": place.address}, {"url": "the account's first page"}
    )


_DRAFTS = {
    "mastodon": _draft_mastodon,
    "graph": _draft_graph,
    "instaloader": _draft_instaloader,
    "jsonl": _draft_lines,
    "table": _draft_table,
    "gallery": _draft_gallery,
}


def _account(given: str) -> str:
    account = given.strip()
    check_visible(account, "account")
    return account


def _with_accounts(draft: SourceDraft, preview: Preview, ask: Ask) -> SourceDraft:
    """The draft of a file that names its accounts: all of them are read, so there is nothing to ask."""
    names = [name for name, _ in preview.accounts.most_common()]
    name = source_name(names[0]) if len(names) == 1 else draft.name
    return replace(draft, name=name, found=_describe(preview))


def _describe(preview: Preview) -> tuple[str, ...]:
    lines = [f"It has {preview.describe()}."]
    if preview.problems:
        lines.append(f"{len(preview.problems):,} could not be read, the first: {preview.problems[0]}")
    return tuple(map(printable, lines))


def _stem(path: Path) -> str:
    return path.name.partition(".")[0] or path.name


def _check_lines(path: Path) -> None:
    """Raise `SettingsError` for a JSON file that is one list."""
    try:
        with path.open("rb") as opened:
            start = opened.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")
    except OSError as error:
        raise SettingsError(
            f"The file {path} can't be read ({error.strerror}). Let your user read it."
        ) from None
    if start.startswith(b"["):
        raise SettingsError(
            f"The file {path} is one JSON list, and likelens reads one JSON object per line. Convert it, for example with"
            f" `jq -c '.[]' posts.json > posts.jsonl`; docs/files.md#the-schema-version-1 has the keys."
        )


def _written_path(path: Path, folder: Path) -> str:
    """A path as the settings name it: relative to their folder if it is inside."""
    absolute, base = Path(os.path.abspath(path)), Path(os.path.abspath(folder))  # noqa: PTH100 - links stay links
    if not absolute.is_relative_to(base):
        return str(absolute)
    written = absolute.relative_to(base).as_posix()
    # The settings read `~` at the beginning as somebody's home folder.
    return str(absolute) if written.startswith("~") else written
