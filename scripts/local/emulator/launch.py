"""Starts the pinned ministack with what AWS does and it does not: see docs/local.md.

Ends gracefully, saving its state, when standard input closes: so also when the process that started it is killed.
"""

import os
import signal
import sys
import threading
from importlib.metadata import version

import cognito_challenges
import cognito_clients
import cognito_factors
import iam_conditions

# The additions reach into this version's functions.
EXPECTED = "1.5.33"


def _stop_with_parent() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    if version("ministack") != EXPECTED:
        raise SystemExit(f"ministack {EXPECTED} is needed, found {version('ministack')}: run the set-up again.")
    iam_conditions.install()
    cognito_challenges.install()
    cognito_clients.install()
    cognito_factors.install()
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    from ministack.app import main as serve

    serve()


if __name__ == "__main__":
    main()
