"""Each file of `_core/pfx` says what the C header of its name says: where they differ, calls would be undefined."""

import re
import shlex
import subprocess
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HEADERS = ROOT / "csrc/include"
DECLARATIONS = ROOT / "pyflinkx/_core/pfx"

# Cython has no name for some of C's types, and says of functions what C does not know.
CYTHON_ONLY = re.compile(r"\b(?:noexcept|nogil|struct|enum)\b|\bexcept\b.*$")
ALIASES = {"bint": ("bool", "_Bool", "int")}


def without_comments(text: str) -> str:
    return re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.DOTALL)


def preprocessed(header: Path) -> str:
    """What a header declares by itself or by macros."""
    compiler = shlex.split(sysconfig.get_config_var("CC") or "cc")
    command = [*compiler, "-E", "-P", "-std=c11", f"-I{HEADERS}", str(header)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def plain(text: str) -> str:
    """A type or parameter list in one spelling: no blanks but those between words, no names of parameters."""
    text = CYTHON_ONLY.sub(" ", text)
    text = re.sub(r"\s+", " ", text).strip()
    return re.sub(r"\s*([*,()\[\]])\s*", r"\1", text)


def parameters(text: str) -> list[str]:
    """The types of a parameter list."""
    types, depth, start = [], 0, 0
    text = plain(text).rstrip(",")
    for at, sign in enumerate(text + ","):
        depth += (sign in "([") - (sign in ")]")
        if sign == "," and depth == 0:
            types.append(re.sub(r"(?<=[\s*])\w+$|(?<=[\s*])\w+(?=\[)", "", text[start:at]).strip())
            start = at + 1
    return [re.sub(r" ?\[\d*\]$", "*", one) for one in types if one not in ("", "void")]


def functions_of_header(text: str) -> dict[str, tuple[str, list[str]]]:
    function = re.compile(
        r"(?:^|(?<=[;}] ))(?:static inline )?([a-zA-Z_][\w ]*?[ *]+)(pfx_\w+)\(([^{};]*)\)\s*[;{]", re.MULTILINE
    )
    return {match[2]: (plain(match[1]), parameters(match[3])) for match in function.finditer(text)}


def fields_of_header(text: str) -> dict[str, dict[str, str]]:
    """The fields of each struct: name to type; those of unions and structs within are flat."""
    found = {}
    for match in re.finditer(r"struct (\w+) \{(.*?)^\}", text, re.MULTILINE | re.DOTALL):
        fields = {}
        for line in match[2].split(";"):
            line = re.sub(r"\b_Atomic\b|\b_Alignas\(\w+\)", " ", line.rpartition("{")[2])
            pointer = re.search(r"(.*)\(\*(\w+)\)\s*\((.*)\)\s*$", line, re.DOTALL)
            if pointer:
                fields[pointer[2]] = f"{plain(pointer[1])}(*)({','.join(parameters(pointer[3]))})"
                continue
            first, *others = line.split(",")
            base = re.match(r"\s*([\w ]+?)\s*(\**\s*\w+(?:\[\w+\])?)\s*$", first)
            if base:
                for name in [base[2], *others]:
                    stars, bare, size = re.match(r"\s*([* ]*)(\w+)(\[\w+\])?", name).groups()
                    fields[bare] = plain(base[1] + stars) + (size or "")
        found[match[1]] = fields
    return found


def same_type(ours: str, theirs: str) -> bool:
    return ours == theirs or any(
        ours.replace(name, other) == theirs for name, others in ALIASES.items() for other in others
    )


def declarations(text: str) -> tuple[dict, dict, list[str]]:
    """Functions, fields of structs, and constants of a pxd file."""
    text = re.sub(r"#[^\n]*", "", text)
    functions, structs, constants = {}, {}, []
    body = text.partition("nogil:\n")[2]
    for statement in re.split(r"\n(?=    \S)(?!    \))", "\n" + body):
        statement = statement.strip("\n")
        struct = re.match(r"\s*(?:ctypedef )?(?:struct|union) (\w+):\n", statement)
        enum = re.match(r"\s*(?:ctypedef )?enum ?(\w*):\n", statement)
        function = re.match(r"\s*([\w ]*?[ *]+)(\w+)\((.*)\)[\w ?-]*$", statement, re.DOTALL)
        if struct:
            fields = structs[struct[1]] = {}
            for line in statement[struct.end() :].split("\n"):
                pointer = re.match(r"\s*(.*)\(\*(\w+)\)\((.*)\)", line)
                single = re.match(r"\s*([\w ]+?)\s*(\**)(\w+)(\[\w+\])?\s*$", line)
                if pointer:
                    fields[pointer[2]] = f"{plain(pointer[1])}(*)({','.join(parameters(pointer[3]))})"
                elif single and single[0].strip() != "pass":
                    fields[single[3]] = plain(single[1] + single[2]) + (single[4] or "")
        elif enum:
            constants += re.findall(r"\w+", statement[enum.end() :])
        elif function:
            functions[function[2]] = (plain(function[1]), parameters(function[3]))
        elif statement.strip():
            constants.append(statement.split()[-1])
    return functions, structs, constants


def differences(header: str, declared: str, expanded: str = "") -> list[str]:
    header = without_comments(header)
    functions, structs, constants = declarations(declared)
    expanded = expanded or header
    there, fields_there = functions_of_header(expanded), fields_of_header(expanded)
    found = []
    for name, (result, types) in functions.items():
        if name not in there:
            found.append(f"{name}: not in the header")
            continue
        result_there, types_there = there[name]
        if not same_type(result, result_there):
            found.append(f"{name}: gives {result_there}, not {result}")
        if len(types) != len(types_there) or not all(map(same_type, types, types_there)):
            found.append(f"{name}: takes {types_there}, not {types}")
    for name, fields in structs.items():
        if name not in fields_there and (fields or not re.search(rf"\b{name}\b", header)):
            found.append(f"{name}: not in the header")
        for field, kind in fields.items():
            kind_there = fields_there.get(name, {}).get(field)
            if kind_there is None or not same_type(kind, kind_there):
                found.append(f"{name}.{field}: {kind_there}, not {kind}")
    found += [f"{name}: not in the header" for name in constants if not re.search(rf"\b{name}\b", header)]
    return found


def files() -> list[Path]:
    return sorted(DECLARATIONS.glob("*.pxd"))


@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_declarations_are_those_of_the_header(path):
    header = HEADERS / "pfx" / f"{path.stem}.h"
    text = path.read_text(encoding="utf-8")
    assert re.findall(r'cdef extern from "([^"]+)"', text) == [f"pfx/{path.stem}.h"]
    assert any(declarations(text)), "nothing was understood"
    assert differences(header.read_text(encoding="utf-8"), text, preprocessed(header)) == []


def test_all_declarations_are_looked_at():
    """As many functions are compared as there are lines that declare one."""
    for path in files():
        text = path.read_text(encoding="utf-8")
        names = set(re.findall(r"\b(pfx_\w+)\(", text))
        assert set(declarations(text)[0]) == names, path


HEADER = """
typedef enum pfx_a { PFX_ONE, PFX_TWO } pfx_a;
typedef struct pfx_b { int64_t left, right; const void **rows; /* x; y */ int (*next)(struct pfx_b *, int); } pfx_b;
pfx_status pfx_c(pfx_b *b, const int32_t *numbers,
                 int64_t count);
static inline bool pfx_d(void) {
    return true;
}
"""
HEADER = HEADER.replace("} pfx_b;", "\n} pfx_b;")
DECLARED = """cdef extern from "pfx/x.h" nogil:
    ctypedef enum pfx_a:
        PFX_ONE

    ctypedef struct pfx_b:
        int64_t right
        const void **rows
        int (*next)(pfx_b *, int) noexcept nogil

    pfx_status pfx_c(
        pfx_b *b, const int32_t *numbers, int64_t count
    )
    bint pfx_d()
"""


@pytest.mark.parametrize(
    ("old", "new", "difference"),
    [
        ("", "", None),
        ("PFX_ONE", "PFX_THREE", "PFX_THREE: not in the header"),
        ("int64_t right", "int32_t right", "pfx_b.right: int64_t, not int32_t"),
        ("right", "middle", "pfx_b.middle: None, not int64_t"),
        ("const void **rows", "void **rows", "pfx_b.rows: const void**, not void**"),
        ("(pfx_b *, int)", "(pfx_b *)", "pfx_b.next: int(*)(pfx_b*,int), not int(*)(pfx_b*)"),
        ("int64_t count", "int32_t count", "pfx_c: takes ['pfx_b*', 'const int32_t*', 'int64_t'], not "),
        ("const int32_t", "int32_t", "pfx_c: takes ['pfx_b*', 'const int32_t*', 'int64_t'], not "),
        (", int64_t count", "", "pfx_c: takes ['pfx_b*', 'const int32_t*', 'int64_t'], not "),
        ("pfx_status pfx_c", "void pfx_c", "pfx_c: gives pfx_status, not void"),
        ("pfx_d", "pfx_e", "pfx_e: not in the header"),
    ],
)
def test_a_drift_is_found(old, new, difference):
    found = differences(HEADER, DECLARED.replace(old, new) if old else DECLARED)
    assert (found == []) if difference is None else (len(found) == 1 and found[0].startswith(difference)), found
