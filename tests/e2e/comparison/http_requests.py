"""Checks of tools that act on HTTP requests."""
import json
import re
import statistics
import threading
import time

import lab
from checks import acts, alike, check, each, fails, share, statuses
from lab import between, expect

ENVOY, MESH = "Envoy, Istio", "Chaos Mesh"


@check("All packet tools, counted once", "\"all but\" these hosts, headers or paths")
def _(row):
    acts(row.rules, [("/",)], [("/health",), ("/", "-H", "Host: ok.test"), ("/", "-H", "X-Test: 1")])


@check(ENVOY, "delay, abort with HTTP status, percent")
def _(row):
    with lab.http_front(row.rules) as proxy:
        begin = time.monotonic()
        seen = statuses(proxy, 40)
        between(0.25, share(seen, 503), 0.75, "share of aborted requests")
        expect(proxy.get().seconds >= 0.05 or time.monotonic() - begin > 1, "requests are not delayed")


def grpc_status(row):
    """A gRPC call ends with the status 14, without its server."""
    with lab.http_front(row.rules) as proxy:
        reply = proxy.get("/chat.Messages/Send", "--http2-prior-knowledge", "--data-binary", "x")
        expect(reply.status == 200 and reply.headers.get("grpc-status") == "14", reply)


alike(grpc_status, (ENVOY, "abort with gRPC status"), ("MockServer", "gRPC chaos"))


@check(ENVOY, "HTTP/2 requests")
def _(row):
    with lab.http_front(row.rules) as proxy:
        reply = proxy.get("/x", "--http2-prior-knowledge")
        expect(reply.status == 503 and reply.raw.startswith(b"HTTP/2"), reply)


@check(ENVOY, "denominators to a million")
def _(row):
    with lab.http_front(row.rules) as proxy:
        expect(set(statuses(proxy, 20)) == {200}, "one of 20 requests is aborted at one in a million")
    with lab.http_front([row.rules[0].replace("0.0001%", "99.9999%")]) as proxy:
        expect(set(statuses(proxy, 20)) == {503}, "one of 20 requests passes at one in a million")


@check(ENVOY, "header-controlled delay, abort, rate, percentages")
def _(row):
    with lab.http_front(row.rules) as proxy:
        seen = statuses(proxy, 40, "/", "-H", "x-envoy-fault-abort-request: 503")
        between(0.25, share(seen, 503), 0.75, "share of aborted requests")
        expect(proxy.get().status == 200, "a request without headers is hit")


def slow_body(row):
    """/size/100000 arrives at 100 KiB/s, and the same in other rows."""
    with lab.http_front(row.rules) as proxy:
        reply = proxy.get("/size/100000")
        expect(len(reply.bytes) == 100_000, reply)
        between(0.75, reply.seconds, 1.3, "seconds for 100 kB")


alike(slow_body, (ENVOY, "response_rate_limit"), ("fault (fault-project)", "LLM slow stream"))


