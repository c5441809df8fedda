"""Views and macros that compare classifiers, and that sum costs.

Two labels name the same thing if they have a name in common. Names are compared in lower case, without underscores
and in the singular; 'tabby, tabby cat' has two. The word of a label's group (`label_groups`) is one of its names, so
that one classifier's 'tiger cat' matches another's 'cat'.

The SQL has no lambda, because its syntax changed between DuckDB 1.2, which must read the database, and 2.0.
"""

from __future__ import annotations

from warehouse.schema.sql_types import Macro, View

TOP = 5
"""Default number of a picture's labels that count in a comparison."""

_SAME = {"classifier": "Name of the classifier in the settings"}

# English plural endings without a dictionary: enough that 'cats' matches 'cat', and the same for all classifiers.
_SINGULAR = r"""regexp_replace(regexp_replace(regexp_replace(
    {name}, '([^aeiou])ies$', '\1y'), '(ch|sh|x|ss)es$', '\1'), '([^siu])s$', '\1')"""
_PLAIN = r"trim(regexp_replace(lower(replace({part}, '_', ' ')), '\s+', ' ', 'g'))"

COMPARING_VIEWS: tuple[View, ...] = (
    View(
        "label_names",
        f"""select classifier, label, {_SINGULAR.format(name="plain")} as name
            from (select classifier, label, {_PLAIN.format(part="part")} as plain
                  from (select classifier, label, unnest(string_split(label, ',')) as part
                        from (select distinct classifier, label from current_labels)
                        union all
                        select classifier, label, label_group from label_groups
                        semi join current_labels using (classifier, label)))
            where plain <> '' group by all""",
        "The names of each label, in a form that is comparable between classifiers",
        _SAME | {"label": "What is shown", "name": "A name for it: lower case, singular"},
    ),
    View(
        "picture_names",
        """select sha256, classifier, name, max(score) as score,
                  dense_rank() over (partition by sha256, classifier order by max(score) desc) as place
           from current_labels join label_names using (classifier, label)
           group by sha256, classifier, name""",
        "The names that each classifier gives to each picture, including its regions",
        {"sha256": "The picture"}
        | _SAME
        | {
            "name": "A name for what is shown: lower case, singular",
            "score": "Best score of the name in the picture, 0 to 1",
            "place": "1 for the name with the best score, 2 for the next, …",
        },
    ),
    View(
        "classifier_pairs",
        f"""with named as materialized (select sha256, classifier, name, place from picture_names),
            labelled as materialized (select distinct sha256, classifier from named),
            first_names as materialized (select sha256, classifier, name from named where place <= {TOP}),
            common as (
                select sha256, a.classifier, b.classifier as other, count(*) as names
                from first_names a join first_names b using (sha256, name)
                where a.classifier < b.classifier group by all),
            together as (
                select sha256, a.classifier, b.classifier as other
                from labelled a join labelled b using (sha256) where a.classifier < b.classifier)
            select classifier, other, count(*) as pictures, count(names) as agreeing,
                   count(names) / count(*) as share, avg(coalesce(names, 0)) as names_in_common
            from together left join common using (sha256, classifier, other)
            group by all""",
        f"For each pair of classifiers, how often their first {TOP} labels of a picture have a name in common",
        {
            "classifier": "One classifier",
            "other": "The other classifier",
            "pictures": "Pictures that both have labelled",
            "agreeing": "Pictures for which both have a name in common",
            "share": "agreeing as a part of pictures, 0 to 1",
            "names_in_common": "Names in common per picture",
        },
    ),
    View(
        "classifier_worth",
        """with best as (
               select classifier, source, post_id, arg_max(label, row(score, label)) as label, any_value(likes) as likes
               from post_labels where likes is not null group by all),
           groups as (
               select classifier, label, count(*) as posts, avg(likes) as mean,
                      coalesce(var_pop(likes), 0) * count(*) as within_label
               from best group by all),
           sums as (
               select classifier, sum(posts) as posts, count(*) as labels, sum(within_label) as within_labels,
                      sum(posts * mean * mean) - sum(posts * mean) ** 2 / sum(posts) as between_labels
               from groups group by classifier),
           explained as (
               select classifier, within_labels / nullif(posts - labels, 0) as noise,
                      greatest(0, (between_labels - (labels - 1) * noise)
                                  / nullif(between_labels + within_labels + noise, 0)) as likes_explained
               from sums),
           paid as (
               select classifier, sum(price) filter (where outcome <> 'not_billed') as cost from charges group by all),
           took as (
               select lane as classifier, version, sum(epoch(ended_at - started_at)) as seconds
               from runs where stage in ('classify', 'tag') group by all),
           whole as (
               select classifier, count(*) as pictures
               from current_labels where region = 0 and rank = 1 group by classifier),
           in_regions as (
               select classifier, count(distinct sha256) as pictures
               from (select sha256, classifier from current_labels where region > 0 and rank = 1) as regions
               anti join (select sha256, classifier from current_labels where region = 0 and rank = 1)
                 using (sha256, classifier)
               group by classifier),
           given as (
               select classifier, count(*) as labels
               from (select classifier, label from current_labels group by all) group by classifier)
           select versions.classifier, versions.version,
                  coalesce(whole.pictures, 0) + coalesce(in_regions.pictures, 0) as pictures, given.labels,
                  case when paid.classifier is null then 0 else paid.cost end as cost,
                  took.seconds, explained.likes_explained
           from classifier_versions versions
           join given using (classifier)
           left join whole using (classifier)
           left join in_regions using (classifier)
           left join explained using (classifier)
           left join paid using (classifier)
           left join took using (classifier, version)""",
        "The cost of each classifier, and how much its labels explain of the likes",
        _SAME
        | {
            "version": "Version that is current",
            "pictures": "Pictures that it labelled",
            "labels": "Number of different labels that it gave",
            "cost": "Cost of all its versions; 0 if it sends nothing to a service; null if no price is set",
            "seconds": "How long its lane ran in all runs with this version",
            "likes_explained": "Part of the variance of likes between posts that their best labels explain, 0 to 1, less"
            " the part that chance would (omega squared); null if it can't be computed",
        },
    ),
    View(
        "spending",
        """select classifier, model, date_trunc('month', sent_at)::timestamp as month,
                  count(*) filter (where outcome = 'billed') as billed,
                  count(*) filter (where outcome in ('sent', 'unknown')) as unknown,
                  count(*) filter (where outcome = 'not_billed') as not_billed,
                  sum(price) filter (where outcome <> 'not_billed') as cost
           from charges group by all""",
        "Pictures sent to paid services, by classifier, model and month (UTC)",
        _SAME
        | {
            "model": "The service's id of the model",
            "month": "First day of the month (UTC)",
            "billed": "Pictures with a response, which were billed",
            "unknown": "Pictures without a response: possibly billed, and counted as spent",
            "not_billed": "Pictures that were not billed: refused, throttled or never sent",
            "cost": "Cost of the billed and unknown ones at the price in the settings; null if there was none",
        },
    ),
)

