import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createI18n } from '../../../src/platform/i18n.ts';
import type { PageContext, PageErrorKind, ViewModels } from '../../../src/web/pages/view-models.ts';
import { createViews, pageNames } from '../../../src/web/pages/views.ts';
import { pageSamples, sampleNow, samplePage } from '../../support/page-samples.ts';

const directory = fileURLToPath(new URL('../../../views', import.meta.url));
const origin = 'https://id.example';
const i18n = createI18n(join(directory, 'locales'));
const options = { directory, i18n, assetUrl: (name: string) => `/assets/0/${name}`, now: () => sampleNow };
const views = createViews({ ...options, cache: true });
const samples = pageSamples(origin);

const signIn = { action: '/x', email: '', hasRecovery: false, otherMethods: [] };

function renderSignIn(model: Partial<ViewModels['interaction/sign-in']> = {}, page: Partial<PageContext> = {}): string {
  return views.render('interaction/sign-in', samplePage(origin, page), { ...signIn, ...model });
}

/** What chooses among texts of our own. */
const choices = [
  ...['kind', 'label', 'scope', 'locale', 'theme', 'code', 'field', 'heading', 'channel', 'channels', 'switchTo'],
  ...['purpose', 'loginKind', 'notice', 'button', 'to', 'section', 'icon', 'status'],
  ...['alg', 'look', 'scheme', 'check', 'reason', 'claim', 'response_mode'],
  ...['words', 'key', 'group', 'state', 'tab', 'sees', 'when', 'metric', 'step', 'is', 'fault', 'sign', 'proof'],
  'security_profile',
  'obstacle',
  'signIn',
  'disabled_why',
  'stopped_why',
];

/** As those, within others alone: what a field of a form is called, and what a filter is. */
const choicesWithin: Record<string, string[]> = {
  name: ['fields', 'filters', 'snippets', 'values', 'chosen'],
  value: ['options'],
  provider: ['channels'],
  // Of pasted rows: why one is not done.
  column: ['params'],
  // Of an application; elsewhere an origin is an address.
  origin: ['items', 'head', 'application'],
};

/** The value with each of its strings replaced, but those choices. */
function replaceStrings(value: unknown, replacement: string, key = '', within = ''): unknown {
  if (typeof value === 'string') {
    const isChoice = choices.includes(key) || choicesWithin[key]?.includes(within);
    return isChoice && !/ /.test(value) ? value : replacement;
  }
  if (Array.isArray(value)) return value.map((item) => replaceStrings(item, replacement, key, within));
  if (value instanceof Date || value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, replaceStrings(item, replacement, name, key)]),
  );
}

