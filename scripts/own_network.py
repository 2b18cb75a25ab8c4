"""The Python module local_errors of this folder, for use without installing it.

    from own_network import save_network
    python3 scripts/own_network.py NET.pt DIRECTORY
"""

import os
import runpy
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))), "python"))

if __name__ == "__main__":
    runpy.run_module("local_errors", run_name="__main__")
else:
    from local_errors import *  # noqa: F403
