"""Hooks of mkdocs: the site has what its pages link to outside `docs/`, and its menu leads into the guide.

In the repository a page links to `../CONTRIBUTING.md` or `../prefect.yaml`. On the site a Markdown file becomes a page
like all others, and a file of code becomes a page below `source/` that shows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Link, Navigation
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
OUTSIDE = re.compile(r"\]\(\.\./([^)#\s]+)")
INSIDE = re.compile(r"\]\(docs/")
OTHERS = re.compile(r"\]\(((?:README|CONTRIBUTING|CHANGELOG)\.md)")
LANGUAGES = {".py": "python", ".yaml": "yaml", ".toml": "toml"}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the files outside `docs/` that pages link to."""
    for path in sorted(set(_linked(files))):
        text = (ROOT / path).read_text("utf-8")
        if not path.endswith(".md"):
            language = LANGUAGES.get(Path(path).suffix, "text")
            text = f"# {path}\n\n``` {language}\n{text}\n```\n"
        files.append(File.generated(config, _place(path), content=text))
    return files


def _linked(files: Files) -> Iterator[str]:
    for file in files.documentation_pages():
        for path in OUTSIDE.findall(file.content_string):
            yield path
            if path.endswith(".md"):
                yield from OTHERS.findall((ROOT / path).read_text("utf-8"))


def _place(path: str) -> str:
    """Return where the site has a file of the repository."""
    return Path(path).name.lower() if path.endswith(".md") else f"source/{path}.md"


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links between `docs/` and the other folders lead to pages of the site."""
    if page.file.src_uri.startswith("source/"):
        return markdown
    markdown = OUTSIDE.sub(lambda found: f"]({_place(found[1])}", markdown)
    if page.file.generated_by:
        markdown = OTHERS.sub(lambda found: f"]({_place(found[1])}", INSIDE.sub("](", markdown))
    return markdown


def on_nav(nav: Navigation, config: MkDocsConfig, files: Files) -> Navigation:
    """Add the parts of the guide to the menu, as `extra.guide` in mkdocs.yml lists them."""
    (reference,) = (item for item in nav.items if item.title == "Reference")
    links = [Link(title, f"guide.html#{anchor}") for title, anchor in config.extra["guide"].items()]
    for link in links:
        link.parent = reference
    reference.children[1:1] = links
    return nav


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Name the dialog of the search for screen readers; the theme does not."""
    return output.replace('role="dialog"', 'role="dialog" aria-label="Search"')
