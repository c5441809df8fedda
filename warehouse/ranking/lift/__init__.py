"""Lift: how many times the usual count of their account the posts with a label get, with an interval.

    estimate.py    the lift of each label as a frame: alone, and with the other labels held equal
    pairs.py       pairs of labels, as labels of their own
    age.py         the age from which posts are comparable, and the columns that identify one
    blocks.py      the posts of each account in time, cut into blocks
    label_rows.py  the labels of the posts, as sorted numbers
    groups.py      sums and medians over contiguous groups of rows
    residuals.py   likes without account, time, kind, weekday and hour: the Huber fit
    effects.py     the effect of each label on the residuals
    ratios.py      the ratio of means of small counts, such as comments
    rates.py       the same for counts that are shares of others, such as positive comments
    parts.py       the residuals for a comparison of kinds, weekdays or hours
    joint.py       the effects of the frequent labels, fitted together
    variance.py    the variance of the effects, clustered and moderated
    inference.py   intervals, p-values and their correction

Data go this way: `cut_blocks` → `number_labels` → `fit_residuals` → `estimate_effects` → `fit_components` and
`moderate` → `infer`. `benchmarks/truth/` measures the intervals on galleries with known effects.
"""
