/** What an id_token leaves out and userinfo says: Okta's org issuer has the word on an address there, others the name. */
import assert from 'node:assert/strict';
import { eventually } from '../support/eventually.ts';
import { signInAtForger } from '../support/forged-sign-in.ts';
import { type Forger, slowly, startForger } from '../support/identity-provider.ts';

describe('asking userinfo for what the id_token leaves out', () => {
  let forger: Forger;
  before(async () => {
    forger = await startForger();
  });
  beforeEach(() => {
    forger.reset();
    forger.calls.clear();
  });
  after(() => forger?.close());

  /** A sign-in with an id_token that says this of the person, and a userinfo that says that. */
  function signIn(inToken: object, atUserinfo: object | undefined, deadlineMs?: number) {
    Object.assign(forger.person, inToken);
    if (atUserinfo && !forger.instead.has('/me'))
      forger.instead.set('/me', (req, res) => {
        assert.equal(req.headers.authorization, 'Bearer an access token');
        res.writeHead(200, { 'content-type': 'application/json' });
        res.end(JSON.stringify({ sub: 'forged', ...atUserinfo }));
      });
    return signInAtForger(forger, { metadata: { userinfo_endpoint: `${forger.issuer}/me` }, deadlineMs });
  }

  it('takes the word on the address of the token', async () => {
    const { person } = await signIn(
      { email: 'ada@example.test', name: 'Ada' },
      { email: 'ada@example.test', email_verified: true },
    );
    assert.deepEqual([person.email, person.emailVerified], ['ada@example.test', true]);
  });

  it('takes no word on another address', async () => {
    const { person } = await signIn(
      { email: 'victim@example.test', name: 'Ada' },
      { email: 'ada@example.test', email_verified: true },
    );
    assert.deepEqual([person.email, person.emailVerified], ['victim@example.test', false]);
  });

  it('takes the name', async () => {
    const { person } = await signIn(
      { email: 'ada@example.test', email_verified: true },
      { name: 'Ada Lovelace', given_name: 'Ada', email: 'other@example.test' },
    );
    assert.deepEqual([person.fullName, person.givenName, person.email], ['Ada Lovelace', 'Ada', 'ada@example.test']);
  });

  it('takes everything where the token has the subject alone', async () => {
    const { person } = await signIn({}, { email: 'ada@example.test', email_verified: true, name: 'Ada' });
    assert.deepEqual([person.email, person.emailVerified, person.fullName], ['ada@example.test', true, 'Ada']);
  });

  it('asks nothing where nothing is missing', async () => {
    await signIn({ email: 'ada@example.test', email_verified: false, name: 'Ada' }, {});
    assert.equal(forger.calls.get('/me'), undefined);
  });

  for (const [what, inToken] of Object.entries({
    'the address': {},
    'the word on it': { email: 'ada@example.test', name: 'Ada' },
    'the name': { email: 'ada@example.test', email_verified: true },
  }))
    it(`refuses what is said of another subject, though only ${what} is missing`, async () => {
      const said = { sub: 'another', email: 'ada@example.test', email_verified: true, name: 'Eve' };
      await assert.rejects(signIn(inToken, said), { code: 'PROVIDER_REFUSED' });
    });

  it('goes on without a name where userinfo is broken or hangs, and not without an address', async () => {
    const complete = { email: 'ada@example.test', email_verified: true };
    forger.instead.set('/me', (_req, res) => void res.writeHead(500).end());
    assert.equal((await signIn(complete, {})).person.fullName, null);
    forger.instead.set('/me', (_req, res) => void res.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
    assert.equal((await signIn(complete, {})).person.fullName, null, "without a subject it is nobody's");
    forger.instead.set('/me', slowly(60_000));
    // The rest of the sign-in has to come to its end within the time, which is short so that the test is.
    let deadlineMs = 500;
    const { person } = await eventually(() => {
      deadlineMs *= 2;
      return signIn(complete, {}, deadlineMs);
    });
    assert.deepEqual([person.emailVerified, person.fullName], [true, null]);
    forger.instead.set('/me', (_req, res) => void res.writeHead(500).end());
    forger.person = {};
    await assert.rejects(signIn({}, {}), { code: 'PROVIDER_UNAVAILABLE' });
  });
});
