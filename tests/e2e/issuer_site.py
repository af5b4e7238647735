"""An issuer of tokens that is asked for its keys over HTTPS."""

import http.server
import json
import ssl
import threading

import token_issuer as ti
from access_case import TokenServer
from frikort_server.server import free_port


class IssuerSite:
    """In the place of HelseID. Counts what it is asked for."""

    def __init__(self, issuers, authority):
        self.authority = authority
        self.asked = []
        self.port = free_port()
        self.origin = f"https://127.0.0.1:{self.port}"
        self.answers = {
            "/.well-known/openid-configuration": json.dumps({"issuer": self.origin, "jwks_uri": self.origin + "/keys"}),
            "/keys": issuers.key_set(ti.HELSEID)}
        self.web = None

    def open(self):
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                site.asked.append(self.path)
                body = site.answers[self.path].encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        certificate, key, _ = self.authority.issue("issuer")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.web = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.web.socket = context.wrap_socket(self.web.socket, server_side=True)
        threading.Thread(target=self.web.serve_forever, daemon=True).start()

    def close(self):
        if self.web is not None:
            self.web.shutdown()
            self.web.server_close()
            self.web = None

    def server(self, issuers, more=""):
        """One that trusts this issuer; not started."""
        server = TokenServer(issuers, more)
        path = server.folder / "frikort.toml"
        text = path.read_text(encoding="utf-8").replace(ti.HELSEID, self.origin)
        path.write_text(text.replace(f'keys_file = "{server.folder}/helseid.json"',
                                     f'ca_file = "{self.authority.file}"'), encoding="utf-8")
        return server
