"""`case report` and `hold report` as requests; what is printed is made here."""

from postwarden.cli.cases import proving
from postwarden.cli.holds import tell_report
from postwarden.cli.output import Output
from postwarden.cli.remote.client import Client
from postwarden.cli.remote.words import Words


def case(client: Client, output: Output, words: Words) -> None:
    """Tell who had a case's mail, in the form that is wanted."""
    form = proving.known_form(words["form"])
    shape = client.ask("GET", f"/cases/{words['case']}/report")
    proving.tell_report(output, shape, form)


def hold(client: Client, output: Output, words: Words) -> None:
    """Show what a hold protects."""
    tell_report(output, client.ask("GET", f"/holds/{words['hold']}/report"))
