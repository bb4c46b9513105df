"""The proxy itself: it changes nothing until it is told to, and then exactly that."""

import hashlib
import socket
import threading

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ResponseStreamingError

from lakegate.lake.s3.client import StoreError
from servers.proxy import Proxy, answer, cut, hold, lose, reset, twice
from servers.s3 import Server, close, moto_s3, new_bucket, real_s3

DATA = b"0123456789" * 100_000


@pytest.fixture(params=[moto_s3, real_s3], ids=["moto", "ceph"])
def passage(request):
    """(client of the proxy that never tries again, client of the server itself, bucket, proxy)."""
    server = request.param()
    name = new_bucket(server)
    with Proxy(server.endpoint) as proxy:
        through = Server(proxy.endpoint, server.key, server.secret).bucket(name, attempts=1).client
        yield through, server.client, name, proxy
    close()


def stands(client, bucket, key):
    return key in {one["Key"] for one in client.list_objects_v2(Bucket=bucket).get("Contents", ())}


def test_what_is_forwarded_is_exact(passage):
    through, straight, bucket, proxy = passage
    through.put_object(Bucket=bucket, Key="a b/ü+&=.csv", Body=DATA, Metadata={"x-y": "z"})

    got = straight.get_object(Bucket=bucket, Key="a b/ü+&=.csv")
    back = through.get_object(Bucket=bucket, Key="a b/ü+&=.csv", Range="bytes=10-29")

    assert (hashlib.sha256(got["Body"].read()).digest(), got["Metadata"]) == (
        hashlib.sha256(DATA).digest(),
        {"x-y": "z"},
    )
    assert back["Body"].read() == DATA[10:30]
    assert proxy.requests == [("PUT", "a b/ü+&=.csv"), ("GET", "a b/ü+&=.csv")]


def test_a_body_in_chunks_stays_in_chunks():
    """Byte for byte, against a server that keeps what it heard; two requests on one connection."""
    asked = (
        b"PUT /b/k HTTP/1.1\r\nhOsT:  x\r\nTransfer-Encoding: chunked\r\n\r\n4;ext=1\r\nabcd\r\n0\r\nTrailer: t\r\n\r\n"
    )
    answered = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    heard = []

    def serve(listener):
        one, _ = listener.accept()
        with one:
            for _ in range(2):
                got = b""
                while not got.endswith(b"Trailer: t\r\n\r\n"):
                    got += one.recv(65536)
                heard.append(got)
                one.sendall(answered)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        with Proxy(f"http://127.0.0.1:{listener.getsockname()[1]}") as proxy:
            address = ("127.0.0.1", int(proxy.endpoint.rpartition(":")[2]))
            with socket.create_connection(address) as client, client.makefile("rb") as file:
                for _ in range(2):
                    client.sendall(asked)
                    assert file.read(len(answered)) == answered
        thread.join()

    assert heard == [asked, asked]


def test_a_lost_answer_was_acted_upon(passage):
    through, straight, bucket, proxy = passage
    proxy.faults = [lose("PUT", "lost*")]

    with pytest.raises(ConnectionClosedError):
        through.put_object(Bucket=bucket, Key="lost.csv", Body=DATA)

    assert proxy.faults[0].struck
    assert stands(straight, bucket, "lost.csv")


def test_a_lost_answer_that_the_client_tries_again_turns_into_412(passage):
    """PROTOCOL, "A 412 is not I lost": the client's own retry meets the write it made itself."""
    _, _, bucket, proxy = passage
    again = Server(proxy.endpoint, "ADMINKEY", "adminsecret").bucket(bucket, attempts=2)
    proxy.faults = [lose("PUT", "once")]

    with pytest.raises(StoreError) as raised, again.told("write", "once"):
        again.client.put_object(Bucket=bucket, Key="once", Body=b"x", IfNoneMatch="*")

    assert raised.value.status == 412


def test_what_is_reset_or_answered_never_came(passage):
    through, straight, bucket, proxy = passage
    proxy.faults = [reset("PUT", "one"), answer(503, "PUT", "two"), answer(409, "PUT", "two", nth=2)]

    with pytest.raises(ConnectionClosedError):
        through.put_object(Bucket=bucket, Key="one", Body=DATA)
    with pytest.raises(ClientError, match="SlowDown"):
        through.put_object(Bucket=bucket, Key="two", Body=DATA)
    with pytest.raises(ClientError, match="ConditionalRequestConflict"):
        through.put_object(Bucket=bucket, Key="two", Body=DATA)
    assert not stands(straight, bucket, "one")
    assert not stands(straight, bucket, "two")

    through.put_object(Bucket=bucket, Key="two", Body=DATA)
    assert stands(straight, bucket, "two")


def test_half_of_a_body_arrives(passage):
    through, straight, bucket, proxy = passage
    straight.put_object(Bucket=bucket, Key="k", Body=DATA)
    proxy.faults = [cut("GET", "k")]

    body = through.get_object(Bucket=bucket, Key="k")["Body"]

    with pytest.raises(ResponseStreamingError):
        body.read()


def test_a_request_that_is_delivered_twice(passage):
    through, straight, bucket, proxy = passage
    proxy.faults = [twice("PUT", "k")]

    through.put_object(Bucket=bucket, Key="k", Body=DATA)

    assert len(straight.list_object_versions(Bucket=bucket)["Versions"]) == 2


def test_a_request_that_is_held_until_it_is_released(passage):
    through, straight, bucket, proxy = passage
    proxy.faults = [held := hold("PUT", "k")]
    late = threading.Thread(target=through.put_object, kwargs={"Bucket": bucket, "Key": "k", "Body": DATA})
    late.start()

    assert held.held.wait(60)
    assert not stands(straight, bucket, "k")
    held.released.set()
    late.join()

    assert stands(straight, bucket, "k")
