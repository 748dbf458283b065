"""Requests are the bytes that the scenario means, the same for the same seed, and never something else smuggled in."""

from __future__ import annotations

import json
import socket
import uuid
from pathlib import Path
from typing import Any

import httptools
import pytest

from fibench.traffic.errors import EngineError
from fibench.traffic.job import Address
from fibench.traffic.requests import File, Json, Request, Size, framed, render
from fibench.traffic.resolve import host_of, is_local, path_of, resolve
from tests import hostile


class Parsed:
    """A message as an HTTP parser of somebody else reads it."""

    def __init__(self, message: bytes) -> None:
        self.headers: dict[str, str] = {}
        self.body, self.url, self.done = b"", b"", 0
        parser = httptools.HttpRequestParser(self)
        parser.feed_data(message)
        self.method = parser.get_method()

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode().lower()] = value.decode()

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.done += 1


def sent(request: Request, k: int = 0, **more: Any) -> Parsed:
    """Request k, parsed; it must be exactly one message."""
    found = Parsed(render(request, **more)[k])
    assert found.done == 1
    return found


def wrong(request: Request, **more: Any) -> str:
    """What is said of it."""
    with pytest.raises(EngineError) as error:
        render(request, **more)
    return f"{error.value} {error.value.hint}"


def test_a_plain_request_is_one_prebuilt_message() -> None:
    shots = render(Request("example.org:8000"))
    assert len(shots) == 1
    assert shots[0] == shots[99] == b"GET / HTTP/1.1\r\nHost: example.org:8000\r\nUser-Agent: fibench\r\n\r\n"


@pytest.mark.parametrize(
    ("body", "bytes_sent", "kind"),
    [
        ("grüß 100%", "grüß 100%".encode(), "text/plain; charset=utf-8"),
        (b"\x00%b{{n}}", b"\x00%b{{n}}", "application/octet-stream"),
        ({"a": [1, None], "ü": "x"}, '{"a":[1,null],"ü":"x"}'.encode(), "application/json"),
        (Json("text"), b'"text"', "application/json"),
        (Json(None), b"null", "application/json"),
        ("", b"", "text/plain; charset=utf-8"),
    ],
)
def test_bodies_of_each_form_have_their_length_and_type(body: Any, bytes_sent: bytes, kind: str) -> None:
    found = sent(Request("h", method="POST", body=body))
    assert found.body == bytes_sent
    assert found.headers["content-length"] == str(len(bytes_sent))
    assert found.headers["content-type"] == kind


def test_a_body_from_a_file_is_sent_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"{{nobody}} %d\xff")
    assert sent(Request("h", method="PUT", body=File(str(tmp_path / "b")))).body == b"{{nobody}} %d\xff"
    assert "no such file" in wrong(Request("h", body=File(str(tmp_path / "none"))))


def test_generated_bodies_have_the_size_and_depend_on_the_seed() -> None:
    one, same, other = (sent(Request("h", method="POST", body=Size(5000)), seed=seed).body for seed in (1, 1, 2))
    assert len(one) == 5000
    assert one == same != other


def test_a_post_without_a_body_says_so_and_a_get_does_not() -> None:
    assert sent(Request("h", method="POST")).headers["content-length"] == "0"
    assert "content-length" not in sent(Request("h")).headers


def test_the_own_headers_replace_the_defaults_whatever_their_case() -> None:
    found = render(Request("h", headers={"HOST": "other", "user-agent": "me", "X-N": "1"}))[0]
    assert found.lower().count(b"host:") == 1
    assert found.lower().count(b"user-agent:") == 1
    assert b"X-N: 1\r\n" in found


def test_connection_close_when_asked() -> None:
    assert sent(Request("h", keep_alive=False)).headers["connection"] == "close"
    assert "connection" not in sent(Request("h")).headers


@pytest.mark.parametrize("body", [b"", b"a", b"0123456789", b"0123456"])
def test_chunks_carry_the_same_body(body: bytes) -> None:
    found = sent(Request("h", method="POST", body=body, chunked=7))
    assert found.body == body
    assert "content-length" not in found.headers
    assert framed(b"0123456789", 7) == b"7\r\n0123456\r\n3\r\n789\r\n0\r\n\r\n"


def test_built_in_names_are_filled_with_the_right_length_even_chunked() -> None:
    for chunked in (0, 5):
        request = Request("h", path="/{{n}}?u={{uuid}}", method="POST", body="n={{ n }} {{random}} 5%", chunked=chunked)
        shots = render(request, seed=3)
        assert len(shots) == 0
        for k in (0, 9, 10, 123456):
            found = Parsed(shots[k])
            assert found.done == 1
            path, _, unique = found.url.decode().partition("?u=")
            assert path == f"/{k}"
            assert uuid.UUID(unique).version == 4
            words = found.body.decode().split()
            assert words[0] == f"n={k}"
            assert 0 <= int(words[1]) < 2**31
            assert words[2] == "5%"


