"""Serves pages rendered from samples, to look at them:
    mkdir /tmp/samples && BOLE_SAMPLES=/tmp/samples cargo test --lib pages && python3 tests/look/serve.py /tmp/samples 9123
"""
import http.server, pathlib, re, sys

folder, port = pathlib.Path(sys.argv[1]), int(sys.argv[2])
static = pathlib.Path(__file__).parents[2] / "static"


class Samples(http.server.SimpleHTTPRequestHandler):
    def translate_path(self, path):
        asset = re.match(r"/assets/[0-9a-f]+/([^?#]+)", path)
        return str(static / asset[1] if asset else folder / path.split("?")[0].lstrip("/"))

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", port), Samples).serve_forever()
