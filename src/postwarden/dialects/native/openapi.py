"""The OpenAPI 3.1 document of our own API, made of the operations themselves."""

import inspect
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, get_args, get_origin

import msgspec

import postwarden
from postwarden.dialects.kit.asgi import JSON
from postwarden.dialects.native import envelope
from postwarden.dialects.native.answers import (
    Listed,
    One,
    PageShape,
    Raw,
    RehearsalShape,
    Streamed,
    Written,
)
from postwarden.dialects.native.calls import JSON_LINES
from postwarden.dialects.native.operations import PREFIX, NoParameters, Operation
from postwarden.dialects.native.progress import EVENT_STREAM

Document = dict[str, Any]

_SCHEMAS = "#/components/schemas/"
_REFERENCE = _SCHEMAS + "{name}"
_INTRODUCTION = """\
Everything that the command line does, for programs. Errors are problem details (RFC \
9457) with a `code`; lists come in pages, or whole as JSON Lines to whom accepts \
`application/jsonl`; every change can be rehearsed with `dry_run=true`.\
"""
_NAMES = {
    "If-Match": "The ETag of what was read: another version is not changed (412).",
    "If-None-Match": "The ETag of what is known: it is not sent again (304).",
    "Idempotency-Key": "A word of the client's own: the same request again, within a "
    "day, is answered as the first was and not done twice.",
}
_VARIABLES = {
    "account": "An address, or the account's id.",
    "address": "An address, or the id of what is at it.",
    "domain": "A domain.",
    "message": "A SHA-256, or a trace id.",
    "domain_alias": "Another name of a domain.",
}


def document(operations: Iterable[Operation]) -> Document:
    """Return the document of some operations."""
    known = list(operations)
    types = _types_of(known)
    _, components = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    for each in known:  # its fields are parameters, not a schema
        components.pop(each.query.__name__, None)
    paths: dict[str, Document] = {}
    for each in known:
        paths.setdefault(PREFIX + each.path, {})[each.method.lower()] = _operation(each)
    return _renamed(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Postwarden",
                "version": postwarden.__version__,
                "description": _INTRODUCTION,
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "servers": [{"url": "/"}],
            "security": [{"key": []}],
            "tags": [{"name": n} for n in dict.fromkeys(each.tag for each in known)],
            "paths": paths,
            "components": {
                "schemas": components,
                "responses": {
                    str(status): {
                        "description": title,
                        "content": {
                            envelope.MEDIA_TYPE: {"schema": _schema(envelope.Problem)}
                        },
                    }
                    for status, title in envelope.TITLES.items()
                },
                "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            },
        }
    )


def _types_of(operations: Iterable[Operation]) -> list[Any]:
    found: list[Any] = [envelope.Problem, RehearsalShape]
    for each in operations:
        kind, shape = _answer_of(each)
        if kind is Raw:
            shape = str
        found += [shape, *([_page_of(shape)] if kind is Listed else [])]
        found += [each.query, *([] if each.body is None else [each.body])]
    return found


def _answer_of(operation: Operation) -> tuple[Any, Any]:
    return get_origin(operation.answer), get_args(operation.answer)[0]


def _page_of(shape: Any) -> Any:
    return PageShape.__class_getitem__(shape)  # type: ignore[attr-defined]  # typing's own


def _schema(of: Any) -> Document:
    (schema,), _ = msgspec.json.schema_components([of], ref_template=_REFERENCE)
    return schema


def _operation(operation: Operation) -> Document:
    text = inspect.getdoc(operation.handler) or ""
    summary, _, more = text.partition("\n\n")
    described: Document = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": " ".join(summary.split()).rstrip("."),
        "description": _description(operation, more),
        "parameters": [
            *_variables(operation),
            *_query(operation.query),
            *map(_header, _headers(operation)),
        ],
        "responses": _responses(operation),
        "x-permissions": list(operation.permissions),
    }
    if operation.is_open:
        described["security"] = []
    if operation.takes:
        file: Document = {"schema": {"type": "string"}}
        if operation.example.file:
            file["example"] = operation.example.file
        described["requestBody"] = {
            "required": True,
            "content": dict.fromkeys(operation.takes, file),
        }
    if operation.body is not None:
        content: Document = {"schema": _schema(operation.body)}
        if operation.example.body is not None:
            content["example"] = operation.example.body
        described["requestBody"] = {"required": True, "content": {JSON: content}}
    return described


def _description(operation: Operation, more: str) -> str:
    needed = " or ".join(f"`{each}`" for each in operation.permissions)
    takes = f"Takes {needed}." if needed else ""
    return "\n\n".join(part for part in (" ".join(more.split()), takes) if part)


