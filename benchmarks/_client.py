"""The client, a process of its own: as many requests as the server takes on a few kept-alive connections.

Reads one JSON object on standard input: {port, headers, bodies, seconds, connections, mark}; writes one on standard
output: {answered, refused, seconds, latencies}. `headers` are taken in turns, one set a customer. Every request is
written out before the clock starts.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from collections.abc import Iterator
from typing import Any

PATIENCE = 20.0  # seconds until a server that says nothing is given up
STAY = 50  # requests a connection lives for, so that no worker keeps all of them


def requests(said: dict[str, Any]) -> Iterator[bytes]:
    """The requests as they go over the wire, each with a key of its own."""
    heads = ["".join(f"{name}: {value}\r\n" for name, value in whose.items()) for whose in said["headers"]]
    for number, body in enumerate(said["bodies"]):
        text = json.dumps(body).encode()
        head = heads[number % len(heads)]
        key = f"Idempotency-Key: {said['mark']}-{number}\r\nContent-Length: {len(text)}\r\n"
        yield f"POST /api/v1/bookings HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}{key}\r\n".encode() + text


def is_whole(answer: bytes) -> bool:
    """Has the whole answer arrived, as its Content-Length has it?"""
    head, found, body = answer.partition(b"\r\n\r\n")
    if not found:
        return False
    at = head.lower().index(b"content-length:") + 15
    return len(body) >= int(head[at:].split(b"\r\n", 1)[0])


class Visit:
    """One connection and the request it waits for."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answer, self.since, self.asked = b"", 0.0, 0

    def ask(self, wanted: bytes) -> None:
        self.answer, self.since = b"", time.perf_counter()
        self.asked += 1
        self.socket.sendall(wanted)


def run(said: dict[str, Any]) -> dict[str, Any]:
    """Keep every connection busy for the time given, or until the requests run out."""
    waiting = iter(list(requests(said)))
    selector = selectors.DefaultSelector()
    visits = [Visit(said["port"]) for _ in range(said["connections"])]
    latencies: list[float] = []
    refused: list[str] = []
    began = time.perf_counter()
    until = began + said["seconds"]
    for visit in visits:
        selector.register(visit.socket, selectors.EVENT_READ, visit)
        visit.ask(next(waiting))
    busy = len(visits)
    while busy:
        ready = selector.select(PATIENCE)
        if not ready:
            raise TimeoutError("the server says nothing")
        for key, _ in ready:
            visit = key.data
            got = visit.socket.recv(65536)
            if not got:
                raise ConnectionError(f"the server hung up after {visit.answer!r}")
            visit.answer += got
            if not is_whole(visit.answer):
                continue
            now = time.perf_counter()
            if visit.answer[9:12] == b"201":
                latencies.append(now - visit.since)
            else:
                refused.append(visit.answer.decode("utf-8", "replace"))
            wanted = next(waiting, None) if now < until else None
            if wanted is None or visit.asked == STAY:
                selector.unregister(visit.socket)
                visit.socket.close()
            if wanted is None:
                busy -= 1
                continue
            if visit.asked == STAY:
                visit = Visit(said["port"])
                selector.register(visit.socket, selectors.EVENT_READ, visit)
            visit.ask(wanted)
    seconds = time.perf_counter() - began
    return {"answered": len(latencies), "refused": refused[:3], "seconds": seconds, "latencies": latencies}


if __name__ == "__main__":
    json.dump(run(json.load(sys.stdin)), sys.stdout)
