"""`streamlit run` with the arguments given, which also tells what threads it has.

For each line on its standard input, the path of a file, it writes the names of its threads there as JSON.
"""

import json
import sys
import threading
from pathlib import Path

from streamlit.web import cli


def answer() -> None:
    for line in sys.stdin:
        path = Path(line.strip())
        draft = path.with_suffix(".part")
        draft.write_text(json.dumps([thread.name for thread in threading.enumerate()]), encoding="utf-8")
        draft.replace(path)  # a reader sees the whole answer or none


threading.Thread(target=answer, name="threads", daemon=True).start()
sys.argv = ["streamlit", "run", *sys.argv[1:]]
cli.main()
