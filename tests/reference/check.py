"""Compare this package with metafor on files of reference cases.

Usage: python tests/reference/check.py FILE.json [FILE...]

A file is a list of cases in the schema of ../shared/metafor-reference/README.md. Printed are, for each kind, the
cases, how many passed, failed or are not offered, the values compared and the largest relative difference; then every
reason for which something is not compared, and every failure. A case is passed if something of it was compared and all
of that is inside the tolerances of that README (reference_rules.py).

Exit codes: 0 if something was compared and all of it is inside the tolerances, 1 if not, 2 if a file cannot be used.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from reference_cases import CaseFileError, read_cases
from reference_kinds import ADAPTERS
from reference_report import agreed, report
from reference_run import run_all

USAGE = "usage: python tests/reference/check.py FILE.json [FILE...]"


def main(arguments: Sequence[str]) -> int:
    """Check the files named and print the report; the exit code."""
    if not arguments or any(argument.startswith("-") for argument in arguments):
        sys.stderr.write(f"{USAGE}\n")
        return 2
    outcome = 0
    for argument in arguments:
        try:
            cases = read_cases(Path(argument))
        except CaseFileError as error:
            sys.stderr.write(f"{error}\n")
            outcome = 2
            continue
        results = run_all(cases, ADAPTERS)
        sys.stdout.write("\n".join([f"{argument}: {len(cases)} cases", *report(results), "", ""]))
        if not agreed(results):
            outcome = max(outcome, 1)
    return outcome


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
