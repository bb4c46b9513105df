"""An HTTP proxy on loopback, between a client and an S3 server, that goes wrong where it is told to.

Without faults it forwards byte for byte, headers and framing as they came, connections kept alive; so what the client
signed stays true, Host among it. (Only `Expect: 100-continue` ends here: the proxy answers it itself.)

    with Proxy(server.endpoint) as proxy:
        proxy.faults = [lose("PUT", "*/_gate/commits/*")]
        ...                                             # a client of proxy.endpoint
        assert proxy.faults[0].struck
"""

import contextlib
import fnmatch
import socket
import struct
import threading
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import unquote, urlsplit

LIMIT = 256 * 1024  # bytes of a head, or of one line that frames a chunk
TIMEOUT = 60  # seconds without a byte
ERROR = "<?xml version='1.0'?><Error><Code>{code}</Code><Message>the proxy was told to say so</Message></Error>"
CODES = {403: "AccessDenied", 409: "ConditionalRequestConflict", 500: "InternalError", 503: "SlowDown"}


class Act(StrEnum):
    """What happens to a request."""

    LOSE = "lose"  # the store acts, its answer never arrives
    RESET = "reset"  # the connection breaks before the store hears of it
    ANSWER = "answer"  # an error instead of the store's answer; the store does not hear of it
    CUT = "cut"  # the store acts, half of its answer's body arrives (of an answer without body: half of the head)
    TWICE = "twice"  # the store hears it twice; the second answer arrives
    HOLD = "hold"  # it waits, before the store hears of it, until the fault is released


@dataclass
class Fault:
    """What to do to the `nth` request, and the `times - 1` after it, whose method and key match.

    `key` is a shell pattern over the path without its bucket, with the query (`*?versions*`).
    """

    act: Act
    method: str = "*"
    key: str = "*"
    nth: int = 1
    times: int = 1
    status: int = 0  # of ANSWER
    seen: int = 0
    held: threading.Event = field(default_factory=threading.Event)  # HOLD: it has come
    released: threading.Event = field(default_factory=threading.Event)  # HOLD: it may go on

    @property
    def struck(self):
        """Whether it has happened."""
        return self.seen >= self.nth

    def strikes(self, method, key):
        """Count the request if it matches; say whether it is to be struck."""
        if not (fnmatch.fnmatchcase(method, self.method) and fnmatch.fnmatchcase(key, self.key)):
            return False
        self.seen += 1
        return self.nth <= self.seen < self.nth + self.times


def lose(method="*", key="*", **when):
    return Fault(Act.LOSE, method, key, **when)


def reset(method="*", key="*", **when):
    return Fault(Act.RESET, method, key, **when)


def answer(status, method="*", key="*", **when):
    return Fault(Act.ANSWER, method, key, status=status, **when)


def cut(method="*", key="*", **when):
    return Fault(Act.CUT, method, key, **when)


def twice(method="*", key="*", **when):
    return Fault(Act.TWICE, method, key, **when)


def hold(method="*", key="*", **when):
    return Fault(Act.HOLD, method, key, **when)


@dataclass(frozen=True)
class Message:
    """A request or an answer as it stood on the wire: `head` to its empty line, `body` with its framing."""

    head: bytes
    body: bytes = b""

    @property
    def start(self):
        """The three words of the first line."""
        return self.head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)

    @property
    def asks(self):
        """Of a request: its method, and its key with the query; of one about a bucket the query alone."""
        method, target, _ = self.start
        path, mark, query = target.partition("?")
        return method, unquote(path.removeprefix("/").partition("/")[2] + mark + query)

    def header(self, name):
        """The value of a header, None where it is not there."""
        for line in self.head.split(b"\r\n")[1:]:
            key, _, value = line.partition(b":")
            if key.strip().lower() == name.encode():
                return value.strip().lower().decode("latin-1")
        return None

    @property
    def closes(self):
        """Whether the connection ends after it."""
        return self.header("connection") == "close"


