"""Figures for Prometheus, without anybody's name in them."""

from dataclasses import replace

from postwarden.dialects.native import app, metrics
from postwarden.dialects.native.operations import PREFIX
from postwarden.model.actors import Actor
from tests.support import prepared
from tests.support.api import Client

KEY = {"authorization": "Bearer operator"}


async def test_requests_are_counted_by_route_and_name_nobody() -> None:
    town = (await prepared.prepare_once()).fresh()
    counted = metrics.Metrics()
    api = Client(app.build(town.house, heard=counted.heard), PREFIX, KEY)
    await api.get("/accounts/ada@example.org")
    await api.get("/nobody/knows/ada@example.org")
    await api("GET", "/accounts", headers={"authorization": "Bearer wrong"})
    answered = await Client(metrics.build(town.house, counted), "", KEY).get("/metrics")
    text = answered.body.decode()
    assert answered.status == 200
    assert answered.headers["content-type"].startswith("text/plain")
    assert (
        'postwarden_http_requests_total{dialect="native",method="GET",'
        'route="/accounts/{account}",status="200"} 1.0' in text
    )
    assert 'postwarden_http_authentication_failures_total{dialect="native"} 1.0' in text
    assert "ada" not in text
    assert "postwarden_tasks" in text


async def test_they_take_a_permission() -> None:
    town = (await prepared.prepare_once()).fresh()
    town.actors.add(Actor(name="grace"))
    asking = Client(
        metrics.build(replace(town.house), metrics.Metrics()),
        "",
        {"authorization": "Bearer grace"},
    )
    assert (await asking.get("/metrics")).status == 403
    assert (await replace(asking, headers={}).get("/metrics")).status == 401
