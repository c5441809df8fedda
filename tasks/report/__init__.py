"""The stage report: rankings as charts, and one HTML page that needs no network access.

| to change | open |
|---|---|
| the content of the page: accounts, sections, examples, notices | `content.py` |
| the chart of a ranking, and its files | `charts.py` |
| its title, and what its marks are | `chart_title.py` |
| its posts, period and origin, below it | `chart_source.py` |
| where its rows and their names are | `row_places.py`, `label_lines.py` |
| the width of a text | `names.py`, `character_widths.py` |
| drawing without measuring texts | `short_texts.py` |
| its dots and intervals, by lift | `lift_chart.py`, `lift_scale.py` |
| its bars, by other statistics | `bar_chart.py` |
| the theme of all charts: fonts, light and dark colours, sizes | `chart_style.py` |
| the typical pictures of themes | `themes.py` |
| the comparison of two classifiers | `comparison.py`, `templates/comparison.html` |
| the sections over time, and on what to post and when | `trends/` |
| the HTML file of a chart | `chart_html.py`, `templates/chart.html` |
| the page | `page.py`, `templates/report.html`, `section.html`, `report.css` |
| the part of the page of `trends/` | `trends.html`, `trends.css` |
| titles and the format of numbers | `wording.py` |
| the same by lift, and the sentence above a chart | `lift_wording.py` |
| the alternative text of a chart | `alternative_text.py` |
| how external names are cleaned and shortened | `names.py` |
| which files are written | `stage.py` |
| the Prefect task | `task.py` |
| the small example pictures | `tasks/thumbnails.py` |

Labels, account names, captions and addresses come from strangers: nothing in them may run or be loaded.
"""