def test_the_seed_decides_and_requests_differ() -> None:
    request = Request("h", path="/{{uuid}}/{{random}}")
    one, same, other = render(request, seed=1), render(request, seed=1), render(request, seed=2)
    assert [one[k] for k in (5, 3)] == [same[5], same[3]]
    assert one[5] != other[5]
    assert len({one[k] for k in range(1000)}) == 1000
    assert render(request, seed=2**200)[1]


def test_json_keeps_the_type_of_a_whole_value_and_escapes_a_part() -> None:
    body = {"n": "{{n}}", "u": "{{uuid}}", "v": "{{v}}", "s": "<{{s}}>", "{{v}}": ["{{s}}"], "last": "{{n}}"}
    rows = [{"v": 7, "s": 'a"b\\ü\n{{n}} %b'}]
    found = json.loads(sent(Request("h", method="POST", body=body), 12, data=rows).body)
    assert (found["n"], found["v"], found["last"]) == (12, 7, 12)
    assert uuid.UUID(found["u"])
    assert found["s"] == '<a"b\\ü\n{{n}} %b>'
    assert found["7"] == ['a"b\\ü\n{{n}} %b']


def test_values_in_a_path_are_encoded_unless_they_are_the_path() -> None:
    rows = [{"name": "a/b ü&{{n}}", "path": "/x?y=1&z=ü #2"}]
    assert sent(Request("h", path="/u/{{name}}"), data=rows).url == b"/u/a%2Fb%20%C3%BC%26%7B%7Bn%7D%7D"
    assert sent(Request("h", path="{{path}}"), data=rows).url == b"/x?y=1&z=%C3%BC%20%232"
    assert sent(Request("h", path="/ü/{{name}}/%20"), data=[{"name": "1"}]).url == b"/%C3%BC/1/%20"


def test_data_rows_are_prebuilt_one_message_each_in_turn(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text('name,age\n"Ann, B",1\n\nBob,2\n', encoding="utf-8-sig")
    shots = render(Request("h", path="/{{name}}/{{age}}"), data=str(tmp_path / "d.csv"))
    assert len(shots) == 2
    assert [Parsed(shots[k]).url for k in range(3)] == [b"/Ann%2C%20B/1", b"/Bob/2", b"/Ann%2C%20B/1"]


def test_rows_and_built_in_names_go_together(tmp_path: Path) -> None:
    (tmp_path / "d.jsonl").write_text('{"a": "x"}\n{"a": "y"}\n', encoding="utf-8")
    shots = render(Request("h", path="/{{a}}{{n}}"), data=str(tmp_path / "d.jsonl"))
    assert [Parsed(shots[k]).url for k in range(3)] == [b"/x0", b"/y1", b"/x2"]


def test_shuffled_rows_are_all_there_in_the_seeds_order() -> None:
    rows = [{"a": n} for n in range(50)]
    orders = [
        [render(Request("h", path="/{{a}}"), data=rows, seed=seed, shuffle=True)[k] for k in range(50)] for seed in (1, 1, 2)
    ]
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0]) == sorted(orders[2])


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\x00b", "a\rb"])
def test_line_breaks_cannot_be_smuggled_into_headers(value: str) -> None:
    assert "line" in wrong(Request("h", headers={"X": value}))
    assert "data row 1" in wrong(Request("h", headers={"X": "{{v}}"}), data=[{"v": value}])
    assert "line" in wrong(Request(f"h{value}"))


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (Request("h", path="users"), "begins with /"),
        (Request("h", path="/a b"), "%20"),
        (Request("h", path="/a\r\nX: y"), "line breaks"),
        (Request("h", path="/a#b"), "#"),
        (Request("h", method="GET /x"), "method"),
        (Request("h", headers={"X y": "1"}), "header name"),
        (Request("h", headers={"Content-Length": "3"}), "fibench counts"),
        (Request("h", headers={"transfer-encoding": "chunked"}), "chunked: true"),
        (Request("h", headers={"Connection": "close"}), "keep_alive: false"),
        (Request("h", path="/{{nn}}"), "did you mean {{n}}?"),
        (Request("h", body="{{usr}}"), "unknown {{usr}} in the body"),
        (Request("h", headers={"X-Id": "{{uid}}"}), "in the header X-Id"),
        (Request("h", path="{{uuid}}"), "does not begin with /"),
        (Request("h", body=Json(float("nan"))), "no JSON"),
        (Request("h", body=Size(-1)), "sizes are"),
        (Request("h", chunked=-1), "chunk"),
    ],
)
def test_what_is_no_proper_request_is_refused_with_the_reason(request_: Request, said: str) -> None:
    assert said in wrong(request_)


