"""From a resolved spec to loss modules."""
