"""An issuer of tokens that is asked for its keys over HTTPS."""

import http.server
import json

import token_issuer as ti
from access_case import TokenServer
from frikort_server.server import free_port
from https_site import HttpsSite


class Handler(http.server.BaseHTTPRequestHandler):
    site = None

    def do_GET(self):
        self.site.asked.append(self.path)
        body = self.site.answers[self.path].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class IssuerSite(HttpsSite):
    """In the place of HelseID. Counts what it is asked for."""

    handler = Handler

    def __init__(self, issuers, authority):
        super().__init__(free_port())
        self.authority = authority
        self.asked = []
        self.origin = f"https://127.0.0.1:{self.port}"
        self.answers = {
            "/.well-known/openid-configuration": json.dumps({"issuer": self.origin, "jwks_uri": self.origin + "/keys"}),
            "/keys": issuers.key_set(ti.HELSEID)}

    def open(self):
        certificate, key, _ = self.authority.issue("issuer")
        self.serve(certificate, key)

    def server(self, issuers, more=""):
        """One that trusts this issuer; not started."""
        server = TokenServer(issuers, more)
        path = server.folder / "frikort.toml"
        text = path.read_text(encoding="utf-8").replace(ti.HELSEID, self.origin)
        path.write_text(text.replace(f'keys_file = "{server.folder}/helseid.json"',
                                     f'ca_file = "{self.authority.file}"'), encoding="utf-8")
        return server
