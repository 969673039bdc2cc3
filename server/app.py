"""The application: its parts put together, and the list of its routes."""

import falcon
import orjson
from falcon.asgi import App, Request, Response
from falcon.inspect import inspect_routes
from falcon.media import JSONHandler
from prometheus_client import CollectorRegistry

from server import errors
from server.batching import Batcher, BatchLimits
from server.bodies import Bodies
from server.measured import MeasuredModel
from server.metrics import Metrics
from server.model import AwaitedModel, MissingModel, TextIdentifier, load_model
from server.observation import ObservedApp
from server.outlet import STDOUT
from server.readiness import Readiness
from server.request_log import RequestLog
from server.resources import Identification, Index, Languages, Liveness, Model, ReadinessCheck
from server.sampling import Sampler
from server.settings import Settings
from server.tracing import Tracer

Service = App[Request, Response]


def create_app(
    settings: Settings, identifier: TextIdentifier, metrics: Metrics | None = None
) -> Service:
    """Assemble the application from settings and a model, measured where there are metrics."""
    readiness = Readiness(identifier)
    measured = MeasuredModel(identifier, metrics) if metrics else identifier
    batcher = Batcher(measured, _batch_limits(settings), metrics.waited if metrics else None)
    bodies = Bodies(settings.max_body_bytes, settings.max_queue_bytes)

    app: Service = App(middleware=[readiness])
    if metrics:
        awaited = isinstance(identifier, AwaitedModel)
        app.add_middleware(_sampler(metrics, batcher, bodies, readiness, awaited=awaited))
    # As the answers to texts are written: one spelling of JSON for all.
    app.resp_options.media_handlers[falcon.MEDIA_JSON] = JSONHandler(dumps=orjson.dumps)
    errors.install(app)

    app.add_route("/", Index())
    app.add_route(
        "/identify", Identification(batcher, readiness, bodies, max_texts=settings.max_texts)
    )
    app.add_route("/languages", Languages())
    app.add_route("/model", Model(identifier, readiness))
    app.add_route("/health/live", Liveness())
    app.add_route("/health/ready", ReadinessCheck(readiness))
    return app


def observe(
    settings: Settings,
    app: Service,
    identifier: TextIdentifier,
    metrics: Metrics | None,
    log_file: int = STDOUT,
) -> ObservedApp:
    """Put what sees every request around the application: its id, its metrics, its line.

    Args:
        settings: Say whether requests are logged.
        app: The application.
        identifier: Its model.
        metrics: Where requests are counted; None where they are not.
        log_file: Descriptor that the lines are written to.
    """
    metadata = None if isinstance(identifier, MissingModel) else identifier.metadata
    if metrics and metadata:
        metrics.model(metadata)
    version = metadata.version if metadata else None
    log = RequestLog(version, log_file) if settings.logs_requests else None
    routes = frozenset(route.path for route in inspect_routes(app))
    endpoint = settings.traces_endpoint
    tracer = Tracer(endpoint, version) if endpoint else None
    return ObservedApp(app, routes, metrics, log, tracer)


def get_app() -> ObservedApp:
    """Read the environment, load the model and build the application; gunicorn calls this.

    A model that cannot be loaded does not stop the server: it stays not ready and says why.

    Raises:
        SettingsError: A ``SCANDID_*`` variable cannot be used.
    """
    settings = Settings.from_environ()
    identifier = load_model(settings.model)
    metrics = Metrics(CollectorRegistry()) if settings.metrics_port else None
    return observe(settings, create_app(settings, identifier, metrics), identifier, metrics)


def _sampler(
    metrics: Metrics, batcher: Batcher, bodies: Bodies, readiness: Readiness, *, awaited: bool
) -> Sampler:
    def sample() -> None:
        ready = readiness.reason is None
        metrics.sample(
            queued_texts=batcher.queued_texts,
            queued_bytes=bodies.queued_bytes,
            ready=ready,
            refused=not ready and not awaited,
        )

    return Sampler(sample)


def _batch_limits(settings: Settings) -> BatchLimits:
    return BatchLimits(
        max_batch_texts=settings.max_batch_texts,
        max_batch_chars=settings.max_batch_chars,
        max_queue_texts=settings.max_queue_texts,
    )
