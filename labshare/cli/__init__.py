"""The `labshare` command; every part of it calls a use case, as the clockwork unless it says otherwise."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from flask import current_app
from flask_migrate import upgrade as migrate_up

from labshare import supervisor
from labshare.booking import services as bookings
from labshare.cli import usage
from labshare.cli.frame import in_house, main
from labshare.clockwork import queries as clockwork_queries
from labshare.clockwork import services as clockwork
from labshare.config import Settings
from labshare.instruments import hours, notice
from labshare.instruments import services as instruments
from labshare.instruments.workdays import FIRST_YEAR, LAST_YEAR
from labshare.kernel import clock
from labshare.kernel.actor import MEMBER, ROLES, SYSTEM
from labshare.kernel.db import snapshot
from labshare.kernel.errors import NotFound
from labshare.people import links, queries, rules
from labshare.people import services as people
from labshare.quotas.jobs import open_periods

__all__ = ["main", "usage"]


@main.command()
@in_house
def upgrade() -> None:
    """Bring the database to the present form; does nothing where it is there already."""
    migrate_up()
    if opened := open_periods(clock.now())["accounts"]:  # else nobody could book before the clockwork has run
        click.echo(f"{opened} accounts opened, with what is booked and was used.")
    if counted := bookings.recount(SYSTEM, clock.now()):  # the version before did not count, or not all of it
        click.echo(f"{counted} sums of companies, instruments and months counted.")


# ---------------------------------------------------------------- people


@main.group()
def user() -> None:
    """People and their passwords."""


@user.command("add")
@click.argument("email")
@click.option("--name", required=True)
@click.option("--role", type=click.Choice(ROLES), default=MEMBER, show_default=True)
@click.option("--company", type=int, help="The company's id; for members and company admins.")
@click.option("--site", "sites", multiple=True, help="The code of a site; for lab managers, repeatable.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@in_house
def user_add(
    email: str, name: str, role: str, company: int | None, sites: tuple[str, ...], password_stdin: bool
) -> None:
    """Enter a person; the first admin of a new installation, for instance."""
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    people.add_person(SYSTEM, email, name, role, password, company, sites)
    click.echo(f"{rules.canonical_email(email)} can sign in.")


@user.command("reset")
@click.argument("email")
@in_house
def user_reset(email: str) -> None:
    """Print a link with which the person can set a new password within 30 minutes."""
    person_id, version = queries.reset_of(_person(email))
    click.echo(links.address(links.RESET, person_id, version))


def _person(email: str) -> int:
    person_id = queries.person_id_of(rules.canonical_email(email))
    if person_id is None:
        raise NotFound(rules.nobody_with(email))
    return person_id


@main.group()
def token() -> None:
    """API tokens."""


@token.command("create")
@click.argument("email")
@click.option("--name", default="command line", show_default=True)
@in_house
def token_create(email: str, name: str) -> None:
    """Make an API token for a person and print it, and nothing else, on standard output."""
    click.echo(people.create_token(SYSTEM, _person(email), name))


# ---------------------------------------------------------------- files


@main.group("import")
def bring_in() -> None:
    """Read companies, instruments or a year's holidays from a file; all of it, or nothing where a line is wrong."""


