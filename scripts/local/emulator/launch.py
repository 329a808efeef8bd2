"""Starts the pinned ministack with what AWS does and it does not: see docs/local.md."""

import ministack

import cognito_challenges
import iam_conditions

EXPECTED = "1.5.33"


def main() -> None:
    from importlib.metadata import version

    if version("ministack") != EXPECTED:
        raise SystemExit(f"These additions are written for ministack {EXPECTED}, found {version('ministack')}.")
    iam_conditions.install()
    cognito_challenges.install()
    from ministack.app import main as serve

    serve()


if __name__ == "__main__":
    assert ministack
    main()
