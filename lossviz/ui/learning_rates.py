"""The learning rates that pages offer."""

RATES = ("0.005", "0.01", "0.02", "0.05", "0.1", "0.15", "0.2", "0.5", "1", "2", "5", "10")
