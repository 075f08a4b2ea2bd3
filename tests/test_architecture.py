"""The house keeps its shape: who may import whom, who may open what, and what a module may be called.

All of it is read from the folders: the docstring of a package says what it imports (``Imports: polars, wire.``), and
nothing here names a package but to say what that one alone may do. ``docs/architecture.md`` says why.
"""

import ast
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from pipelines.cli.speech.output import data, talk
from sites.engines import registry
from sites.engines.engine import SiteDatabase
from tests.engines import EMPTY_DATABASES

ROOT = Path(__file__).parent.parent


def folders_of_modules(place: Path) -> list[Path]:
    """The packages directly in a folder."""
    return sorted(init.parent for init in place.glob("*/__init__.py"))


PACKAGES = [folder.name for folder in folders_of_modules(ROOT) if folder.name != "tests"]

# Measuring is not part of the product: bench may go round a package to find the floor it is held against.
PRODUCT = [package for package in PACKAGES if package != "bench"]

MOST_MODULES = 15

# sync_rules decides and does nothing else: no files, clock, environment, network, log or SQL.
IMPURE = {
    "asyncio", "glob", "io", "logging", "multiprocessing", "os", "pathlib", "random", "secrets", "shutil",
    "socket", "sqlite3", "subprocess", "sys", "tempfile", "threading", "time", "urllib", "warnings",
}  # fmt: skip
IMPURE_CALLS = {
    "input",
    "now",
    "open",
    "print",
    "today",
    "utcnow",
    "uuid1",
    "uuid4",
    "read_parquet",
    "write_parquet",
}

VAGUE = {
    "base", "common", "constants", "handler", "handlers", "helper", "helpers", "manager", "managers", "misc",
    "service", "services", "util", "utils",
}  # fmt: skip


def modules_of(*packages: str) -> list[Path]:
    return sorted(path for package in packages for path in (ROOT / package).rglob("*.py"))


MODULES = modules_of(*PACKAGES)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def for_each(paths: Iterable[Path]) -> Callable[[Callable[[Path], None]], Callable[[], None]]:
    """Makes one test of a test of many files, which names each that fails: thousands of tests would cost seconds."""

    def over(test: Callable[[Path], None]) -> Callable[[], None]:
        def whole() -> None:
            assert _failures(test, paths) == {}

        whole.__name__, whole.__doc__ = test.__name__, test.__doc__
        return whole

    return over


def _failures(test: Callable[[Path], None], paths: Iterable[Path]) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in paths:
        try:
            test(path)
        except AssertionError as error:
            found[name_of(path)] = str(error)
    return found


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@cache
def imports(path: Path) -> tuple[str, ...]:
    """The full name of everything imported anywhere in a file, inside functions too: modules, and names in them."""
    found: list[str] = []
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return tuple(found)


def packages_imported(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path)}


def calls(path: Path) -> Iterator[str]:
    """What each call calls, as written: ``open``, ``duckdb.connect``, ``frame.filter(..).sort``."""
    return (ast.unparse(node.func) for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call))


def importers_of(*packages: str) -> set[str]:
    """The modules of the product that import one of these."""
    return {name_of(path) for path in modules_of(*PRODUCT) if packages_imported(path) & set(packages)}


def callers_of(*functions: str) -> set[str]:
    """The modules of the product that call one of these."""
    return {name_of(path) for path in modules_of(*PRODUCT) if set(calls(path)) & set(functions)}


def stated_imports(package: str) -> set[str]:
    """What a package says that it imports: the line `Imports: a, b.` of its docstring."""
    words = ast.get_docstring(tree_of(ROOT / package / "__init__.py")) or ""
    found = re.search(r"^Imports: ([\w, ]+)\.$", words, re.MULTILINE)
    assert found, f"the docstring of `{package}/__init__.py` has no line `Imports: ...`"
    return set(found[1].split(", "))


@cache
def children_of_folders() -> dict[Path, dict[str, set[str]]]:
    """For each folder, what is directly in it (modules, and folders as one) and what of that each imports."""
    found: dict[Path, dict[str, set[str]]] = {}
    for path in MODULES:
        importing = path.relative_to(ROOT).with_suffix("").parts
        for name in imports(path):
            imported = name.split(".")
            shared = next(
                (at for at, pair in enumerate(zip(importing, imported, strict=False)) if len(set(pair)) > 1), None
            )
            if shared is not None and imported[0] in PACKAGES:
                found.setdefault(Path(*importing[:shared]), {}).setdefault(importing[shared], set()).add(
                    imported[shared]
                )
    return found


