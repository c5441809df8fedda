"""A proxy gallery that likelens serves itself, so that a whole run works offline.

- `photographs`: real photographs from installed packages, varied by crop, light and colour. To add a
  subject, add it to `SUBJECTS`, then its words to `words` and its share to `DECK` in `gallery`.
- `gallery`: what an account has posted, and the demo's account. To plant another effect, open `counts`.
- `counts`: the invented likes and comments, with the effects that a ranking should find.
- `words`: the invented captions, places and comments.
- `pages`: galleries as imgrum's pages; the HTML is in `templates`.
- `running`: the command itself: serve, run, show what came out
- `server`: those pages over HTTP on loopback, with scripted answers for tests.
"""

from __future__ import annotations