def _variables(operation: Operation) -> Iterable[Document]:
    for segment in operation.path.split("/"):
        if segment.startswith("{"):
            name = segment.strip("{}")
            variable: Document = {
                "name": name,
                "in": "path",
                "required": True,
                "description": _VARIABLES.get(name, f"The number of the {name}."),
                "schema": {"type": "string", "minLength": 1},
            }
            if name in operation.example.variables:
                variable["example"] = operation.example.variables[name]
            yield variable


def _query(kind: type) -> Iterable[Document]:
    if kind is NoParameters:
        return
    (_,), components = msgspec.json.schema_components([kind], ref_template=_REFERENCE)
    schema = components[kind.__name__]
    for name, described in schema["properties"].items():
        parameter: Document = {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", []),
            "schema": {k: v for k, v in described.items() if k != "description"},
        }
        if "description" in described:
            parameter["description"] = described["description"]
        yield parameter


def _headers(operation: Operation) -> Iterable[str]:
    kind, _ = _answer_of(operation)
    if kind is Written and "{" in operation.path:
        yield "If-Match"
    if kind is One:
        yield "If-None-Match"
    if _rehearses(operation):
        yield "Idempotency-Key"


def _header(name: str) -> Document:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": _NAMES[name],
        "schema": {
            "type": "string",
            **({"minLength": 1, "maxLength": 255} if name == "Idempotency-Key" else {}),
        },
    }


def _responses(operation: Operation) -> Document:
    kind, shape = _answer_of(operation)
    found: dict[int, Document] = {}
    if kind is Listed:
        found[200] = _content(
            200, {JSON: _schema(_page_of(shape)), JSON_LINES: _schema(shape)}, "link"
        )
    elif kind is Streamed:
        found[200] = _content(200, {EVENT_STREAM: {}})
    elif kind is Raw:
        found[200] = _content(200, {media: {} for media in get_args(shape)})
    elif kind is Written and _rehearses(operation):
        rehearsal, made = _schema(RehearsalShape), _schema(shape)
        if operation.status == 200:
            found[200] = _content(200, {JSON: {"anyOf": [made, rehearsal]}}, "etag")
        else:
            found[200] = _content(200, {JSON: rehearsal})
            found[operation.status] = _content(
                operation.status, {JSON: made}, "etag", "location"
            )
    else:
        found[operation.status] = _content(operation.status, {JSON: _schema(shape)})
    if kind is One:
        found[304] = _content(304, {})
    for status in _problems(operation):
        found[status] = {"$ref": f"#/components/responses/{status}"}
    return {str(status): found[status] for status in sorted(found)}


def _rehearses(operation: Operation) -> bool:
    return any(
        each.name == "dry_run" for each in msgspec.structs.fields(operation.query)
    )


def _problems(operation: Operation) -> Iterable[int]:
    yield from (400, 415, 429, 431, 500, 503)
    if not operation.is_open:
        yield from (401, 403)
    elif operation.writes:  # a login
        yield 401
    if _asks(operation):
        yield from (404, 422)
    if operation.writes:
        yield 409
    if operation.body is not None or operation.takes:
        yield 413
    if "If-Match" in _headers(operation):
        yield from (412, 428)


def _asks(operation: Operation) -> bool:
    """Whether it asks about something, which may be absent or make no sense."""
    return (
        "{" in operation.path
        or operation.body is not None
        or operation.query is not NoParameters
    )


def _content(status: int, of: Mapping[str, Document], *headers: str) -> Document:
    content: Document = {"description": HTTPStatus(status).phrase}
    if of:
        content["content"] = {kind: {"schema": s} for kind, s in of.items()}
    if headers:
        content["headers"] = {name: {"schema": {"type": "string"}} for name in headers}
    return content


def _renamed(document: Document) -> Document:
    """Give schemas names for people: `Account` for AccountShape."""
    names = {
        old: old.replace("PageShape_", "PageOf").replace("Shape", "").replace("_", "")
        for old in document["components"]["schemas"]
    }
    if len(set(names.values())) < len(names):
        raise ValueError(f"two schemas of one name: {sorted(names.values())}")
    return _walk(document, names)  # type: ignore[no-any-return]  # an object stays one


def _walk(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_walk(each, names) for each in value]
    if not isinstance(value, dict):
        return value
    walked = {names.get(k, k): _walk(each, names) for k, each in value.items()}
    reference = value.get("$ref")
    if isinstance(reference, str) and reference.startswith(_SCHEMAS):
        walked["$ref"] = _REFERENCE.format(name=names[reference.rpartition("/")[2]])
    if isinstance(value.get("title"), str) and "properties" in value:
        walked["title"] = value["title"].replace("Shape", "")
    return walked
