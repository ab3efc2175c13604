"""What the installed plotly.js expects of a page that forbids style elements.

When it loads, it adds the style sheet of its map library unless an element with the sheet's digest as its id is
there already. We draw no maps, so an empty element with that id keeps the page free of violations.
"""

import re
from functools import cache
from pathlib import Path

import plotly

_GUARDED = re.compile(r'getElementById\("([0-9a-f]{64})"\)')


@cache
def guarded_ids() -> tuple[str, ...]:
    """Ids of the style elements plotly.js adds only where they are missing; read once from the file itself."""
    script = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    return tuple(dict.fromkeys(_GUARDED.findall(script.read_text(encoding="utf-8"))))
