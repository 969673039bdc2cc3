"""Registered models: which versions there are, and which one is the champion.

    python -m training.registry list
    python -m training.registry promote 4
    python -m training.registry promote 4 --force
    python -m training.registry rollback

Imports mlflow; export.py imports it only where a run is tracked.
"""

import argparse
import datetime
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from mlflow import MlflowClient

from scandid import Identifier
from scandid.errors import InputError, ScandidError
from scandid.labels import LANGUAGES
from training.options import Flags, number
from training.promotion import MARGIN, compare
from training.publication import publish
from training.registered import ALIAS, NAME, SCORE_TAG, SHA256_TAG, asking, download_model, find
from training.stores import Stores, read_dotenv

REPLACES_TAG: Final = "replaces"
FORCED_TAG: Final = "forced"
PROMOTED_TAG: Final = "promoted"


class Registry:
    """The registered versions of scandid at one tracker."""

    def __init__(self, stores: Stores) -> None:
        """Open the tracker.

        Raises:
            InputError: it does not answer.
        """
        self._stores = stores
        self.uri = stores.require_tracker()
        with asking("the registry", self.uri):
            self._client = MlflowClient(tracking_uri=self.uri)

    def table(self) -> str:
        """All versions, the newest first, one a line."""
        with asking("registered versions", self.uri):
            found = self._client.search_model_versions(f"name = '{NAME}'")
            champion = self._champion_number() if found else ""
        head = ("version", "champion", "run", "sha256", *(f"F1 {label}" for label in LANGUAGES))
        rows = [_row(version, champion) for version in sorted(found, key=_number, reverse=True)]
        return "\n".join("  ".join(f"{cell:<12}" for cell in row).rstrip() for row in (head, *rows))

    def promote(self, number: str, *, margin: float, force: bool) -> str:
        """Make a version the champion, after the gate; what was done, in one line.

        The champion itself passes no gate: it is published again, as after a loss of the store.

        Raises:
            InputError: there is no such version, its file cannot be had, the gate refuses it, or
                it is the champion and there is nowhere to publish it.
            ModelError: its file is no model that can be read.
        """
        version, champion = find(self._client, number, self.uri), self._champion_number()
        again = champion == str(version.version)
        if again and not self._stores.artifacts:
            raise InputError(
                f"version {number} is the champion already; set ARTIFACT_STORE to publish it again"
            )
        with download_model(self._client, version, self.uri) as path:
            if again:
                return f"version {number} is the champion{self._publish(path)}"
            reasons = []
            if champion:
                reasons = self._gate(version, path, champion, margin, force=force)
            if reasons and not force:
                raise InputError(
                    f"version {number} is not promoted, {'; '.join(reasons)}; --force promotes it "
                    "all the same"
                )
            tags = {PROMOTED_TAG: _now(), REPLACES_TAG: champion}
            if force:
                tags[FORCED_TAG] = "; ".join(reasons) or "the gate had nothing against it"
            return self._crown(version, path, tags, champion)

    def rollback(self) -> str:
        """Make the version that the champion replaced the champion again.

        Raises:
            InputError: there is no champion, or it replaced none.
        """
        champion = self._champion_number()
        if not champion:
            raise InputError(f"{self.uri}: {NAME} has no champion; promote a version")
        before = find(self._client, champion, self.uri).tags.get(REPLACES_TAG, "")
        if not before:
            raise InputError(f"version {champion} replaced none; promote another version")
        with asking(f"version {champion}", self.uri):
            self._client.set_model_version_tag(NAME, champion, "rolled_back", _now())
        version = find(self._client, before, self.uri)
        with download_model(self._client, version, self.uri) as path:
            return self._crown(version, path, {}, champion)

    def _champion_number(self) -> str:
        """Version that is the champion, or the empty string."""
        with asking("the champion", self.uri):
            models = self._client.search_registered_models(f"name = '{NAME}'")
        return str(models[0].aliases.get(ALIAS, "")) if models else ""

    def _gate(
        self,
        version: Any,  # noqa: ANN401
        path: Path,
        champion: str,
        margin: float,
        *,
        force: bool,
    ) -> list[str]:
        """Why a version may not replace the champion; both answer the same unseen texts."""
        new = Identifier.load(path)
        try:
            present = find(self._client, champion, self.uri)
            with asking("the models to compare", self.uri):
                return compare(self._client, version, new, present, margin)
        except ScandidError as error:  # the champion's file is gone, say: force is for that, too
            if not force:
                raise InputError(f"{error}; --force promotes without comparing") from error
            return [f"not compared: {error}"]

    def _crown(self, version: Any, path: Path, tags: dict[str, str], before: str) -> str:  # noqa: ANN401
        """Publish the file, then tag, then move the alias: a failure leaves the old champion.

        What was published before the failure stays, so the message says how to make both agree.
        """
        number, where = str(version.version), self._publish(path)
        try:
            with asking(f"alias {ALIAS}", self.uri):
                for name, value in tags.items():
                    self._client.set_model_version_tag(NAME, number, name, value)
                self._client.set_registered_model_alias(NAME, ALIAS, number)
        except ScandidError as error:
            if not self._stores.artifacts:
                raise
            raise InputError(f"{error}; {_half_done(number, where, before)}") from error
        return f"version {number} is the champion{where}"

    def _publish(self, path: Path) -> str:
        """Publish a model file where there is a store; where it is then, to end a sentence."""
        if not self._stores.artifacts:
            return "; ARTIFACT_STORE is not set, so nothing is published"
        return f", published as {publish(path, self._stores.artifacts)}"


def _half_done(number: str, where: str, before: str) -> str:
    """What the store holds where the registry did not follow, and what to do about it."""
    still = f"the champion is still version {before}" if before else "there is no champion yet"
    back = f", or promote {before} to publish that again" if before else ""
    return f"version {number} is{where.removeprefix(',')}, but {still}: repeat the command{back}"


def _row(version: Any, champion: str) -> tuple[str, ...]:  # noqa: ANN401
    scores = (version.tags.get(f"{SCORE_TAG}{label}", "-") for label in LANGUAGES)
    mark = "champion" if str(version.version) == champion else ""
    digest = version.tags.get(SHA256_TAG, "-")[:12]
    return (str(version.version), mark, str(version.run_id or "-")[:12], digest, *scores)


def _number(version: Any) -> int:  # noqa: ANN401
    return int(version.version)


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    flags = Flags(prog="python -m training.registry", description=__doc__)
    flags.formatter_class = argparse.RawDescriptionHelpFormatter
    commands = flags.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="show the versions")
    promoting = commands.add_parser(
        "promote", help="make a version the champion; the champion is published again"
    )
    promoting.add_argument("version", metavar="VERSION")
    margin = f"F1 that a language may lose against the champion ({MARGIN})"
    promoting.add_argument("--margin", type=number(0, 1), default=MARGIN, help=margin)
    forced = "whatever the gate says; its reasons go into the version's tags"
    promoting.add_argument("--force", action="store_true", help=forced)
    commands.add_parser("rollback", help="back to the version before the champion")
    options = flags.parse_args(arguments)
    read_dotenv(Path(".env"))
    registry = Registry(Stores.from_environ())
    if options.command == "list":
        done = registry.table()
    elif options.command == "rollback":
        done = registry.rollback()
    else:
        done = registry.promote(options.version, margin=options.margin, force=options.force)
    sys.stdout.write(done + "\n")


if __name__ == "__main__":
    try:
        main()
    except ScandidError as error:
        sys.stderr.write(f"training.registry: {error}\n")
        sys.exit(2)
