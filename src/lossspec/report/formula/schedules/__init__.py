"""The formulas of schedules."""
