"""The codec server: decrypts for the temporal command line and the web UI, and for nobody else."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx
import pytest
from pydantic import SecretStr
from temporalio.client import Client
from temporalio.converter import DataConverter

from config.settings import CodecSettings
from starters.codec_server.serve import CannotServe, Place, running_codec_server
from starters.processes.devserver import find_temporal
from tests.patience import PATIENCE
from tests.starters.commands import Commands
from workers.codec import CodecOfAny
from workers.key_check import keys_of
from workers.plugin import dripstone_plugin

TOKEN = "a-token-of-the-codec-server"
KEY = base64.b64encode(bytes(range(32))).decode()
OPEN = CodecSettings(keys={"a": SecretStr(KEY)}, active="a")
LOCKED = OPEN.model_copy(update={"server_token": SecretStr(TOKEN)})
CODEC = CodecOfAny(keys_of(OPEN))
UI = "http://127.0.0.1:8233"
HERE = Place("127.0.0.1", 0, (UI,))
JSON = {"Content-Type": "application/json", "X-Namespace": "default"}
BEARER = {"Authorization": f"Bearer {TOKEN}"}
ADA = "IkFkYSI="
PLAIN = {"metadata": {"encoding": "anNvbi9wbGFpbg=="}, "data": ADA}


@asynccontextmanager
async def server(settings: CodecSettings = OPEN) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        running_codec_server(settings, HERE) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as http,
    ):
        yield http


async def sealed() -> dict[str, object]:
    (payload,) = await DataConverter(payload_codec=CODEC).encode(["Ada"])
    return {
        "metadata": {
            name: base64.b64encode(value).decode() for name, value in payload.metadata.items()
        },
        "data": base64.b64encode(payload.data).decode(),
    }


@pytest.mark.parametrize("path", ["/decode", "/default/decode"])
async def test_it_decrypts_what_is_encrypted_and_leaves_the_rest(path: str) -> None:
    strange = {"metadata": {"encoding": "YmluYXJ5L2VuY3J5cHRlZA=="}, "data": "AAAA"}
    async with server() as http:
        asked = {"payloads": [await sealed(), PLAIN, strange]}
        answer = await http.post(path, json=asked, headers=JSON)
        assert answer.json() == {"payloads": [PLAIN, PLAIN, strange]}


async def test_what_it_encrypts_can_be_read() -> None:
    async with server() as http:
        encrypted = await http.post("/encode", json={"payloads": [PLAIN]}, headers=JSON)
        assert encrypted.json()["payloads"][0]["data"] != ADA
        decrypted = await http.post("/decode", content=encrypted.content, headers=JSON)
        assert decrypted.json() == {"payloads": [PLAIN]}


@pytest.mark.parametrize(
    ("settings", "headers", "status"),
    [
        (LOCKED, {}, 401),
        (LOCKED, {"Authorization": "Bearer another"}, 401),
        (LOCKED, {"Authorization": TOKEN}, 401),
        (LOCKED, {"Authorization": f"Basic {TOKEN}"}, 401),
        (LOCKED, BEARER, 200),
        (LOCKED, BEARER | {"Host": "codec.example"}, 200),
        (LOCKED, BEARER | {"Origin": "https://elsewhere.example"}, 403),
        (OPEN, {}, 200),
        (OPEN, {"Origin": UI}, 200),
        (OPEN, {"Origin": "https://elsewhere.example"}, 403),
        (OPEN, {"Origin": "null"}, 403),
        (OPEN, {"Host": "rebound.example"}, 403),
        (OPEN, {"Host": "rebound.example:8481"}, 403),
        (OPEN, {"Host": "localhost:8481"}, 200),
        (OPEN, {"Content-Type": "text/plain"}, 415),
        (OPEN, {"Content-Type": "application/x-www-form-urlencoded"}, 415),
    ],
)
async def test_only_who_may_read_is_answered(
    settings: CodecSettings, headers: Mapping[str, str], status: int
) -> None:
    async with server(settings) as http:
        asked = {"payloads": [await sealed()]}
        answer = await http.post("/decode", json=asked, headers={**JSON, **headers})
        assert answer.status_code == status
        assert (ADA in answer.text) == (status == 200)


@pytest.mark.parametrize(("origin", "allowed"), [(UI, UI), ("https://elsewhere.example", None)])
async def test_the_web_ui_may_ask_from_its_page_and_no_other_page(
    origin: str, allowed: str | None
) -> None:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,x-namespace",
    }
    async with server(LOCKED) as http:
        answer = await http.options("/decode", headers=asked)
        assert answer.is_success == (allowed is not None)
        assert answer.headers.get("access-control-allow-origin") == allowed
        refused = await http.post("/decode", headers={"Origin": origin})
        assert refused.headers.get("access-control-allow-origin") == allowed


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"payloads": 3}', b'{"names": []}', b"\xff", b"[" * 9000]
)
async def test_what_is_no_message_is_refused_without_repeating_it(body: bytes) -> None:
    async with server() as http:
        answer = await http.post("/decode", content=body, headers=JSON)
        assert answer.status_code == 400
        assert answer.json() == {"error": "the body is no Payloads message in protobuf's JSON"}


async def test_without_a_token_it_listens_on_this_machine_only() -> None:
    with pytest.raises(CannotServe, match="DRIPSTONE_CODEC__SERVER_TOKEN"):
        async with running_codec_server(OPEN, Place("0.0.0.0", 0, ())):
            pass


async def test_a_port_that_is_taken_is_named() -> None:
    async with server() as http:
        with pytest.raises(CannotServe, match=f"port {http.base_url.port}.*--port"):
            async with running_codec_server(OPEN, Place("127.0.0.1", http.base_url.port or 0, ())):
                pass


async def test_the_temporal_command_line_reads_histories_through_it(temporal: str) -> None:
    client = await Client.connect(temporal, plugins=[dripstone_plugin(CODEC)])
    await client.start_workflow(
        "Enrollment", {"lead": "canary-lead"}, id="encrypted", task_queue="nobody-works-here"
    )
    show = ("workflow", "show", "--address", temporal, "-w", "encrypted", "-o", "json")
    assert "canary-lead" not in _decoded(await _temporal(*show))
    async with server(LOCKED) as http:
        through = ("--codec-endpoint", f"{http.base_url}/{{namespace}}")
        read = await _temporal(*show, *through, "--codec-auth", f"Bearer {TOKEN}")
        assert "canary-lead" in _decoded(read)
    await client.get_workflow_handle("encrypted").terminate()


def _decoded(history: str) -> str:
    """The inputs of a history, as text."""
    started = json.loads(history)["events"][0]["workflowExecutionStartedEventAttributes"]
    found = started["input"]
    payloads = found["payloads"] if isinstance(found, dict) else found
    texts = [
        base64.b64decode(one["data"]).decode(errors="replace") if "data" in one else json.dumps(one)
        for one in payloads
    ]
    return "\n".join(texts)


async def _temporal(*arguments: str) -> str:
    process = await asyncio.create_subprocess_exec(
        str(find_temporal()),
        "--disable-config-file",
        "--disable-config-env",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode()


def test_the_command_says_what_is_missing(cut_off: Commands) -> None:
    refused = cut_off("codec-server")
    assert (refused.status, "DRIPSTONE_CODEC__KEYS" in refused.err) == (2, True)
    keys = {"DRIPSTONE_CODEC__KEYS__A": KEY, "DRIPSTONE_CODEC__ACTIVE": "a"}
    refused = cut_off("codec-server", "--host", "0.0.0.0", **keys)
    assert (refused.status, "SERVER_TOKEN" in refused.err) == (1, True)
