"""How fast, and with how much memory, beside what a user would pick instead.

    growth.py    what a night costs in the warehouse while more and more is stored
    clarifai.py  pictures a second through the paid lane, beside one call a picture

Each file is a program: `.venv/bin/python -m benchmarks.growth`. `make bench` runs them all.
"""
