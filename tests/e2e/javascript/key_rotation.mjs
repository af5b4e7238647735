// Goes on asking until its standard input ends, while keys of the issuers and of the ledger are rotated. The first
// tokens and the first encryption key are used again and again, and in between those of the moment.

import { randomUUID } from 'node:crypto';
import { compactVerify, createRemoteJWKSet, decodeProtectedHeader } from 'jose';
import { Issuer, ProofKey, bearer, bound, encrypted, get, given, post, tell } from './client.mjs';

const REGISTRATIONS = '/v1/registrations';
const QUERY = '/api/frikortsporring/helseid/v1';
const CARD = '/v1/persons/card';

let isOver = false;
process.stdin.on('end', () => { isOver = true; }).resume();

const helseid = await Issuer.discover(given.helseid);
const maskinporten = await Issuer.discover(given.maskinporten);
const key = await ProofKey.generate();
// Without a pause between two fetches: a card may be signed by a key that is a moment old.
const published = createRemoteJWKSet(new URL('/.well-known/jwks.json', given.ledger), { cooldownDuration: 0 });

async function obtained() {
  return {
    practice: await helseid.token('frikort:api/practice', key),
    query: await helseid.token('hdir:frikortsporring/read', key),
    portal: await maskinporten.token('frikort:api/portal'),
    jwk: await get('/api/frikortsporring/jwk'),
  };
}

function kid(token) {
  return decodeProtectedHeader(token).kid;
}

/** The answer of a good request. */
async function served(path, value, credentials, type) {
  const { status, body } = await post(path, value, credentials, type);
  if (status !== 200) throw new Error(`${path}: ${status} ${body}`);
  return JSON.parse(body);
}

async function round({ practice, query, portal, jwk }) {
  const item = { ...given.item, guid: randomUUID() };
  const { results } = await served(REGISTRATIONS, item, await bound(practice, key, REGISTRATIONS));
  const question = await encrypted(given.question, jwk);
  const answer = await served(QUERY, question, await bound(query, key, QUERY), 'application/jose');
  const card = await served(CARD, { personId: given.item.personId, year: given.year }, bearer(portal));
  await compactVerify(card.token, published);
  tell('round', {
    verdicts: results.map((result) => result.verdict),
    exempt: answer.harEgenandelsfritak,
    keys: { helseid: kid(practice), maskinporten: kid(portal), query: jwk.kid, signing: kid(card.token) },
  });
}

const first = await obtained();
while (!isOver) {
  await round(first);
  await round(await obtained());
}
