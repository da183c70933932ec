"""What the sandbox vendors received, as plain pages for a browser: mails, records, messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from html import escape
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from starters.sandbox.hubspot import HubspotSandbox
from starters.sandbox.inbox import StoredMail
from starters.sandbox.mail import MailSandbox
from starters.sandbox.marketo import MarketoSandbox
from starters.sandbox.salesforce import SalesforceSandbox
from starters.sandbox.salesforce.schema import OBJECTS
from starters.sandbox.slack import SlackSandbox

_STYLE = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:0 auto;padding:1rem}
nav a{margin-right:1.2rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid #8884}
pre,td{overflow-wrap:anywhere;white-space:pre-wrap}
pre,iframe{border:1px solid #8886;border-radius:4px;padding:.8rem}
iframe{width:100%;height:28rem;background:#fff;box-sizing:border-box}
.none{opacity:.7}
"""
_NAV = (
    *(("/", "Sandbox"), ("/inbox", "Inbox"), ("/crm", "CRM"), ("/marketing", "Marketing")),
    *(("/slack-messages", "Slack"), ("/texts", "Texts"), ("/teams-cards", "Teams")),
)
_HUBSPOT = ("contacts", "meetings", "events")

# No script ever runs here, and nothing is fetched from elsewhere: mails are strangers' pages.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'"

_COLUMNS = {
    "Lead": ("Name", "Company", "Email", "Status", "HasOptedOutOfEmail"),
    "Contact": ("Name", "Email", "HasOptedOutOfEmail"),
    "Task": ("Subject", "Type", "Status", "ActivityDate", "WhoId"),
    "Event": ("Subject", "StartDateTime", "EndDateTime", "WhoId"),
    "Note": ("Title", "ParentId"),
    "Campaign": ("Name", "Status"),
    "CampaignMember": ("CampaignId", "LeadId", "ContactId", "Status", "HasResponded"),
    "User": ("Name", "Username", "Email"),
    "Account": ("Name",),
}
_LINKED_BY = {
    "Task": "WhoId",
    "Event": "WhoId",
    "Note": "ParentId",
    "CampaignMember": "LeadId",
}


class Shown(Protocol):
    """The vendors that the pages show."""

    @property
    def salesforce(self) -> SalesforceSandbox: ...
    @property
    def slack(self) -> SlackSandbox: ...
    @property
    def mail(self) -> MailSandbox: ...
    @property
    def hubspot(self) -> HubspotSandbox: ...
    @property
    def marketo(self) -> MarketoSandbox: ...


