"""The published database: views and macros over the lake's files.

    publish.py        building the database and replacing the old one
    definitions.py    its views and macros over given files
    store_database.py the same over the files in an object store
    derived/          the derived tables, computed by what changed
    lift_table.py     computing the table of lifts at publish
    sql.py            views and macros; to add one, open it
    sql_rankings.py   the view of the measures, and the macros of the rankings
    sql_ranks.py      numbers of posts by label and rank, which medians look up
    sql_comments.py   the views of what comments say and are about
    sql_forecasts.py  the view that compares forecasts with what came
    sql_comparing.py  those that compare classifiers or sum costs
    checks.py         checks that stop a publish
    check_limits.py   the limits of the settings
    check_queries.py  their queries; to add a check, open it

The database holds no data and needs no DuckDB extension.
"""
