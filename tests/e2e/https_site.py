"""A web site over HTTPS on loopback, served by threads of this process."""

import http.server
import ssl
import threading


class HttpsSite:
    """A subclass has the `handler` of requests, whose instances find the site as `site`."""

    handler = None

    def __init__(self, port):
        self.port = port
        self.web = None

    def serve(self, certificate, key):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        handler = type("OwnHandler", (self.handler,), {"site": self})
        self.web = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        # The handshake belongs to the thread of the connection, not to the one that takes all of them.
        self.web.socket = context.wrap_socket(self.web.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.web.serve_forever, daemon=True).start()

    def close(self):
        if self.web is not None:
            self.web.shutdown()
            self.web.server_close()
            self.web = None