@check(ENVOY, "max_active_faults")
def _(row):
    with lab.http_front(row.rules) as proxy:
        replies = []
        threads = [threading.Thread(target=lambda: replies.append(proxy.get().seconds)) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expect(sum(1 for seconds in replies if seconds > 0.59) == 2, replies)


@check(ENVOY, "downstream_nodes, header matchers")
def _(row):
    acts(row.rules, [("/", "-H", "X-Node: n1")], [("/", "-H", "X-Node: n3"), ("/",)])


@check(ENVOY, "absent or inverted header (withoutHeaders)")
def _(row):
    acts(row.rules, [("/",)], [("/", "-H", "X-A: 1")])


@check(ENVOY, "upstream_cluster")
def _(row):
    acts(row.rules, [("/",)], [])
    

@check(ENVOY, "runtime keys")
def _(row):
    with lab.http_front(row.rules, api=True) as proxy:
        expect(proxy.get().status == 200, "a disabled rule acts")
        with open(proxy.path + ".log", encoding="utf-8") as log:
            token = next((line.split("token ")[1].split()[0] for line in log if "token " in line), None)
        options = ("-H", f"Authorization: Bearer {token}") if token else ()
        reply = lab.curl(f"http://127.0.0.1:{proxy.api}/api/v1/rules/switch", "-X", "PATCH", "-d", '{"enabled": true}',
                         "-H", "Content-Type: application/json", *options)
        expect(reply.status == 200, reply)
        expect(proxy.get().status == 503, "the rule does not act after PATCH")


@check(ENVOY, "Istio match: method, uri, authority, ignoreUriCase")
def _(row):
    host = ("-H", "Host: api.test")
    acts(row.rules, [("/API/x", *host)], [("/API/x",), ("/other", *host), ("/api", "-X", "POST", *host)])


@check(ENVOY, "queryParams")
def _(row):
    acts(row.rules, [("/x?a=2&page=1",)], [("/x?page=2",), ("/x",)])


@check(ENVOY, "sourceLabels")
def _(row):
    acts(row.rules, [("/",)], [("/", "--interface", "127.0.0.2")])


@check(ENVOY, "outlier detection: one bad host")
def _(row):
    with lab.serve(lab.Web, lab.WebServer) as good, \
            lab.serve(lab.Web, lambda _, handler: lab.WebServer(("127.0.0.1", 8090), handler)) as bad:
        group = f'[[upstream]]\nname = "group"\nservers = ["127.0.0.1:{good.server_address[1]}", "127.0.0.1:8090"]\n' \
                'policy = "round-robin"\n'
        with lab.front(row.rules, 'upstream = "group"\n', "http", before=group) as proxy:
            seen = [lab.curl(f"http://127.0.0.1:{proxy.port}/").status for _ in range(12)]
            expect(seen.count(500) == 6 and seen.count(200) == 6, seen)
        expect(not bad.seen and len(good.seen) == 6, (bad.seen, good.seen))


@check(MESH, "abort of a request, by path")
def _(row):
    with lab.http_front(row.rules) as proxy:
        expect(proxy.get("/bad/x").code in (52, 56), "the request is not aborted")
        expect(proxy.get("/good").status == 200 and proxy.server.seen == [("GET", "/good")], proxy.server.seen)


@check(MESH, "abort of a response")
def _(row):
    with lab.http_front(row.rules) as proxy:
        expect(proxy.get("/x").code == 52 and proxy.server.seen == [("GET", "/x")], proxy.server.seen)


@check(MESH, "delay of request or response")
def _(row):
    with lab.http_front(row.rules) as proxy:
        between(0.2, proxy.get().seconds, 0.6, "seconds")
    with lab.http_front([row.rules[0].replace('"response"', '"request"')]) as proxy:
        between(0.2, proxy.get().seconds, 0.6, "seconds")


@check(MESH, "match port, method, path, headers, code")
def _(row):
    with lab.http_front(row.rules) as proxy:
        hit = ("-H", "X-A: 1", "-H", "X-Want-Status: 404")
        between(0.3, proxy.get("/api/x", *hit).seconds, 0.8, "seconds of a request that matches")
        for other in (("/x", *hit), ("/api/x", "-X", "POST", *hit), ("/api/x", "-H", "X-A: 1"), ("/api/x", *hit[2:])):
            between(0, proxy.get(*other).seconds, 0.25, f"seconds of {other}")


@check(MESH, "match response headers")
def _(row):
    with lab.http_front(row.rules) as proxy:
        expect(proxy.get("/", "-H", "X-Want-Header: X-Cache: HIT from a").code == 52, "a hit passes")
        expect(proxy.get("/", "-H", "X-Want-Header: X-Cache: MISS").status == 200, "a miss is hit")


@check(MESH, "replace / patch headers, both ways")
def _(row):
    with lab.http_front(row.rules) as proxy:
        reply = proxy.get()
        expect(reply.json()["headers"].get("x-up") == "1" and reply.headers.get("x-down") == "2", reply)


@check(MESH, "replace body, both ways")
def _(row):
    with lab.http_front(row.rules) as proxy:
        expect(proxy.get("/", "-d", "mine").json()["body"] == "other", "the request's body is not replaced")
    with lab.http_front([row.rules[0].replace('"upstream"', '"downstream"')]) as proxy:
        expect(proxy.get().body == "other", "the response's body is not replaced")


@check(MESH, "replace method, path, queries; patch queries")
def _(row):
    with lab.http_front(row.rules) as proxy:
        seen = proxy.get("/old?old=1&page=1&keep=3").json()
        expect(seen["method"] == "PUT" and seen["path"] == "/new?page=2&keep=3", seen)


def status_replaced(row, status):
    with lab.http_front(row.rules) as proxy:
        reply = proxy.get("/x")
        expect(reply.status == status and reply.json()["path"] == "/x" and proxy.server.seen == [("GET", "/x")], reply)


check(MESH, "replace code, body kept")(lambda row: status_replaced(row, 418))
check("Litmus", "http status code, response kept")(lambda row: status_replaced(row, 500))


@check("Litmus", "http latency, reset-peer, header, body; toxicity")
def _(row):
    with lab.http_front(row.rules) as proxy:
        slow = sum(1 for _ in range(30) if proxy.get("/slow").seconds >= 0.2)
        between(7, slow, 23, "slow requests of 30")
        expect(proxy.get("/reset").code == 56, "no reset")
        expect(proxy.get("/header").json()["headers"].get("x-a") == "b", "no header")
        expect(proxy.get("/body").body == "other", "no other body")


def weighted(row):
    wanted = {int(status) for status in re.findall(r"(\d{3}) = 1", row.rules[0])}
    with lab.http_front(row.rules) as proxy:
        seen = statuses(proxy, 40)
        expect(set(seen) == wanted, seen)


alike(weighted, ("Litmus", "random one of several codes"), ("Dev Proxy", "random error from a list"))


@check("WireMock", "fixed, uniform delay")
def _(row):
    with lab.http_front(row.rules) as proxy:
        times = [proxy.get().seconds for _ in range(8)]
        between(0.15, min(times), 0.3, "shortest")
        expect(statistics.stdev(times) > 0.005, times)


@check("WireMock", "EMPTY_RESPONSE, CONNECTION_RESET")
def _(row):
    fails(row.rules, 56)
    fails([row.rules[0].replace('"rst"', '"fin"')], 52)


@check("WireMock", "MALFORMED_RESPONSE_CHUNK")
def _(row):
    with lab.http_front(row.rules) as proxy:
        reply = proxy.get()
        expect(reply.code != 0 and reply.headers.get("transfer-encoding") == "chunked", reply)


@check("WireMock", "RANDOM_DATA_THEN_CLOSE")
def _(row):
    with lab.http_front(row.rules) as proxy:
        reply = proxy.get()
        expect(reply.code != 0 and reply.status is None, reply)


@check("MockServer", "error status, probability, Retry-After, seed")
def _(row):
    def run():
        with lab.http_front(row.rules) as proxy:
            replies = [proxy.get() for _ in range(30)]
            expect(all(reply.headers.get("retry-after") == "5" for reply in replies if reply.status == 429), replies)
            return [reply.status for reply in replies]
    first = run()
    between(0.2, share(first, 429), 0.8, "share of refused requests")
    expect(first == run(), "the second run with this seed differs")


@check("MockServer", "drop connection, probability")
def _(row):
    with lab.http_front(row.rules) as proxy:
        codes = [proxy.get().code for _ in range(30)]
        between(0.2, share(codes, 52), 0.8, "share of dropped connections")


@check("MockServer", "latency")
def _(row):
    with lab.http_front(row.rules) as proxy:
        between(0.1, proxy.get().seconds, 0.5, "seconds")


@check("MockServer", "succeed first, fail count")
def _(row):
    with lab.http_front(row.rules) as proxy:
        expect(statuses(proxy, 8) == [200] * 3 + [503] * 3 + [200] * 2, "not three of each")


@check("MockServer", "outage window, degradation ramp")
def _(row):
    with lab.http_front(row.rules) as proxy:
        begin = time.monotonic()
        expect(proxy.get().seconds < 0.15, "slow before the window")
        time.sleep(max(0, 0.8 + begin - time.monotonic()))
        between(0.03, proxy.get().seconds, 0.3, "seconds while the fault grows")
        time.sleep(max(0, 1.6 + begin - time.monotonic()))
        between(0.3, proxy.get().seconds, 0.6, "seconds at full size")


@check("MockServer", "truncate at a fraction")
def _(row):
    with lab.http_front(row.rules) as proxy:
        reply = proxy.get("/size/1000")
        expect(reply.code == 18 and len(reply.bytes) == 500, reply)


@check("MockServer", "by host, with TTL")
def _(row):
    with lab.http_front(row.rules) as proxy:
        expect(proxy.get("/", "-H", "Host: api.test").status == 503, "not hit")
        expect(proxy.get().status == 200, "another host is hit")
        time.sleep(0.9)
        expect(proxy.get("/", "-H", "Host: api.test").status == 200, "the fault outlives its time")


@check("MockServer", "LLM: cut SSE, provider errors")
def _(row):
    with lab.http_front(row.rules) as proxy:
        reply = proxy.get("/sse")
        expect(reply.code == 18 and len(reply.bytes) == 40, reply)
        reply = proxy.get("/busy")
        expect(reply.status == 529 and reply.headers.get("retry-after") == "7", reply)


@check("Mountebank", "wait; repeat")
def _(row):
    with lab.http_front(row.rules) as proxy:
        times = [proxy.get().seconds for _ in range(4)]
        expect([seconds >= 0.2 for seconds in times] == [True, True, False, False], times)


@check("fault (fault-project)", "latency, bandwidth, blackhole, HTTP response")
def _(row):
    with lab.http_front(row.rules) as proxy:
        between(0.2, proxy.get("/slow").seconds, 0.6, "seconds")
        between(0.75, proxy.get("/size/100000").seconds, 1.4, "seconds")
        expect(proxy.get("/hole", timeout=1).code == 28, "an answer")
        expect(proxy.get("/bad").status == 500, "no error")


@check("Dev Proxy", "latency range")
def _(row):
    with lab.http_front(row.rules) as proxy:
        times = [proxy.get().seconds for _ in range(8)]
        between(0.1, min(times), 0.3, "shortest")
        between(0.1, max(times), 0.5, "longest")


@check("Dev Proxy", "rate limit, 429, Retry-After")
def _(row):
    with lab.http_front(row.rules) as proxy:
        replies = [proxy.get() for _ in range(4)]
        expect([reply.status for reply in replies] == [200, 200, 429, 429], replies)
        between(1, int(replies[-1].headers["retry-after"]), 61, "Retry-After")


@check("Dev Proxy", "call before Retry-After is over fails")
def _(row):
    with lab.http_front(row.rules) as proxy:
        replies = [proxy.get() for _ in range(2)]
        expect([reply.status for reply in replies] == [429, 429], replies)
        time.sleep(2.1)
        expect(proxy.get().status == 200, "refused after Retry-After is over")


@check("MockServer", "LLM: token quota")
def _(row):
    with lab.http_front(row.rules) as proxy:
        replies = [proxy.get("/tokens/12") for _ in range(3)]
        expect([reply.status for reply in replies] == [200, 200, 429], replies)
        between(1, int(replies[-1].headers["retry-after"]), 61, "Retry-After")


@check("Dev Proxy", "mock response")
def _(row):
    with lab.http_front(row.rules) as proxy:
        reply = proxy.get("/mock")
        expect(reply.json() == {"mock": True} and reply.headers["content-type"] == "application/json", reply)
        expect(proxy.server.seen == [], "the server is asked")


@check(ENVOY, "stats")
def _(row):
    with lab.http_front(row.rules, api=True) as proxy:
        threads = [threading.Thread(target=proxy.get) for _ in range(3)]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        text = proxy.metrics()
        for thread in threads:
            thread.join()
        for name, value in (("active_faults", 1), ("faults_overflow_total", 2), ("faults_injected_total", 1)):
            expect(re.search(rf'brownout_{name}\{{[^}}]*rule="busy"[^}}]*\}} {value}$', text, re.M), f"{name}: {text}")


@check(MESH, "patch body (JSON merge)")
def _(row):
    with lab.http_front(row.rules) as proxy:
        seen = proxy.get("/x").json()
        expect(seen["page"] == 2 and seen["path"] == "/other" and seen["method"] == "GET", seen)


@check("Litmus", "body with content encoding")
def _(row):
    with lab.http_front(row.rules) as proxy:
        reply = proxy.get("/json/gzip", "--compressed")
        expect(reply.json()["data"]["user"] == "bob" and reply.headers.get("content-encoding") == "gzip", reply)


@check("WireMock", "lognormal delay")
def _(row):
    with lab.http_front(row.rules) as proxy:
        times = [proxy.get().seconds for _ in range(15)]
        between(0.085, statistics.median(times), 0.16, "median")
        expect(statistics.stdev(times) > 0.002, times)


def dribbles(row):
    """A body arrives in pieces, the last after half a second or more."""
    with lab.http_front(row.rules) as proxy:
        reply = proxy.get("/size/1000")
        expect(reply.bytes == b"x" * 1000, reply)
        between(0.5, reply.seconds, 1.2, "seconds")


alike(dribbles, ("MockServer", "slow response chunks"), ("WireMock", "chunked dribble"))


@check("fault (fault-project)", "LLM prompt scramble, bias")
def _(row):
    with lab.http_front(row.rules) as proxy:
        seen = proxy.get("/", "-d", "the cat and the cat", "-H", "Content-Type: text/plain").json()
        expect(seen["body"] == "the dog and the dog", seen)


@check("Dev Proxy", "RateLimit-* countdown headers")
def _(row):
    with lab.http_front(row.rules) as proxy:
        replies = [proxy.get() for _ in range(4)]
        left = [reply.headers.get("ratelimit-remaining") for reply in replies]
        expect(left == ["2", "1", "0", "0"] and replies[3].status == 429 and "retry-after" in replies[3].headers, replies)


@check("Dev Proxy", "LLM failure, token limits")
def _(row):
    prompt, quota, overload = each(row.rules)
    asked = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]})
    with lab.http_front(prompt) as proxy:
        seen = json.loads(proxy.get("/chat", "-d", asked, "-H", "Content-Type: application/json").json()["body"])
        expect([said["content"] for said in seen["messages"]] == ["hi", "Answer with made-up facts."], seen)
    with lab.http_front(quota) as proxy:
        expect(statuses(proxy, 3, "/tokens/12") == [200, 200, 429], "no limit of tokens")
    with lab.http_front(overload) as proxy:
        reply = proxy.get("/chat", "-d", asked)
        expect(reply.status == 529 and "overloaded_error" in reply.body, reply)


