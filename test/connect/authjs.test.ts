import assert from 'node:assert/strict';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless } from '../support/browserless.ts';
import { codeOf, commandsOf, runPageCode } from '../support/connect-pages.ts';
import { assign, createRole } from '../support/factories.ts';

/** What is used of `@auth/core`, whose own types are written for a browser. */
interface AuthCore {
  Auth(request: Request, config: object): Promise<Response>;
}

const origin = 'https://portal.example.org';

describe('docs/connect/authjs.md', () => {
  let app: TestApp;
  let person: Awaited<ReturnType<TestApp['person']>>;
  let auth: (path: string, init?: RequestInit) => Promise<Response>;
  const jar = new Map<string, string>();

  before(async () => {
    app = await startTestApp();
    person = await app.person({ fullName: 'Ada Keller' });
    const role = await createRole(app.db, { tenantId: person.tenantId, name: 'Teacher' });
    await assign(app.db, { tenantId: person.tenantId, userId: person.id, roleId: role.id });
    const [words = []] = commandsOf('authjs.md');
    const redirectUri = words[words.indexOf('--redirect-uri') + 1] as string;
    const client = await app.relyingParty({ redirectUris: [redirectUri] });
    const [code = ''] = codeOf('authjs.md', 'js');
    const { authConfig } = await runPageCode<{ authConfig: object }>(code, {
      'process.env.AUTH_GATEHOUSE_ISSUER': JSON.stringify(app.issuer),
      'process.env.AUTH_GATEHOUSE_ID': JSON.stringify(client.clientId),
      'process.env.AUTH_GATEHOUSE_SECRET': JSON.stringify(client.clientSecret),
    });
    const packageName: string = '@auth/core';
    const { Auth } = (await import(packageName)) as AuthCore;
    const own = { secret: 'a secret of this test alone, long enough', trustHost: true, basePath: '/auth' };
    auth = async (path, init = {}) => {
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
      const headers = { ...init.headers, cookie };
      const answer = await Auth(new Request(`${origin}${path}`, { ...init, headers }), { ...authConfig, ...own });
      for (const line of answer.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (value === '') jar.delete(name);
        else jar.set(name, value);
      }
      return answer;
    };
  });
  after(() => app?.stop());

  it('signs somebody in with a name, an address and roles, by its settings as they are', async () => {
    const { csrfToken } = (await (await auth('/auth/csrf')).json()) as { csrfToken: string };
    const begun = await auth('/auth/signin/gatehouse', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ csrfToken, callbackUrl: origin }),
    });
    const address = new URL(begun.headers.get('location') as string);
    assert.equal(address.origin, app.issuer);
    assert.equal(address.searchParams.get('code_challenge_method'), 'S256');
    const browser = new Browserless();
    const page = await browser.open(address.href);
    const reply = await browser.submit(page, { login: person.email, password: person.password }, { until: origin });
    const callback = new URL(reply.location as string);
    const ended = await auth(`${callback.pathname}${callback.search}`);
    assert.equal(ended.headers.get('location'), origin, await ended.text());
    const session = (await (await auth('/auth/session')).json()) as { user: Record<string, unknown> };
    assert.deepEqual(session.user, { name: 'Ada Keller', email: person.email, id: person.id, roles: ['Teacher'] });
  });
});
