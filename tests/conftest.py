"""What all tests share: hypothesis without deadlines, for a machine may be busy."""

from hypothesis import settings

settings.register_profile("lossspec", deadline=None)
settings.load_profile("lossspec")
