"""
Many clients at once that read streams slowly, each stream one of its own from the upstream. The upstream is here too:

  streams.py upstream PORT
  streams.py clients URL KEY [--streams 2000] [--events 30] [--every 1.0] [--size 200] [--read 0] [--waits 60]

--events and --every: how many events an answer has and the seconds between two of them; --size: bytes of an event;
--read: bytes a second that a client takes, with a receive buffer of 4 KB, 0 for as fast as it comes. Meanwhile another client
asks for what is stored, fifty times a second. Prints what became of the streams, the longest silence within one, and how long
the other client waited. The gateway needs --gateway.upstreams.slow.base-url=http://127.0.0.1:PORT and .models=slow.
"""
import argparse
import asyncio
import collections
import json
import socket
import sys
import time
import urllib.parse


async def upstream(reader, writer):
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
            body = json.loads(await reader.readexactly(length))
            events, every, size = body["metadata"]["events"], body["metadata"]["every"], body["metadata"]["size"]
            chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "slow"}
            piece = json.dumps(dict(chunk, choices=[{"index": 0, "delta": {"content": "w" * size}, "finish_reason": None}]))
            end = json.dumps(dict(chunk, choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}]))
            if not body.get("stream"):
                answer = json.dumps({"id": "c", "object": "chat.completion", "created": 1, "model": "slow", "choices": [
                    {"index": 0, "message": {"role": "assistant", "content": "w" * size}, "finish_reason": "stop"}],
                    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}).encode()
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(answer) + answer)
                await writer.drain()
                continue
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
            for number in range(events):
                write(writer, piece)
                await writer.drain()
                await asyncio.sleep(every)
            write(writer, end)
            write(writer, "[DONE]")
            writer.write(b"0\r\n\r\n")
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


def write(writer, data):
    event = ("data: " + data + "\n\n").encode()
    writer.write(b"%x\r\n" % len(event) + event + b"\r\n")


class Clients:

    def __init__(self, arguments):
        url = urllib.parse.urlparse(arguments.url)
        self.address, self.path = (url.hostname, url.port or 80), url.path + "/chat/completions"
        self.arguments = arguments
        self.results = collections.Counter()
        self.silences, self.firsts, self.others, self.refused = [], [], [], []
        self.open = 0
        self.most = 0

    def request(self, body):
        data = json.dumps(body).encode()
        return ("POST %s HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                % (self.path, self.arguments.key, len(data))).encode() + data

    async def stream(self, number):
        given = self.arguments
        loop = asyncio.get_running_loop()
        connection = socket.socket()
        connection.setblocking(False)
        if given.read:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        try:
            begin = last = time.monotonic()
            async with asyncio.timeout(given.waits):
                await loop.sock_connect(connection, self.address)
                await loop.sock_sendall(connection, self.request({"model": "slow", "stream": True, "metadata": {
                    "events": given.events, "every": given.every, "size": given.size},
                    "messages": [{"role": "user", "content": "%d of %s" % (number, begin)}]}))
                tail, status, count, longest = b"", None, 0, 0
                while not tail.endswith(b"0\r\n\r\n"):
                    read = await loop.sock_recv(connection, 4096 if given.read else 65536)
                    now = time.monotonic()
                    if not read:
                        break
                    if status is None:
                        status = int(read[9:12])
                        if status != 200:
                            self.refused.append((now - begin, read.decode(errors="replace")))
                            break
                        self.firsts.append(now - begin)
                        self.open += 1
                        self.most = max(self.most, self.open)
                    else:
                        longest = max(longest, now - last)
                    last = now
                    count += read.count(b"data: ")
                    tail = (tail + read)[-100:]
                    if given.read:
                        await asyncio.sleep(len(read) / given.read)
                if status == 200:
                    self.open -= 1
                    self.silences.append(longest)
                    # A word may be cut in two by reads
                    whole = b"[DONE]" in tail
                    self.results["whole" if whole else "cut off"] += 1
                else:
                    self.results["status %s" % status] += 1
        except TimeoutError:
            self.results["not over after %d s" % given.waits] += 1
        except OSError as ex:
            self.results[type(ex).__name__] += 1
        finally:
            connection.close()

    async def other(self):
        body = self.request({"model": "slow", "metadata": {"events": 1, "every": 0, "size": 100}, "messages": [
            {"role": "user", "content": "stored"}]})
        while True:
            reader, writer = await asyncio.open_connection(*self.address)
            try:
                # Some errors close the connection
                while not writer.is_closing():
                    begin = time.monotonic()
                    writer.write(body)
                    head = await reader.readuntil(b"\r\n\r\n")
                    length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
                    await reader.readexactly(length)
                    self.others.append((int(head[9:12]), time.monotonic() - begin))
                    if b"connection: close" in head.lower():
                        break
                    await asyncio.sleep(0.02)
            finally:
                writer.close()

    async def run(self):
        other = asyncio.create_task(self.other())
        await asyncio.sleep(1)
        quiet, self.others = self.others, []
        begin = time.monotonic()
        streams = []
        for number in range(self.arguments.streams):
            streams.append(asyncio.create_task(self.stream(number)))
            await asyncio.sleep(0.002)
        await asyncio.gather(*streams)
        took = time.monotonic() - begin
        other.cancel()
        print("%d streams in %.1f s: %s; most at once %d" % (self.arguments.streams, took, dict(self.results), self.most))
        print("first event after p50 %.2f s, max %.2f s; longest silence within a stream p50 %.2f s, max %.2f s" % (
            at(self.firsts, .5), at(self.firsts, 1), at(self.silences, .5), at(self.silences, 1)))
        print("the other client before: %s" % waits(quiet))
        print("the other client meanwhile: %s" % waits(self.others))
        if self.refused:
            print("the first refused, after %.2f s: %s" % self.refused[0])


def at(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


def waits(answers):
    times = [took * 1000 for status, took in answers]
    return "%d answers, statuses %s, p50 %.1f ms, p99 %.1f ms, max %.1f ms" % (len(times), dict(collections.Counter(
        status for status, took in answers)), at(times, .5), at(times, .99), at(times, 1))


async def serve(port):
    async with await asyncio.start_server(upstream, "127.0.0.1", port, backlog=4096) as server:
        await server.serve_forever()


if __name__ == "__main__":
    if sys.argv[1:2] == ["upstream"]:
        asyncio.run(serve(int(sys.argv[2])))
    else:
        parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("clients", choices=["clients"])
        parser.add_argument("url")
        parser.add_argument("key")
        for name, default in {"streams": 2000, "events": 30, "size": 200, "read": 0, "waits": 120}.items():
            parser.add_argument("--" + name, type=int, default=default)
        parser.add_argument("--every", type=float, default=1.0)
        asyncio.run(Clients(parser.parse_args()).run())
