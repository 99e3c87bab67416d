"""An OTLP receiver for tests: writes each request as "PATH BODY" to a file, one a line.

otlp_receiver.py PORT FILE [REFUSALS]: answers 503 to the first REFUSALS requests.
"""
import http.server
import json
import sys

refusals = int(sys.argv[3]) if len(sys.argv) > 3 else 0


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        global refusals
        body = self.rfile.read(int(self.headers["Content-Length"]))
        refused, refusals = refusals > 0, max(0, refusals - 1)
        if not refused:
            with open(sys.argv[2], "a", encoding="utf-8") as requests:
                line = {"path": self.path, "key": self.headers.get("api-key"), "body": json.loads(body)}
                requests.write(json.dumps(line) + "\n")
        self.send_response(503 if refused else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args):
        pass


http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
