"""The settings that messages show to somebody who has none."""

EXAMPLE = """\
    [[sources]]
    name = "ann"
    kind = "mastodon"
    server = "https://mastodon.social"
    account = "ann"

    [[classifiers]]
    name = "visual"
    kind = "visual\""""
