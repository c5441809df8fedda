"""What forecasts reach on simulated galleries, and what a training costs.

simulated_home.py  a gallery of `benchmarks/truth/galleries.py` as a database
"""
