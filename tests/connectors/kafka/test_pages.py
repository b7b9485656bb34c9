"""The table of options in docs/connectors.md, from the options."""

from pathlib import Path

from pyflinkx.connectors.kafka.options import SINK_OPTIONS, SOURCE_OPTIONS, is_secret

PAGE = Path(__file__).parents[3] / "docs" / "connectors.md"


def option_rows():
    for option in dict.fromkeys([*SOURCE_OPTIONS, *SINK_OPTIONS]):
        of = [name for name, options in (("source", SOURCE_OPTIONS), ("sink", SINK_OPTIONS)) if option in options]
        default = "" if option.default is None else f"`{option.type.format(option.default)}`"
        secret = " Secret." if is_secret(option.key) else ""
        description = option.description[0].upper() + option.description[1:]
        yield f"| `{option.key}` | {', '.join(of)} | {option.expected()} | {default} | {description}.{secret} |"


def test_the_table_of_options():
    assert "\n".join(option_rows()) in PAGE.read_text()


if __name__ == "__main__":
    print("\n".join(option_rows()))
