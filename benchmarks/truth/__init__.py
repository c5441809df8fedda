"""How true the intervals of `warehouse/ranking/lift` are, on simulated galleries with known effects.

galleries.py  the simulator
marginal.py   the true lift of each label of a gallery
posting.py    the same for kinds, weekdays and hours: a simulator and a program of its own
comment_shares.py  the same for what comments say: a simulator and a program of its own
outcomes.py   estimates beside the truth, for the scenarios of one seed
figures.py    the figures that all outcomes give, and what each must reach
speed.py      seconds for a large home, beside a plain mean
__main__.py   the program: `.venv/bin/python -m benchmarks.truth --galleries 100`
"""
