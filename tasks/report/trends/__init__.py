"""The sections 'Over time' and 'What to post and when' of the report.

| to change | open |
|---|---|
| what a section has: sentences, cards, remarks | `content.py` |
| the section 'Over time' | `over_time.py` |
| the section 'What to post and when' | `posting_advice.py` |
| the likes of accounts and their levels as a chart | `timeline_chart.py` |
| the share of the final likes by age as a chart | `growth_chart.py` |
| title, legend and source of a chart, and its lines | `chart_frame.py` |
| a card with lifts, or changes of lifts | `lift_card.py` |
| which posts and classifiers both are about | `sections.py` |
| the markup | `tasks/report/templates/trends.html`, `tasks/report/templates/trends.css` |

The numbers come from `warehouse/ranking/posting_lifts.py`, `warehouse/ranking/recent_lifts.py`,
`warehouse/overview/account_levels.py` and `warehouse/overview/like_growth.py`.
"""
