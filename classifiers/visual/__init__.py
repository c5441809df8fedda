"""The classifier `visual`: measured properties of a picture (colour, light, composition) as labels.

It needs no weights. The properties are those that were found to move likes in a study of millions of
Instagram pictures (Curalate, 2013: texture, background space, lightness, blue, low saturation, one
dominant colour), and a few more that anyone can see.

To add a property, write its measure (one function: `Pixels` in, a number out) where it belongs, add a
row to the table in `properties.py`, and raise `VERSION` in `classifier.py`.

    classifier.py     decode and downsize, then label
    properties.py     the table: which measure gives which label, and from where on
    light.py          measures of light: lightness, contrast, warmth
    colour.py         measures of colour: saturation, share of a colour, share of the main colour
    composition.py    measures of composition: elongation, background space
    detail.py         measures of detail: texture, sharpness of edges
    naming.py         what a person calls a colour
    pixels.py         a downsized picture and what several measures need of it
    srgb.py           facts of the colour space
"""

from classifiers.visual.classifier import VERSION, VisualOptions, load

__all__ = ["VERSION", "VisualOptions", "load"]
