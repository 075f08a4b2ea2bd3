"""Commands and groups of commands that refuse an option that is given twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from click.shell_completion import CompletionItem
from click.types import StringParamType

from pipelines.cli.completion import site_codes
from pipelines.cli.help_texts import first_sentence
from pipelines.cli.log import options_of_talk
from pipelines.cli.what_ran import what_ran
from sync_rules.texts.likeness import meant


class _Words(click.Choice[str]):
    """A choice of words, of which a wrong one is told with those like it."""

    def get_invalid_choice_message(self, value: object, ctx: click.Context | None) -> str:
        """What is said of a wrong one."""
        words = [self.normalize_choice(one, ctx) for one in self.choices]
        return f"`{value}` is not allowed; {meant(str(value), words, 'allowed')}"


class _SiteCode(StringParamType):
    """The code of a site, which a shell completes."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The codes that begin so."""
        return [CompletionItem(code) for code in site_codes(ctx, param, incomplete)]


class OnceCommand(click.Command):
    """A command of which each option that has one value is given once: the last one would count without a word. It
    takes how to talk as the program does, and of a choice that is none it says which was meant."""

    def __init__(self, name: str | None, **attributes: Any) -> None:
        super().__init__(name, **attributes)
        self.params += options_of_talk(is_hidden=True)
        for param in self.params:
            if type(param.type) is click.Choice:
                param.type = _Words(param.type.choices, case_sensitive=param.type.case_sensitive)
            elif param.name in ("site", "sites") and param.type is click.STRING:
                param.type = _SiteCode()

    def invoke(self, ctx: click.Context) -> Any:
        """Runs it, and notes that it did."""
        what_ran().context = ctx
        return super().invoke(ctx)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Takes the arguments. Raises UsageError for an option that is there twice and has one value."""
        given = self.make_parser(ctx).parse_args(list(args))[2]
        for param in given:
            is_single = isinstance(param, click.Option) and not (param.multiple or param.is_flag)
            if is_single and given.count(param) > 1:
                name = max(param.opts, key=len)
                ctx.fail(f"{name} was given more than once, and it has one value: leave all but one out")
        return super().parse_args(ctx, args)


class _Listing(click.Group):
    """A group whose help has the first sentence of each of its commands, whole."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands and what they are for."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        if rows := [(name, first_sentence(one.help or "")) for name, one in found if one and not one.hidden]:
            with formatter.section("Commands"):
                formatter.write_dl(rows)


class OnceGroup(_Listing):
    """A group of such commands."""

    command_class = OnceCommand


class WorkingGroup(OnceCommand, _Listing):
    """A group that does something itself where none of its commands is named."""

    command_class = OnceCommand


def working_group() -> Callable[[Callable[..., Any]], WorkingGroup]:
    """Makes a function such a group."""
    return click.group(cls=WorkingGroup, invoke_without_command=True)


def command(epilog: str | None = None, name: str | None = None) -> Callable[[Callable[..., Any]], OnceCommand]:
    """Makes a function such a command, called as the function is or by another ``name``."""
    return click.command(name, cls=OnceCommand, epilog=epilog)


def group() -> Callable[[Callable[..., Any]], OnceGroup]:
    """Makes a function such a group."""
    return click.group(cls=OnceGroup)
