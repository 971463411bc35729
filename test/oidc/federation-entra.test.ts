/** Microsoft Entra ID for people of any directory: the issuer is a template, and each directory is one of its own. */
import assert from 'node:assert/strict';
import type * as jose from 'jose';
import { isIssuerOf } from '../../src/domain/methods/federation/entra-issuers.ts';
import { signInAtForger } from '../support/forged-sign-in.ts';
import { type Forger, signHonestly, startForger } from '../support/identity-provider.ts';

const ours = '8d4a33de-5ec9-4f3a-9a1c-0a2d0f4a9b11';
const others = '11111111-2222-4333-8444-555555555555';

describe('a provider of any directory of Entra ID', () => {
  let forger: Forger;
  before(async () => {
    forger = await startForger();
  });
  beforeEach(() => forger.reset());
  after(() => forger?.close());

  const at = (directory: string) => `${forger.issuer}/${directory}/v2.0`;

  /** A sign-in with a token that says this beside what an honest one does. */
  function signIn(said: jose.JWTPayload, registered = 'organizations', template = '{tenantid}') {
    forger.answer = { iss: null, ...forger.answer };
    forger.idToken = (forged) => signHonestly(forged, { ...forged.claims, ...said });
    return signInAtForger(forger, { issuer: at(registered), metadata: { issuer: at(template) } });
  }

  for (const registered of ['organizations', 'common', 'consumers'])
    it(`takes the issuer of the directory that the token names: ${registered}`, async () => {
      const { person } = await signIn(
        { iss: at(ours), tid: ours, email: 'ada@example.test', xms_edov: true },
        registered,
      );
      assert.equal(person.issuer, at(ours));
      assert.equal(person.hostedDomain, ours);
      assert.equal(person.emailVerified, true);
    });

  it('believes no address that its directory does not own', async () => {
    const claims = { iss: at(ours), tid: ours, email: 'ceo@victim.example', email_verified: true };
    assert.equal((await signIn(claims)).person.emailVerified, false);
    assert.equal((await signIn({ ...claims, xms_edov: false })).person.emailVerified, false);
  });

  for (const [fault, said] of Object.entries<() => jose.JWTPayload>({
    'the issuer of another directory': () => ({ iss: at(others), tid: ours }),
    'the template itself': () => ({ iss: at('{tenantid}'), tid: '{tenantid}' }),
    'the issuer of all': () => ({ iss: at('organizations'), tid: 'organizations' }),
    'no directory': () => ({ iss: at(ours) }),
    'a directory that is no text': () => ({ iss: at(ours), tid: [ours] }),
    'a directory that is a path': () => ({ iss: at(`${ours}/../x`), tid: `${ours}/../x` }),
    'a replacement pattern': () => ({ iss: at('$&'), tid: '$&' }),
    'an issuer elsewhere': () => ({ iss: `https://login.microsoftonline.com/${ours}/v2.0`, tid: ours }),
  }))
    it(`refuses ${fault}`, () => assert.rejects(signIn(said()), { code: 'PROVIDER_REFUSED' }));

  it('refuses a template where one directory, or another provider, was registered', async () => {
    const claims = { iss: at(ours), tid: ours };
    for (const registered of [ours, 'realms', 'organizations/v2.0'])
      await assert.rejects(signIn(claims, registered), { code: 'PROVIDER_REFUSED' });
    await assert.rejects(signIn({ iss: at(ours), tid: ours }, 'organizations', ours), { code: 'PROVIDER_REFUSED' });
  });

  it('takes an iss of the answer for that of the token, and no other', async () => {
    const claims = { iss: at(ours), tid: ours };
    forger.answer = { iss: at(ours) };
    assert.equal((await signIn(claims)).person.issuer, at(ours));
    forger.answer = { iss: at(others) };
    await assert.rejects(signIn(claims), { code: 'PROVIDER_REFUSED' });
  });

  it('takes a key for the directory that it is for', async () => {
    const keyFor = (issuer?: string) => {
      forger.instead.set('/keys', (_req, res) => {
        res.writeHead(200, { 'content-type': 'application/json' });
        res.end(JSON.stringify({ keys: [{ ...forger.publicJwk(), issuer }] }));
      });
      return signIn({ iss: at(ours), tid: ours });
    };
    for (const issuer of [undefined, at('{tenantid}'), at(ours)])
      assert.equal((await keyFor(issuer)).person.issuer, at(ours));
    await assert.rejects(keyFor(at(others)), { code: 'PROVIDER_REFUSED' });
  });

  it('knows the identities of its directories as its own', () => {
    const host = 'https://login.microsoftonline.com';
    assert.ok(isIssuerOf(`${host}/organizations/v2.0`, `${host}/${ours}/v2.0`));
    assert.ok(isIssuerOf(`${host}/${ours}/v2.0`, `${host}/${ours}/v2.0/`));
    for (const issuer of [
      `${host}/${ours}`,
      `${host}/${ours}/v2.0/x`,
      `https://evil.example/${ours}/v2.0`,
      `${host}/organizations`,
    ])
      assert.ok(!isIssuerOf(`${host}/organizations/v2.0`, issuer), issuer);
    assert.ok(!isIssuerOf(`${host}/${others}/v2.0`, `${host}/${ours}/v2.0`));
  });
});
