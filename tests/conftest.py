"""One torch thread, and examples of hypothesis that are the same in every run."""

import torch
from hypothesis import settings

settings.register_profile("reproducible", derandomize=True, deadline=None, max_examples=50)
settings.load_profile("reproducible")
torch.set_num_threads(1)
