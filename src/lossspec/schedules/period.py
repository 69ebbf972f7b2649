"""How near to the end of a period is at it: floats fall short of a boundary that a person would hit.

>>> 0.7 / 0.1 < 7, (0.7 / 0.1 + NEARLY) // 1.0
(True, 7.0)
"""

#: The part of a period that is forgiven at a boundary.
NEARLY = 1e-9
#: The part of a period from which on the next one has begun.
FULL = 1.0 - NEARLY
