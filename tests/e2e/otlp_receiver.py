"""An OTLP receiver for tests: writes each request as JSON to a file, one a line.

otlp_receiver.py PORT FILE ANSWERS [CERTIFICATE_AND_KEY]

A client is told apart by the first part of its path, before /v1/traces or /v1/metrics. ANSWERS is
JSON: for each client a list of answers {"path": "/v1/traces", "times": 2, "status": 503, "delay":
1, "headers": {}, "body": ""}, all members optional. The first whose path fits, and that was not
given `times` yet, is given; otherwise the request is accepted.
"""
import http.server
import json
import ssl
import sys
import threading
import time

answers = json.loads(sys.argv[3])
lock = threading.Lock()


def answer_for(client, path):
    for answer in answers.get(client, []):
        if answer.get("path", path) != path or answer.get("times", 1) == 0:
            continue
        if "times" in answer:
            answer["times"] -= 1
        return answer
    return {}


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        client, path = self.path[1:].split("/", 1)
        with lock:
            answer = answer_for(client, "/" + path)
            line = {"client": client, "path": "/" + path, "key": self.headers.get("api-key"), "time": time.time(),
                    "status": answer.get("status", 200), "body": json.loads(body)}
            with open(sys.argv[2], "a", encoding="utf-8") as requests:
                requests.write(json.dumps(line) + "\n")
        time.sleep(answer.get("delay", 0))
        text = answer.get("body", "{}").encode()
        self.send_response(line["status"])
        for name, value in answer.get("headers", {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *args):  # a client that gave up or refused the certificate
        pass


server = Server(("127.0.0.1", int(sys.argv[1])), Receiver)
if len(sys.argv) > 4:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[4])
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
server.serve_forever()
