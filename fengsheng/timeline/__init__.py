"""A watch's timeline as a PNG: velocity, its expected band, incidents.

Drawn column by column with NumPy: a history has far more moments than a picture has
columns, so each column shows the highest velocity of its time, and nothing is lost by
thinning. A plotting library would be the largest dependency of the program for this one
picture, and could not write Chinese without a font either: labels are ASCII.
"""

from fengsheng.timeline.chart import timeline_png

__all__ = ["timeline_png"]
