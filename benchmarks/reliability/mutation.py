"""Change the code in small ways, and count which changes its tests notice.

    python -m benchmarks.reliability.mutation --threads 1  # 100 mutants a room
    python -m benchmarks.reliability.mutation --quick      # 5
    python -m benchmarks.reliability.mutation --again      # those that survived

A mutant is one change of one place: a comparison, an operator, a constant, a default,
what is returned, the condition of an error. Of the rooms' places, all of which are
listed, a seeded sample is drawn without replacement, as many from each room. A mutant
is killed if a test fails that passes without it, or takes ten times as long. It is
asked for by the tests that run its lines, the fastest first, until together they would
take --budget seconds; who is left then counts as a survivor, as does a mutant in lines
that no test runs.

Nothing is written to the sources: all tests are collected once, and a copy of the
process is made for each mutant, in which the code of its functions is replaced. What
the import runs is not in functions, or has had its effect: there the package and its
tests are imported again, the changed module among them. Tests of processes of their
own see the code as it is, so they kill no mutant. No test file may make polars start
its threads while it is collected: the copies would wait for them for ever.

Outcomes are appended to --log, and a run that was ended goes on behind it.
"""

import contextlib
import gc
import json
import os
import resource
import signal
import sys
from collections import defaultdict
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, FunctionType

import coverage
import pytest

from benchmarks.lib import mutant_code, mutation_report, report_page

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("objectives", "encoding", "io", "storage", "metrics")
# Beside those of the room's own folder, and its doctests.
MORE_TESTS: dict[str, list[str]] = {}
FLAGS = ("-o", "addopts=", "--doctest-modules", "--import-mode=importlib", "-q", "-s")
PLUGINS = ("-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:pytest_cov")
EXIT = pytest.ExitCode
MAX_MEMORY = 12 * 2**30
OUTCOMES = {0: "survived", 1: "killed", 2: "failed"}


def fork(work, report=None):
    """Return the status of a process that does `work`, and exits with its result."""
    pid = os.fork()
    if pid == 0:
        status = 2
        try:
            os.setpgid(0, 0)
            silence = os.open(os.devnull, os.O_RDWR)
            for stream in (1, 2):
                os.dup2(report or silence, stream)
            status = work()
        except BaseException as error:
            print(f"{error!r}", file=sys.stderr, flush=True)
        finally:
            os._exit(status)
    _, status = os.waitpid(pid, 0)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)  # what it may have started
    return status


def processor_time():
    """Return the seconds of this process and of those it waited for."""
    return sum(os.times()[:4])


def limit(seconds):
    """End the process if a test that takes `seconds` takes much longer, or hangs."""
    signal.setitimer(signal.ITIMER_PROF, 10 * seconds + 5)
    signal.setitimer(signal.ITIMER_REAL, 40 * seconds + 600)


class Timed:
    """Gives up on tests that take too long, but not on what pytest does with them."""

    def __init__(self, seconds):
        self.seconds = seconds
        signal.signal(signal.SIGPROF, self.give_up)

    @staticmethod
    def give_up(*_):
        raise TimeoutError("this test takes too long to be asked for mutants")

    @pytest.hookimpl(wrapper=True)
    def pytest_pyfunc_call(self):
        signal.setitimer(signal.ITIMER_PROF, self.seconds)
        try:
            return (yield)
        except TimeoutError as error:
            # Reports want lines, which a signal between two of them does not have.
            pytest.fail(str(error), pytrace=False)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)


def measure(items, tracer, options):
    """Run all tests; write which pass, for how long, and the lines of each."""
    seconds = {}
    items[0].config.pluginmanager.register(Timed(options.slow))
    for item, then in zip(items, [*items[1:], None], strict=True):
        tracer.switch_context(item.nodeid)
        failed, began = item.session.testsfailed, processor_time()
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=then)
        if item.session.testsfailed == failed:
            seconds[item.nodeid] = round(processor_time() - began, 4)
        else:
            os.write(2, f"\nleft out: {item.nodeid}\n".encode())
    tracer.stop()
    data = tracer.get_data()
    lines = {
        Path(file).relative_to(ROOT).as_posix(): data.contexts_by_lineno(file)
        for file in data.measured_files()
    }
    options.map.write_text(json.dumps({"seconds": seconds, "lines": lines}))
    return 0


