"""
A quota of one dollar under a hundred clients of two gateways (or one, named twice) that share PostgreSQL and Redis:

  quota.py SIMULATOR ADMIN_KEY URL URL [--clients 100] [--leave 0.3] [--proxy PORT]

SIMULATOR and URL have no path, such as http://127.0.0.1:9797 and http://127.0.0.1:8080. With --proxy, this program also stands
between gateways and simulator on that port, and fails each tenth request: their upstream is http://127.0.0.1:PORT/openai/v1 then.
Clients ask in calls and streams; the share --leave of them leaves in the middle of streams. Prints what the simulator bills beside
what the gateways list.
"""
import argparse
import http.client
import http.server
import itertools
import json
import random
import threading
import time
import urllib.parse
import urllib.request
import uuid


class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    counter = itertools.count(1)
    simulator = None

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        if next(self.counter) % 10 == 0:
            self.send_response(503)
            self.send_header("content-length", "0")
            self.end_headers()
            return
        upstream = http.client.HTTPConnection(self.simulator.hostname, self.simulator.port)
        upstream.request("POST", self.path, body, {"authorization": self.headers["authorization"], "content-type": "application/json"})
        answer = upstream.getresponse()
        self.send_response(answer.status)
        self.send_header("content-type", answer.getheader("content-type"))
        self.send_header("connection", "close")
        self.close_connection = True
        self.end_headers()
        try:
            for piece in iter(lambda: answer.read1(4096), b""):
                self.wfile.write(piece)
        except OSError:
            pass
        upstream.close()

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 1000
    daemon_threads = True


def ask(method, url, key, body=None):
    request = urllib.request.Request(url, json.dumps(body).encode() if body is not None else None, {
        "authorization": "Bearer " + key, "content-type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def client(number, arguments, key, seen):
    chance = random.Random(number)
    while True:
        url = urllib.parse.urlparse(arguments.url[chance.randrange(2)])
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
        stream = chance.random() < 0.5
        leave = stream and chance.random() < arguments.leave * 2
        kind = "left" if leave else "stream" if stream else "call"
        try:
            connection.request("POST", "/v1/chat/completions", json.dumps({"model": "gpt-4o", "max_tokens": 100, "stream": stream,
                "messages": [{"role": "user", "content": "%s %s" % (uuid.UUID(int=chance.getrandbits(128)), "word " * 400)}]}),
                {"authorization": "Bearer " + key})
            answer = connection.getresponse()
            if answer.status == 429 and b"insufficient_quota" in answer.read():
                return
            if answer.status == 200:
                answer.read(300) if leave else answer.read()
            else:
                kind = answer.status
                answer.read()
            with seen:
                seen.counts[kind] = seen.counts.get(kind, 0) + 1
        except OSError as ex:
            with seen:
                seen.counts[type(ex).__name__] = seen.counts.get(type(ex).__name__, 0) + 1
        finally:
            connection.close()


class Seen:

    def __init__(self):
        self.lock, self.counts = threading.Lock(), {}

    def __enter__(self):
        self.lock.acquire()

    def __exit__(self, *ex):
        self.lock.release()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("simulator")
    parser.add_argument("admin")
    parser.add_argument("url", nargs=2)
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--leave", type=float, default=0.3)
    parser.add_argument("--proxy", type=int)
    arguments = parser.parse_args()
    if arguments.proxy:
        Proxy.simulator = urllib.parse.urlparse(arguments.simulator)
        threading.Thread(target=Server(("127.0.0.1", arguments.proxy), Proxy).serve_forever, daemon=True).start()
    key = ask("POST", arguments.url[0] + "/admin/api-keys", arguments.admin, {"name": "quota", "quota_usd": 1})
    before = float(ask("GET", arguments.simulator + "/simulator/bill", "any")["usd"])
    seen, begin = Seen(), time.monotonic()
    threads = [threading.Thread(target=client, args=(number, arguments, key["key"], seen)) for number in range(arguments.clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - begin
    time.sleep(5)
    billed = float(ask("GET", arguments.simulator + "/simulator/bill", "any")["usd"]) - before
    listed = [ask("GET", "%s/admin/api-keys/%s" % (url, key["id"]), arguments.admin) for url in arguments.url]
    print("%d clients, %.1f s: %s" % (arguments.clients, took, dict(sorted(seen.counts.items(), key=str))))
    print("billed %.6f USD, above the quota %.6f; listed %s; left %s" % (billed, max(0, billed - 1), [
        "%.6f" % float(view["spent_usd"]) for view in listed], ["%.6f" % float(view["quota_left_usd"]) for view in listed]))


if __name__ == "__main__":
    main()
