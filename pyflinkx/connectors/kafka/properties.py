"""Properties as programs for Flink have them, in the words of librdkafka."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pyflinkx.config.option import ConfigOption
from pyflinkx.errors import ConfigurationError

Properties = dict[str, str]

# Java's names of what librdkafka calls otherwise.
OTHER_NAMES = {
    "fetch.max.wait.ms": "fetch.wait.max.ms",
    "max.request.size": "message.max.bytes",
    "receive.buffer.bytes": "socket.receive.buffer.bytes",
    "send.buffer.bytes": "socket.send.buffer.bytes",
    "ssl.truststore.certificates": "ssl.ca.pem",
    "ssl.keystore.certificate.chain": "ssl.certificate.pem",
    "ssl.keystore.key": "ssl.key.pem",
    "ssl.cipher.suites": "ssl.cipher.suites",
}

# What Flink sets itself, so that programs have it without meaning anything by it.
IGNORED = {"key.deserializer", "value.deserializer", "key.serializer", "value.serializer", "register.consumer.metrics"}

# Beginnings of names that only the Java client has, and what to say of them.
JAVA_ONLY: dict[str, str] = {
    "interceptor.classes": "there are no interceptors",
    "metric.reporters": "the job's own metrics are reported",
    "metrics.": "the job's own metrics are reported",
    "partitioner.class": "use 'partitioner', or set_partitioner() of the serialization schema",
    "partition.assignment.strategy": "the source assigns partitions itself",
    "sasl.client.callback.handler.class": "use sasl.username and sasl.password, or sasl.oauthbearer.*",
    "sasl.login.": "use sasl.username and sasl.password, or sasl.oauthbearer.*",
    "config.providers": "give the values themselves",
    "security.providers": "OpenSSL is used",
    "ssl.protocol": "OpenSSL chooses",
    "ssl.enabled.protocols": "OpenSSL chooses",
    "ssl.provider": "OpenSSL is used",
    "ssl.engine.factory.class": "OpenSSL is used",
    "ssl.keymanager.algorithm": "OpenSSL is used",
    "ssl.trustmanager.algorithm": "OpenSSL is used",
}

STORES = "use PEM files: ssl.ca.location, ssl.certificate.location and ssl.key.location"

JAAS = re.compile(r"\s*([\w.$]+)\s+(?:required|requisite|sufficient|optional)\b(.*?);?\s*", re.DOTALL)
JAAS_OPTION = re.compile(r"""([\w.]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s;"']+))""")


def checked_property(key: Any, value: Any) -> tuple[str, str]:
    """A property as its name and its text.

    Raises:
        TypeError: the key is no str, or the value is none, nor a number or bool.
    """
    if not isinstance(key, str):
        raise TypeError(f"the name of a property is a str, not {key!r}")
    if isinstance(value, bool):
        return key, "true" if value else "false"
    if not isinstance(value, (str, int, float)):
        raise TypeError(f"property {key} is a str, not {type(value).__name__}")
    return key, str(value)


def option_of(properties: Mapping[str, str], option: ConfigOption[Any]) -> Any:
    """What properties say of an option of ours.

    Raises:
        ConfigurationError: it is no such value.
    """
    text = properties.get(option.key)
    return option.default if text is None else option.parse(text.strip())


def client_properties(properties: Mapping[str, str], own: tuple[ConfigOption[Any], ...]) -> dict[str, Any]:
    """Properties for a client of librdkafka.

    Args:
        properties: by Flink's names or librdkafka's.
        own: options that the connector sees to itself.

    Raises:
        ConfigurationError: one of them only the Java client understands; the message says what there is instead.
    """
    left = {name: value for name, value in properties.items() if name not in IGNORED}
    result: dict[str, Any] = {"bootstrap.servers": left["bootstrap.servers"]}
    for name in [option.key for option in own]:
        left.pop(name, None)
    for name in sorted(left):
        beginning = next((one for one in JAVA_ONLY if name.startswith(one)), None)
        if beginning is not None:
            raise ConfigurationError(
                f"property {name} is of Kafka's Java client, and there is none here: {JAVA_ONLY[beginning]}"
            )
    _take_stores(left, result)
    if "sasl.jaas.config" in left:
        result.update(jaas_properties(left.pop("sasl.jaas.config")))
    if "buffer.memory" in left:
        result["queue.buffering.max.kbytes"] = str(max(1, _number(left, "buffer.memory") // 1024))
    if left.get("ssl.endpoint.identification.algorithm") == "":
        left["ssl.endpoint.identification.algorithm"] = "none"
    for name, value in left.items():
        result[OTHER_NAMES.get(name, name)] = value
    return result


def _number(left: dict[str, str], name: str) -> int:
    text = left.pop(name)
    try:
        return int(text)
    except ValueError:
        raise ConfigurationError(f"property {name} is a whole number, not {text!r}") from None


def _take_stores(left: dict[str, str], result: dict[str, Any]) -> None:
    """Java's stores of keys and certificates, where they are files that OpenSSL reads."""
    trusted = left.pop("ssl.truststore.location", None)
    kind = left.pop("ssl.truststore.type", "JKS").upper()
    left.pop("ssl.truststore.password", None)
    if trusted is not None:
        if kind != "PEM":
            raise ConfigurationError(
                f"ssl.truststore.location is a Java key store ({kind}), which cannot be read here: {STORES}"
            )
        result["ssl.ca.location"] = trusted
    kind = left.pop("ssl.keystore.type", "JKS").upper()
    if "ssl.keystore.location" in left:
        if kind == "PEM":
            path = left.pop("ssl.keystore.location")
            result.update({"ssl.certificate.location": path, "ssl.key.location": path})
        elif kind != "PKCS12":
            raise ConfigurationError(
                f"ssl.keystore.location is a Java key store ({kind}), which cannot be read here: {STORES}"
            )


def jaas_properties(text: str) -> dict[str, str]:
    """What a ``sasl.jaas.config`` says, for user names with passwords.

    Raises:
        ConfigurationError: it says something else; the message does not show it, as it holds a password.
    """
    found = JAAS.fullmatch(text)
    module = found.group(1).rpartition(".")[2] if found else None
    if found is None or module not in ("PlainLoginModule", "ScramLoginModule"):
        other = (
            "sasl.kerberos.*"
            if module == "Krb5LoginModule"
            else "sasl.username and sasl.password, or sasl.oauthbearer.*"
        )
        raise ConfigurationError(
            f"sasl.jaas.config is understood for PlainLoginModule and ScramLoginModule; use {other}"
        )
    options = {
        name: re.sub(r"\\(.)", r"\1", quoted or single) or bare
        for name, quoted, single, bare in JAAS_OPTION.findall(found.group(2))
    }
    try:
        return {"sasl.username": options["username"], "sasl.password": options["password"]}
    except KeyError as error:
        raise ConfigurationError(f"sasl.jaas.config has no {error.args[0]}") from None
