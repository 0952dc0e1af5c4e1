"""What every test stands on."""

from __future__ import annotations

import os

# The browser driver brings trio along, and trio a plug-in for hypothesis that warns as it loads; with warnings as errors
# that would end a run, even one in which every test passed. None of our tests needs a plug-in of hypothesis.
os.environ.setdefault("HYPOTHESIS_NO_PLUGINS", "1")
