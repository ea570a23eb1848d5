"""One torch thread, examples of hypothesis that are the same in every run, and quick pages."""

from functools import cache

import torch
from hypothesis import settings
from streamlit.components.v2 import manifest_scanner

settings.register_profile("reproducible", derandomize=True, deadline=None, max_examples=50)
settings.load_profile("reproducible")
torch.set_num_threads(1)

# Each AppTest reads what every installed package says of itself, nine tenths of its time: once is enough.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)