def test_an_unknown_name_is_answered_with_the_nearest_column() -> None:
    assert "did you mean {{name}}?" in wrong(Request("h", path="/{{nmae}}"), data=[{"name": "x"}])
    assert "hides the built-in {{n}}" in wrong(Request("h", path="/{{n}}"), data=[{"n": "x"}])


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("d.csv", b"a,b\n1,2\n3\n", "d.csv:3: 1 columns, but 2 names"),
        ("d.csv", b"a,a\n1,2\n", "d.csv:1: two columns are named 'a'"),
        ("d.csv", b'a,b\n1,"2\n', "d.csv:2: "),
        ("d.csv", b"a,b\n", "d.csv: no rows"),
        ("d.csv", b"a\n\xff\n", "d.csv:2: not UTF-8"),
        ("d.jsonl", b'{"a": 1}\n\n{"a"\n', "d.jsonl:3: no JSON"),
        ("d.jsonl", b'{"a": 1}\n[1]\n', "d.jsonl:2: no object but list"),
        ("d.jsonl", b'{"a": 1}\n{"b": 1}\n', "d.jsonl:2: no 'a'"),
        ("d.txt", b"a", "neither .csv nor .jsonl"),
    ],
)
def test_data_files_are_refused_with_file_and_line(tmp_path: Path, name: str, text: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(text)
    assert said in wrong(Request("h", path="/{{a}}"), data=str(tmp_path / name))


def test_a_server_reads_what_was_rendered() -> None:
    with hostile.well() as port, socket.create_connection(("127.0.0.1", port)) as link:
        shots = render(Request("h", method="POST", body="{{uuid}}", chunked=6))
        link.sendall(shots[0] + shots[1])
        while hostile.at(port).requests < 2:
            assert link.recv(1000)
        assert list(hostile.at(port).seen) == [shots[0], shots[1]]


def test_addresses_resolve_to_what_can_be_connected_to() -> None:
    found = resolve("http://127.0.0.1:8123/a/b?c=d#e")
    assert found == Address("127.0.0.1", 8123, socket.AF_INET)
    assert path_of("http://127.0.0.1:8123/a/b?c=d#e") == "/a/b?c=d"
    assert (path_of("http://h"), host_of("http://h:80/"), host_of("https://h:80")) == ("/", "h", "h:80")
    tls = resolve("https://[::1]/", verify=False)
    assert (tls.port, tls.family, tls.tls, tls.server_name, tls.verify) == (443, socket.AF_INET6, True, "::1", False)
    assert host_of("https://[::1]:8000/") == "[::1]:8000"
    unix = resolve("http+unix://%2Ftmp%2Fx.sock/a")
    assert (unix.host, unix.family) == ("/tmp/x.sock", socket.AF_UNIX)


def test_localhost_resolves_to_the_address_that_answers() -> None:
    with hostile.well() as port:
        assert resolve(f"http://localhost:{port}/").host == "127.0.0.1"


def test_a_name_without_an_address_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_words: object, **_more: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(EngineError, match=r"nowhere\.example cannot be resolved: Name or service"):
        resolve("http://nowhere.example/")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://h/", "no http"),
        ("127.0.0.1:80", "no http"),
        ("localhost:8000", "no http"),
        ("http:///x", "no host"),
        ("http://:80/", "no host"),
        ("http://h:99999/", "[Pp]ort"),
        ("http://h:abc/", "[Pp]ort"),
        ("http://h:0/", "0 is no port"),
        ("http://h:/", "no port after the colon"),
        ("http://[::1/", "IPv6"),
        ("http://u:p@h/", "password"),
        ("http://h/a b", "blank"),
        ("http://h/\r\nX: y", "line break"),
    ],
)
def test_malformed_addresses_are_refused(url: str, said: str) -> None:
    with pytest.raises(EngineError, match=said):
        resolve(url)


def test_a_missing_ca_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="CA file"):
        resolve("https://127.0.0.1/", ca_file=str(tmp_path / "ca.pem"))


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("10.1.2.3", True),
        ("172.31.0.1", True),
        ("172.32.0.1", False),
        ("192.168.1.1", True),
        ("169.254.1.1", True),
        ("0.0.0.0", True),
        ("8.8.8.8", False),
        ("192.0.2.1", False),
        ("::1", True),
        ("fe80::1%eth0", True),
        ("fd00::1", True),
        ("2001:4860::1", False),
        ("::ffff:127.0.0.1", True),
        ("::ffff:8.8.8.8", False),
    ],
)
def test_local_is_this_machine_and_private_networks(host: str, local: bool) -> None:
    assert is_local(Address(host, 80, socket.AF_INET6 if ":" in host else socket.AF_INET)) is local
    assert is_local(Address("/tmp/x.sock", 0, socket.AF_UNIX))
