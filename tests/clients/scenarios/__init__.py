"""What the players do, one file a scenario, in the order in which they build on each other."""

from . import login, friends, talk, away, resume, brands

IN_ORDER = [login, friends, talk, away, resume, brands]