@check("MockServer", "quota, fixed window")
def _(row):
    with lab.http_front(row.rules) as proxy:
        expect(statuses(proxy, 5) == [200, 200, 200, 429, 429], "not three of five")


@check("MockServer", "malformed body")
def _(row):
    with lab.http_front(row.rules) as proxy:
        reply = proxy.get("/json/")
        try:
            json.loads(reply.body)
        except ValueError:
            return
        expect(False, f"the body is JSON: {reply}")


@check("MockServer", "GraphQL errors")
def _(row):
    with lab.http_front(row.rules) as proxy:
        reply = proxy.get("/json/")
        seen = reply.json()
        expect(reply.status == 200 and seen["data"]["age"] == 7 and seen["errors"][0]["message"] == "no", reply)
        expect(seen["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR", reply)


@check("Mountebank", "decorate, copy, lookup, shellTransform")
def _(row):
    with lab.http_front(row.rules) as proxy:
        expect(proxy.get("/copy/77").body == "id 77", "the request's value is missing")
        expect(proxy.get("/json/").json()["data"]["user"] == "eve", "the response is not decorated")
        expect(proxy.server.seen == [("GET", "/json/")], proxy.server.seen)

    class Script(lab.Web):
        """A program that asks the server and changes its answer."""

        def answer(self):
            reply = lab.curl(f"http://127.0.0.1:{self.server.behind}{self.path}").body.upper().encode()
            self.send_response(200)
            self.send_header("content-length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        do_GET = answer

    with lab.serve(lab.Web, lab.WebServer) as server, lab.serve(Script, lab.WebServer) as script, \
            lab.front(row.rules, script.server_address[1], "http") as proxy:
        script.behind = server.server_address[1]
        seen = lab.curl(f"http://127.0.0.1:{proxy.port}/x").body
        expect('"METHOD": "GET"' in seen, f"the program did not act: {seen}")
