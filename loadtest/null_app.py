"""The empty handler that everything is compared with: take JSON, answer JSON, do nothing.

``gunicorn -c server/gunicorn.conf.py 'loadtest.null_app:get_app()'`` runs it exactly as scandid
runs: same worker, event loop, parser and settings.
"""

from falcon.asgi import App, Request, Response


class Nothing:
    """``POST /identify`` that reads the document and says ``{"ok": true}``."""

    async def on_post(self, req: Request, resp: Response) -> None:
        """Read and answer."""
        await req.get_media()
        resp.media = {"ok": True}


class Ready:
    """``GET /health/ready``: always."""

    async def on_get(self, _req: Request, resp: Response) -> None:
        """Say so."""
        resp.media = {"status": "ready"}


def get_app() -> App[Request, Response]:
    """Build the application."""
    app = App()
    app.add_route("/identify", Nothing())
    app.add_route("/health/ready", Ready())
    return app
