"""The stage read_comments: the language of each comment, its tone, spam, questions, and what it mentions.

| to change | open |
|---|---|
| which comments are read, and storing what was read | `stage.py` |
| one comment from its text to its row | `reading.py` |
| the parts of a text: addresses, mentions, hashtags, emoji, words | `text_parts.py` |
| the language | `language.py` |
| the tone | `tone.py`, `emoji_tone.py` |
| the rules of spam | `spam.py` |
| what counts as a question | `questions.py` |
| the Prefect task | `task.py` |

No text leaves this machine. Comments come from strangers: a text is cut at `MAX_READ_LENGTH` characters, and no pattern
takes more than linear time.
"""
