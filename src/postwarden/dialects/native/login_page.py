"""The page behind a login link.

Mail scanners and previews open links: opening the page uses nothing up, a click does.
It is the same for every link, so nothing that is in one can become part of it; its
script takes the token out of the address bar and sends it in a body.
"""

import base64
import hashlib

from postwarden.dialects.kit.asgi import Answer

HTML = "text/html; charset=utf-8"

_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;"
    "padding:0 1rem}button{font:inherit;padding:.5rem 1rem}"
    "code{overflow-wrap:anywhere}"
)
_SCRIPT = """
const token = new URLSearchParams(location.search).get("token") || "";
history.replaceState(null, "", location.pathname);
const button = document.querySelector("button");
const told = document.querySelector("output");
button.hidden = false;
button.addEventListener("click", async () => {
  button.disabled = true;
  try {
    const answer = await fetch(location.pathname, {
      method: "POST",
      headers: {"Content-Type": "application/json"},
      body: JSON.stringify({token}),
    });
    const said = await answer.json();
    if (!answer.ok) { told.textContent = said.detail; return; }
    const code = document.createElement("code");
    code.textContent = said.token;
    told.replaceChildren(`You are logged in as ${said.admin}. Your token: `, code);
  } catch {
    button.disabled = false;
    told.textContent = "The server did not answer; try again.";
  }
});
"""
_PAGE = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Postwarden: log in</title>
<style>{_STYLE}</style>
<h1>Log in to Postwarden</h1>
<p>This link works once. It opens a session and shows its token, which programs send
as <code>Authorization: Bearer TOKEN</code>; nobody can see it again.</p>
<noscript><p>This page takes a script. Without one, POST the token of the link to this
address: <code>{{"token": "pwl_..."}}</code>.</p></noscript>
<p><button type="button" hidden>Log in</button></p>
<p><output></output></p>
<script>{_SCRIPT}</script>
</html>
"""


def _source(content: str) -> str:
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


_HEADERS = {
    "content-security-policy": (
        f"default-src 'none'; script-src {_source(_SCRIPT)}; "
        f"style-src {_source(_STYLE)}; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def login_page() -> Answer:
    """Return the page; it runs its own script and nothing else."""
    return Answer(body=_PAGE.encode(), media_type=HTML, headers=dict(_HEADERS))
