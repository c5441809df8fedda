"""The stage report: rankings as charts, and one HTML page that needs no network access.

| to change | open |
|---|---|
| the content of the page: accounts, sections, examples, notices | `content.py` |
| the chart of a ranking | `charts.py` |
| the comparison of two classifiers | `comparison.py`, `templates/comparison.html` |
| the HTML file of a chart | `chart_html.py`, `templates/chart.html` |
| the page | `page.py`, `templates/report.html`, `section.html`, `report.css` |
| titles and the format of numbers | `wording.py` |
| how external names are cleaned and shortened | `names.py` |
| which files are written | `stage.py` |
| the Prefect task | `task.py` |
| the small example pictures | `thumbnails.py` |

Labels, account names, captions and addresses come from strangers: nothing in them may run or be loaded.
"""
