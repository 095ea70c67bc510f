"""Run the notebooks of a folder and put their outputs into the files: what `make notebooks` does.

    python -m synth.pipeline.refresh [FOLDER]

The folder is ``notebooks`` by default. A file changes only when all notebooks have passed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from synth.errors import SynthError
from synth.pipeline.progress import ProgressDisplay
from synth.pipeline.run import exit_on_interrupt, refresh_notebooks
from synth.pipeline.servers import open_server


def main(arguments: list[str] | None = None) -> int:
    """Refresh a folder; exit status 1 with the reason on standard error if a notebook cannot be run."""
    parser = argparse.ArgumentParser(prog="python -m synth.pipeline.refresh", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=Path("notebooks"))
    folder: Path = parser.parse_args(arguments).folder.resolve()
    notebooks = sorted(folder.glob("*.ipynb"))
    try:
        if not notebooks:
            raise SynthError(f"{folder}: no notebooks there")
        with (
            exit_on_interrupt("no notebook was changed, no kernel is left running"),
            open_server() as server,
            ProgressDisplay(notebooks) as display,
        ):
            changed = refresh_notebooks(notebooks, cwd=folder, server=server, on_event=display)
    except SynthError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    names = ", ".join(path.name for path in changed) or "none"
    sys.stderr.write(f"changed: {names}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
