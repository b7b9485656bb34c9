import re
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"


def test_the_program_prints_what_the_readme_says(capsys):
    program, output = re.search(
        r"```python\n(.*?)```\s*```text\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL
    ).groups()
    exec(compile(program, str(README), "exec"), {"__name__": "__main__"})
    assert capsys.readouterr().out == output
