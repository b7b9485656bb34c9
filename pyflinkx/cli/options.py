"""Options that several commands take."""

from __future__ import annotations

import argparse


def add_configuration(parser: argparse.ArgumentParser) -> None:
    """What every command that reads a configuration takes."""
    parser.add_argument(
        "-D", dest="properties", metavar="key=value", action="append", default=[], help="set a configuration option"
    )
    parser.add_argument(
        "--config",
        metavar="path",
        help="a configuration file, or a folder with a config.yaml; by default that of FLINK_CONF_DIR",
    )


def add_restoring(parser: argparse.ArgumentParser) -> None:
    """What every command takes whose jobs can go on from a savepoint."""
    parser.add_argument(
        "-s",
        "--fromSavepoint",
        dest="savepoint",
        metavar="path",
        help="the savepoint or retained checkpoint to go on from: its folder, a path or a URL",
    )
    parser.add_argument(
        "-n",
        "--allowNonRestoredState",
        dest="allow_non_restored",
        action="store_true",
        help="leave out states of operators that the program does not have",
    )
    parser.add_argument(
        "--claimMode",
        dest="claim_mode",
        choices=["claim", "no_claim"],
        help="claim: the job removes the savepoint once it is no longer needed (no_claim)",
    )
