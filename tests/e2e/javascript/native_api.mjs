// A practice submits a batch and asks for a card status, a portal asks for the account; then what is not let in.

import { Issuer, ProofKey, bearer, bound, given, post, tell } from './client.mjs';

const REGISTRATIONS = '/v1/registrations';
const PRACTICE = 'frikort:api/practice';

const helseid = await Issuer.discover(given.helseid);
const maskinporten = await Issuer.discover(given.maskinporten);
const key = await ProofKey.generate();
const token = await helseid.token(PRACTICE, key);
const portal = await maskinporten.token('frikort:api/portal');
const withProof = (path) => bound(token, key, path);

async function served() {
  const { personId, serviceTime } = given;
  const question = { personId, serviceType: 'LE', serviceDate: serviceTime.slice(0, 10) };
  tell('batch', await post(REGISTRATIONS, given.items, await withProof(REGISTRATIONS)));
  tell('card status', await post('/v1/card-status', question, await withProof('/v1/card-status')));
  const account = { personId, year: Number(serviceTime.slice(0, 4)) };
  tell('account', await post('/v1/persons/account', account, bearer(portal)));
}

async function refused() {
  const spent = await withProof(REGISTRATIONS);
  await post(REGISTRATIONS, [], spent);
  const expired = await helseid.token(PRACTICE, key, { lifetime: '-60' });
  const elsewhere = await helseid.token('hdir:frikortsporring/read', key);
  const refusals = {
    'proof by another key': await bound(token, await ProofKey.generate(), REGISTRATIONS),
    'proof for another path': await bound(token, key, '/v1/card-status'),
    'proof a second time': spent,
    'expired token': await bound(expired, key, REGISTRATIONS),
    'token for another audience': await bound(elsewhere, key, REGISTRATIONS),
    'bound token as bearer': bearer(token),
    'no token': {},
  };
  for (const [name, credentials] of Object.entries(refusals)) {
    tell(name, await post(REGISTRATIONS, [], credentials));
    tell(`after ${name}`, await post(REGISTRATIONS, [], await withProof(REGISTRATIONS)));
  }
}

await served();
await refused();
