"""The built-in schedules, one file a family.

Each is a frozen class named as a spec names it. It declares its fields, what may be wrong between them
(``problems``), and its function of t (``curve``), which works on numbers bound when the schedule is made:

>>> from lossspec.schedules.families.linear import linear
>>> linear(start=0, end=4, start_value=0.0, end_value=1.0).curve()(1)
0.25
"""
