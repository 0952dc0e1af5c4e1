"""What every test stands on."""

from __future__ import annotations

import os

# The browser driver brings trio along, and trio a plug-in for hypothesis that warns as it loads. As an error, that
# warning ends a run in which every test passed. None of ours needs a plug-in of hypothesis.
os.environ.setdefault("HYPOTHESIS_NO_PLUGINS", "1")
