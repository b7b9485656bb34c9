"""Real files, archives and wheels, used by a real interpreter."""

import base64
import hashlib
import os
import subprocess
import sys
import zipfile

import pytest

from pyflinkx.config.dependencies import PythonDependencies
from pyflinkx.errors import ConfigurationError, DependencyError
from pyflinkx.runtime.control.dependencies import prepare


def run(paths, code, cwd):
    """What a fresh interpreter prints that has the paths in front."""
    program = f"import sys; sys.path[0:0] = {paths!r}; {code}"
    done = subprocess.run([sys.executable, "-I", "-c", program], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def wheel(folder, name="pfxtestwheel", version="1.0", code="VALUE = 41"):
    """A wheel that pip installs without building anything."""
    files = {
        f"{name}.py": code,
        f"{name}-{version}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{name}-{version}.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip('=')},{len(text)}\n"
        for path, text in files.items()
    )
    files[f"{name}-{version}.dist-info/RECORD"] = record + f"{name}-{version}.dist-info/RECORD,,\n"
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inner, text in files.items():
            archive.writestr(inner, text)
    return path


@pytest.fixture
def worker(tmp_path):
    return tmp_path / "worker"


def test_nothing_to_prepare(worker):
    assert prepare(PythonDependencies(), str(worker)) == []


def test_modules_are_copied_each_to_a_folder_of_its_own(tmp_path, worker):
    (tmp_path / "one.py").write_text("VALUE = 1")
    (tmp_path / "two.py").write_text("VALUE = 2")
    (tmp_path / "neighbour.py").write_text("")
    paths = prepare(PythonDependencies(files=(str(tmp_path / "two.py"), str(tmp_path / "one.py"))), str(worker))
    assert [os.listdir(path) for path in paths] == [["two.py"], ["one.py"]]
    (tmp_path / "one.py").write_text("VALUE = 'changed later'")
    assert run(paths, "import one, two; print(one.VALUE + two.VALUE)", worker) == "3"


def test_of_modules_of_one_name_the_first_counts(tmp_path, worker):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "same.py").write_text(f"VALUE = {name!r}")
    paths = prepare(PythonDependencies(files=(str(tmp_path / "b/same.py"), str(tmp_path / "a/same.py"))), str(worker))
    assert run(paths, "import same; print(same.VALUE)", worker) == "b"


def test_folders_zips_and_wheels_are_importable(tmp_path, worker):
    (tmp_path / "folder/package").mkdir(parents=True)
    (tmp_path / "folder/package/__init__.py").write_text("VALUE = 1")
    with zipfile.ZipFile(tmp_path / "zipped.zip", "w") as archive:
        archive.writestr("inzip/__init__.py", "import os; DATA = os.path.join(os.path.dirname(__file__), 'data.txt')")
        archive.writestr("inzip/data.txt", "real file")
    files = (str(tmp_path / "folder"), str(tmp_path / "zipped.zip"), str(wheel(tmp_path)))
    paths = prepare(PythonDependencies(files=files), str(worker))
    assert paths[0] == str(tmp_path / "folder")
    code = "import package, inzip, pfxtestwheel; print(package.VALUE + pfxtestwheel.VALUE, open(inzip.DATA).read())"
    assert run(paths, code, worker) == "42 real file"


def test_archives_are_reached_by_relative_paths(tmp_path, worker):
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
        archive.writestr("inner/data.txt", "found")
        archive.writestr("inner/module.py", "VALUE = 7")
    archives = ((str(tmp_path / "data.zip"), "data.zip"), (str(tmp_path / "data.zip"), "other/place"))
    paths = prepare(PythonDependencies(archives=archives), str(worker))
    assert paths == [str(worker)]
    code = "print(open('data.zip/inner/data.txt').read(), open('other/place/inner/data.txt').read())"
    assert run(paths, code, worker) == "found found"
    assert run(paths, "from other.place.inner import module; print(module.VALUE)", worker) == "7"


