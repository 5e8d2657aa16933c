"""What holds for every test: a law is about results, not about how busy the machine is."""

from hypothesis import settings

settings.register_profile("suite", deadline=None)
settings.load_profile("suite")
