// The published example of the national card query: its question opens with its key, and its proof is good.

import { createHash } from 'node:crypto';
import { EmbeddedJWK, calculateJwkThumbprint, compactDecrypt, importJWK, jwtVerify } from 'jose';
import { given, tell } from './client.mjs';

const opened = await compactDecrypt(given.jwe, await importJWK(given.key), {
  keyManagementAlgorithms: ['RSA-OAEP-256'],
  contentEncryptionAlgorithms: ['A256GCM'],
});
tell('question', { text: new TextDecoder().decode(opened.plaintext), header: opened.protectedHeader });

const { payload, protectedHeader } = await jwtVerify(given.proof, EmbeddedJWK, { typ: 'dpop+jwt' });
tell('proof', {
  claims: payload,
  thumbprint: await calculateJwkThumbprint(protectedHeader.jwk),
  tokenHash: createHash('sha256').update(given.token).digest('base64url'),
});
