"""``/u/{token}``: the link of every mail's unsubscribe header and footer (RFC 8058).

Programs that look at links (scanners, previews) send GET and HEAD: these change nothing. POST opts
out, by a mail program's one-click request or by the page's button, and needs nothing but the
ledger: no cookie, no login, no script, no redirect, and no Temporal.
"""

from __future__ import annotations

import hashlib
import re

from pydantic import JsonValue
from starlette.requests import Request as HttpRequest
from starlette.responses import HTMLResponse, Response

from activities.ledger.correlation import find_mail_by_token, next_opt_out_id
from activities.ledger.effects import EffectRow
from activities.ledger.inbox import Incoming
from starters.ingress.reception import Reception
from workflows.engine.events import Event

NO_TOKEN = "0" * 40
_TOKEN = re.compile(r"[0-9a-f]{40}")
_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:1.125rem/1.6 system-ui,sans-serif;margin:0 auto;max-width:34rem;padding:3rem 1.5rem}"
    "button{background:#0b5cab;border:0;border-radius:.4rem;color:#fff;cursor:pointer;"
    "font:inherit;padding:.8rem 1.6rem}"
    "button:focus-visible{outline:3px solid #f5a623;outline-offset:3px}"
)
_HEADERS = {
    # The address of this page is a key: it is neither kept nor passed on.
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
}
_BUTTON = """<p>With this button you will receive no more of these e-mails.</p>
<form method="post">
<input type="hidden" name="List-Unsubscribe" value="One-Click">
<button type="submit">Unsubscribe</button>
</form>"""
_DONE = """<p role="status">You have been unsubscribed. We will not e-mail you again.</p>
<p>A message that left in this very moment may still reach you. There is nothing more to do.</p>"""
_UNKNOWN = """<p>This unsubscribe link is not known here: perhaps a part of it is missing.</p>
<p>Open it from the e-mail once more, or answer that e-mail with the word "unsubscribe".</p>"""
_FAILED = """<p role="alert">This could not be saved just now, so you are not yet unsubscribed.</p>
<p>Please try again in a minute.</p>
<form method="post">
<input type="hidden" name="List-Unsubscribe" value="One-Click">
<button type="submit">Try again</button>
</form>"""


async def unsubscribe(reception: Reception, request: HttpRequest) -> Response:
    """Show the page, or opt out. The body is not looked at: whoever posts here wants to leave.

    Raises:
        LedgerUnavailable: nothing was committed.
    """
    mail = await _mail_of(reception, str(request.path_params["token"]))
    if mail is None:
        return _page("Link not known", _UNKNOWN, 404)
    if request.method != "POST":
        return _page("Unsubscribe", _BUTTON)
    await _opt_out(reception, mail, str(request.path_params["token"]))
    return _page("Unsubscribed", _DONE)


def failed_page() -> Response:
    """What a reader sees while the ledger cannot be written."""
    return _page("Not saved yet", _FAILED, 503, {"Retry-After": "60"})


async def _mail_of(reception: Reception, token: str) -> EffectRow | None:
    # One look-up whatever was sent, so that time tells nothing of what a token looks like.
    wanted = token if _TOKEN.fullmatch(token) else NO_TOKEN
    async with reception.ledger.reading() as tx:
        return await find_mail_by_token(tx, wanted)


async def _opt_out(reception: Reception, mail: EffectRow, token: str) -> None:
    first = f"one-click-{hashlib.sha256(token.encode()).hexdigest()[:32]}"
    async with reception.ledger.reading() as tx:
        event_id = await next_opt_out_id(reception.ledger, tx, mail, first)
        now = await reception.ledger.now(tx)
    data: dict[str, JsonValue] = {"via": "one-click", "step": mail.step}
    event = Event(id=event_id, kind="unsubscribe", at=now, data=data)
    await reception.take_in(Incoming(event, mail.center, "one-click", mail.lead, mail.person))


def _page(
    title: str, content: str, status: int = 200, more: dict[str, str] | None = None
) -> Response:
    page = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>{title}</h1>
{content}
</main>
</body>
</html>
"""
    return HTMLResponse(page, status, headers=_HEADERS | (more or {}))
