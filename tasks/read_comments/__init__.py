"""The stage read_comments: the language of each comment, its tone, spam, questions, and what it mentions.

| to change | open |
|---|---|
| which comments are read by which version, and storing what was read | `stage.py` |
| the languages and the model that the settings choose | `options.py` |
| comments from their texts to their rows | `reading.py` |
| the language | `language.py` |
| the tone | `tone.py`, `emoji_tone.py`; a model is in `classifiers/tone` |
| the rules of spam | `spam.py` |
| what counts as a question | `questions.py` |
| the Prefect task | `task.py` |

No text leaves this machine. Comments come from strangers: a text is cut at `MAX_READ_LENGTH` characters, and no pattern
takes more than linear time.
"""
