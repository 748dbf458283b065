"""Kind `http`: load on any address, open or closed loop, natively or through Locust."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field

from fibench.workloads import traffic
from fibench.workloads.traffic_kind import TrafficKind


class Params(traffic.Traffic):
    """`url` is http://, https:// or http+unix://%2Fpath%2Fto.sock/; everything else says what is sent there, and when."""

    url: Annotated[str, Field(pattern=r"^(https?|http\+unix)://\S+$", examples=["http://127.0.0.1:8000/"])]


class HttpKind(TrafficKind):
    """The parent half; the child's is `fibench.operations.service`."""

    name = "http"
    about = "load on any address: response times, throughput, errors; open or closed loop"
    Params = Params
    metrics = traffic.METRICS
    operation = "fibench.operations.service:open_http"
    packages = ("httptools",)

    def addresses(self, params: Mapping[str, Any]) -> Iterable[str]:
        """The address that the scenario names."""
        return (str(params["url"]),)


KIND = HttpKind()
