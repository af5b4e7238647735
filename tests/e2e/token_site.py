"""Issuers in the shapes of HelseID, Maskinporten and ID-porten over HTTPS: metadata, keys, tokens for whoever asks.

Clients of the real ones prove who they are with a key (private_key_jwt). What these give is else as the real ones give
it. POST /KIND/token takes a form:

    scope         as in the API description, such as frikort:api/practice
    organisation  nine digits, of HelseID and Maskinporten
    pid           eleven digits, of ID-porten
    lifetime      seconds from now on; below zero the token has expired
    format=text   gives the token alone

HelseID wants a header DPoP, and binds the token to its key.
"""

import http.server
import json
import threading
import time
import urllib.parse

import token_issuer as ti
from https_site import HttpsSite

KINDS = {"helseid": ti.HELSEID, "maskinporten": ti.MASKINPORTEN, "idporten": ti.IDPORTEN}
LIFETIME_SECONDS = 600
FORM_BYTES_MAX = 16 * 1024


class Handler(http.server.BaseHTTPRequestHandler):
    site = None
    timeout = 30

    def answer(self, status, text, media_type="application/json"):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        text = self.site.page(self.path)
        self.answer(*((404, "{}") if text is None else (200, text)))

    def do_POST(self):
        kind, _, rest = self.path.strip("/").partition("/")
        size = int(self.headers.get("Content-Length", "0"))
        if kind not in KINDS or rest != "token" or not 0 <= size <= FORM_BYTES_MAX:
            self.answer(404, "{}")
            return
        form = dict(urllib.parse.parse_qsl(self.rfile.read(size).decode()))
        try:
            token = self.site.token(kind, form, self.headers.get("DPoP"))
        except (ValueError, KeyError, TypeError) as error:
            self.answer(400, json.dumps({"error": "invalid_request", "error_description": str(error)}))
            return
        if form.get("format") == "text":
            self.answer(200, token, "text/plain")
            return
        scheme = "DPoP" if kind == "helseid" else "Bearer"
        self.answer(200, json.dumps({"access_token": token, "token_type": scheme, "expires_in": LIFETIME_SECONDS}))

    def log_message(self, *_):
        pass


class TokenSite(HttpsSite):

    handler = Handler

    def __init__(self, issuers, port, host="127.0.0.1"):
        super().__init__(port)
        self.issuers = issuers
        self.origin = f"https://{host}:{port}"
        self.lock = threading.Lock()  # a key and its id change together

    def name_of(self, kind):
        """As `iss` says it; Maskinporten's ends with a slash."""
        return f"{self.origin}/{kind}" + ("/" if kind == "maskinporten" else "")

    def metadata(self, kind):
        name = self.name_of(kind)
        base = name.rstrip("/")
        return {"issuer": name, "jwks_uri": f"{base}/jwks", "token_endpoint": f"{base}/token",
                "dpop_signing_alg_values_supported": ["ES256"] if kind == "helseid" else []}

    def page(self, path):
        """The text of what is asked for with GET, or None."""
        for kind, issuer in KINDS.items():
            documents = ("openid-configuration", "oauth-authorization-server")
            if path in (f"/{kind}/.well-known/{name}" for name in documents):
                return json.dumps(self.metadata(kind))
            if path == f"/{kind}/jwks":
                with self.lock:
                    return self.issuers.key_set(issuer)
        return None

    def token(self, kind, form, proof):
        """The token that the form asks for. Raises ValueError."""
        claims = {"iss": self.name_of(kind), "client_id": "sandbox",
                  "exp": int(time.time()) + int(form.get("lifetime", LIFETIME_SECONDS))}
        scope = form.get("scope", "")
        with self.lock:
            if kind == "helseid":
                return self.issuers.of_practice({**claims, **self.of_helseid(scope, form, proof)})
            if kind == "maskinporten":
                return self.issuers.of_machine(scope, form.get("organisation", ti.OPERATOR_ORGANISATION), claims)
            return self.issuers.of_citizen({**claims, "scope": scope or "openid frikort:api/citizen",
                                            "pid": form.get("pid", ti.CITIZEN)})

    def of_helseid(self, scope, form, proof):
        """Claims that the other two do not have, or differently."""
        if not proof:
            raise ValueError("HelseID wants a header DPoP")
        header = json.loads(ti.decode_part(proof.split(".")[0]))
        claims = {"cnf": {"jkt": ti.thumbprint_of(header["jwk"])}, "scope": scope.split(),
                  "helseid://claims/client/claims/orgnr_child": form.get("organisation", ti.PRACTICE_ORGANISATION)}
        if scope:
            claims["aud"] = scope.split()[0].partition("/")[0]  # Its scopes begin with the audience.
        return claims

    def rotate(self, kind):
        """Another key signs, the ones before stay published; gives its id."""
        with self.lock:
            return self.issuers.rotate(KINDS[kind])

    def trusted_in(self, configuration, folder, ca_file):
        """The configuration of a server, of whose issuers these take the place."""
        for kind, issuer in KINDS.items():
            configuration = configuration.replace(f'issuer = "{issuer}"', f'issuer = "{self.name_of(kind)}"')
            configuration = configuration.replace(f'keys_file = "{folder}/{kind}.json"', f'ca_file = "{ca_file}"')
        return configuration