def test_a_hostile_archive_is_refused(tmp_path, worker):
    with zipfile.ZipFile(tmp_path / "hostile.zip", "w") as archive:
        archive.writestr("../../outside.txt", "x")
    for settings in (
        PythonDependencies(archives=((str(tmp_path / "hostile.zip"), "data"),)),
        PythonDependencies(files=(str(tmp_path / "hostile.zip"),)),
    ):
        with pytest.raises(DependencyError, match=r"hostile\.zip cannot be extracted: .*outside\.txt' lies outside"):
            prepare(settings, str(worker))
    assert not list(tmp_path.rglob("outside.txt"))


def test_a_file_that_has_gone_names_itself(tmp_path, worker):
    with pytest.raises(DependencyError, match=r"gone\.py cannot be copied"):
        prepare(PythonDependencies(files=(str(tmp_path / "gone.py"),)), str(worker))


def requirements(tmp_path, text, cache=True):
    (tmp_path / "requirements.txt").write_text(text)
    (tmp_path / "cache").mkdir(exist_ok=True)
    return PythonDependencies(
        requirements=str(tmp_path / "requirements.txt"), requirements_cache=str(tmp_path / "cache") if cache else None
    )


def test_requirements_are_installed_from_the_cache(tmp_path, worker):
    settings = requirements(tmp_path, "pfxtestwheel==1.0\n")
    wheel(tmp_path / "cache")
    wheel(tmp_path / "cache", version="2.0", code="VALUE = 'newer'")
    paths = prepare(settings, str(worker))
    assert len(paths) == 1
    assert paths[0].startswith(str(worker))
    assert run(paths, "import pfxtestwheel; print(pfxtestwheel.VALUE)", worker) == "41"


def test_requirements_come_before_files(tmp_path, worker):
    settings = requirements(tmp_path, "pfxtestwheel\n")
    wheel(tmp_path / "cache")
    (tmp_path / "pfxtestwheel.py").write_text("VALUE = 'the file'")
    both = PythonDependencies(
        (str(tmp_path / "pfxtestwheel.py"),), (), settings.requirements, settings.requirements_cache
    )
    assert run(prepare(both, str(worker)), "import pfxtestwheel; print(pfxtestwheel.VALUE)", worker) == "41"


def test_a_failing_pip_is_quoted(tmp_path, worker):
    settings = requirements(tmp_path, "pfxtest-nowhere-to-be-found==1.0\n")
    with pytest.raises(DependencyError) as caught:
        prepare(settings, str(worker))
    message = str(caught.value)
    assert message.startswith(
        f"{tmp_path}/requirements.txt cannot be installed: pip of {sys.executable} ended with 1:\n"
    )
    assert "pfxtest-nowhere-to-be-found==1.0" in message
    assert len(message.splitlines()) <= 11


def test_requirements_are_installed_by_the_interpreter_of_an_archive(tmp_path, worker):
    settings = requirements(tmp_path, "pfxtestwheel\n")
    script = f'#!/bin/sh\ntouch "{tmp_path}/was-here"\nexec "{sys.executable}" "$@"\n'
    with zipfile.ZipFile(tmp_path / "env.zip", "w") as archive:
        info = zipfile.ZipInfo("bin/python")
        info.external_attr = 0o100755 << 16
        archive.writestr(info, script)
    wheel(tmp_path / "cache")
    archives = ((str(tmp_path / "env.zip"), "env"),)
    inner = PythonDependencies((), archives, settings.requirements, settings.requirements_cache, "env/bin/python")
    paths = prepare(inner, str(worker))
    assert (tmp_path / "was-here").exists()
    assert run(paths, "import pfxtestwheel; print(pfxtestwheel.VALUE)", worker) == "41"
    missing = PythonDependencies((), archives, settings.requirements, settings.requirements_cache, "env/bin/none")
    with pytest.raises(ConfigurationError, match=r"python\.executable: .*env/bin/none is no executable file"):
        prepare(missing, str(tmp_path / "worker2"))


def test_an_interpreter_that_does_not_start_is_named(tmp_path, worker):
    settings = requirements(tmp_path, "pfxtestwheel\n")
    (tmp_path / "python").write_bytes(b"\x7fELF")
    (tmp_path / "python").chmod(0o755)
    broken = PythonDependencies(requirements=settings.requirements, executable=str(tmp_path / "python"))
    with pytest.raises(DependencyError, match=r"requirements\.txt cannot be installed: .*/python: "):
        prepare(broken, str(worker))