class Proxy:
    """The proxy; listens on `endpoint` as long as its context lasts. `requests` are (method, key) in their order."""

    def __init__(self, upstream):
        self._upstream = urlsplit(upstream)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._open = set()
        self.endpoint = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.faults = []
        self.requests = []

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        for fault in self.faults:
            fault.released.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept()
        self._listener.close()
        with self._lock:
            for one in self._open:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        """Take requests off one client's connection until it closes, or a fault ends it."""
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.enter_context(self._kept(client))
            asking = stack.enter_context(client.makefile("rb"))
            store = stack.enter_context(contextlib.closing(_Store(self._upstream)))
            while (request := _request(asking, client)) is not None:
                reply = self._exchange(request, client, store)
                if reply is None:
                    return
                client.sendall(reply.head + reply.body)
                if request.closes or reply.closes:
                    return

    @contextlib.contextmanager
    def _kept(self, client):
        """Know the connection as long as it is open."""
        client.settimeout(TIMEOUT)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._open.add(client)
        try:
            yield
        finally:
            with self._lock:
                self._open.discard(client)
            client.close()

    def _exchange(self, request, client, store):
        """Let the store answer, or do what a fault says. None: the connection is over."""
        fault = self._fault(*request.asks)
        act = fault.act if fault else None
        if act is Act.RESET:
            return _break(client)
        if act is Act.ANSWER:
            return _error(fault.status, request.asks[0])
        if act is Act.HOLD:
            fault.held.set()
            fault.released.wait(TIMEOUT)
        if act is Act.TWICE:
            store.answer(request)
        reply = store.answer(request)
        if act is Act.LOSE:
            return _break(client)
        if act is Act.CUT:
            client.sendall(reply.head[: len(reply.head) // 2] if not reply.body else reply.head)
            client.sendall(reply.body[: len(reply.body) // 2])
            return None
        return reply

    def _fault(self, method, key):
        with self._lock:
            self.requests.append((method, key))
            striking = [fault for fault in self.faults if fault.strikes(method, key)]
        return striking[0] if striking else None


class _Store:
    """The connection to the store behind one client's connection; made anew where the store ended it."""

    def __init__(self, upstream):
        self._address = upstream.hostname, upstream.port or 80
        self._socket = self._file = None

    def answer(self, request):
        """Ask, and read the whole answer."""
        if self._socket is None:
            self._socket = socket.create_connection(self._address, timeout=TIMEOUT)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._file = self._socket.makefile("rb")
        self._socket.sendall(request.head + request.body)
        reply = _reply(self._file, request.start[0])
        if reply.closes:
            self.close()
        return reply

    def close(self):
        if self._socket is not None:
            self._file.close()
            self._socket.close()
            self._socket = None


def _request(asking, client):
    """Read a request whole; None where the client is done."""
    head = _head(asking)
    if head is None:
        return None
    asked = Message(head)
    if asked.header("expect") == "100-continue":
        client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"expect:")]
        asked = Message(b"\r\n".join(lines))
    return Message(asked.head, _body(asking, asked))


def _reply(answering, method):
    """Read the store's answer whole, interim ones left out."""
    while True:
        head = _head(answering)
        if head is None:
            raise ConnectionResetError("the store closed the connection without an answer")
        answered = Message(head)
        status = int(answered.start[1])
        if status >= 200:
            break
    if method == "HEAD" or status in (204, 304):
        return answered
    if answered.header("content-length") is None and answered.header("transfer-encoding") is None:
        return Message(head.replace(b"\r\n", b"\r\nConnection: close\r\n", 1), answering.read())
    return Message(head, _body(answering, answered))


def _head(file):
    """Read up to and with the empty line; None where nothing more comes."""
    lines = []
    while sum(map(len, lines)) < LIMIT:
        line = file.readline(LIMIT)
        if not line:
            return None
        lines.append(line)
        if line == b"\r\n":
            return b"".join(lines)
    raise ConnectionError("a head without end")


def _body(file, message):
    """Read a body as it is framed, framing and all."""
    if message.header("transfer-encoding") != "chunked":
        return _exactly(file, int(message.header("content-length") or 0))
    pieces = []
    while True:
        line = file.readline(LIMIT)
        pieces.append(line)
        size = int(line.partition(b";")[0] or b"0", 16)
        if size == 0:
            break
        pieces.append(_exactly(file, size + 2))
    while pieces[-1] != b"\r\n":  # trailers
        pieces.append(file.readline(LIMIT))
        if not pieces[-1]:
            raise ConnectionResetError("a body broke off")
    return b"".join(pieces)


def _exactly(file, size):
    """Read `size` bytes; whoever sent them may be killed on the way."""
    data = file.read(size)
    if len(data) < size:
        raise ConnectionResetError("a body broke off")
    return data


def _error(status, method):
    """An error as S3 tells it."""
    body = ERROR.format(code=CODES[status]).encode() if method != "HEAD" else b""
    head = f"HTTP/1.1 {status} {CODES[status]}\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}\r\n\r\n"
    return Message(head.encode(), body)


def _break(client):
    """Close so that the other side sees a broken connection, not an orderly end."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
