"""`dashboard`: the pages, served or as files; `dashboard users`: who may sign in to them, and what they see."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from central.project import Project, load
from pipelines.cli.log import complain
from pipelines.cli.page_users import (
    changing_users,
    known_user,
    new_password,
    require_named,
    roster_of,
    sight_of,
    tell_lacking,
    tell_sight,
    told_in_words,
    users_and_lacking,
)
from pipelines.cli.speech.command import OnceGroup, working_group
from pipelines.cli.speech.options import PAGES_PORT, in_folder
from pipelines.cli.speech.output import as_json, show_json, show_table, talk
from sync_rules.topology.topology import LANGUAGES

if TYPE_CHECKING:
    from dashboard.access.door import SignIn


@working_group()
@click.option(
    "--port", default=PAGES_PORT, show_default=True, type=click.IntRange(1, 65535), help="Where the pages are."
)
@click.option("--bind", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option(
    "--name", "names", multiple=True, help="A further name that the server is asked by; several are possible."
)
@click.option(
    "--sign-in",
    type=click.Choice(["none", "password", "header"]),
    help="How it knows who somebody is: by password where `dashboard users` has any, else not at all, at 127.0.0.1.",
)
@click.option("--proxy", "proxies", multiple=True, help="The address of a proxy before it, or a network of them.")
@click.option(
    "--user-header", default="X-Forwarded-User", show_default=True, help="Where the proxy says who somebody is."
)
@click.option(
    "--static",
    "static",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the pages as files into this folder instead of serving them.",
)
@click.option(
    "--language",
    type=click.Choice(list(LANGUAGES)),
    help="Of the pages as files, and of those served to who asks for none; the network's own if not said.",
)
@in_folder
@click.pass_context
def dashboard(
    context: click.Context, port: int, bind: str, names: tuple[str, ...], sign_in: str | None, proxies: tuple[str, ...],
    user_header: str, static: Path | None, language: str | None, folder: Path,
) -> int:  # fmt: skip
    """The pages over the published snapshots: stock, sync, usage, expiry, transfers. Shows, changes nothing.

    \b
    Example: supplysync dashboard -C demo-network
             supplysync dashboard -C demo-network --static pages --language fr
             supplysync dashboard users add ann --region North
    """
    if context.invoked_subcommand is not None:
        return 0
    project = load(folder)
    spoken = language or project.topology.language
    if static is not None:
        return _write(project.published, static, spoken)
    by, warning = _sign_in(project, bind, sign_in, proxies, user_header)
    return _serve(project.published, bind, port, names, by, spoken, warning)


def _write(published: Path, static: Path, language: str) -> int:
    from dashboard.static_site import NotOurFolder, write_site  # few commands need the pages

    try:
        number = write_site(published, static.absolute(), language)
    except NotOurFolder as error:
        raise click.UsageError(str(error)) from None
    talk.print(f"{number} files; open {static / 'index.html'}")
    return 0


def _serve(
    published: Path, bind: str, port: int, names: tuple[str, ...], by: SignIn, language: str, warning: str | None
) -> int:
    from dashboard.server import CannotListen, can_listen, serve

    try:
        can_listen(bind, port)
    except CannotListen as error:
        complain(str(error))
        return 3
    if warning:
        talk.print(f"warning: {warning}")
    talk.print(f"Pages: http://{bind}:{port}   (Ctrl-C stops it)")
    serve(published, bind, port, names, by, language)
    return 0


def _sign_in(
    project: Project, bind: str, kind: str | None, proxies: tuple[str, ...], user_header: str
) -> tuple[SignIn, str | None]:
    from dashboard.access.choice import SECRET_VARIABLE, UnsafeSignIn, chosen_sign_in
    from dashboard.access.proxies import BadProxy
    from dashboard.server import is_loopback

    secret = project.environment.get(SECRET_VARIABLE, "")
    beyond = None if is_loopback(bind) else bind
    try:
        with told_in_words():
            return chosen_sign_in(roster_of(project), kind, proxies, user_header, secret, beyond=beyond)
    except (BadProxy, UnsafeSignIn) as error:
        raise click.UsageError(str(error)) from None


@dashboard.group(cls=OnceGroup)
def users() -> None:
    """Who may sign in to the pages, and which stores they see. Pages that run hear of it at once."""


_ALL = click.option("--all", "is_all", is_flag=True, help="They see all stores, and what is of the whole network.")
_STORES = click.option("--store", "stores", multiple=True, help="The code of a store that they see; or several.")
_ROLE = click.option(
    "--role",
    type=click.Choice(["viewer", "operator"]),
    help="An operator sees all stores, and both versions of rejected changes.",
)
_REGIONS = click.option("--region", "regions", multiple=True, help="The name of a region whose stores they see.")


@users.command()
@click.argument("name")
@_ALL
@_STORES
@_REGIONS
@_ROLE
@click.option("--no-password", "is_without", is_flag=True, help="A proxy lets them in: `--sign-in header`.")
@in_folder
def add(
    name: str, is_all: bool, stores: tuple[str, ...], regions: tuple[str, ...], role: str | None, is_without: bool,
    folder: Path,
) -> None:  # fmt: skip
    """Let NAME sign in. The password is asked for, or read from stdin, one line; it is shown and kept nowhere.

    \b
    Example: supplysync dashboard users add ann --all
             supplysync dashboard users add ben --store HC01 --store HC02
             supplysync dashboard users add ann@x.org --region North --no-password
             supplysync dashboard users add carol --role operator
    """
    from dashboard.guests.people import EVERYBODY, Viewer, plain_name

    is_operator = role == "operator"
    sight = sight_of(is_all, stores, regions, is_operator=is_operator)
    with changing_users(folder) as viewers:
        name = plain_name(name)
        require_named(name, is_operator=is_operator)
        if name in viewers:
            raise click.UsageError(f"`{name}` is there already: `supplysync dashboard users change {name}`")
        password = None if is_without or name == EVERYBODY else new_password(name)
        is_first = not viewers
        viewers[name] = made = Viewer(name, sight, password, is_operator)
    tell_sight(folder, made, "; pages that run ask for it once they begin again" if is_first else "")


@users.command()
@click.argument("name")
@_ALL
@_STORES
@_REGIONS
@_ROLE
@click.option("--password", "is_new", is_flag=True, help="Give them a new password, which is asked for.")
@in_folder
def change(
    name: str, is_all: bool, stores: tuple[str, ...], regions: tuple[str, ...], role: str | None, is_new: bool,
    folder: Path,
) -> None:  # fmt: skip
    """Give NAME another password or role, or other stores to see. They have to sign in again.

    \b
    Example: supplysync dashboard users change ben --password
             supplysync dashboard users change ben --region North
    """
    if not (is_new or is_all or stores or regions or role):
        raise click.UsageError("say what is to change: --password, --role, or --all, --store, --region")
    with changing_users(folder) as viewers:
        found = known_user(viewers, name)
        is_operator = role == "operator" if role else found.is_operator
        require_named(found.name, is_operator=is_operator)
        is_other = is_all or stores or regions or (is_operator and not found.is_operator)
        sight = sight_of(is_all, stores, regions, is_operator=is_operator) if is_other else found.sight
        password = new_password(found.name) if is_new else found.password
        made = replace(found, sight=sight, password=password, is_operator=is_operator)
        viewers[found.name] = made
    tell_sight(folder, made)


@users.command(name="remove")
@click.argument("name")
@in_folder
def remove_user(name: str, folder: Path) -> None:
    """Let NAME in no more; who is signed in is out.

    \b
    Example: supplysync dashboard users remove ben
    """
    with changing_users(folder) as viewers:
        del viewers[known_user(viewers, name).name]
    talk.print(f"{name} may not sign in any more")


@users.command(name="list")
@as_json
@in_folder
def list_users(as_json: bool, folder: Path) -> None:
    """Who may sign in, and what they see.

    \b
    Example: supplysync dashboard users list
    """
    from dashboard.guests.people import role_of

    found = users_and_lacking(load(folder))
    rows = [
        {"name": one.name, "sees": one.sight.words, "role": role_of(one), "has_password": one.password is not None,
         "lacking": gone}
        for one, gone in found
    ]  # fmt: skip
    if as_json:
        show_json({"users": rows})
    else:
        columns = {"name": "name", "sees": "sees", "role": "role", "has_password": "password"}
        show_table("Users", columns, rows)
    for one, gone in found:
        tell_lacking(gone, f"{one.name}: ")
