"""What users of two servers do, one file a scenario; each leaves behind nothing that another one meets."""

from . import (subscribe, show, probe, talk, ask, away, nobody, nowhere, down, remove, domains, large, markup, odd, refused, killed,
               restarted)

IN_ORDER = [subscribe, show, probe, talk, ask, away, nobody, nowhere, down, remove, domains, large, markup, odd, refused, killed, restarted]
