"""The classifier `visual`: measured properties of a picture (colour, light, composition) as labels.

It needs no weights. The properties are those that moved likes in a study of millions of Instagram pictures
(Curalate, 2013: texture, background space, lightness, blue, low saturation, one dominant colour), and a few more
that anyone can see.

To add a property, write its measure (one function from `Pixels` to a number), add a row to the table in
`properties.py`, and increase `VERSION` in `classifier.py`.

    options.py        its options, and how it is loaded
    classifier.py     decode and downsize, then label
    properties.py     the table: which measure gives which label, from which value on
    measures.py       the measures of light, colour, composition and detail
    naming.py         the names that people give to colours
    pixels.py         a downsized picture, and values that several measures share
    srgb.py           the colour space sRGB
"""

from classifiers.visual.options import VisualOptions, load

__all__ = ["VisualOptions", "load"]
