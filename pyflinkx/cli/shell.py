"""The command ``pyflinkx shell``: an interactive Python with an environment at hand."""

from __future__ import annotations

import code
import sys
import types
from typing import Any

import pyflinkx

BANNER = f"""pyflinkx {pyflinkx.__version__}, Python {sys.version.split()[0]}
The names of pyflinkx.common and pyflinkx.datastream are imported; s_env (or env) is a StreamExecutionEnvironment:

    s_env.from_collection(["to be", "or not"]).flat_map(str.split).print()
    s_env.execute()
"""

# Run as the shell's first lines: this layer imports nothing of the API's.
STARTUP = """
from pyflinkx.common import *
from pyflinkx.datastream import *
s_env = env = StreamExecutionEnvironment.get_execution_environment()
"""


def run_shell() -> None:
    """Read and run statements until the input ends; with IPython if it is installed and the input is a terminal.

    What is defined in the shell belongs to a module ``__main__``, so that functions and classes reach workers as those
    of a program do.
    """
    main = types.ModuleType("__main__")
    namespace: dict[str, Any] = main.__dict__
    saved = sys.modules["__main__"]
    sys.modules["__main__"] = main
    try:
        exec(STARTUP, namespace)
        if sys.stdin.isatty() and run_ipython(main):
            return
        code.interact(banner=BANNER, local=namespace, exitmsg="")
    finally:
        sys.modules["__main__"] = saved


def run_ipython(main: types.ModuleType) -> bool:
    """Run IPython in a module; False if it is not installed."""
    try:
        import IPython
    except ImportError:
        return False
    print(BANNER)
    IPython.start_ipython(argv=["--no-banner"], user_module=main, user_ns=main.__dict__)
    return True