class Map:
    """Which tests run which lines."""

    def __init__(self, path):
        stored = json.loads(path.read_text())
        self.seconds, self.lines = stored["seconds"], stored["lines"]

    def _tests(self, file, lines):
        of = self.lines.get(file, {})
        contexts = {context for n in lines for context in of.get(str(n), ())}
        return {c.removeprefix("import|") for c in contexts} & self.seconds.keys()

    def is_imported(self, mutant):
        """Whether the import runs the mutant's place."""
        lines = self.lines.get(mutant.file, {})
        return not mutant.is_late or "import" in lines.get(str(mutant.line), ())

    def chosen(self, mutant, budget):
        """Return the tests to ask, the fastest first."""
        tests = self._tests(mutant.file, mutant.lines)
        if not mutant.is_late:
            room = mutant.file.rpartition("/")[0]
            tests |= self._tests(
                mutant.file, mutant_code.lines_of_users(ROOT, mutant)
            ) or self._tests(mutant.file, self.lines.get(mutant.file, ()))
            tests = tests or {
                test
                for file in self.lines
                if file.startswith(room)
                for test in self._tests(file, self.lines[file])
            }
        chosen, total = [], 0.0
        for test in sorted(tests, key=lambda t: (self.seconds[t], t)):
            total += self.seconds[test]
            if chosen and total > budget:
                break
            chosen.append(test)
        # Those of a file in a row: they share what is set up for it.
        files = list(dict.fromkeys(test.partition("::")[0] for test in chosen))
        return sorted(chosen, key=lambda test: files.index(test.partition("::")[0]))


def functions_by_file():
    """Return every function, by its file, having emptied the caches of all."""
    found = defaultdict(list)
    gc.unfreeze()  # the tests' conftest hides them from it
    for thing in gc.get_objects():
        if type(thing) is FunctionType:
            found[thing.__code__.co_filename].append(thing)
        elif type(thing).__name__ == "_lru_cache_wrapper":
            thing.cache_clear()
    return found


def place(code):
    return code.co_qualname, code.co_firstlineno


def swap(functions, code):
    """Give each function its code from the changed module."""
    codes, waiting = {}, [code]
    while waiting:
        inner = [c for c in waiting.pop().co_consts if isinstance(c, CodeType)]
        codes.update((place(c), c) for c in inner)
        waiting += inner
    for function in functions:
        new = codes.get(place(function.__code__))
        if new is not None and new.co_freevars == function.__code__.co_freevars:
            function.__code__ = new


def ask(items, seconds):
    """Run tests until one fails; 1 if one did."""
    session = items[0].session
    before = session.testsfailed
    for item, then in zip(items, [*items[1:], None], strict=True):
        limit(seconds[item.nodeid])
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=then)
        if session.testsfailed > before:
            print(f"\n{item.nodeid}", flush=True)
            return 1
    return 0


class Chosen:
    """Runs chosen tests of a session, each in its time; ends with one that fails."""

    def __init__(self, tests, seconds):
        self.tests, self.seconds = tests, seconds

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items):
        found = {item.nodeid: item for item in items}
        items[:] = [found[test] for test in self.tests if test in found]

    def pytest_runtest_protocol(self, item):
        limit(self.seconds[item.nodeid])

    def pytest_runtest_logreport(self, report):
        if report.failed:
            os.write(1, f"\n{report.nodeid}\n".encode())
            os._exit(1)

    def pytest_sessionfinish(self, exitstatus):
        # Without the collections of garbage at the end. A module that cannot be
        # imported is noticed; that no test is left is not.
        os._exit(exitstatus not in (EXIT.OK, EXIT.NO_TESTS_COLLECTED))


def ask_anew(path, code, tests, seconds):
    """Import the package with a changed module, run tests, and exit: 1 if one fails."""
    for name in list(sys.modules):
        if name.partition(".")[0] in ("skgan", "tests", "conftest"):
            del sys.modules[name]
    get_code = SourceFileLoader.get_code

    def get_changed(self, fullname):
        return code if self.path == path else get_code(self, fullname)

    SourceFileLoader.get_code = get_changed
    limit(5)
    files = list(dict.fromkeys(test.partition("::")[0] for test in tests))
    # Rewriting assertions, pytest would load files that it is given by itself.
    flags = (*FLAGS, *PLUGINS, "--assert=plain", "-x")
    pytest.main([*flags, *files], [Chosen(tests, seconds)])
    return 1


