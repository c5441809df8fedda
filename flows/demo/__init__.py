"""A gallery that likelens serves itself, so that a run works offline.

- `photographs`: real photographs from installed packages, varied by crop, light and colour. To add a
  subject, add it to `SUBJECTS`, then its words to `words` and its share to `DECK` in `gallery`.
- `gallery`: the posts of an account, and the demo's account. To plant another effect, open `counts`.
- `counts`: the invented likes and comments, with the effects that a ranking should find.
- `words`: the invented captions, places and commenters.
- `comments`: what these write.
- `pages`: galleries as imgrum's pages; the HTML is in `templates`.
- `server`: those pages over HTTP on loopback, with scripted responses for tests.
"""

from __future__ import annotations
