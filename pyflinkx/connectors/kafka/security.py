"""How a connection to a broker is made secure, by the properties of librdkafka: TLS, and a user's name and password."""

from __future__ import annotations

import contextlib
import os
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pyflinkx.connectors.kafka.scram import HASHES
from pyflinkx.errors import ConfigurationError

MECHANISMS = ("PLAIN", *HASHES)


@dataclass(frozen=True)
class Security:
    """What a connection needs.

    Args:
        context: of TLS; None for none.
        checks_name: whether the certificate has to be of the broker's name.
        mechanism: of SASL; None for none.
        user: the user's name.
        password: the user's password.
    """

    context: ssl.SSLContext | None = None
    checks_name: bool = True
    mechanism: str | None = None
    user: str = ""
    password: str = ""


def security_of(properties: Mapping[str, Any]) -> Security:
    """What properties say.

    Raises:
        ConfigurationError: it is something that transactions cannot be committed with here, or a file is missing.
    """
    protocol = str(properties.get("security.protocol", "plaintext")).lower()
    context = tls_context(properties) if protocol in ("ssl", "sasl_ssl") else None
    checks_name = str(properties.get("ssl.endpoint.identification.algorithm", "https")).lower() == "https"
    if not protocol.startswith("sasl_"):
        return Security(context, checks_name)
    mechanism = str(properties.get("sasl.mechanisms", properties.get("sasl.mechanism", "GSSAPI"))).upper()
    if mechanism not in MECHANISMS:
        raise ConfigurationError(
            f"EXACTLY_ONCE goes with the SASL mechanisms {', '.join(MECHANISMS)}, not with {mechanism} yet: "
            "AT_LEAST_ONCE does"
        )
    try:
        user, password = str(properties["sasl.username"]), str(properties["sasl.password"])
    except KeyError as error:
        raise ConfigurationError(f"SASL needs the property {error.args[0]}") from None
    return Security(context, checks_name, mechanism, user, password)


def tls_context(properties: Mapping[str, Any]) -> ssl.SSLContext:
    """TLS as the properties have it.

    Raises:
        ConfigurationError: a file is missing, or in a form that is not understood.
    """
    if "ssl.keystore.location" in properties:
        raise ConfigurationError(
            "EXACTLY_ONCE reads no PKCS#12 store: use ssl.certificate.location and ssl.key.location with PEM files"
        )
    place = properties.get("ssl.ca.location")
    try:
        context = ssl.create_default_context(
            cafile=place if place and not os.path.isdir(place) else None,
            capath=place if place and os.path.isdir(place) else None,
            cadata=properties.get("ssl.ca.pem"),
        )
        with pem_file(properties, "ssl.certificate") as certificate, pem_file(properties, "ssl.key") as key:
            if certificate is not None:
                context.load_cert_chain(certificate, key, properties.get("ssl.key.password"))
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(f"the certificates of Kafka's properties cannot be read: {error}") from error
    # The name is checked by whoever connects, as a connection may go to a broker's address.
    context.check_hostname = False
    if str(properties.get("enable.ssl.certificate.verification", "true")).lower() == "false":
        context.verify_mode = ssl.CERT_NONE
    return context


@contextlib.contextmanager
def pem_file(properties: Mapping[str, Any], name: str) -> Iterator[str | None]:
    """A file of what is given as one, or as its text; None for neither."""
    text = properties.get(f"{name}.pem")
    if text is None:
        yield properties.get(f"{name}.location")
        return
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:  # readable for its owner alone
        file.write(text)
        file.flush()
        yield file.name