class Zygote:
    """Instead of running the tests it collected, try them on mutants."""

    def __init__(self, options, tracer):
        self.options, self.tracer = options, tracer

    def pytest_runtestloop(self, session):
        options = self.options
        if not options.map.exists():
            fork(lambda: measure(session.items, self.tracer, options), 2)
        self.tracer.stop()
        self.map = Map(options.map)
        self.items = {item.nodeid: item for item in session.items}
        self.functions = functions_by_file()
        gc.freeze()
        log, tried = mutation_report.read_log(options.log), choose(options)
        for room in options.rooms:
            self.check([m for m in tried if f"/{room}/" in m.file])
        for mutant in tried:
            last = log.get(mutant.name, {}).get("outcome")
            if last is None or (options.again and last not in mutation_report.KILLED):
                entry = self.try_mutant(mutant)
                with options.log.open("a") as file:
                    file.write(json.dumps(entry) + "\n")
        return True

    def check(self, mutants):
        """Require that both ways kill nothing where nothing is changed."""
        tested = ((m, self.map.chosen(m, 0.5)) for m in mutants)
        mutant, tests = next((m, tests) for m, tests in tested if tests)
        tree = mutant_code.read(ROOT / mutant.file)
        for is_imported in (False, True):
            outcome, by = self.judge(mutant, tree, tests, is_imported)
            if outcome != "survived":
                raise AssertionError(f"{mutant.file} unchanged: {outcome} by {by}")

    def judge(self, mutant, tree, tests, is_imported):
        """Return the outcome, and what was printed last."""
        path = str(ROOT / mutant.file)
        code = compile(tree, path, "exec", dont_inherit=True)

        def work():
            resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
            if is_imported:
                return ask_anew(path, code, tests, self.map.seconds)
            swap(self.functions[path], code)
            return ask([self.items[test] for test in tests], self.map.seconds)

        said = os.memfd_create("said")
        status = fork(work, said)
        text = os.pread(said, 1 << 20, 0).decode(errors="replace").strip()
        os.close(said)
        if os.WIFSIGNALED(status):
            is_late = os.WTERMSIG(status) in (signal.SIGALRM, signal.SIGPROF)
            return "timeout" if is_late else "killed", text.rpartition("\n")[2]
        return OUTCOMES[os.WEXITSTATUS(status)], text.rpartition("\n")[2]

    def try_mutant(self, mutant):
        began = processor_time()
        tests = self.map.chosen(mutant, self.options.budget)
        tree, is_imported = (
            mutant_code.mutate(ROOT, mutant),
            self.map.is_imported(mutant),
        )
        outcome, by = "survived", ""
        if tests:
            outcome, by = self.judge(mutant, tree, tests, is_imported)
        return {
            "name": mutant.name,
            "kind": mutant.kind,
            "text": mutant.text,
            "outcome": outcome,
            "tests": len(tests),
            "imported": is_imported,
            "by": by if outcome != "survived" else "",
            "seconds": round(processor_time() - began, 2),
        }


def choose(options):
    """Return all mutants that are tried."""
    rooms = [mutation_report.sample(ROOT, room, options) for room in options.rooms]
    return [mutant for room in rooms for mutant in room]


def main():
    parser = report_page.argument_parser(__doc__)
    rooms = (*ROOMS, "samplers")
    parser.add_argument("--rooms", nargs="+", choices=rooms, default=list(ROOMS))
    parser.add_argument("--mutants", type=int, default=100, help="of each room")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--budget", type=float, default=10.0, help="seconds of tests")
    parser.add_argument(
        "--slow", type=float, default=4.0, help="seconds; tests of more are left out"
    )
    parser.add_argument("--tests", nargs="+", help="instead of those of the rooms")
    parser.add_argument("--again", action="store_true", help="try survivors again")
    parser.add_argument("--map", type=Path, default=Path("mutation_map.json"))
    parser.add_argument("--log", type=Path, default=Path("mutation.jsonl"))
    options = report_page.parse(parser)
    if options.quick:
        options.mutants = 5
    os.chdir(ROOT)
    patterns = options.tests or [
        pattern
        for room in options.rooms
        for pattern in (f"tests/{room}", f"skgan/{room}", *MORE_TESTS.get(room, ()))
    ]
    paths = [str(path) for pattern in patterns for path in sorted(ROOT.glob(pattern))]
    tracer = coverage.Coverage(
        data_file=None, config_file=False, source_pkgs=["skgan"], context="import"
    )
    for name in [n for n in sys.modules if n.partition(".")[0] == "skgan"]:
        del sys.modules[name]  # report_page has imported it, untraced
    tracer.start()
    zygote = Zygote(options, tracer)
    if pytest.main([*FLAGS, *PLUGINS, *paths], plugins=[zygote]) != 0:
        raise SystemExit("the tests were not tried on all mutants: see above")
    lines = mutation_report.report(ROOT, options)
    report_page.publish([*report_page.heading("Mutation"), *lines], options)


if __name__ == "__main__":
    main()
