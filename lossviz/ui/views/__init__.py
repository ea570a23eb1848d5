"""Views that are more than a few lines: what a page shows when it is the one that is chosen."""
