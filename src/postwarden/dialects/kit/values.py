"""JSON and query parameters as typed values, strictly."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from postwarden.dialects.kit.refusals import Malformed

T = TypeVar("T")

_DECODERS: dict[type, "msgspec.json.Decoder[Any]"] = {}
MAX_DEPTH = 32  # of the JSON that is read leniently
_AT = re.compile(r" - at `\$\.?([^`]*)`$")
_NAMED = re.compile(r"field `([^`]*)`")


def body_of(content: bytes, kind: type[T]) -> T:
    """Read a JSON body; nothing is taken for something else, nothing ignored.

    Raises Malformed, which names the field where one is to blame.
    """
    try:
        return _decoder(kind).decode(content)
    except msgspec.ValidationError as error:
        raise _refusal(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"the body is not JSON: {error}") from error
    except RecursionError as error:
        raise Malformed("the JSON is nested too deep") from error


def lenient_body_of(content: bytes, kind: type[T]) -> T:
    """Read a JSON body as those systems do that take what they understand.

    Names are of any case (`kind` has them in lower case), what is unknown is left
    out, null is as good as absent, and `"5"` is a number where one is due. An empty
    body is an empty object. Raises Malformed.
    """
    try:
        given = msgspec.json.decode(content) if content.strip() else {}
        return msgspec.convert(_folded(given, MAX_DEPTH), kind, strict=False)
    except msgspec.ValidationError as error:
        raise _refusal(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"the body is not JSON: {error}") from error
    except RecursionError as error:
        raise Malformed("the JSON is nested too deep") from error


def _folded(value: object, depth: int) -> object:
    """Return JSON with the names of its objects in lower case, without nulls."""
    if depth < 0:
        raise Malformed("the JSON is nested too deep")
    if isinstance(value, dict):
        return {
            str(name).lower(): _folded(each, depth - 1)
            for name, each in value.items()
            if each is not None
        }
    if isinstance(value, list):
        return [_folded(each, depth - 1) for each in value if each is not None]
    return value


def _decoder(kind: type[T]) -> "msgspec.json.Decoder[T]":
    if kind not in _DECODERS:
        _DECODERS[kind] = msgspec.json.Decoder(kind)
    return _DECODERS[kind]


def query_of(given: Mapping[str, list[str]], kind: type[T]) -> T:
    """Read query parameters, which are texts, as the fields of a struct.

    Raises Malformed for one that is unknown, of another type, or there twice
    where it may be there once.
    """
    fields = {each.encode_name: each for each in msgspec.structs.fields(kind)}  # type: ignore[arg-type]  # a struct's type
    values: dict[str, object] = {}
    for name, texts in given.items():
        if name in fields and _is_list(fields[name].type):
            values[name] = texts
        elif len(texts) > 1:
            raise Malformed(f"{name} is there twice", field=name)
        else:
            values[name] = texts[0]
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise _refusal(str(error)) from error


def _is_list(kind: object) -> bool:
    return getattr(kind, "__origin__", None) is list


def _refusal(message: str) -> Malformed:
    where = _AT.search(message)
    named = _NAMED.search(message)
    field = where[1] if where else ""
    if named and named[1] not in field:
        field = f"{field}.{named[1]}".strip(".")
    said = _AT.sub("", message)
    said = said[:1].lower() + said[1:]
    return Malformed(f"{field}: {said}" if field else said, field=field or None)
