"""What forecasts reach on simulated galleries, and what a training costs.

simulated_home.py  a gallery of `benchmarks/truth/galleries.py` as a database
scenarios.py       what a training says about the galleries of one seed
scale.py           seconds and memory of a training on a million posts
__main__.py        the program: `.venv/bin/python -m benchmarks.forecast --galleries 20`
"""
