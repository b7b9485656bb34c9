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
