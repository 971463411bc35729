/** Where a provider's discovery document may lead us, and for how long. The tokens are in test/flows/federation-faults. */
import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { signInAtForger } from '../support/forged-sign-in.ts';
import { type Forger, signHonestly, slowly, startForger } from '../support/identity-provider.ts';

/** A byte now and then, and never the end. */
function drip(_req: IncomingMessage, res: ServerResponse): void {
  res.writeHead(200, { 'content-type': 'application/json' });
  const timer = setInterval(() => res.write(' '), 100);
  res.on('close', () => clearInterval(timer));
}

describe('calls to an identity provider', () => {
  const discovery = '/.well-known/openid-configuration';
  let forger: Forger;
  before(async () => {
    forger = await startForger();
  });
  beforeEach(() => forger.reset());
  after(() => forger?.close());

  /** A whole sign-in with a provider that says these things of itself: who it is, or the code of the error. */
  async function signIn(said: Record<string, unknown>, deadlineMs?: number): Promise<string> {
    try {
      return (await signInAtForger(forger, { metadata: said, deadlineMs })).person.subject;
    } catch (error) {
      return (error as Error).message;
    }
  }

  it('are made where its discovery document says', async () => {
    assert.equal(await signIn({}), 'forged');
  });

  for (const [name, address] of [
    ['token_endpoint', 'http://169.254.169.254/latest'],
    ['token_endpoint', 'https://10.0.0.1/token'],
    ['jwks_uri', 'http://192.168.0.1/keys'],
    ['jwks_uri', 'https://[::1]/keys'],
    ['userinfo_endpoint', 'https://172.16.0.1/me'],
  ] as const)
    it(`reach no private address: ${name} ${address}`, async () => {
      assert.equal(await signIn({ [name]: address }), 'PROVIDER_UNAVAILABLE');
    });

  for (const [name, address] of [
    ['jwks_uri', 'file:///etc/hosts'],
    ['token_endpoint', 'data:application/json,{}'],
    ['authorization_endpoint', 'javascript:alert(1)'],
    ['authorization_endpoint', 'data:text/html,x'],
  ] as const)
    it(`take only web addresses: ${name} ${address}`, async () => {
      assert.equal(await signIn({ [name]: address }), 'PROVIDER_REFUSED');
    });

  for (const path of [discovery, '/token', '/keys', '/me'])
    it(`do not wait for an answer that drips: ${path}`, async () => {
      forger.instead.set(path, drip);
      assert.equal(await signIn({ userinfo_endpoint: `${forger.issuer}/me` }, 500), 'PROVIDER_UNAVAILABLE');
    });

  it('end together, however much of the time each of them takes', async () => {
    forger.idToken = async (forged) => {
      await sleep(600);
      return signHonestly(forged);
    };
    forger.instead.set('/keys', slowly(600));
    assert.notEqual(await signIn({}, 60_000), 'PROVIDER_UNAVAILABLE');
    assert.equal(await signIn({}, 1_000), 'PROVIDER_UNAVAILABLE');
  });
});
