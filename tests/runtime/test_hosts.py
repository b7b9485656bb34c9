"""Jobs in programs that do unusual things: each test is a program of its own, so that it changes no other test."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

JOB = """
def run_job(parallelism=2, function=lambda x: x, **options):
    from pyflinkx.common import Configuration
    from pyflinkx.datastream import StreamExecutionEnvironment
    given = {key.replace("__", "-").replace("_", "."): value for key, value in options.items()}
    env = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict(given))
    env.set_parallelism(parallelism)
    with env.from_collection(list(range(200))).map(function).execute_and_collect() as results:
        return sorted(results)
"""

WAYS = [("spawn", "shared-memory"), ("fork", "sockets")]
ways = pytest.mark.parametrize("way", WAYS, ids="-".join)


def options(way):
    return f"pyflinkx_workers_start__method={way[0]!r}, pyflinkx_workers_transport={way[1]!r}"


def program(folder, text, *arguments, interpreter=(), way=WAYS[0], **run):
    """Run a program that has ``run_job``; what it wrote, its exit code among it."""
    path = folder / "program.py"
    path.write_text(JOB + textwrap.dedent(text).replace("WAY", options(way)))
    command = [sys.executable, *interpreter, str(path), *arguments]
    run.setdefault("env", {**os.environ, "PYTHONPATH": str(ROOT)})
    return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False, **run)


def check(done):
    assert (done.stdout.strip(), done.returncode) == ("ok", 0), done.stdout + done.stderr


REAP = """
import os, signal, sys, threading, time
def reap(*_):
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
def reap_forever():
    while True:
        reap()
        time.sleep(0.001)
"""
REAPERS = {
    "ignored": "signal.signal(signal.SIGCHLD, signal.SIG_IGN)",
    "handler": "signal.signal(signal.SIGCHLD, reap)",
    "thread": "threading.Thread(target=reap_forever, daemon=True).start()",
}


@ways
@pytest.mark.parametrize("reaper", REAPERS)
def test_a_host_that_reaps_its_children_runs_jobs(tmp_path, way, reaper):
    done = program(
        tmp_path,
        REAP
        + REAPERS[reaper]
        + """
