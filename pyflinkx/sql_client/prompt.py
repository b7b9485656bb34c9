"""Statements from a terminal: history, completion, several lines, colours."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyflinkx.errors import PyflinkxError
from pyflinkx.sql.lexer import BINARY, CHARSET, ESCAPED, NUMBER, QUOTED, STRING, UNICODE, WRONG, Tokens
from pyflinkx.sql.words import RESERVED
from pyflinkx.sql_client.completion import Completion
from pyflinkx.sql_client.session import Quit, Session, told
from pyflinkx.sql_client.splitting import is_complete

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession

PROMPT = "Flink SQL> "
HISTORY = "PYFLINKX_SQL_HISTORY"
STRINGS = frozenset({STRING, BINARY, UNICODE, ESCAPED, CHARSET})


def run_prompt(session: Session) -> None:
    """Read and run statements until the input ends or the user quits; an error ends its statement only."""
    ask = reader(session)
    while True:
        try:
            session.run(ask())
        except (EOFError, Quit):
            return
        except KeyboardInterrupt:
            print("", flush=True)
        except PyflinkxError as error:
            print(told(error), file=sys.stderr, flush=True)


def reader(session: Session) -> Callable[[], str]:
    """What asks for a text: with prompt_toolkit where it is installed."""
    try:
        from prompt_toolkit import PromptSession
    except ImportError:
        print("pip install 'pyflinkx[cli]' brings history, completion and colours", file=sys.stderr)
        return plain_reader
    return prompt_session(PromptSession, session).prompt


def plain_reader() -> str:
    """Lines until a statement is complete."""
    text = input(PROMPT)
    while not is_complete(text):
        text += "\n" + input("> ".rjust(len(PROMPT)))
    return text


def prompt_session(make: Any, session: Session, **more: Any) -> PromptSession[str]:
    """A session of prompt_toolkit's.

    Args:
        make: its class.
        session: whose tables are known.
        more: further arguments, such as other inputs and outputs.
    """
    from prompt_toolkit.application import get_app
    from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
    from prompt_toolkit.completion import Completer
    from prompt_toolkit.completion import Completion as Choice
    from prompt_toolkit.document import Document
    from prompt_toolkit.filters import Condition
    from prompt_toolkit.history import FileHistory
    from prompt_toolkit.lexers import Lexer

    completion = Completion(session.environment)

    class Names(Completer):
        def get_completions(self, document: Document, event: Any) -> Iterable[Choice]:
            for text, taken in completion.candidates(document.text_before_cursor):
                yield Choice(text, start_position=-taken)

    class Colours(Lexer):
        def lex_document(self, document: Document) -> Callable[[int], Any]:
            lines = coloured(document.text)
            return lambda number: lines[number] if number < len(lines) else []

    path = Path(os.environ.get(HISTORY, Path.home() / ".pyflinkx" / "sql_history"))
    path.parent.mkdir(parents=True, exist_ok=True)
    return make(
        PROMPT,
        history=FileHistory(str(path)),
        completer=Names(),
        complete_while_typing=False,
        auto_suggest=AutoSuggestFromHistory(),
        lexer=Colours(),
        multiline=Condition(lambda: not is_complete(get_app().current_buffer.text)),
        prompt_continuation=lambda width, number, wrapped: "> ".rjust(width),
        **more,
    )


def coloured(text: str) -> list[list[tuple[str, str]]]:
    """Style and text of each part of each line."""
    tokens = Tokens(text)
    lines: list[list[tuple[str, str]]] = [[]]
    place = 0
    for kind, start, end in zip(tokens.kinds, tokens.starts, tokens.ends, strict=True):
        # What the lexer skips is spaces and comments.
        for style, piece in (("ansibrightblack", text[place:start]), (style_of(kind), text[start:end])):
            first, *others = piece.split("\n")
            lines[-1].append((style, first))
            lines += [[(style, other)] for other in others]
        place = end
    return lines


def style_of(kind: str) -> str:
    """How a token is shown."""
    if kind in STRINGS:
        return "ansigreen"
    if kind == NUMBER:
        return "ansicyan"
    if kind == QUOTED:
        return "ansiyellow"
    if kind == WRONG:
        return "ansired"
    return "bold ansiblue" if kind in RESERVED else ""
