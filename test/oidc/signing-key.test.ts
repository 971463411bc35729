import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { compactVerify, importJWK, type JWK } from 'jose';
import { SigningKey } from '../../src/oidc/signing-key.ts';

function newJwk(alg: string): JWK {
  const { privateKey } =
    alg === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: alg === 'ES384' ? 'P-384' : 'P-256' });
  return { ...(privateKey.export({ format: 'jwk' }) as JWK), kid: `of ${alg}`, alg };
}

describe('a signing key of ours', () => {
  for (const alg of ['ES256', 'RS256'])
    it(`signs what others verify as ${alg}`, async () => {
      const jwk = newJwk(alg);
      const key = new SigningKey(jwk);
      const input = [`{"alg":"${alg}"}`, '{"sub":"somebody"}'].map((part) => Buffer.from(part).toString('base64url'));
      const signature = await key.sign(Buffer.from(input.join('.')));
      const { d, ...open } = jwk;
      const publicKey = await importJWK(
        { kty: jwk.kty, crv: open.crv, x: open.x, y: open.y, n: open.n, e: open.e },
        alg,
      );
      const token = `${input.join('.')}.${signature.toString('base64url')}`;
      const { payload } = await compactVerify(token, publicKey, { algorithms: [alg] });
      assert.deepEqual(JSON.parse(Buffer.from(payload).toString()), { sub: 'somebody' });
    });

  it('tells the library its public half and no more', () => {
    for (const alg of ['ES256', 'RS256']) {
      const jwk = newJwk(alg);
      const key = new SigningKey(jwk);
      assert.equal(key.keyObject().type, 'public');
      assert.deepEqual(
        [key.kid, key.alg, key.kty, key.crv, key.x, key.y, key.n, key.e],
        [jwk.kid, alg, jwk.kty, jwk.crv, jwk.x, jwk.y, jwk.n, jwk.e],
      );
      for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi']) assert.equal((key as never)[secret], undefined);
    }
  });

  it('refuses to sign by an algorithm that is none of ours', async () => {
    await assert.rejects(new SigningKey(newJwk('ES384')).sign(Buffer.from('x')), /ES384/);
  });
});