def read_csv(path: Path) -> str:
    """A file's text; a byte order mark of spreadsheets is tolerated."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{path} is not UTF-8; please save it as CSV UTF-8.") from error


FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
DRY_RUN = click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")


@bring_in.command("companies")
@FILE
@DRY_RUN
@in_house
def import_companies(file: Path, dry_run: bool) -> None:
    """Create or change companies, known by their codes."""
    counts = people.import_companies(SYSTEM, read_csv(file), dry_run)
    click.echo(f"{counts.created} created, {counts.changed} changed, {counts.unchanged} unchanged")


@bring_in.command("instruments")
@FILE
@DRY_RUN
@in_house
def import_instruments(file: Path, dry_run: bool) -> None:
    """Create or change instruments, known by their codes."""
    done = instruments.import_instruments(SYSTEM, read_csv(file), dry_run=dry_run)
    click.echo(f"{len(done.created)} created, {len(done.changed)} changed, {len(done.unchanged)} unchanged")


@bring_in.command("workdays")
@FILE
@click.option("--site", required=True, help="The site's code.")
@click.option("--year", type=click.IntRange(FIRST_YEAR, LAST_YEAR), required=True)
@in_house
def import_workdays(file: Path, site: str, year: int) -> None:
    """Take a year's holiday notice into a site's calendar, CSV (date,kind,name) or JSON; its bookings are rechecked."""
    days = notice.read(read_csv(file), year)
    instruments.import_year(SYSTEM, hours.at_site(site).site_id, year, days)
    click.echo(f"{len(days)} days of {year} at {site}")


# ---------------------------------------------------------------- the house


@main.command()
@click.option("--demo", is_flag=True, help="Fill an empty database with the demo laboratory.")
def serve(demo: bool) -> None:
    """Bring the database up to date, then run web workers and scheduler until told to end."""
    from labshare import serve as house

    sys.exit(house.serve(Settings.from_env(), demo=demo))


@main.command()
def scheduler() -> None:
    """Run the clockwork alone, and keep it running; as many as wished, one of them leads."""
    Settings.from_env()  # what cannot work is said here, once, and not by one child after the other
    sys.exit(supervisor.supervise())


@main.group()
def jobs() -> None:
    """What runs by itself."""


@jobs.command("list")
@in_house
def jobs_list() -> None:
    """Each job, when it last ran, what it did, how late it is, and why it stands still where it does."""
    for line in clockwork_queries.lines(clock.now()):
        last = f"{line.last.started_at:%Y-%m-%d %H:%M:%SZ}" if line.last else "never"
        still = f"  paused: {line.pause.reason}" if line.pause else ""
        click.echo(f"{line.job.name:24} {last:20} lag {line.lag_seconds:.0f} s  {line.outcome()}{still}")


@jobs.command("run")
@click.argument("name")
@click.option("--dry-run", is_flag=True, help="Say what it would do, and do nothing.")
@in_house
def jobs_run(name: str, dry_run: bool) -> None:
    """Do one job now; again at once there is nothing to do."""
    if dry_run:
        counts = clockwork.preview_job(SYSTEM, name)
        click.echo(", ".join(f"{what} {count}" for what, count in counts.items() if count) or "nothing to do")
        return
    line = clockwork.run_job(SYSTEM, name)
    click.echo(str(line.outcome()))
    if line.last is not None and line.last.error:
        sys.exit(1)


@jobs.command("pause")
@click.argument("name")
@click.option("--reason", required=True, help="Why; everybody who looks at the jobs reads it.")
@in_house
def jobs_pause(name: str, reason: str) -> None:
    """Let a job stand still until it is resumed."""
    clockwork.pause(SYSTEM, name, reason)


@jobs.command("resume")
@click.argument("name")
@in_house
def jobs_resume(name: str) -> None:
    """Let a paused job run again; what it missed is done at once."""
    clockwork.resume(SYSTEM, name)


@main.command()
@in_house
def demo() -> None:
    """Fill an empty database with the demo laboratory; refused in production and where companies are."""
    from labshare import demo as laboratory
    from labshare.demo.bar import progress_bar

    laboratory.refuse_production()
    migrate_up()
    with progress_bar() as progress:
        made = laboratory.load(progress)
    click.echo("{companies} companies, {instruments} instruments, {bookings} bookings.".format_map(made))
    click.echo(f"Sign in with the password {laboratory.PASSWORD} as")
    for email in laboratory.SIGN_INS:
        click.echo(f"  {email}")


@main.command()
@in_house
def check() -> None:
    """Ask every invariant of one snapshot of the database; exit status 1 where one is broken."""
    broken = False
    with snapshot() as session:
        for name, breaches_of in current_app.extensions["checks"]:
            breaches = breaches_of(session)
            broken = broken or bool(breaches)
            click.echo(f"BREACH {name}: {'; '.join(breaches)}" if breaches else f"ok {name}")
    if broken:
        sys.exit(1)
