"""A server with TLS and tokens, and a throw-away certificate authority."""

import shutil
import socket
import ssl
import tempfile
import unittest

import token_issuer as ti
from access_case import TokenServer
from certificates import Authority
from frikort_server.server import free_port


def tls_section(certificate, key, more=""):
    return f'[tls]\ncertificate = "{certificate}"\nkey = "{key}"\n{more}\n'


def secured_server(issuers, authority, certificate, key, more=""):
    """Not started. A client reaches it at its address, and may believe that it is the public one."""
    server = TokenServer(issuers, tls=authority.file)
    server.fixed_port = free_port()
    server.write_configuration(f'origins = ["{ti.ORIGIN}", "https://127.0.0.1:{server.fixed_port}"]\n'
                               + tls_section(certificate, key, more))
    return server


class SecuredCase(unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="frikort-e2e-tls-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.authority = Authority(self.folder)
        self.issuers = ti.Issuers()

    def serve(self, more=""):
        self.certificate, self.key, self.serial = self.authority.issue("server")
        server = secured_server(self.issuers, self.authority, self.certificate, self.key, more)
        self.addCleanup(server.clean)
        return server

    def handshake(self, server, **settings):
        context = ssl.create_default_context(cafile=self.authority.file)
        context.check_hostname = True
        for name, value in settings.items():
            setattr(context, name, value)
        sock = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        try:
            return context.wrap_socket(sock, server_hostname="127.0.0.1")
        except BaseException:
            sock.close()
            raise
