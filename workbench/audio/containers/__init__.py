"""What lies in a sound file, read from its structure: where libsndfile believes a header, these modules count.

libsndfile stops at the length that a header states or that it estimates, reads only the first of several streams, and
takes a file that ends early for a whole one. Each module here walks one family of containers without decoding and
returns a ``Layout``: the stretches that have to be decoded one after the other, what is missing, and remarks.
"""

from workbench.audio.containers.layout import Layout, Missing, Part
from workbench.audio.containers.sniff import Family, family_of, layout_of

__all__ = ["Family", "Layout", "Missing", "Part", "family_of", "layout_of"]