describe('rendering the hosted pages', () => {
  it('has a sample for every view', () => {
    assert.deepEqual([...new Set(samples.map(({ view }) => view))].sort(), pageNames(directory));
  });

  for (const { code } of i18n.locales) {
    for (const sample of samples) {
      it(`renders ${sample.name} in ${code}`, () => {
        const html = views.render(sample.view, samplePage(origin, { ...sample.page, locale: code }), sample.model);
        assert.match(html, new RegExp(`^<!doctype html>\\n<html lang="${code}" data-theme="system">`));
        assert.equal(html.match(/<h1[ >]/g)?.length, 1);
        assert.equal(html.match(/<main>/g)?.length, 1);
        assert.match(html, /<title>[^<]+ · (Northwind Logistics|Gatehouse|School Cloud)<\/title>/);
        assert.doesNotMatch(html, /undefined|\[object |{{|\bNaN\b|Invalid Date|[\uE000-\uE002]/);
        const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
        assert.equal(new Set(ids).size, ids.length, 'an id is used twice');
      });
    }
  }

  it('asks for nothing outside: no address of another host but those registered', () => {
    const html = views.render('welcome', samplePage(origin, { tenant: null }), {
      signInHref: '/account',
      accountHref: '/account',
      issuer: 'https://id.example',
      discoveryHref: 'https://id.example/.well-known/openid-configuration',
      developmentNotes: true,
    });
    const addresses = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address ?? '');
    assert.deepEqual(
      addresses.filter((it) => !/^[/?]|^https:\/\/id\.example\//.test(it)),
      [],
    );
  });
});

describe('escaping', () => {
  const attacks = [
    `"><script>alert(1)</script><img src=x onerror=alert(1)>`,
    `'><svg/onload=alert(1)>`,
    `<%= 'run' + '-as-a-template' %><%- include('/x') %>`,
    ' javascript:alert(1)',
    'java\nscript:alert(1)',
    'DATA:text/html,<script>alert(1)</script>',
  ];
  for (const attack of attacks) {
    it(`gives ${JSON.stringify(attack)} no effect on any page`, () => {
      for (const sample of samples) {
        const page = replaceStrings(samplePage(origin, sample.page), attack) as PageContext;
        const model = replaceStrings(sample.model, attack) as never;
        for (const locale of ['en', 'fr']) {
          const html = views.render(sample.view, { ...page, locale }, model);
          const tags = html.match(/<(script|img|svg)\b[^>]*>/g) ?? [];
          assert.deepEqual(
            tags.filter((tag) => /alert|onerror|onload/.test(tag)),
            [],
            sample.name,
          );
          // Files of ours alone, and nothing in between the tags.
          const scripts = html.match(/<script.*/g) ?? [];
          assert.ok(scripts.length > 0, sample.name);
          for (const script of scripts)
            assert.match(
              script,
              /^<script src="[\w/.-]*\/(gatehouse|passkeys|htmx|console|console-live)\.js" defer><\/script>$/,
              sample.name,
            );
          assert.doesNotMatch(html, /run-as-a-template|(href|src|action)="\s*(java\s*script|data):/i, sample.name);
        }
      }
    });
  }

  it('links only to web addresses that others have registered', () => {
    const client = { name: 'App', policyUri: 'ftp://example.org/', tosUri: 'https://example.org/terms' };
    const html = renderSignIn({}, { client, tenant: { name: 'T', logoUrl: '/relative.svg' } });
    assert.doesNotMatch(html, /ftp:|relative\.svg/);
    assert.match(html, /href="https:\/\/example\.org\/terms"/);
  });

  it("returns to a native application's own scheme", () => {
    const html = views.render('interaction/signed-out', samplePage(origin), { continueHref: 'com.example.app:/done' });
    assert.match(html, /href="com\.example\.app:\/done"/);
  });
});

describe('the sign-in page', () => {
  it('has the fields that password managers look for', () => {
    const html = renderSignIn({});
    assert.match(html, /name="login" type="text"[^>]* autocomplete="username" inputmode="email"/);
    assert.match(html, /name="password" type="password"[^>]* autocomplete="current-password"/);
    assert.doesNotMatch(html, /maxlength/, 'a browser would cut a pasted password');
  });

  it('keeps the address after an error, never the password, and leads from the error to the field', () => {
    const html = renderSignIn({ email: 'anna@example.org', error: { code: 'INVALID_CREDENTIALS' } });
    assert.match(html, /value="anna@example\.org"/);
    assert.match(html, /role="alert" tabindex="-1" autofocus/);
    assert.match(html, /<a href="#password">That email address and password don’t match/);
    assert.match(html, /<title>Error: Sign in/);
    assert.equal(html.match(/ autofocus/g)?.length, 1);
  });

  it('marks the field that an error is about', () => {
    const html = renderSignIn({ error: { code: 'FIELD_REQUIRED', field: 'password' } });
    assert.match(html, /<a href="#password">Password: fill in this field\.<\/a>/);
    assert.match(html, /id="password"[^>]* aria-describedby="password-error" aria-invalid="true"/);
  });

  it('says when to come back, with and without the number of seconds', () => {
    assert.match(renderSignIn({ error: { code: 'TOO_MANY_ATTEMPTS', params: { seconds: 90 } } }), /in 2 minutes\./);
    assert.match(renderSignIn({ error: { code: 'TOO_MANY_ATTEMPTS' } }), /Wait a few minutes/);
  });

  it('shows a known address read-only and still submits it', () => {
    const html = renderSignIn({ expectedEmail: 'anna@example.org' });
    assert.match(html, /name="login"[^>]* value="anna@example\.org"[^>]* readonly>/);
    assert.match(html, /Confirm it’s you/);
  });

  it('takes the accent of a tenant when it is a colour, and nothing else', () => {
    const accent = (accentColor: string) =>
      /\/assets\/accent\/[^"]*/.exec(renderSignIn({}, { tenant: { name: 'T', accentColor } }))?.[0];
    assert.equal(accent('#A1B2C3'), '/assets/accent/a1b2c3.css');
    for (const wrong of ['red', '#abc', '#a1b2c3"><script>', '../x', '']) assert.equal(accent(wrong), undefined);
  });
});

describe('the error page', () => {
  const kinds: PageErrorKind[] = [
    'invalid',
    'unauthenticated',
    'forbidden',
    'not_found',
    'conflict',
    'expired',
    'rate_limited',
    'unavailable',
    'internal',
    'oauth',
  ];

  it('has a heading of its own for each kind, and the request id', () => {
    const headings = kinds.map((kind) => {
      const html = views.render('errors/error', samplePage(origin), { kind, code: 'INTERNAL' });
      assert.match(html, /019a9f2c-77d3-7a41-9c1e-5d2f6b8e0a34/);
      return /<h1>([^<]+)<\/h1>/.exec(html)?.[1];
    });
    assert.equal(new Set(headings).size, kinds.length);
  });

  it('shows the OAuth error code and our description under a constant heading', () => {
    const show = (code: string) =>
      views.render('errors/error', samplePage(origin), { kind: 'oauth', code, message: 'of <us>' });
    assert.match(show('invalid_client'), /invalid_client/);
    assert.match(show('invalid_client'), /of &lt;us&gt;/);
    assert.equal(show('invalid_client'), show('invalid_scope').replace('invalid_scope', 'invalid_client'));
  });

  it('tells when a busy service may be tried again', () => {
    const html = views.render('errors/error', samplePage(origin), {
      kind: 'unavailable',
      code: 'SERVICE_BUSY',
      retryAfterSeconds: 5,
    });
    assert.match(html, /You can come back in 5 seconds\./);
  });

  it('has words of its own for links, invitations and providers, in place of those of the kind', () => {
    const html = views.render('errors/error', samplePage(origin), { kind: 'not_found', code: 'INVITATION_INVALID' });
    assert.match(html, /<h1>This link doesn’t work<\/h1>/);
    assert.doesNotMatch(html, /mistyped/);
    const accepted = views.render('errors/error', samplePage(origin), { kind: 'expired', code: 'INVITATION_ACCEPTED' });
    assert.match(accepted, /Sign in to use what it gave you\./);
  });

  it('reads as a plain failure when a code has no text and missing texts are only logged', () => {
    const lenient = createI18n(join(directory, 'locales'), { onMissing: () => undefined });
    const html = createViews({ ...options, i18n: lenient, cache: true }).render('errors/error', samplePage(origin), {
      kind: 'invalid',
      code: 'NEVER_HEARD_OF',
    });
    assert.match(html, /We could not finish what you asked for\./);
    assert.doesNotMatch(html, /NEVER_HEARD_OF/);
  });
});

describe('the pages of the account', () => {
  const modelOf = <V extends 'account/devices' | 'account/access'>(name: string) =>
    samples.find((sample) => sample.name === name)?.model as ViewModels[V];
  const devices = modelOf<'account/devices'>('account-devices');

  it("tell times in the reader's language and zone", () => {
    const render = (page: Partial<PageContext>) => views.render('account/devices', samplePage(origin, page), devices);
    assert.match(render({}), /20 November 2025 at 13:26 UTC/);
    assert.match(render({}), /Last active 2 hours ago/);
    assert.match(render({ locale: 'fr', timeZone: 'Europe/Paris' }), /20 novembre 2025 à 14:26/);
    assert.match(render({ timeZone: 'Mars/Olympus' }), /13:26 UTC/);
  });

  it('speak of what is still to come as such', () => {
    const startsAt = new Date('2026-01-01T00:00:00Z');
    const access = modelOf<'account/access'>('account-access');
    const roles = [{ role: 'Auditor', place: 'Oslo', path: [], startsAt }];
    assert.match(views.render('account/access', samplePage(origin), { ...access, roles }), />From 1 January 2026</);
  });

  it('name each session on the button that ends it', () => {
    const html = views.render('account/devices', samplePage(origin), devices);
    assert.equal(html.match(/name="session" value="s\d"/g)?.length, 3);
    assert.match(html, /aria-label="End the session in Safari 18 on iOS/);
  });

  it('say in which section one is', () => {
    const html = views.render('account/devices', samplePage(origin), devices);
    const current = [...html.matchAll(/href="([^"]+)" aria-current="page"/g)].map(([, href]) => href);
    assert.deepEqual([...new Set(current)], ['/account/devices']);
  });
});

describe('the consent page', () => {
  it('has words for the standard scopes, and shows the names of others', () => {
    const html = views.render('interaction/consent', samplePage(origin, { client: { name: 'Planner' } }), {
      action: '/x',
      account: { name: 'Anna', email: 'anna@example.org' },
      scopes: ['profile', 'email', 'phone', 'address', 'roles', 'capabilities', 'org', 'custom'].map((name) => ({
        name,
        isNew: false,
      })),
      claims: [{ name: 'birthdate' }, { name: 'shoe_size' }],
      resources: [],
      places: [],
      offlineAccess: true,
      redirectHost: 'planner.example.org',
      agent: false,
      days: [],
    });
    const titles = [...html.matchAll(/class="grant-title">([^<]+)/g)].map(([, title]) => title);
    assert.deepEqual(titles.slice(-4), [
      'custom',
      'Stay connected when you are away',
      'Your date of birth',
      'shoe_size',
    ]);
    assert.equal(titles[0], 'See your name and profile');
    assert.match(html, /name="decision" value="allow"/);
    assert.match(html, /name="decision" value="deny"/);
    assert.match(html, /<strong>planner\.example\.org<\/strong>/);
  });
});

describe('the templates', () => {
  const templates = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ejs') && !file.startsWith('mail'))
    .map((file) => ({ file, source: readFileSync(join(directory, file), 'utf8') }));

  it('are all there', () => assert.ok(templates.length > pageNames(directory).length));

  for (const { file, source } of templates) {
    it(`${file} keeps to the policy of the pages`, () => {
      assert.doesNotMatch(source, /\sstyle\s*=|<style/i, 'inline style');
      assert.doesNotMatch(source, /<[^>]*\son[a-z]+\s*=/i, 'inline handler');
      for (const [tag] of source.matchAll(/<script[^>]*>/g)) assert.match(tag, /^<script src="<%= assetUrl\(/);
      for (const [tag] of source.matchAll(/<%-.{0,12}/g)) assert.match(tag, /^<%- (include\('|body -%)/, 'raw output');
      assert.doesNotMatch(source, /https?:\/\//, 'an address of somewhere else');
      assert.doesNotMatch(source, /\b(process|require|import|globalThis|fetch)\b/, 'a look outside');
    });
  }

  it('are read again at each rendering when not cached', () => {
    const copy = mkdtempSync(join(tmpdir(), 'gatehouse-views-'));
    try {
      cpSync(directory, copy, { recursive: true });
      const fresh = createViews({ ...options, directory: copy, cache: false });
      const cached = createViews({ ...options, directory: copy, cache: true });
      const done = join(copy, 'interaction/device-done.ejs');
      writeFileSync(done, readFileSync(done, 'utf8').replace('<h1>', '<h1 class="changed">'));
      assert.match(fresh.render('interaction/device-done', samplePage(origin), {}), /class="changed"/);
      assert.doesNotMatch(cached.render('interaction/device-done', samplePage(origin), {}), /class="changed"/);
    } finally {
      rmSync(copy, { recursive: true });
    }
  });

  it('are compiled at the start when cached, so that a broken one stops it', () => {
    const copy = mkdtempSync(join(tmpdir(), 'gatehouse-views-'));
    try {
      cpSync(directory, copy, { recursive: true });
      writeFileSync(join(copy, 'welcome.ejs'), '<% if ( %>');
      assert.throws(() => createViews({ ...options, directory: copy, cache: true }), /welcome/);
    } finally {
      rmSync(copy, { recursive: true });
    }
  });
});
