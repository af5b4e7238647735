// A card's token is checked without asking the ledger: its signature by the published key, its time, and whose it is.

import { scryptSync } from 'node:crypto';
import {
  SignJWT, createLocalJWKSet, createRemoteJWKSet, decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair,
  jwtVerify,
} from 'jose';
import { Issuer, bearer, given, post, tell } from './client.mjs';

const PATH = '/v1/persons/card';
const RULES = { issuer: given.publicUrl, typ: 'frikort+jwt', algorithms: ['EdDSA'], requiredClaims: ['exp', 'cardId'] };

const maskinporten = await Issuer.discover(given.maskinporten);
const answer = await post(PATH, { personId: given.holder, year: given.year },
  bearer(await maskinporten.token('frikort:api/portal')));
tell('answer', answer);
const { token } = JSON.parse(answer.body);
const header = decodeProtectedHeader(token);
const claims = decodeJwt(token);
const published = createRemoteJWKSet(new URL('/.well-known/jwks.json', given.ledger));
const lastSecond = new Date((claims.exp - 1) * 1000);

async function check(name, checked, { keys = published, at = lastSecond, ...rules } = {}) {
  try {
    const verified = await jwtVerify(checked, keys, { ...RULES, currentDate: at, ...rules });
    tell(name, { header: verified.protectedHeader, claims: verified.payload });
  } catch (error) {
    tell(name, { refused: error.code ?? String(error) });
  }
}

/** Another value of the same type. */
function another(value) {
  return typeof value === 'number' ? value + 1 : value.replace(/.$/, (last) => (last === '1' ? '2' : '1'));
}

function encoded(value) {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** Whether the card is that of the number: only who has the number can tell. */
function isOf(personId) {
  const salt = Buffer.from(claims.cardId, 'hex');
  const told = scryptSync(personId, salt, 16, { N: 16384, r: 8, p: 1 }).toString('base64url');
  return told === claims.numberCheck;
}

async function changed() {
  const [head, payload, signature] = token.split('.');
  for (const name of Object.keys(claims)) {
    const other = encoded({ ...claims, [name]: another(claims[name]) });
    await check(`claim ${name} changed`, `${head}.${other}.${signature}`);
  }
  await check('claim added', `${head}.${encoded({ ...claims, more: 1 })}.${signature}`);
  await check('header changed', `${encoded({ ...header, more: 1 })}.${payload}.${signature}`);
  await check('not signed', `${encoded({ ...header, alg: 'none' })}.${payload}.`);
}

async function byAnotherKey() {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true });
  const forged = await new SignJWT(claims).setProtectedHeader(header).sign(privateKey);
  const others = createLocalJWKSet({ keys: [{ ...await exportJWK(publicKey), kid: header.kid, alg: 'EdDSA' }] });
  await check('signed by another key', forged);
  await check('checked with another key', token, { keys: others });
  await check('forged, checked with its own key', forged, { keys: others });
}

await check('good', token);
await check('after its end', token, { at: new Date(claims.exp * 1000) });
await check('of another issuer', token, { issuer: 'https://another.example' });
await changed();
await byAnotherKey();
tell('whose', { holder: isOf(given.holder), stranger: isOf(given.stranger) });
