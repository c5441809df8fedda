"""Tables that publish computes from the others: if one is lost, the next publish writes it again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from warehouse.schema.table_schema import Row, SourceRow


@dataclass(frozen=True, slots=True, kw_only=True)
class LatestObservation(SourceRow):
    """The last known counts of each post; an observation without a count does not replace one with a count."""

    table: ClassVar[str] = "latest_observations"
    key: ClassVar[tuple[str, ...]] = ("source", "post_id")
    derived: ClassVar[bool] = True

    source: Annotated[str, "Name of the source in the settings"]
    post_id: Annotated[str, "The source's own id of the post"]
    observed_at: Annotated[datetime, "When the post was last observed (UTC)"]
    likes: Annotated[int | None, "Last observed likes; null when hidden or unknown"]
    comments: Annotated[int | None, "Last observed comments; null when unknown"]
    likes_hidden: Annotated[bool, "Whether the likes are hidden"]
    likes_at: Annotated[
        datetime | None, "When these likes, or that they are hidden, were last observed (UTC)"
    ]
    comments_at: Annotated[datetime | None, "When these comments were last observed (UTC)"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostLabel(Row):
    """The labels of each post by classifier, with its last observed likes and comments; each label once per post."""

    table: ClassVar[str] = "post_labels"
    key: ClassVar[tuple[str, ...]] = ("source", "post_id", "classifier", "label")
    derived: ClassVar[bool] = True
    cluster: ClassVar[tuple[str, ...]] = ("classifier", "source")

    source: Annotated[str, "Name of the source in the settings"]
    post_id: Annotated[str, "The source's own id of the post"]
    classifier: Annotated[str, "Name of the classifier in the settings"]
    label: Annotated[str, "What is shown"]
    account: Annotated[str, "Account that posted it"]
    posted_at: Annotated[datetime | None, "When it was posted (UTC)"]
    score: Annotated[float, "Best score of the label among the post's pictures and their regions, 0 to 1"]
    likes: Annotated[int | None, "Last observed likes; null when hidden or unknown"]
    comments: Annotated[int | None, "Last observed comments; null when unknown"]
    sha256: Annotated[str, "A picture of the post with that score"]
    version: Annotated[str, "Version of the classifier"]
    label_group: Annotated[str, "The plain word for the label's group; the label itself if it has no group"]
    first_label: Annotated[bool, "True in one row of each post and classifier, to count posts"]
    first_in_group: Annotated[
        bool, "True in one row of each post, classifier and label_group, to count posts of groups"
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostCounts(SourceRow):
    """Each post with its account, kind and time, and its last observed likes and comments."""

    table: ClassVar[str] = "post_counts"
    key: ClassVar[tuple[str, ...]] = ("source", "post_id")
    derived: ClassVar[bool] = True

    source: Annotated[str, "Name of the source in the settings"]
    post_id: Annotated[str, "The source's own id of the post"]
    account: Annotated[str, "Account that posted it"]
    kind: Annotated[str, "image, video or carousel"]
    posted_at: Annotated[datetime | None, "When it was posted (UTC)"]
    likes: Annotated[int | None, "Last observed likes; null when hidden or unknown"]
    comments: Annotated[int | None, "Last observed comments; null when unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSum(Row):
    """Sums over the posts of each account with a label, of which rankings by mean, total and count are made."""

    table: ClassVar[str] = "label_sums"
    key: ClassVar[tuple[str, ...]] = ("classifier", "source", "account", "grouped", "label")
    derived: ClassVar[bool] = True
    cluster: ClassVar[tuple[str, ...]] = ("classifier", "source")
    order: ClassVar[tuple[str, ...]] = ("classifier", "grouped", "source", "account", "label")

    classifier: Annotated[str, "Name of the classifier in the settings"]
    source: Annotated[str, "Name of the source in the settings"]
    account: Annotated[str, "Account that posted the posts"]
    grouped: Annotated[
        bool, "True when label is the word for a group, and the labels of a group count as one"
    ]
    label: Annotated[str, "What is shown"]
    posts: Annotated[int, "Posts with the label"]
    posts_with_likes: Annotated[int, "Those with a known number of likes"]
    likes: Annotated[int, "Sum of their likes"]
    posts_with_comments: Annotated[int, "Posts with the label and a known number of comments"]
    comments: Annotated[int, "Sum of their comments"]
    first_posts: Annotated[
        int,
        "Posts of which this is the first label: their sum over the labels is the number of labelled posts",
    ]
    first_with_likes: Annotated[int, "The same of posts with a known number of likes"]
    first_with_comments: Annotated[int, "The same of posts with a known number of comments"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelLift(Row):
    """The lift of every label, over all accounts and all time, as the last publish computed it."""

    table: ClassVar[str] = "lifts"
    key: ClassVar[tuple[str, ...]] = ("classifier", "measure", "grouped", "label")
    derived: ClassVar[bool] = True

    classifier: Annotated[str, "Name of the classifier in the settings"]
    measure: Annotated[str, "likes or comments"]
    grouped: Annotated[
        bool, "True when label is the word for a group, and the labels of a group count as one"
    ]
    label: Annotated[str, "What is shown"]
    posts: Annotated[int, "Compared posts with the label"]
    accounts: Annotated[int, "Number of accounts of these posts"]
    lift: Annotated[
        float | None,
        "How many times the likes (or comments) of the account's other posts; null when it can't be computed",
    ]
    low: Annotated[float | None, "Lower end of the lift's 95 % interval"]
    high: Annotated[float | None, "Upper end of the lift's 95 % interval"]
    p: Annotated[float | None, "p-value of no difference"]
    q: Annotated[
        float | None, "p corrected for the number of labels; null also for a label with fewer than 5 posts"
    ]
    reason: Annotated[
        str | None,
        "Why there is no lift: no_others, no_variation or few_counts; null when there is one",
    ]
    total: Annotated[int, "Sum of the likes (or comments) of these posts"]
    mean: Annotated[float, "Mean per post"]
    median: Annotated[float, "Median per post"]
    share: Annotated[float, "Part of all compared posts, 0 to 1"]
    computed_at: Annotated[datetime, "When it was computed (UTC)"]
    computed_from: Annotated[str, "Hash of the method's version and of the data that it was computed from"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedPosts(Row):
    """How many posts the lifts of `lifts` compare, and how many they leave out for which reason."""

    table: ClassVar[str] = "compared_posts"
    key: ClassVar[tuple[str, ...]] = ("classifier", "measure")
    derived: ClassVar[bool] = True

    classifier: Annotated[str, "Name of the classifier in the settings"]
    measure: Annotated[str, "likes or comments"]
    counted: Annotated[int, "Compared posts"]
    hidden: Annotated[int, "Labelled posts with hidden likes, which are left out"]
    unknown: Annotated[int, "Labelled posts without a known number, which are left out"]
    young: Annotated[int, "Posts that were too young when last observed, which are left out"]
    age: Annotated[str, "The age of posts that are old enough, in words"]
    old: Annotated[int, "Posts older than the newest that are compared, which are left out"]
    rounded: Annotated[int, "Compared posts with a rounded number"]
    without_date: Annotated[int, "Compared or young posts without a date"]
    accounts: Annotated[int, "Number of accounts of the compared posts"]
    since: Annotated[datetime | None, "When the first compared post was posted (UTC)"]
    until: Annotated[datetime | None, "When the last compared post was posted (UTC)"]
    computed_from: Annotated[str, "Hash of the method's version and of the data that it was computed from"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingCode(Row):
    """A short code of each current embedding, which finds candidates for similar pictures fast."""

    table: ClassVar[str] = "embedding_codes"
    key: ClassVar[tuple[str, ...]] = ("sha256", "classifier", "version")
    order: ClassVar[tuple[str, ...]] = ("classifier", "version", "sha256")
    derived: ClassVar[bool] = True
    dictionary: ClassVar[bool] = False

    sha256: Annotated[str, "The picture"]
    classifier: Annotated[str, "Name of the classifier in the settings"]
    version: Annotated[str, "Version of the embeddings"]
    bits_0: Annotated[int, "Bits 0 to 63 of 1,024; codes of similar pictures differ in few bits"]
    bits_1: Annotated[int, "Bits 64 to 127"]
    bits_2: Annotated[int, "Bits 128 to 191"]
    bits_3: Annotated[int, "Bits 192 to 255"]
    bits_4: Annotated[int, "Bits 256 to 319"]
    bits_5: Annotated[int, "Bits 320 to 383"]
    bits_6: Annotated[int, "Bits 384 to 447"]
    bits_7: Annotated[int, "Bits 448 to 511"]
    bits_8: Annotated[int, "Bits 512 to 575"]
    bits_9: Annotated[int, "Bits 576 to 639"]
    bits_10: Annotated[int, "Bits 640 to 703"]
    bits_11: Annotated[int, "Bits 704 to 767"]
    bits_12: Annotated[int, "Bits 768 to 831"]
    bits_13: Annotated[int, "Bits 832 to 895"]
    bits_14: Annotated[int, "Bits 896 to 959"]
    bits_15: Annotated[int, "Bits 960 to 1023"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NearDuplicateRow(Row):
    """Pictures that nearly equal one that the account posted before, by the current embeddings."""

    table: ClassVar[str] = "near_duplicates"
    key: ClassVar[tuple[str, ...]] = ("source", "account", "sha256", "classifier", "version")
    derived: ClassVar[bool] = True

    source: Annotated[str, "Name of the source in the settings"]
    account: Annotated[str, "Account that posted both pictures"]
    sha256: Annotated[str, "The picture"]
    classifier: Annotated[str, "Name of the classifier in the settings"]
    version: Annotated[str, "Version of the embeddings"]
    original: Annotated[str, "The picture that the account posted first; it is in no row of its own"]
    similarity: Annotated[float, "Cosine of the two embeddings, 0.90 to 1"]


DERIVED_ROWS: tuple[type[Row], ...] = (
    LatestObservation,
    PostLabel,
    PostCounts,
    LabelSum,
    LabelLift,
    ComparedPosts,
    EmbeddingCode,
    NearDuplicateRow,
)
