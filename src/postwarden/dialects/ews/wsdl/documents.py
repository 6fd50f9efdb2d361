"""Three documents: services.wsdl, messages.xsd, types.xsd."""

from collections.abc import Iterator
from functools import cache
from typing import Final

from postwarden.dialects.ews.names import MESSAGES, TYPES
from postwarden.dialects.ews.operations import Operation
from postwarden.dialects.ews.sections import OPERATIONS
from postwarden.dialects.ews.wsdl import types
from postwarden.dialects.ews.wsdl.messages import (
    DESCRIBED,
    PARTS,
    UNDESCRIBED,
    Described,
)
from postwarden.dialects.ews.wsdl.notation import complex_type
from postwarden.wire.xml import Xml, tag

XSD: Final = "http://www.w3.org/2001/XMLSchema"
WSDL: Final = "http://schemas.xmlsoap.org/wsdl/"
SOAP_BINDING: Final = "http://schemas.xmlsoap.org/wsdl/soap/"
_HTTP: Final = "http://schemas.xmlsoap.org/soap/http"

DOCUMENTS: Final = ("services.wsdl", "messages.xsd", "types.xsd")
SERVICES, MESSAGES_XSD, TYPES_XSD = DOCUMENTS


def document(name: str, *, url: str) -> bytes:
    """Return one of the documents; `url` is where the service is."""
    match name:
        case "messages.xsd":
            return messages_xsd()
        case "types.xsd":
            return types_xsd()
        case _:
            return services_wsdl(url)


@cache
def types_xsd() -> bytes:
    """Return the schema of things."""
    return _schema(
        TYPES,
        *(complex_type(text, name=name) for name, text in types.TYPES.items()),
        *(
            tag("xs:element", name=each, type=f"t:{kind}")
            for each, kind in types.ELEMENTS.items()
        ),
    )


@cache
def messages_xsd() -> bytes:
    """Return the schema of requests and answers."""
    imported = tag("xs:import", namespace=TYPES, schemaLocation=TYPES_XSD)
    return _schema(
        MESSAGES,
        imported,
        *(complex_type(text, name=name) for name, text in PARTS.items()),
        *(part for each in OPERATIONS.values() for part in _elements(each)),
    )


def _described(operation: Operation) -> Described:
    return DESCRIBED.get(operation.name, UNDESCRIBED)


def _elements(operation: Operation) -> Iterator[Xml]:
    described = _described(operation)
    yield tag("xs:element", complex_type(described.request), name=operation.name)
    answer = operation.response.partition(":")[2]
    if operation.is_single or described.is_whole:
        yield tag("xs:element", complex_type(described.answer), name=answer)
        return
    message = f"{operation.name}ResponseMessage"
    yield complex_type(described.answer, name=f"{message}Type")
    inside = complex_type(f"{message}:m.{message}Type+")
    messages = tag("xs:element", inside, name="ResponseMessages")
    whole = tag("xs:complexType", tag("xs:sequence", messages))
    yield tag("xs:element", whole, name=answer)


def services_wsdl(url: str) -> bytes:
    """Return the description of the service at a URL."""
    operations = OPERATIONS.values()
    schema = tag(
        "xs:schema",
        tag("xs:import", namespace=MESSAGES, schemaLocation=MESSAGES_XSD),
    )
    port = tag(
        "wsdl:port",
        tag("soap:address", location=url),
        name="ExchangeServicePort",
        binding="m:ExchangeServiceBinding",
    )
    return _document(
        tag(
            "wsdl:definitions",
            tag("wsdl:types", schema),
            *(part for each in operations for part in _messages(each)),
            tag(
                "wsdl:portType",
                *map(_of_port_type, operations),
                name="ExchangeServicePortType",
            ),
            tag(
                "wsdl:binding",
                tag("soap:binding", style="document", transport=_HTTP),
                *map(_of_binding, operations),
                name="ExchangeServiceBinding",
                type="m:ExchangeServicePortType",
            ),
            tag("wsdl:service", port, name="ExchangeServices"),
            **{
                "xmlns:wsdl": WSDL,
                "xmlns:soap": SOAP_BINDING,
                "xmlns:xs": XSD,
                "xmlns:m": MESSAGES,
                "targetNamespace": MESSAGES,
            },
        )
    )


def _messages(operation: Operation) -> Iterator[Xml]:
    names = {"In": f"m:{operation.name}", "Out": operation.response}
    for way, element in names.items():
        part = tag("wsdl:part", name="body", element=element)
        yield tag("wsdl:message", part, name=f"{operation.name}Soap{way}")


def _of_port_type(operation: Operation) -> Xml:
    name = operation.name
    return tag(
        "wsdl:operation",
        tag("wsdl:documentation", operation.handler.__doc__),
        tag("wsdl:input", message=f"m:{name}SoapIn"),
        tag("wsdl:output", message=f"m:{name}SoapOut"),
        name=name,
    )


def _of_binding(operation: Operation) -> Xml:
    body = tag("soap:body", use="literal")
    return tag(
        "wsdl:operation",
        tag("soap:operation", soapAction=f"{MESSAGES}/{operation.name}"),
        tag("wsdl:input", body),
        tag("wsdl:output", body),
        name=operation.name,
    )


def _schema(namespace: str, *content: Xml) -> bytes:
    return _document(
        tag(
            "xs:schema",
            *content,
            **{
                "xmlns:xs": XSD,
                "xmlns:m": MESSAGES,
                "xmlns:t": TYPES,
                "targetNamespace": namespace,
                "elementFormDefault": "qualified",
            },
        )
    )


def _document(root: Xml) -> bytes:
    return f'<?xml version="1.0" encoding="utf-8"?>{root}'.encode()
