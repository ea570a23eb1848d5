"""The command line: ``lossviz app``, ``lossviz surface``, ``lossviz profile``; also ``python -m lossviz``."""