def test_every_folder_of_modules_is_a_package():
    found = {path.parent for folder in ROOT.iterdir() if folder.name in PACKAGES for path in folder.rglob("*.py")}
    assert [folder for folder in sorted(found) if not (folder / "__init__.py").is_file()] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_what_it_says(package):
    """No less either: what is not imported any more goes from the line."""
    found = {name for path in modules_of(package) for name in packages_imported(path)}
    assert found - sys.stdlib_module_names - {package} == stated_imports(package)


@pytest.mark.parametrize("folder", children_of_folders(), ids=str)
def test_imports_run_one_way(folder):
    """No circle among the modules and folders that stand side by side, on any floor."""
    waiting = {child: {one for one in needs if one != child} for child, needs in children_of_folders()[folder].items()}
    while waiting:
        free = {child for child, needs in waiting.items() if not needs & waiting.keys()}
        assert free, f"in a circle: {sorted(waiting)}"
        waiting = {child: needs for child, needs in waiting.items() if child not in free}


@for_each(modules_of(*PRODUCT))
def test_nothing_imports_pipelines(path):
    if path.relative_to(ROOT).parts[0] != "pipelines":
        assert "pipelines" not in packages_imported(path)


@for_each(modules_of("sync_rules"))
def test_sync_rules_is_pure(path):
    assert not packages_imported(path) & IMPURE
    assert not {call.rpartition(".")[2] for call in calls(path)} & IMPURE_CALLS


ENGINES = folders_of_modules(ROOT / "sites" / "engines")
DRIVERS = ("adbc_driver_sqlite", "adbc_driver_manager", "psycopg")
OPENING = ("adbc_driver_sqlite.dbapi.connect", "psycopg.connect", "Session.connect")


def test_only_one_module_of_an_engine_opens_its_databases():
    """B1: one SQLite library per file per process, so one module that chooses it."""
    own = {driver: importers_of(driver) for driver in DRIVERS}
    for driver, importers in own.items():
        assert len({Path(name).parent for name in importers}) == 1, f"one engine has the driver {driver}"
        assert {Path(name).parents[1] for name in importers} == {Path("sites/engines")}
    assert callers_of(*OPENING) == {f"{name_of(engine)}/connection.py" for engine in ENGINES}
    assert importers_of("adbc_driver_sqlite") == {"sites/engines/sqlite/connection.py"}
    assert importers_of("sqlite3", "apsw", "connectorx", "adbc_driver_postgresql") == set()
    assert callers_of("create_engine", "sqlalchemy.create_engine") == set(), "SQLAlchemy describes; it opens nothing"


def test_an_engine_is_a_folder():
    """Each folder of ``sites/engines`` has a whole engine, which is registered under the folder's name."""
    assert sorted(registry.ENGINES) == sorted(EMPTY_DATABASES) == [folder.name for folder in ENGINES]
    for folder, load in registry.ENGINES.items():
        engine = load()
        assert issubclass(engine, SiteDatabase)
        assert engine.__module__ == f"sites.engines.{folder}.engine"
        assert engine.engine == folder
        assert not inspect.isabstract(engine), f"{folder} has no {sorted(engine.__abstractmethods__)}"
        lacking = [name for name in SiteDatabase.__annotations__ if not hasattr(engine, name)]
        assert lacking == [], f"{folder} does not say {lacking}"


def deciding(path: Path) -> Iterator[ast.AST]:
    """What a module decides by: all that is compared or looked up, the keys of mappings, what functions are handed."""
    for node in ast.walk(tree_of(path)):
        match node:
            case ast.Compare() | ast.MatchValue():
                yield from ast.walk(node)
            case ast.Subscript():
                yield from ast.walk(node.slice)
            case ast.Dict():
                yield from (key for key in node.keys if key is not None)
            case ast.Call():
                yield from node.args


ELSEWHERE = [path for path in modules_of(*PRODUCT) if not path.is_relative_to(ROOT / "sites" / "engines")]


@for_each(ELSEWHERE)
def test_no_module_asks_which_engine_a_site_has(path):
    """What differs is a method or a capability of the engine (``sites/engines/engine.py``)."""
    names = {folder.name for folder in ENGINES}
    assert [one.value for one in deciding(path) if isinstance(one, ast.Constant) and one.value in names] == []
    asking = [one for one in ast.walk(tree_of(path)) if isinstance(one, ast.Attribute) and one.attr == "engine"]
    speaks = path.is_relative_to(ROOT / "pipelines") or path == ROOT / "central" / "site_state.py"
    assert asking == [] or speaks, "what speaks to people may show it"
    engines = {f"sites.engines.{name}" for name in names}
    assert [name for name in imports(path) if ".".join(name.split(".")[:3]) in engines] == []


def test_one_module_opens_the_warehouse_and_one_makes_it():
    assert callers_of("duckdb.connect") == {"warehouse/blank.py", "warehouse/connection.py"}
    assert [path for path in modules_of(*PRODUCT) if "from duckdb import" in path.read_text("utf-8")] == []


