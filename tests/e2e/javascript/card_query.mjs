// The national card query: questions that are encrypted to the ledger's key, and what is not answered.

import { exportJWK, generateKeyPair } from 'jose';
import { Issuer, ProofKey, bound, encrypted, get, given, post, tell } from './client.mjs';

const PATH = '/api/frikortsporring/helseid/v1';
const JOSE = 'application/jose';

const helseid = await Issuer.discover(given.helseid);
const key = await ProofKey.generate();
const token = await helseid.token('hdir:frikortsporring/read', key);
const jwk = await get('/api/frikortsporring/jwk');

async function ask(name, body, credentials) {
  tell(name, await post(PATH, body, credentials ?? await bound(token, key, PATH), JOSE));
}

async function askThenServed(name, body, credentials) {
  await ask(name, body, credentials);
  await ask(`after ${name}`, await encrypted(given.question, jwk));
}

function withBitChanged(jwe, part) {
  const parts = jwe.split('.');
  const data = Buffer.from(parts[part], 'base64url');
  data[0] ^= 1;
  parts[part] = data.toString('base64url');
  return parts.join('.');
}

async function served() {
  await ask('holder', await encrypted(given.question, jwk));
  await ask('stranger', await encrypted({ ...given.question, borgerIdent: given.stranger }, jwk));
  const selfTest = `${PATH}/klientstatus`;
  tell('self-test', await post(selfTest, await encrypted('any', jwk), await bound(token, key, selfTest), JOSE));
}

async function wronglyEncrypted() {
  const good = await encrypted(given.question, jwk);
  const { publicKey } = await generateKeyPair('RSA-OAEP-256', { extractable: true });
  const another = { ...await exportJWK(publicKey), kid: jwk.kid };
  const bodies = {
    'unknown key id': await encrypted(given.question, jwk, { kid: 'unknown' }),
    'no key id': await encrypted(given.question, jwk, { kid: undefined }),
    'RSA-OAEP': await encrypted(given.question, jwk, { alg: 'RSA-OAEP' }),
    A128GCM: await encrypted(given.question, jwk, { enc: 'A128GCM' }),
    'A256CBC-HS512': await encrypted(given.question, jwk, { enc: 'A256CBC-HS512' }),
    'another key under the key id': await encrypted(given.question, another),
    'wrapped key changed': withBitChanged(good, 1),
    'ciphertext changed': withBitChanged(good, 3),
    'tag changed': withBitChanged(good, 4),
  };
  for (const [name, body] of Object.entries(bodies)) await askThenServed(name, body);
}

async function notLetIn() {
  const body = await encrypted(given.question, jwk);
  const spent = await bound(token, key, PATH);
  await post(PATH, body, spent, JOSE);
  const native = await helseid.token('frikort:api/practice', key);
  const refusals = {
    'proof a second time': spent,
    'proof by another key': await bound(token, await ProofKey.generate(), PATH),
    'token for another audience': await bound(native, key, PATH),
    'no token': {},
  };
  for (const [name, credentials] of Object.entries(refusals)) await askThenServed(name, body, credentials);
}

await served();
await wronglyEncrypted();
await notLetIn();
