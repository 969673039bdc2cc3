"""Credentials from a profile of the AWS tools, which the S3 client does not read by itself.

Everything else the client takes from the standard AWS variables: keys, token, region, endpoint,
and the roles of machines and clusters. This module and the client read those, not SCANDID_*.
"""

import configparser
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from obstore.store import S3Config

_ELSEWHERE = ("AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN")


def profile_credentials(environ: Mapping[str, str] = os.environ) -> "S3Config":
    """Keys of the profile, where no variable names others and the profile has some.

    Args:
        environ: ``AWS_PROFILE`` and ``AWS_SHARED_CREDENTIALS_FILE`` say which profile of which
            file; by default ``default`` of ``~/.aws/credentials``.
    """
    if any(environ.get(name) for name in _ELSEWHERE):
        return {}
    path = environ.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials"
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(Path(path).expanduser(), encoding="utf-8")
        profile = parser[environ.get("AWS_PROFILE") or "default"]
        found: S3Config = {
            "access_key_id": profile["aws_access_key_id"],
            "secret_access_key": profile["aws_secret_access_key"],
        }
    except (configparser.Error, KeyError, OSError, RuntimeError):
        return {}
    if "aws_session_token" in profile:
        found["session_token"] = profile["aws_session_token"]
    return found
