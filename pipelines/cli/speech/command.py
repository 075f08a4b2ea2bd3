"""Commands and groups of commands that refuse an option that is given twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click


class OnceCommand(click.Command):
    """A command of which each option that has one value is given once: the last one would count without a word."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Takes the arguments. Raises UsageError for an option that is there twice and has one value."""
        given = self.make_parser(ctx).parse_args(list(args))[2]
        for param in given:
            is_single = isinstance(param, click.Option) and not (param.multiple or param.is_flag)
            if is_single and given.count(param) > 1:
                name = max(param.opts, key=len)
                ctx.fail(f"{name} was given more than once, and it has one value: leave all but one out")
        return super().parse_args(ctx, args)


class OnceGroup(click.Group):
    """A group of such commands."""

    command_class = OnceCommand


def command(epilog: str | None = None, name: str | None = None) -> Callable[[Callable[..., Any]], OnceCommand]:
    """Makes a function such a command, called as the function is or by another ``name``."""
    return click.command(name, cls=OnceCommand, epilog=epilog)


def group() -> Callable[[Callable[..., Any]], OnceGroup]:
    """Makes a function such a group."""
    return click.group(cls=OnceGroup)
