"""The champion's file at a fixed place in S3, where the service looks for it."""

import hashlib
from pathlib import Path
from typing import Final

import boto3
from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from scandid.errors import InputError
from training.trouble import advice

KEY: Final = "champion/scandid.onnx"

_TIMEOUT_S: Final = 30


def publish(path: Path, artifacts: str) -> str:
    """Put a model file at ``ARTIFACT_STORE/champion/scandid.onnx``; its address.

    File and digest arrive in one request, so a reader sees the old pair or the new one.

    Args:
        path: The model file.
        artifacts: ``s3://bucket/prefix``.

    Raises:
        InputError: the store does not take it.
    """
    bucket, _, prefix = artifacts.removeprefix("s3://").partition("/")
    key = f"{prefix}/{KEY}" if prefix else KEY
    content = path.read_bytes()
    try:
        client = boto3.client(
            "s3", config=Config(connect_timeout=_TIMEOUT_S, read_timeout=_TIMEOUT_S)
        )
        client.put_object(
            Bucket=bucket,
            Key=key,
            Body=content,
            Metadata={"sha256": hashlib.sha256(content).hexdigest()},
        )
    except (BotoCoreError, Boto3Error, ClientError) as error:
        hint = advice(error, "check ARTIFACT_STORE, AWS_ENDPOINT_URL and the AWS credentials")
        raise InputError(
            f"s3://{bucket}/{key}: the store does not take it: {error}; {hint}"
        ) from error
    return f"s3://{bucket}/{key}"
