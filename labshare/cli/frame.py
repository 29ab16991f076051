"""What every command is run by: inside the application, its refusals said in one clear line."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from labshare import create_app
from labshare.config import BadSetting
from labshare.kernel.db import db
from labshare.kernel.errors import Problem


class House(click.Group):
    """Commands whose refusals are one clear line on standard error and exit status 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BadSetting as error:
            said = [str(error)]
        except Problem as problem:
            said = told(problem)
        for line in said:
            click.echo(f"labshare: {line}", err=True)
        return ctx.exit(1)


def told(problem: Problem) -> list[str]:
    """A problem in lines: one for each field it names, or one in all."""
    if not problem.fields:
        return [str(problem.detail or problem.title)]
    lines = []
    for field, messages in problem.fields.items():
        for message in messages if isinstance(messages, list | tuple) else [messages]:
            lines.append(str(message) if field == "file" else f"{field}: {message}")
    return lines


def in_house(command: Callable[..., Any]) -> Callable[..., Any]:
    """Run the command inside the application, made from the environment's settings when it is called."""

    @wraps(command)
    def inside(*args: Any, **options: Any) -> Any:
        with create_app().app_context():
            try:
                return command(*args, **options)
            finally:  # leave no connection to be closed by chance
                db.session.remove()
                db.engine.dispose()

    return inside


@click.group(cls=House, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="labshare")
def main() -> None:
    """LabShare: companies book instrument time at shared laboratories."""
