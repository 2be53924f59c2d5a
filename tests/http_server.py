"""A server on this machine that misbehaves as it is told, for tests of downloads."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Server:
    """Files by path, and for each path what the next requests (GET only) meet instead of good service.

    What can be met: an int (that status), ("cut", n) the connection ends after n bytes of the body, "ignore range",
    ("length", n) a length is declared that is not so, ("bytes", b) other bytes, "no length", "wrong range".
    """

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    trouble: dict[str, list[object]] = field(default_factory=dict)
    always: dict[str, object] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    requests: list[tuple[str, str, str]] = field(default_factory=list)  # method, path, Range
    redirects: dict[str, str] = field(default_factory=dict)
    pause: dict[str, float] = field(default_factory=dict)  # seconds of silence in the middle of the body
    together: int = 0  # answers are held back until so many have been asked for at once, for 10 s at most
    heads: bool = True
    busy_heads: dict[str, int] = field(default_factory=dict)  # HEAD requests that are answered 503
    etags: bool = True
    ranges: bool = True
    at_once: int = 0
    most_at_once: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def gets(self, path: str) -> list[str]:
        """The Range headers of the GET requests for `path`, "" where there was none."""
        return [asked for method, where, asked in self.requests if method == "GET" and where == path]


@contextmanager
def serving() -> Iterator[Server]:
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *arguments: object) -> None:
            pass

        def do_HEAD(self) -> None:
            server.requests.append(("HEAD", self.path, ""))
            if self.path in server.redirects:
                return self.status(302)
            if server.busy_heads.get(self.path, 0) > 0:
                server.busy_heads[self.path] -= 1
                return self.status(503)
            body = server.files.get(self.path)
            if not server.heads or body is None:
                return self.status(405 if body is not None else 404)
            self.send_response(200)
            self.common(body)
            self.send_header("Content-Length", str(len(body)))
            return self.end_headers()

        def do_GET(self) -> None:
            with server.lock:
                server.at_once += 1
                server.most_at_once = max(server.most_at_once, server.at_once)
                server.requests.append(("GET", self.path, self.headers.get("Range", "")))
                queue = server.trouble.get(self.path)
                trouble = queue.pop(0) if queue else server.always.get(self.path)
            try:
                deadline = time.monotonic() + 10
                while server.most_at_once < server.together and time.monotonic() < deadline:
                    time.sleep(0.005)
                self.answer(trouble)
            finally:
                with server.lock:
                    server.at_once -= 1

        def answer(self, trouble: object) -> None:
            if self.path in server.redirects:
                return self.status(302)
            body = server.files.get(self.path)
            if isinstance(trouble, int):
                return self.status(trouble)
            if body is None:
                return self.status(404)
            kind, value = trouble if isinstance(trouble, tuple) else (trouble, None)
            if kind == "bytes":
                body = value
            start = 0
            match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            if_range = self.headers.get("If-Range")
            fits = not if_range or if_range == self.etag(body)
            if match and fits and server.ranges and kind != "ignore range":
                start = int(match[1])
                if start >= len(body):
                    self.send_response(416)
                    self.send_header("Content-Range", f"bytes */{len(body)}")
                    self.send_header("Content-Length", "0")
                    return self.end_headers()
                shown = start + 1 if kind == "wrong range" else start
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {shown}-{len(body) - 1}/{len(body)}")
            else:
                self.send_response(200)
            self.common(body)
            rest = body[start:]
            if kind == "no length":
                self.close_connection = True
                self.send_header("Connection", "close")
            else:
                self.send_header("Content-Length", str(value if kind == "length" else len(rest)))
            self.end_headers()
            if kind == "cut":
                self.close_connection = True
                rest = rest[:value]
            elif kind == "length":
                self.close_connection = True
            if self.path in server.pause:
                self.wfile.write(rest[: len(rest) // 2])
                self.wfile.flush()
                server.over.wait(server.pause[self.path])
                rest = rest[len(rest) // 2 :]
            self.wfile.write(rest)
            return None

        def etag(self, body: bytes) -> str:
            return f'"{hashlib.sha256(body).hexdigest()[:16]}"'

        def common(self, body: bytes) -> None:
            for name, value in server.headers.get(self.path, {}).items():
                self.send_header(name, value)
            if server.etags and "ETag" not in server.headers.get(self.path, {}):
                self.send_header("ETag", self.etag(body))

        def status(self, code: int) -> None:
            self.send_response(code)
            for name, value in server.headers.get(self.path, {}).items():
                self.send_header(name, value)
            if code == 302:
                self.send_header("Location", server.redirects[self.path])
            self.send_header("Content-Length", "0")
            self.end_headers()

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    http.handle_error = lambda *arguments: None  # a client that goes away is part of the tests
    server.url = f"http://127.0.0.1:{http.server_address[1]}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        http.shutdown()
        http.server_close()