class Pages:
    """The pages over the vendors; every value on them is escaped."""

    def __init__(self, vendors: Shown) -> None:
        self._salesforce = vendors.salesforce
        self._slack = vendors.slack
        self._mail = vendors.mail
        self._hubspot = vendors.hubspot
        self._marketo = vendors.marketo

    def routes(self) -> list[BaseRoute]:
        """The paths of the pages."""
        return [
            Route("/", self._index),
            Route("/inbox", self._inbox),
            Route("/inbox/{id}.eml", self._raw_mail),
            Route("/inbox/{id}", self._one_mail),
            Route("/crm", self._crm),
            Route("/crm/{object}/{id}", self._one_record),
            Route("/slack-messages", self._messages),
            Route("/marketing", self._platforms),
        ]

    async def _index(self, request: Request) -> Response:
        counts = [
            ("/inbox", "Mails", len(self._mail.messages())),
            ("/crm", "CRM records", sum(len(self._salesforce.rows(n)) for n in _COLUMNS)),
            ("/slack-messages", "Slack messages", len(self._slack.messages())),
            ("/marketing", "HubSpot and Marketo records", sum(map(len, self._lists().values()))),
        ]
        rows = [(_link(path, name), str(count)) for path, name, count in counts]
        text = "<p>The vendors of this demo run on this machine. Nothing here leaves it.</p>"
        return page("Sandbox", text + grid(("Vendor", "Received"), rows))

    async def _inbox(self, request: Request) -> Response:
        rows = [
            (
                cell(f"{mail.at:%Y-%m-%d %H:%M:%S} UTC"),
                cell(mail.to_address),
                _link(f"/inbox/{mail.path.stem}", mail.subject or "(no subject)"),
            )
            for mail in reversed(self._mail.messages())
        ]
        return page("Inbox", grid(("At", "To", "Subject"), rows))

    async def _raw_mail(self, request: Request) -> Response:
        """The bytes as they came, for a mail program or for prospects who answer."""
        found = self._found(request)
        if found is None:
            return page("No such mail", "", status=404)
        return Response(found.path.read_bytes(), media_type="message/rfc822")

    def _found(self, request: Request) -> StoredMail | None:
        wanted = request.path_params["id"]
        return next((m for m in self._mail.messages() if m.path.stem == wanted), None)

    async def _one_mail(self, request: Request) -> Response:
        found = self._found(request)
        if found is None:
            return page("No such mail", "", status=404)
        message = _parsed(found)
        headers = [(cell(name), cell(value)) for name, value in message.items()]
        body = grid(("Header", "Value"), headers)
        if text := _part(message, "plain"):
            body += f"<h2>Text</h2><pre>{escape(text)}</pre>"
        if html := _part(message, "html"):
            # Links may be followed in a new tab; scripts and forms may not run.
            inner = escape(f'<base target="_blank">{html}')
            loose = "allow-popups allow-popups-to-escape-sandbox"
            body += (
                f'<h2>HTML</h2><iframe title="HTML" sandbox="{loose}" srcdoc="{inner}"></iframe>'
            )
        return page(found.subject or "(no subject)", body)

    async def _crm(self, request: Request) -> Response:
        body = ""
        for name, columns in _COLUMNS.items():
            if rows := self._salesforce.rows(name):
                body += f"<h2>{name} ({len(rows)})</h2>" + _records(name, columns, rows)
        return page("CRM", body)

    async def _one_record(self, request: Request) -> Response:
        name, wanted = request.path_params["object"], request.path_params["id"]
        known = OBJECTS.get(name.lower())
        rows = self._salesforce.rows(known.name) if known else []
        found = next((row for row in rows if row["Id"] == wanted), None)
        if known is None or found is None:
            return page("No such record", "", status=404)
        shown = [(cell(key), cell(value)) for key, value in found.items() if value is not None]
        body = grid(("Field", "Value"), shown)
        for other, link in _LINKED_BY.items():
            linked = [row for row in self._salesforce.rows(other) if row.get(link) == wanted]
            if linked:
                body += f"<h2>{other} ({len(linked)})</h2>"
                body += _records(other, _COLUMNS[other], linked)
        return page(f"{known.name} {found.get('Name') or found.get('Subject') or wanted}", body)

    async def _messages(self, request: Request) -> Response:
        rows = [
            (cell(m["ts"]), cell(m["name"]), cell(m["text"]))
            for m in reversed(self._slack.messages())
        ]
        return page("Slack messages", grid(("Timestamp", "Channel", "Text"), rows))

    async def _platforms(self, request: Request) -> Response:
        body = ""
        for name, rows in self._lists().items():
            if rows:
                columns = list(dict.fromkeys(column for row in rows for column in row))
                cells = [tuple(cell(row.get(column)) for column in columns) for row in rows]
                body += f"<h2>{name} ({len(rows)})</h2>" + grid(columns, cells)
        return page("HubSpot and Marketo", body or grid((), ()))

    def _lists(self) -> dict[str, list[dict[str, Any]]]:
        found = {f"HubSpot {sort}": self._hubspot.rows(sort) for sort in _HUBSPOT}
        return found | {"Marketo leads": self._marketo.leads()}


def page(title: str, body: str, status: int = 200) -> Response:
    """A page with this body, which is HTML already."""
    nav = "".join(_link(path, name) for path, name in _NAV)
    html = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body><nav>{nav}</nav><h1>{escape(title)}</h1>{body}</body></html>"
    )
    return HTMLResponse(html, status, headers={"Content-Security-Policy": _POLICY})


def grid(head: Iterable[str], rows: Sequence[tuple[str, ...]]) -> str:
    """A table of cells that are HTML already."""
    if not rows:
        return '<p class="none">Nothing yet.</p>'
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table>"


def _records(name: str, columns: tuple[str, ...], rows: list[dict[str, Any]]) -> str:
    cells = [
        (_link(f"/crm/{name}/{row['Id']}", row["Id"]), *(cell(row.get(c)) for c in columns))
        for row in rows
    ]
    return grid(("Id", *columns), cells)


def _link(path: str, text: str) -> str:
    return f'<a href="{escape(path)}">{escape(text)}</a>'


def cell(value: object) -> str:
    """A value as HTML."""
    return "" if value is None else escape(str(value))


def _parsed(mail: StoredMail) -> EmailMessage:
    with open(mail.path, "rb") as file:
        return BytesParser(EmailMessage, policy=policy.default).parse(file)


def _part(message: EmailMessage, subtype: str) -> str:
    part = message.get_body(preferencelist=(subtype,))
    return str(part.get_content()) if part is not None else ""
