"""The section 'What people say' of the report.

| to change | open |
|---|---|
| its values, which `tasks/report/templates/comments.html` shows | `content.py` |
| which numbers, languages, topics and quotes it has | `section.py` |
| what comes with which labels | `lifts.py` |
| the names of languages | `languages.py` |

Comments come from strangers. A quote is shown only if the settings allow it, and never in a report for sending on.
"""
