"""The tests start hundreds of processes, which are ready a fifth sooner where compiled modules of posgc are kept."""

import os

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
