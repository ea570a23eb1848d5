"""The glossary: its entries, and how they are shown below the texts of a page."""
