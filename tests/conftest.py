"""The data that is not part of the project, or a loud skip; and clean processes."""

import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import traceback
import warnings
from functools import partial
from pathlib import Path

import pytest
from sklearn import ensemble

# Folders of tests that are of other things than of what trees find out; and their
# files that are of it, or that compare with rows of another process.
PLAIN_FOLDERS = (
    *("augmentation", "battery", "callbacks", "cli", "diagnosis", "plotting"),
    *("reporting", "samplers"),
)
WHOLE_TREES = (
    *("test_command_line.py", "test_command_line_report.py", "test_demo.py"),
    *("test_processes.py", "test_search.py", "test_interruptions_processes.py"),
    *("test_checkpoint_kill.py", "test_frame_properties.py", "test_tables.py"),
    *("test_given.py", "test_imputer.py", "test_explanation.py", "test_auto.py"),
    "test_threads.py",
)

# Forks are taken where they are safe beside the threads of libraries.
CAN_FORK = sys.platform == "linux"


def find_data(*names):
    """Return the folder with the files `names`; skip without them."""
    default = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("SKGAN_DATA") or default)
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        pytest.skip(f"{missing} not in {str(folder)!r}: set SKGAN_DATA to their folder")
    return folder


@pytest.fixture(scope="module")
def plain_trees():
    """Trees without sums of columns, where samplers are only what something is given.

    Which form foretells a column best is most of a fit, and has tests of its own.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("skgan.priors._grower.MIN_LINEAR_ROWS", float("inf"))
        yield


@pytest.fixture(scope="module", autouse=True)
def plain_trees_where_they_do(request):
    folder, file = request.path.parent.name, request.path.name
    if folder in PLAIN_FOLDERS and file not in WHOLE_TREES:
        request.getfixturevalue("plain_trees")


@pytest.fixture
def few_trees(monkeypatch):
    """Judges of few trees, where what they find is only shown.

    What a hundred trees find out has tests of its own in tests/metrics.
    """
    for kind in ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor"):
        trees = partial(getattr(ensemble, kind), max_iter=8)
        for module in ("_classifier", "_global_utility"):
            monkeypatch.setattr(f"skgan.metrics.{module}.{kind}", trees)


@pytest.fixture
def named_charts(monkeypatch):
    """Charts of reports are drawn, but only named: tests/reporting looks at them."""
    from matplotlib.figure import Figure

    def name(draw, alt, size, place):
        draw(Figure().add_subplot())
        return f"<svg><title>{alt}</title></svg>"

    for room in ("_column_sections", "_model_sections", "_sections"):
        monkeypatch.setattr(f"skgan.reporting.{room}.chart", name)


@pytest.fixture
def read_data():
    """Return a function that reads a table by its name; it skips without its file."""

    def read(name, **options):
        import pandas

        file = f"{name}.csv.gz"
        return pandas.read_csv(find_data(file) / file, **options)

    return read


@pytest.fixture
def mnist_folder():
    return find_data("mnist.npz")


@pytest.fixture
def adult_folder():
    return find_data("adult_train.csv.gz", "adult_test.csv.gz")


# -- scripts in processes of their own


def run_forked(code, arguments, variables, output, errors):
    """Run a script in this process, a new fork, and end it."""
    for number, file in ((1, output), (2, errors)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), number)
    sys.stdout, sys.stderr = (os.fdopen(n, "w", buffering=1) for n in (1, 2))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["-c", *arguments]
    for name, value in variables.items():
        os.environ.pop(name, None) if value is None else os.environ.update(
            {name: value}
        )
    status = 1
    try:
        # Classes and functions of the script belong to it, as if it were run alone.
        exec(compile(code, "<script>", "exec"), vars(sys.modules["__main__"]))
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def serve_forks(connection):
    """Fork a process for each script that is sent, until nobody sends any more."""
    for name in ("__main__", "__mp_main__"):
        sys.modules[name] = type(sys)("__main__")
    while True:
        try:
            job = connection.recv()
        except (EOFError, KeyboardInterrupt):
            os._exit(0)
        child = os.fork()
        if child == 0:
            connection.close()
            run_forked(*job)
        connection.send(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def forget_log_files():
    """Take pytest's handlers of logs away, whose files are closed next.

    They would write into what has the number of their file by then: into the pipe by
    which the store of a process group is told of signals, say, which ends the process.
    """
    for logger in (logging.root, *logging.root.manager.loggerDict.values()):
        for handler in getattr(logger, "handlers", ())[:]:
            if type(handler).__module__ == "_pytest.logging":
                logger.removeHandler(handler)


def start_server():
    """Return the connection to a fork of this process that serves forks of itself."""
    import torch._dynamo  # noqa: F401  by the first optimizer, else, in each anew

    import skgan

    # What scripts use is imported once, before it is forked.
    for name in ("GANSampler", "ConditionalGANSampler", "save", "load"):
        getattr(skgan, name)
    ours, theirs = multiprocessing.Pipe()
    with warnings.catch_warnings():
        # Later versions of Python warn of any fork beside a thread.
        warnings.simplefilter("ignore")
        child = os.fork()
    if child:
        theirs.close()
        return ours
    try:
        ours.close()
        # What else is open belongs to pytest, which waits for its end.
        forget_log_files()
        kept = theirs.fileno()
        os.closerange(3, kept)
        os.closerange(kept + 1, 4096)
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in range(3):
            os.dup2(nothing, number)
        warnings.resetwarnings()
        warnings.simplefilter("ignore")
        serve_forks(theirs)
    finally:
        os._exit(1)


SERVER = []


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    """Before any test has computed anything, fork what clean processes come from."""
    items = (getattr(item, "fixturenames", ()) for item in session.items)
    if CAN_FORK and any("run_script" in names for names in items):
        SERVER.append(start_server())


@pytest.fixture(scope="session")
def run_script(tmp_path_factory):
    """Return a function that runs a script in a process that computed nothing before.

    It is forked after everything was imported, which takes most of the time of a new
    interpreter. The function takes the code, its arguments and variables of the
    environment (None takes one away), and returns what was printed and what was said
    of errors, with the exit status where it is not 0.
    """

    def run(code, *arguments, timeout=300, **variables):
        code, arguments = textwrap.dedent(code), list(map(str, arguments))
        if not SERVER:
            environment = {**os.environ, **variables}
            done = subprocess.run(
                [sys.executable, "-c", code, *arguments],
                env={k: v for k, v in environment.items() if v is not None},
                capture_output=True,
                text=True,
                check=False,
                timeout=timeout,
            )
            output, errors, status = done.stdout, done.stderr, done.returncode
        else:
            folder = tmp_path_factory.mktemp("script")
            files = [folder / "output", folder / "errors"]
            SERVER[0].send((code, arguments, variables, *map(str, files)))
            assert SERVER[0].poll(timeout), "the script does not end"
            status = SERVER[0].recv()
            output, errors = (file.read_text(encoding="utf-8") for file in files)
        return output.strip(), errors + (f"exit status {status}" if status else "")

    return run
