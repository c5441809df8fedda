"""The section 'Forecast' of the report.

| to change | open |
|---|---|
| its values, which `tasks/report/templates/forecast.html` shows, and what it is made from | `content.py` |
| which parts it has, and its sentences | `section.py` |
| the table of skill, and the verdicts | `skill.py` |
| the chart of forecasts against what came | `calibration_chart.py` |
| the pictures that may be posted next | `candidates.py` |

No model is loaded: the nights have written the forecasts, and a model's description has its skill.
"""
