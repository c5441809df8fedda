"""The stage report: rankings as charts, and one HTML page that needs no network access.

| to change | open |
|---|---|
| the sentences that open the page; the terminal and a run's summary print them too | `findings.py` |
| which rows become findings, and how many more posts would do | `finding_choice.py` |
| how a sentence names the posts with a label | `label_phrases.py` |
| the content of the page: accounts, sections, examples, notices | `content.py` |
| the chart of a ranking, and its files | `charts.py` |
| its title, and what its marks are | `chart_title.py` |
| its posts, period and origin, below it | `chart_source.py` |
| where its rows and their names are | `row_places.py`, `label_lines.py` |
| the width of a text | `names.py`, `character_widths.py` |
| drawing in a process of its own, by vl-convert | `drawing_process.py`, `vega.py` |
| drawing without measuring texts | `short_texts.py` |
| not drawing a chart again | `drawn_charts.py` |
| its dots and intervals, by lift | `lift_chart.py`, `lift_scale.py` |
| its bars, by other statistics | `bar_chart.py` |
| the theme of all charts: fonts, light and dark colours, sizes | `chart_style.py` |
| the pictures behind labels: which ones, in which order | `strips.py` |
| the typical pictures of themes | `themes.py` |
| the last section: freshness, coverage, cost, failures | `data_section.py`, `templates/data.html` |
| the comparison of two classifiers | `comparison.py`, `templates/comparison.html` |
| the sections over time, and on what to post and when | `trends/` |
| the section on what comments say | `comments/` |
| the section on forecasts | `forecast/` |
| the HTML file of a chart | `chart_html.py`, `templates/chart.html` |
| the page | `page.py`, `templates/report.html`, `findings.html`, `section.html`, `report.css` |
| the rankings that a reader chooses: data, controls, script | `explorer.py`, `templates/explorer.html`, `explorer.js`, `explorer.css` |
| reports of some posts and for sending on | `scope.py`, `export.py`, `markdown.py`, `pdf.py` |
| the part of the page of `trends/` | `trends.html`, `trends.css` |
| the part of the page of `comments/` | `comments.html`, `comments.css` |
| the part of the page of `forecast/` | `forecast.html`, `forecast.css` |
| titles and the format of numbers | `wording.py` |
| the same by lift, and the sentence above a chart | `lift_wording.py` |
| the alternative text of a chart | `alternative_text.py` |
| how external names are cleaned and shortened | `names.py` |
| the charts in Prefect's pages | `chart_artifacts.py` |
| which files are written | `stage.py` |
| the Prefect task | `task.py` |
| the small example pictures | `tasks/thumbnails.py` |

Labels, account names, captions and addresses come from strangers: nothing in them may run or be loaded.
"""
