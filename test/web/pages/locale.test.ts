import assert from 'node:assert/strict';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import Koa from 'koa';
import { createI18n } from '../../../src/platform/i18n.ts';
import { acceptedLanguages, locale, localeLinks } from '../../../src/web/pages/locale.ts';

const i18n = createI18n(fileURLToPath(new URL('../../../views/locales', import.meta.url)));

type Answer = { locale: string; links: { href: string; current: boolean }[]; cookie: string | undefined };

describe("choosing the reader's language", () => {
  let server: Server;

  before(async () => {
    const app = new Koa();
    // As in the program, where other cookies are signed.
    app.keys = ['a key'];
    app.use(locale(i18n));
    app.use((ctx) => {
      ctx.body = { locale: ctx.state.locale, links: localeLinks(i18n, ctx) };
    });
    server = createServer(app.callback());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  after(() => server?.close());

  function ask(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    const { port } = server.address() as AddressInfo;
    return new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port, path, headers }, async (response) => {
        assert.equal(response.statusCode, 200);
        const answer = (await json(response)) as Answer;
        resolve({ ...answer, cookie: response.headers['set-cookie']?.join('\n') });
      })
        .on('error', reject)
        .end();
    });
  }

  it('takes lang first, then the cookie, then the browser, then English', async () => {
    const cookie = 'gh_locale=fr';
    assert.equal((await ask('/?lang=en', { cookie, 'accept-language': 'fr' })).locale, 'en');
    assert.equal((await ask('/', { cookie, 'accept-language': 'en' })).locale, 'fr');
    assert.equal((await ask('/', { 'accept-language': 'de, fr;q=0.8, en;q=0.5' })).locale, 'fr');
    assert.equal((await ask('/')).locale, 'en');
  });

  it('remembers a choice for a year, out of reach of scripts', async () => {
    const { cookie } = await ask('/?lang=fr');
    assert.match(cookie ?? '', /^gh_locale=fr; path=\/; expires=[^;]+; samesite=lax; httponly$/);
    const expires = new Date(/expires=([^;]+)/.exec(cookie ?? '')?.[1] ?? '').getTime();
    assert.ok(Math.abs(expires - Date.now() - 365 * 86_400_000) < 60_000);
  });

  it('sets no cookie but for a choice it knows', async () => {
    for (const path of ['/', '/?lang=', '/?lang=xx', '/?lang=fr%0d%0aset-cookie:x=y', '/?lang[]=fr']) {
      const { cookie, locale: got } = await ask(path);
      assert.equal(cookie, undefined, path);
      assert.equal(got, 'en', path);
    }
  });

  it('takes the first of several', async () => {
    assert.equal((await ask('/?lang=fr&lang=en')).locale, 'fr');
    assert.equal((await ask('/?lang=%E0%A4%A&lang=fr')).locale, 'en');
  });

  it('links to the same page in each language, keeping its query and never its path', async () => {
    const { links } = await ask('//example.org/?client_id=a%26b&lang=fr&lang=en');
    assert.deepEqual(
      links.map(({ href, current }) => [href, current]),
      [
        ['?client_id=a%26b&lang=en', false],
        ['?client_id=a%26b&lang=fr', true],
      ],
    );
  });

  for (const header of [
    '',
    ',',
    ';q=',
    'fr;q=2',
    'fr;q=-1',
    'fr;q=0',
    '*',
    'fr;q=0.5.5',
    '--',
    'x'.repeat(8000),
    'fr;;;q=x',
  ]) {
    it(`counts Accept-Language ${JSON.stringify(header).slice(0, 30)} as none`, async () => {
      assert.equal((await ask('/', { 'accept-language': header })).locale, 'en');
    });
  }

  it('reads weights as the standard has them', () => {
    assert.deepEqual(acceptedLanguages('da, en-gb;q=0.8, en;q=0.7, *;q=0.1'), ['da', 'en-gb', 'en']);
    assert.deepEqual(acceptedLanguages('a;q=0.2,b;q=1.0, c ; Q=0.9 ,d;level=1'), ['b', 'd', 'c', 'a']);
  });

  it('never throws, whatever the header', () => {
    fc.assert(fc.property(fc.string({ maxLength: 200 }), (header) => acceptedLanguages(header).length <= 20));
  });
});
