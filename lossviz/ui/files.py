"""CSV files for download."""

import csv
import io
from collections.abc import Iterable, Mapping


def columns(table: Mapping[str, Iterable[object]]) -> str:
    """CSV with one column a name; ValueError unless all columns are as long as the first."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(table)
    writer.writerows(zip(*table.values(), strict=True))
    return text.getvalue()
