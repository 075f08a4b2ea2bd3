"""`completion`: what a shell needs to complete commands, options and sites."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from pipelines.cli.speech.command import command

_VARIABLE = "_SUPPLYSYNC_COMPLETE"


@command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Write the script by which a SHELL completes commands, options, words and the codes of sites.

    \b
    Example: supplysync completion bash >> ~/.bashrc
             supplysync completion zsh >> ~/.zshrc
    \b
    fish: supplysync completion fish > ~/.config/fish/completions/supplysync.fish
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"nothing is known of the shell `{shell}`")
    made = kind(click.get_current_context().find_root().command, {}, "supplysync", _VARIABLE)
    click.echo(f"{made.source_template % made.source_vars()}\n", nl=False)
