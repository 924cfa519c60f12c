"""Retries: what they may change in the data of a job, and which attempt a job is at."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, overload

from . import _native
from ._instant import Instant, micros_of

if TYPE_CHECKING:
    from typing_extensions import Buffer

_Data = TypeVar("_Data", bound=dict[Any, Any])

_WRITTEN = ("outputs", "retry_execution_data", "last_retry_attempt", "retry_completed_at")
_REPLACED = "retry_replaced"


def _preserve_dict(original: dict[Any, Any], result: object, attempt: int,
                   micros: int) -> dict[Any, Any]:
    """Asks for the data of a job in which lists of one number stand for the values of this one."""
    values: list[object] = []

    def stand_in(value: object) -> object:
        values.append(value)
        return [len(values) - 1]

    outline: dict[str, object] = {name: stand_in(original[name]) for name in _WRITTEN
                                  if name in original}
    recorded = original.get("last_retry_attempt")
    if isinstance(recorded, int | str) or (isinstance(recorded, float) and math.isfinite(recorded)):
        outline["last_retry_attempt"] = recorded
    key = str(attempt)
    replaced = original.get(_REPLACED)
    if isinstance(replaced, dict):
        outline[_REPLACED] = {key: stand_in(replaced[key])} if key in replaced else {}
    elif _REPLACED in original:
        outline[_REPLACED] = stand_in(replaced)

    made: dict[str, Any] = json.loads(_native.preserve_job_data(
        json.dumps(outline), json.dumps(stand_in(result)), attempt, micros))

    def real(value: Any) -> Any:
        return values[value[0]] if isinstance(value, list) else value

    data = {**original, **{name: real(made[name]) for name in _WRITTEN}}
    kept = made.get(_REPLACED)
    if isinstance(kept, dict) and isinstance(kept.get(key), dict):
        record = {name: real(value) for name, value in kept[key].items()}
        data[_REPLACED] = {**(replaced if isinstance(replaced, dict) else {}), key: record}
    return data


@overload
def preserve_job_data(original: str, result: str | Buffer, /, *, attempt: int,
                      at: Instant = None) -> str: ...
@overload
def preserve_job_data(original: _Data, result: object, /, *, attempt: int,
                      at: Instant = None) -> _Data: ...
@overload
def preserve_job_data(original: Buffer, result: str | Buffer, /, *, attempt: int,
                      at: Instant = None) -> bytes: ...
def preserve_job_data(original: Any, result: Any, /, *, attempt: int,
                      at: Instant = None) -> Any:
    """Records what a retry gave in the data of a job; docs/api/retry.md has the rules.

    original  JSON (str or bytes-like), or a dict, which is not changed
    result    JSON, or if original is a dict the value itself
    attempt   number of the retry, from 1; a lower one than that of the data is refused
    at        when it was done: an aware datetime or seconds since 1970; the present if not given

    Returns the same kind as original. Of a dict, other values are the same objects.
    """
    micros = micros_of(at, "at")
    if isinstance(original, dict):
        return _preserve_dict(original, result, attempt, micros)
    return _native.preserve_job_data(original, result, attempt, micros)


def _part(holder: Mapping[Any, Any], name: str,
          below: Callable[[Mapping[Any, Any]], object]) -> object:
    """What is known of an object in an object, which may be the text of one."""
    value = holder.get(name)
    return below(value) if isinstance(value, Mapping) else _scalar(value)


def _scalar(value: object) -> object:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    is_number = isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
    return value if is_number or isinstance(value, str) else None


def _scalars(holder: Mapping[Any, Any], *names: str) -> dict[str, object]:
    return {name: _scalar(holder.get(name)) for name in names}


def retry_attempt(job: Mapping[str, Any] | str | Buffer, /) -> int:
    """Which attempt of a job this is, 0 for the first try.

    job   its columns or the fields of its hash: a mapping, or an object of JSON. The first number
          among ctx.workflow_context.retry_attempt, payload.ctx.retry_count,
          payload.ctx.retryCount and retry_count counts; ctx and payload may be strings of JSON.
    """
    if not isinstance(job, Mapping):
        return _native.retry_attempt(job)
    # No more of it than is looked at.
    return _native.retry_attempt(json.dumps({
        "ctx": _part(job, "ctx", lambda ctx: {"workflow_context": _part(
            ctx, "workflow_context", lambda inner: _scalars(inner, "retry_attempt"))}),
        "payload": _part(job, "payload", lambda payload: {"ctx": _part(
            payload, "ctx", lambda ctx: _scalars(ctx, "retry_count", "retryCount"))}),
        **_scalars(job, "retry_count")}))