def test_s2_only_one_module_writes_on_a_terminal_and_reads_no_markup():
    """Text of data may hold anything: what stands out is said with `bold`, and nothing asks for markup elsewhere."""
    assert importers_of("rich") == {"pipelines/cli/speech/output.py"}
    given = {
        (name_of(path), ast.unparse(one.value))
        for path in modules_of("pipelines")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
        for one in node.keywords
        if one.arg in ("markup", "emoji")
    }
    assert given == {("pipelines/cli/speech/output.py", "False")}
    consoles = [
        name
        for name in calls(ROOT / "pipelines/cli/speech/output.py")
        if name in ("Console", "Terminal", "TalkTerminal")
    ]
    assert sorted(consoles) == ["TalkTerminal", "TalkTerminal", "Terminal"]
    assert (talk._markup, talk._emoji, data._markup, data._emoji) == (False,) * 4


@for_each(modules_of("assets", "pipelines"))
def test_dagster_modules_keep_their_annotations(path):
    """Dagster reads the types of `config` and `context` when a function is decorated; text will not do."""
    if "dagster" in packages_imported(path):
        assert "__future__" not in packages_imported(path)


@for_each(MODULES)
def test_a_module_is_named_for_what_it_holds(path):
    assert path.stem not in VAGUE
    assert path.parent.name not in VAGUE


@for_each(sorted({path.parent for path in MODULES}))
def test_a_folder_holds_something_and_not_too_much(folder):
    modules = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
    assert modules or folders_of_modules(folder), "no package is kept for later"
    assert len(modules) <= MOST_MODULES


_WRITING = re.compile(
    r"(?:insert(?: or replace)? into|merge into|update|delete from|truncate)\s+(?:replica\.|"
    r"ledger\.(?:record|sequence|counter|unpublished)\b)"
)


def test_only_the_door_writes_records():
    """Replicas, what is known of records, the sequence and what is to be published change together, in one place."""
    statements = sorted((ROOT / "warehouse" / "sql").glob("*.sql"))
    written = [path for path in (*modules_of(*PRODUCT), *statements) if _WRITING.search(path.read_text("utf-8"))]
    assert {name_of(path.parent) for path in written} == {"warehouse/records"}
    openers = {name_of(path) for path in modules_of(*PRODUCT) if set(calls(path)) & _PUTTING}
    assert {Path(name).parent.name for name in openers} == {"records"}
    assert {Path(name).parent.name for name in callers_of("records.set_column", "self.set_column")} == {"records"}


_PUTTING = {"replicas.put_rows", "replicas.remove_rows", "put_facts", "append", "publication.note_as_they_are"}


FRAMES = {"frame.py", "frames.py"}
KEYS = [["table_name", "record_id"], ["site_id", "table_name", "record_id"]]


COLUMN_TYPES = {f"pl.{name}" for name in dir(pl) if isinstance(getattr(pl, name), type(pl.String))}


def is_column_type(node: ast.expr) -> bool:
    """``pl.String``, ``pl.Int64()``, ``pl.List(pl.String)``."""
    named = node.func if isinstance(node, ast.Call) else node
    return isinstance(named, ast.Attribute) and ast.unparse(named) in COLUMN_TYPES


@for_each(modules_of(*PRODUCT))
def test_frames_are_declared_where_frames_are_declared(path):
    """A frame that has a schema has a class, in a module of frames or of the facts of verdicts; keys are constants."""
    nodes = list(ast.walk(tree_of(path)))
    dicts = [
        one for one in nodes if isinstance(one, ast.Dict) and all(isinstance(key, ast.Constant) for key in one.keys)
    ]
    schemas = [one for one in dicts if any(is_column_type(value) for value in one.values)]
    lists = [ast.literal_eval(one) for one in nodes if isinstance(one, ast.List) and all_texts(one)]
    assert [ast.unparse(one) for one in schemas if path.name not in FRAMES] == []
    assert [one for one in lists if one in KEYS] == []


def all_texts(node: ast.List) -> bool:
    return bool(node.elts) and all(isinstance(one, ast.Constant) and isinstance(one.value, str) for one in node.elts)


FRAME_CLASSES = [
    pytest.param(path, node, id=node.name)
    for path in modules_of(*PRODUCT)
    for node in tree_of(path).body
    if path.name in FRAMES and name_of(path) != "sync_rules/frame.py" and isinstance(node, ast.ClassDef)
]


@pytest.mark.parametrize(("path", "node"), FRAME_CLASSES)
def test_a_frame_shows_a_row(path, node):
    """The docstring of a declared frame has an example row between double backticks."""
    assert "``" in (ast.get_docstring(node) or ""), f"{name_of(path)}: {node.name}"
