"""The report: rankings as charts and one HTML page that needs no network.

| to change | open |
|---|---|
| what the page is told: accounts, sections, examples, notices | `content.py` |
| how a ranking is drawn | `charts.py` |
| two classifiers side by side | `comparing.py`, `templates/comparison.html` |
| how a chart opens in a browser on its own | `chart_html.py`, `templates/chart.html` |
| how the page is put together | `page.py`, `templates/report.html`, `section.html`, `report.css` |
| how titles and numbers read | `wording.py` |
| what is done to names that others chose | `names.py` |
| what is read from the published database, and which files are written | `stage.py` |
| the Prefect task | `task.py` |
| the small example pictures | `thumbnails.py` |

Labels, account names, captions and addresses come from strangers: nothing of them may run or be loaded.
"""
