"""``pyflinkx savepoint``."""

import json
import shutil
from pathlib import Path

import pytest

from pyflinkx.cli.main import main
from tests.checkpoint.states import JOB, SECRET, checkpoint_of, keyed_batch, pickled_batch, storage_at, written

GOLDEN = Path(__file__).parents[1] / "checkpoint" / "golden" / "1"


@pytest.fixture
def signed(tmp_path):
    """The options by which the tests' secret is found."""
    path = tmp_path / "secret"
    path.write_bytes(SECRET)
    path.chmod(0o600)
    return ["-D", f"pyflinkx.security.secret-file={path}"]


def run(capsys, *arguments):
    code = main(["savepoint", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_inspect_shows_operators_and_states(capsys, signed):
    code, out, err = run(capsys, "inspect", str(GOLDEN), "--verify", *signed)
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        f"savepoint 5 of job 'job' ({JOB})",
        "taken 2023-11-14 22:13:20 UTC, 1.6 KiB of states in 1 file",
        f"at {GOLDEN}",
        "by: a test",
        "",
        "counts (uid uid-1)",
        "  2 subtasks, 1 finished, max parallelism 128",
        "  state       kind        rows   size  key groups",
        "  enumerator  source         1    5 B              pickled",
        "  total       ValueState     3  792 B  0 to 2",
        "  things      split          1  337 B              pickled",
        "  native      native         2  464 B  0 to 1",
        "",
        "verified: every byte is as it was written",
    ]


def test_inspect_gives_json(capsys, signed):
    code, out, _ = run(capsys, "inspect", str(GOLDEN / "_metadata"), "--json", *signed)
    document = json.loads(out)
    assert code == 0
    assert (document["kind"], document["number"], document["signed"]) == ("savepoint", 5, True)
    assert document["operators"][0]["states"][1] == {
        "state": "total",
        "kind": "ValueState",
        "rows": 3,
        "size": 792,
        "key_groups": [0, 2],
        "pickled": False,
    }


def test_inspect_says_whose_it_is(capsys, signed, tmp_path):
    other = tmp_path / "other"
    other.write_bytes(b"o" * 32)
    other.chmod(0o600)
    options = ["-D", f"pyflinkx.security.secret-file={other}"]
    code, out, _ = run(capsys, "inspect", str(GOLDEN), *options)
    assert code == 0
    assert "signed by another installation" in out
    code, _, err = run(capsys, "inspect", str(GOLDEN), "--verify", *options)
    assert code == 1
    assert "UntrustedStateError: " in err
    assert "state 'enumerator'" in err


def test_inspect_names_the_damaged_file(capsys, signed, tmp_path):
    shutil.copytree(GOLDEN, tmp_path / "copy")
    path = tmp_path / "copy" / "uid-1-0.state"
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    assert run(capsys, "inspect", str(tmp_path / "copy"), *signed)[0] == 0
    code, _, err = run(capsys, "inspect", str(tmp_path / "copy"), "--verify", *signed)
    assert code == 1
    assert err.startswith(f"CorruptDataError: {path}: state 'native': it is damaged")


def test_list_and_dispose(capsys, signed, tmp_path):
    storage = storage_at(tmp_path / "all", memory_threshold=0)
    made = [written(storage, number, [keyed_batch(5)]) for number in (1, 2)]
    folder = storage.new_savepoint_folder(str(tmp_path / "all"))
    writer = storage.writer(3, "a", folder)
    writer.add(pickled_batch([1]))
    made.append(storage.write_manifest(checkpoint_of(3, writer.finish()), folder))
    code, out, _ = run(capsys, "list", str(tmp_path / "all"), *signed)
    lines = out.splitlines()
    assert code == 0
    assert lines[0].split() == ["taken", "kind", "number", "job", "size", "folder"]
    assert [line.split()[-1] for line in lines[1:]] == [each.folder for each in made]
    code, out, _ = run(capsys, "list", str(tmp_path / "all"), "--json", *signed)
    assert [each["folder"] for each in json.loads(out)] == [each.folder for each in made]

    code, out, _ = run(capsys, "dispose", made[0].folder, *signed)
    assert (code, out) == (0, f"removed checkpoint 1 of job 'job': {made[0].folder}\n")
    assert not Path(made[0].folder).exists()
    code, _, err = run(capsys, "dispose", made[0].folder, *signed)
    assert code == 1
    assert err.startswith(f"StorageError: there is no checkpoint or savepoint at {made[0].folder}")


def test_an_empty_folder_is_no_error(capsys, signed, tmp_path):
    assert run(capsys, "list", str(tmp_path / "nothing"), *signed)[:2] == (
        0,
        f"no savepoints or checkpoints in {tmp_path / 'nothing'}\n",
    )


@pytest.mark.parametrize("arguments", [[], ["inspect"], ["nonsense"], ["inspect", "x", "-D", "y"]])
def test_wrong_arguments_are_refused(capsys, arguments):
    with pytest.raises(SystemExit) as caught:
        main(["savepoint", *arguments])
    assert caught.value.code == 2