COMPARING_MACROS: tuple[Macro, ...] = (
    Macro(
        "compared_labels",
        """classifier_name, other := 'clarifai', "by" := 'likes', k := 5""",
        """with posts_with as (
               select distinct classifier, name, source, post_id,
                      case "by" when 'likes' then likes when 'comments' then comments when 'count' then 1::bigint
                           else error('by is likes, comments or count') end as value
               from post_labels join label_names using (classifier, label)
               where classifier in (classifier_name, other)),
           counted as (
               select classifier, name, count(*) as posts, avg(value) as mean
               from posts_with where value is not null group by classifier, name),
           ranked as (
               select *, row_number() over (partition by classifier order by
                             case "by" when 'count' then posts else mean end desc, posts desc, name) as rank
               from counted),
           named as materialized (
               select sha256, classifier, name from picture_names
               where place <= k and classifier in (classifier_name, other)),
           seen as (select classifier, name, count(*) as pictures from named group by all),
           shared as (
               select a.name, count(*) as pictures from named a join named b using (sha256, name)
               where a.classifier = classifier_name and b.classifier = other group by all),
           ones as (select * from ranked left join seen using (classifier, name) where classifier = classifier_name),
           others as (select * from ranked left join seen using (classifier, name) where classifier = other)
           select coalesce(ones.name, others.name) as name, ones.rank as rank, others.rank as other_rank,
                  others.rank - ones.rank as difference, ones.posts as posts, others.posts as other_posts,
                  ones.mean as mean, others.mean as other_mean,
                  coalesce(ones.pictures, 0) as pictures, coalesce(others.pictures, 0) as other_pictures,
                  coalesce(shared.pictures, 0) as both_pictures,
                  coalesce(shared.pictures, 0) / nullif(coalesce(ones.pictures, 0) + coalesce(others.pictures, 0)
                                                        - coalesce(shared.pictures, 0), 0) as share
           from ones full join others on ones.name = others.name
           left join shared on shared.name = coalesce(ones.name, others.name)
           order by both_pictures desc, abs(difference) desc nulls last, 1""",
        "For each name that either classifier gives: its rank in both rankings, and the number of pictures in which both"
        " give it: compared_labels('inception_v3', other := 'clarifai', by := 'likes')",
    ),
    Macro(
        "disagreements",
        """classifier_name, other := 'clarifai', n := 10, k := 5""",
        """with named as materialized (
               select sha256, classifier, name, score, place from picture_names
               where place <= k and classifier in (classifier_name, other)),
           summary as (
               select sha256, classifier, count(*) as names, max(score) as score from named group by sha256, classifier),
           shared as (
               select sha256, count(*) as names from named a join named b using (sha256, name)
               where a.classifier = classifier_name and b.classifier = other group by sha256),
           apart as (
               select one.sha256, coalesce(shared.names, 0) as names_in_common,
                      1 - coalesce(shared.names, 0) / (one.names + two.names - coalesce(shared.names, 0)) as distance,
                      least(one.score, two.score) as score
               from summary one join summary two using (sha256) left join shared using (sha256)
               where one.classifier = classifier_name and two.classifier = other),
           farthest as (
               select sha256, distance, names_in_common, score, path from apart join pictures using (sha256)
               qualify row_number() over (order by distance desc, score desc, sha256) <= n),
           spoken as (
               select sha256, classifier, string_agg(name, ', ' order by place, name) as says
               from named semi join farthest using (sha256) group by sha256, classifier)
           select sha256, distance, names_in_common, farthest.score, one.says as says, two.says as other_says, path
           from farthest join spoken one using (sha256) join spoken two using (sha256)
           where one.classifier = classifier_name and two.classifier = other
           order by distance desc, farthest.score desc, sha256""",
        "Pictures for which two classifiers have the fewest names in common, those with the best scores first:"
        " disagreements('inception_v3', other := 'clarifai', n := 10)",
    ),
)
