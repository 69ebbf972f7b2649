"""The built-in schedules, one module for each family.

Each is a frozen class with the name of its ``type`` in a spec. It declares its fields, the rules between
them (``problems``), and its function of t (``curve``), which binds the numbers when the schedule is made:

>>> from lossspec.schedules.families.linear import linear
>>> linear(start=0, end=4, start_value=0.0, end_value=1.0).curve()(1)
0.25
"""
