"""The application: its parts put together, and the list of its routes."""

import falcon
import orjson
from falcon.asgi import App, Request, Response
from falcon.media import JSONHandler

from server import errors
from server.batching import Batcher, BatchLimits
from server.model import TextIdentifier, load_model
from server.readiness import Readiness
from server.resources import Identification, Index, Languages, Liveness, Model, ReadinessCheck
from server.settings import Settings


def create_app(settings: Settings, identifier: TextIdentifier) -> App[Request, Response]:
    """Assemble the application from settings and a model."""
    readiness = Readiness(identifier)
    batcher = Batcher(identifier, _batch_limits(settings))
    identification = Identification(
        batcher,
        readiness,
        max_body_bytes=settings.max_body_bytes,
        max_texts=settings.max_texts,
    )

    app = App(middleware=[readiness])
    # A request of one text spends 0.7 µs in orjson and 6 µs in the standard library's json.
    app.resp_options.media_handlers[falcon.MEDIA_JSON] = JSONHandler(dumps=orjson.dumps)
    errors.install(app)

    app.add_route("/", Index())
    app.add_route("/identify", identification)
    app.add_route("/languages", Languages())
    app.add_route("/model", Model(identifier, readiness))
    app.add_route("/health/live", Liveness())
    app.add_route("/health/ready", ReadinessCheck(readiness))
    return app


def get_app() -> App[Request, Response]:
    """Read the environment, load the model and build the application; gunicorn calls this.

    A model that cannot be loaded does not stop the server: it stays not ready and says why.

    Raises:
        SettingsError: A ``SCANDID_*`` variable cannot be used.
    """
    settings = Settings.from_environ()
    return create_app(settings, load_model(settings.model))


def _batch_limits(settings: Settings) -> BatchLimits:
    return BatchLimits(
        max_batch_texts=settings.max_batch_texts,
        max_batch_chars=settings.max_batch_chars,
        max_queue_texts=settings.max_queue_texts,
    )
