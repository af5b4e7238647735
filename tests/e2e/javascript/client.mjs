// A client of the ledger as its API descriptions and the standards say: access tokens (RFC 6749, RFC 8414), proofs of
// possession (DPoP, RFC 9449), encryption (JWE, RFC 7516); and what the program that runs it is told of each answer.

import { createHash, randomUUID } from 'node:crypto';
import { CompactEncrypt, SignJWT, exportJWK, generateKeyPair, importJWK } from 'jose';

/** What the program that runs this one wants to be asked. */
export const given = JSON.parse(process.argv[2]);

/** One line of JSON on standard output. */
export function tell(name, members) {
  console.log(JSON.stringify({ name, ...members }));
}

/** The key that tokens are bound to. */
export class ProofKey {
  static async generate() {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    return new ProofKey(privateKey, await exportJWK(publicKey));
  }

  constructor(privateKey, jwk) {
    Object.assign(this, { privateKey, jwk });
  }

  /** For one request: the address without its query, and of the token when there is one already. */
  proof(method, url, token) {
    const { origin, pathname } = new URL(url);
    const claims = { htm: method, htu: origin + pathname };
    if (token) claims.ath = createHash('sha256').update(token).digest('base64url');
    return new SignJWT(claims)
      .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: this.jwk })
      .setJti(randomUUID())
      .setIssuedAt()
      .sign(this.privateKey);
  }
}

/** An issuer of tokens, known by its metadata. */
export class Issuer {
  static async discover(name) {
    const metadata = await json(await fetch(`${name.replace(/\/$/, '')}/.well-known/openid-configuration`));
    if (metadata.issuer !== name) throw new Error(`the metadata of ${name} are those of ${metadata.issuer}`);
    return new Issuer(metadata.token_endpoint);
  }

  constructor(endpoint) {
    this.endpoint = endpoint;
  }

  /** Bound to the key, when there is one. */
  async token(scope, key, more = {}) {
    const headers = key ? { DPoP: await key.proof('POST', this.endpoint) } : {};
    const body = new URLSearchParams({ grant_type: 'client_credentials', scope, ...more });
    const answer = await json(await fetch(this.endpoint, { method: 'POST', headers, body }));
    return answer.access_token;
  }
}

async function json(response) {
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${await response.text()}`);
  return response.json();
}

export function get(path) {
  return fetch(given.ledger + path).then(json);
}

export function bearer(token) {
  return { Authorization: `Bearer ${token}` };
}

/** With a new proof, which is good for one request. */
export async function bound(token, key, path) {
  return { Authorization: `DPoP ${token}`, DPoP: await key.proof('POST', given.ledger + path, token) };
}

/** For the key with which the ledger opens the national card query, unless the changes of the header say otherwise. */
export async function encrypted(question, jwk, changes = {}) {
  const header = { alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: jwk.kid, ...changes };
  return new CompactEncrypt(new TextEncoder().encode(JSON.stringify(question)))
    .setProtectedHeader(header)
    .encrypt(await importJWK(jwk, header.alg));
}

/** The answer, and what was sent for it: a value that is not text is sent as JSON. */
export async function post(path, value, credentials, type = 'application/json') {
  const body = typeof value === 'string' ? value : JSON.stringify(value);
  const headers = { 'Content-Type': type, ...credentials };
  const response = await fetch(given.ledger + path, { method: 'POST', headers, body });
  return {
    status: response.status,
    headers: [...response.headers],
    body: await response.text(),
    sent: { headers, body },
  };
}