assert run_job(WAY) == list(range(200))
from pyflinkx.errors import JobExecutionError
def die(x):
    if x == 7:
        print("last words", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    return x
try:
    run_job(function=die, WAY)
except JobExecutionError as error:
    text = str(error)
    assert "was lost: it ended, but how was told to other code" in text or "killed by SIGKILL" in text, text
    assert "last words" in text, text
else:
    raise AssertionError("no failure")
assert run_job(WAY) == list(range(200))
print("ok")
""",
        way=way,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["last", "words", "ok"]


def test_a_process_whose_end_nobody_can_tell_is_gone_without_descriptors_of_processes(tmp_path):
    """As on systems without ``pidfd_open``."""
    check(
        program(
            tmp_path,
            """
            import os, signal
            del os.pidfd_open
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
            assert run_job() == list(range(200))
            print("ok")
            """,
        )
    )


@ways
@pytest.mark.parametrize("parallelism", [1, 2])
@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (1, 2), (0, 1, 2)], ids=str)
def test_closed_standard_descriptors_stay_closed_and_get_nothing_of_the_job(tmp_path, way, closed, parallelism):
    result = tmp_path / "result"
    done = program(
        tmp_path,
        f"""
        import os, sys
        result = sys.argv[1]
        def speak(x):
            print("spoken", x)
            if sys.stderr:
                print("said", x, file=sys.stderr)
            for descriptor in {closed}:  # what is not the job's may be written to
                try:
                    os.write(descriptor, b"written\\n")
                except OSError:
                    pass
            return x
        with open(os.path.join(os.path.dirname(result), "high"), "w") as high:  # not one of 0 to 2
            os.dup2(high.fileno(), 9)
            report = 9
        for descriptor in {closed}:
            os.close(descriptor)
        for name, descriptor in (("stdin", 0), ("stdout", 1), ("stderr", 2)):
            if descriptor in {closed}:
                setattr(sys, name, None)
        try:
            got = run_job({parallelism}, speak, WAY)
            open_after = []
            for descriptor in {closed}:
                try:
                    os.fstat(descriptor)
                    open_after.append(descriptor)
                except OSError:
                    pass
            os.write(report, repr((got == list(range(200)), open_after)).encode())
        except BaseException:
            import traceback
            os.write(report, traceback.format_exc().encode())
        """,
        str(result),
        way=way,
    )
    assert (tmp_path / "high").read_text() == "(True, [])", done.stderr
    if 1 not in closed:
        assert done.stdout.count("spoken") == 200


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_pyflinkx_run_without_standard_streams(tmp_path, closed):
    job = tmp_path / "job.py"
    job.write_text(
        JOB + 'import sys; open(sys.argv[1], "w").write(str(len(run_job(function=lambda x: print(x) or x))))'
    )
    run = f'exec "{sys.executable}" -m pyflinkx.cli.main run "{job}" "{tmp_path}/out" {closed}'
    subprocess.run(["sh", "-c", run], env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=600, check=True)
    assert (tmp_path / "out").read_text() == "200"


@pytest.mark.parametrize("amount", [4_500, 60_000])
def test_any_number_of_arguments_reaches_the_workers(tmp_path, amount):
    check(
        program(
            tmp_path,
            f"""
            import sys
            from pathlib import Path
            sys.argv += [f"/data/part-{{i:05d}}.csv" for i in range({amount})]
            sys.argv.append(Path("/a/path"))
            sys.argv.append("\\udcff")
            sys.path += [f"/nowhere/{{i}}" for i in range(10_000)]
            sys.path.insert(0, Path("/b/path"))
            expected = [str(argument) for argument in sys.argv]
            paths = [str(entry) for entry in sys.path]
            assert run_job(function=lambda x: (sys.argv == expected) + (sys.path == paths)) == [2] * 200
            print("ok")
            """,
        )
    )


def test_variables_that_are_too_long_to_start_with_reach_the_workers(tmp_path):
    check(
        program(
            tmp_path,
            """
            import os
            os.environ["LONG"] = "x" * 500_000
            for i in range(100):
                os.environ[f"MANY_{i}"] = "y" * 30_000
            long = lambda name: name == "LONG" or "MANY_" in name
            found = run_job(function=lambda x: sum(len(value) for name, value in os.environ.items() if long(name)))
            assert found == [3_500_000] * 200, found[0]
            print("ok")
            """,
        )
    )


def test_a_module_of_the_current_folder_does_not_replace_one_that_workers_start_with(tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    for name in ("pickle", "os", "marshal", "socket", "pyflinkx"):
        (folder / f"{name}.py").write_text("raise SystemExit('imported from the current folder')")
    check(program(tmp_path, 'assert run_job() == list(range(200)); print("ok")', cwd=folder))


@pytest.mark.parametrize(
    "flags", [["-I"], ["-S"], ["-I", "-S"], ["-O"], ["-X", "utf8"], ["-W", "error"], ["-P"]], ids=str
)
def test_workers_run_as_the_interpreter_does(tmp_path, flags):
    if flags == ["-P"] and sys.version_info < (3, 11):
        pytest.skip("no such option")
    check(
        program(
            tmp_path,
            f"""
            import sys
            sys.path += {[str(ROOT), *[entry for entry in sys.path if entry]]!r}
            here = tuple(sys.flags)
            assert run_job(function=lambda x: tuple(sys.flags) == here) == [True] * 200
            print("ok")
            """,
            interpreter=flags,
            env=os.environ,
        )
    )


@ways
def test_a_host_whose_folder_is_gone_runs_jobs(tmp_path, way):
    check(
        program(
            tmp_path,
            """
            import os, tempfile
            folder = tempfile.mkdtemp()
            os.chdir(folder)
            os.rmdir(folder)
            assert run_job(1) == run_job(WAY) == list(range(200))
            print("ok")
            """,
            way=way,
        )
    )


@ways
def test_too_few_descriptors_are_named_and_none_is_lost(tmp_path, way):
    check(
        program(
            tmp_path,
            """
            import os, resource
            from pyflinkx.errors import ConfigurationError
            assert len(run_job(WAY)) == 200  # whatever is opened once and kept
            before = set(os.listdir("/proc/self/fd"))
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            refused = 0
            for limit in range(len(before) + 2, len(before) + 40, 3):
                resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
                try:
                    assert run_job(4, WAY) == list(range(200))
                except ConfigurationError as error:
                    assert "ulimit -n" in str(error), error
                    refused += 1
                except OSError as error:
                    assert error.errno == 24, error
                    refused += 1
                finally:
                    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
                assert set(os.listdir("/proc/self/fd")) == before, (limit, set(os.listdir("/proc/self/fd")) - before)
            assert 0 < refused < 13, refused
            print("ok")
            """,
            way=way,
        )
    )


@ways
def test_two_jobs_at_once_in_threads_of_one_process(tmp_path, way):
    check(
        program(
            tmp_path,
            """
            import threading
            found = []
            threads = [threading.Thread(target=lambda: found.append(run_job(WAY))) for _ in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert found == [list(range(200))] * 3
            print("ok")
            """,
            way=(way[0], "shared-memory"),
        )
    )


def test_a_host_that_forks_while_a_job_runs_leaves_no_workers_when_it_is_killed(tmp_path):
    """Its copy holds the client's ends of all connections, so no worker sees them end."""
    pids = tmp_path / "pids"
    pids.mkdir()
    path = tmp_path / "program.py"
    path.write_text(
        JOB
        + textwrap.dedent(
            f"""
            import os, threading, time
            def wait(x):
                open(os.path.join({str(pids)!r}, str(os.getpid())), "w").close()
                time.sleep(1000)
            job = threading.Thread(target=run_job, args=(2, wait), kwargs={{"heartbeat_interval": "100 ms"}})
            job.start()
            while len(os.listdir({str(pids)!r})) < 2:
                time.sleep(0.01)
            if os.fork() == 0:
                os.close(1)
                time.sleep(100)
                os._exit(0)
            print("forked", flush=True)
            job.join()
            """
        )
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, path], stdout=subprocess.PIPE, env=env, start_new_session=True) as client:
        try:
            assert client.stdout is not None
            assert client.stdout.readline() == b"forked\n"
            workers = [os.pidfd_open(int(name)) for name in os.listdir(pids)]
            client.kill()
            for worker in workers:
                assert select_readable(worker, 60), "a worker outlives its client"
                os.close(worker)
        finally:
            os.killpg(client.pid, signal.SIGKILL)


def select_readable(descriptor, timeout):
    import select

    return select.select([descriptor], [], [], timeout)[0]


def test_a_client_that_is_killed_leaves_no_folder(tmp_path):
    done = program(
        tmp_path,
        """
        import os, signal
        parent = os.getpid()
        run_job(function=lambda x: os.kill(parent, signal.SIGKILL))
        """,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
    )
    assert done.returncode == -signal.SIGKILL
    assert [path.name for path in tmp_path.iterdir()] == ["program.py"]


@pytest.mark.parametrize(
    ("moment", "after"), [("Popen", False), ("Popen", True), ("pidfd_open", False), ("recv_bytes", True)]
)
def test_ctrl_c_while_workers_start_leaves_none(tmp_path, moment, after):
    check(
        program(
            tmp_path,
            f"""
            import os, signal, subprocess, sys
            from multiprocessing.connection import Connection
            signal.signal(signal.SIGINT, signal.default_int_handler)
            owner = {{"Popen": subprocess, "pidfd_open": os, "recv_bytes": Connection}}[{moment!r}]
            real = getattr(owner, {moment!r})
            calls = []
            def interrupted(*arguments, **named):
                calls.append(1)
                if len(calls) == 2 and not {after}:
                    os.kill(os.getpid(), signal.SIGINT)
                result = real(*arguments, **named)
                if len(calls) == 2 and {after}:
                    os.kill(os.getpid(), signal.SIGINT)
                return result
            run_job()
            before = set(os.listdir("/proc/self/fd"))
            setattr(owner, {moment!r}, interrupted)
            try:
                run_job()
            except KeyboardInterrupt:
                pass
            else:
                raise AssertionError("not interrupted")
            setattr(owner, {moment!r}, real)
            import gc, time
            gc.collect()
            assert set(os.listdir("/proc/self/fd")) == before
            deadline = time.monotonic() + 100
            while True:  # a process that the launcher had no time to take charge of ends with its connection
                try:
                    if os.waitpid(-1, os.WNOHANG)[0] == 0:
                        assert time.monotonic() < deadline, "a worker is left"
                        time.sleep(0.01)
                except ChildProcessError:
                    break
            print("ok")
            """,
        )
    )
