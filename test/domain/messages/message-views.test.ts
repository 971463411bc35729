import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  createMessageViews,
  type MessageModels,
  type MessageTemplate,
  messageTemplates,
} from '../../../src/domain/messages/message-views.ts';
import { createI18n } from '../../../src/platform/i18n.ts';

const directory = fileURLToPath(new URL('../../../views', import.meta.url));
const i18n = createI18n(join(directory, 'locales'));
const issuer = 'https://id.example.org';
const options = { directory, i18n, issuer, brand: { name: 'Gatehouse' }, cache: true };
const views = createMessageViews(options);
const link = `${issuer}/x/${'Zk3vT9qLw7RbYp2XnHc5MdGa8SfJu4EeKi6oVtB1abc'}`;

const models: MessageModels = {
  code: { code: '048213', minutes: 5, purpose: 'login', tenantName: 'Northwind', host: 'id.example.org' },
  'account-exists': { tenantName: 'Northwind', signInHref: link },
  recovery: { href: link, minutes: 30, tenantName: 'Northwind' },
  'password-changed': { tenantName: 'Northwind', at: new Date('2026-11-21T08:05:00Z'), href: link },
  invitation: {
    tenantName: 'Northwind',
    inviterName: 'Åsa Lind',
    role: 'Teacher',
    place: 'School of Stockholm',
    href: link,
    expiresAt: new Date('2026-11-28T08:05:00Z'),
  },
  'identity-linked': { tenantName: 'Northwind', provider: 'Google', href: link },
  'email-changed': { tenantName: 'Northwind', href: link },
  'factors-changed': {
    tenantName: 'Northwind',
    change: 'reset_requested',
    at: new Date('2026-11-21T08:05:00Z'),
    takesBack: false,
    href: link,
  },
  'passkey-added': { tenantName: 'Northwind', href: link },
  'approval-request': {
    tenantName: 'Northwind',
    application: 'Service desk',
    expiresAt: new Date('2026-11-21T08:05:00Z'),
    href: link,
  },
  'account-deletion': { tenantName: 'Northwind', at: new Date('2026-12-05T08:05:00Z'), href: link },
  'credentials-removed': { tenantName: 'Northwind', href: link },
  'address-changed': {
    tenantName: 'Northwind',
    kind: 'email',
    at: new Date('2026-11-21T08:05:00Z'),
    hours: 72,
    href: link,
  },
  'new-device': {
    tenantName: 'Northwind',
    browser: 'Firefox',
    os: 'Linux',
    ip: '203.0.113.7',
    at: new Date('2026-11-21T08:05:00Z'),
    href: link,
  },
};

/** The alphabet of SMS: 3GPP TS 23.038, 6.2.1. */
const smsAlphabet = /^[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà^{}\\[~\]|€]*$/;

/** What a reader of the HTML sees. */
function seen(html: string): string {
  return html
    .replace(/<style>[\s\S]*?<\/style>|<head>[\s\S]*?<\/head>|<!--[\s\S]*?-->/g, '')
    .replace(/<[^>]+>/g, ' ')
    .replaceAll('&#39;', "'")
    .replaceAll('&#34;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ');
}

describe('the words of messages', () => {
  for (const { code: locale } of i18n.locales) {
    for (const template of messageTemplates) {
      it(`${template} in ${locale} says whom it is from and what to do if it was not asked for`, () => {
        const { subject, text, html } = views.mail(template, models[template], locale);
        const t = i18n.translator(locale);
        const key = `mail.${template.replaceAll('-', '_')}`;
        assert.ok(subject.length > 5 && !subject.includes('\n'), subject);
        for (const words of [text, seen(html)]) {
          const flat = words.replace(/\s+/g, ' ');
          assert.ok(flat.includes('Northwind'), words);
          assert.ok(flat.includes('id.example.org'), words);
          assert.ok(flat.includes(t(`${key}.ignore`, { tenant: 'Northwind' }).replace(/\s+/g, ' ')), words);
        }
        assert.match(html, new RegExp(`<html lang="${locale}"`));
        assert.doesNotMatch(text, /&#?\w+;|<\w|undefined|null/);
        assert.doesNotMatch(html, /undefined|null|\[object/);
      });

      it(`${template} in ${locale} is complete in a short form`, () => {
        const short = views.short(template, models[template], locale);
        assert.ok(short.includes('Northwind'), short);
        assert.match(short, smsAlphabet, short);
        if (template !== 'code') assert.ok(short.endsWith(link), short);
        // Two parts (of 153 characters) at the most.
        assert.ok(short.length <= (template === 'code' ? 160 : 306), `${short.length}: ${short}`);
      });
    }
  }

  it('end an SMS with the line by which phones bind a code to the site', () => {
    for (const locale of ['en', 'fr'])
      assert.equal(views.short('code', models.code, locale).split('\n').at(-1), '@id.example.org #048213');
  });

  it('have the code on a line alone, and the same links in both texts', () => {
    const { text, html } = views.mail('code', models.code, 'en');
    assert.match(text, /^\s*048213$/m);
    assert.match(html, />048213<\/td>/);
    for (const template of messageTemplates.filter((name) => name !== 'code')) {
      const rendered = views.mail(template, models[template], 'fr');
      assert.ok(rendered.text.includes(link), template);
      assert.deepEqual(
        [...new Set([...rendered.html.matchAll(/href="([^"]*)"/g)].map(([, href]) => href))],
        [link],
        template,
      );
    }
  });

  it('say what a code is for, and name the host where there is no tenant', () => {
    for (const purpose of ['login', 'sign_up', 'verify_email', 'verify_phone', 'link_identity'] as const) {
      const { text } = views.mail('code', { ...models.code, purpose }, 'en');
      assert.ok(text.startsWith(i18n.translator('en')(`mail.code.title.${purpose}`, { sender: 'Northwind' })), text);
    }
    const { subject, text } = views.mail('code', { ...models.code, tenantName: undefined }, 'en');
    assert.equal(subject, 'Your code for id.example.org');
    assert.ok(text.endsWith('Sent by id.example.org. Nobody reads answers to this message.'), text);
  });

  it('tell moments with their zone, in the language of the reader', () => {
    assert.match(
      views.mail('password-changed', models['password-changed'], 'en').text,
      /21 November 2026 at 08:05 UTC/,
    );
    assert.match(views.mail('invitation', models.invitation, 'fr').text, /28 novembre 2026 à 08:05 UTC/);
  });

  it('invite with and without an inviter and a place', () => {
    const { place: _, inviterName: __, ...rest } = models.invitation;
    const everywhere = { ...rest, place: 'Northwind' };
    const first = (model: MessageModels['invitation']) => views.mail('invitation', model, 'en').text.split('\n\n')[2];
    assert.equal(
      first(models.invitation),
      'Åsa Lind would like you to join Northwind as Teacher at School of Stockholm.',
    );
    assert.equal(
      first({ ...everywhere, inviterName: 'Åsa Lind' }),
      'Åsa Lind would like you to join Northwind as Teacher.',
    );
    assert.equal(first(everywhere), 'Northwind would like you to join as Teacher.');
    assert.equal(views.mail('invitation', everywhere, 'en').subject, 'You are invited to Northwind');
  });

  it('tell moments in the zone of the reader, where it is known', () => {
    const told = (timeZone: string) =>
      views.mail('password-changed', models['password-changed'], 'en', { timeZone }).text;
    assert.match(told('Europe/Stockholm'), /21 November 2026 at 09:05 CET/);
    assert.match(told('No/Such_Zone'), /21 November 2026 at 08:05 UTC/);
  });

  it('say why they came, and call the roles of every tenant by their name in the language', () => {
    for (const { code: locale } of i18n.locales)
      for (const template of messageTemplates) {
        const { text } = views.mail(template, models[template], locale);
        const [, foot = ''] = text.split('\n--\n');
        assert.match(foot, locale === 'en' ? /^You get this message because / : /^Vous recevez ce message parce qu/);
      }
    const invited = (locale: string) => {
      const model = { ...models.invitation, role: 'admin' };
      return views.mail('invitation', model, locale).text + views.short('invitation', model, locale);
    };
    assert.match(invited('en'), /join Northwind as Administrator at[\s\S]*in the role Administrator\./);
    assert.match(invited('fr'), /dans le rôle Administrateur pour[\s\S]*avec un accès Administrateur\./);
  });

  it('are English for a language that is not there', () => {
    assert.equal(views.mail('code', models.code, 'xx').subject, 'Your code for Northwind');
  });
});

describe('the look of messages', () => {
  const brand = {
    name: 'Northwind',
    logoUrl: 'https://northwind.example/logo.png',
    accentColor: '#ffd500',
    supportUrl: 'mailto:help@northwind.example',
  };

  it("is the tenant's: its name as the sender, its logo, its colour and its help", () => {
    const { fromName, html, text } = views.mail('recovery', models.recovery, 'en', { brand });
    assert.equal(fromName, 'Northwind');
    assert.deepEqual(html.match(/<img [^>]*>/g)?.length, 1);
    assert.match(html, /<img src="https:\/\/northwind\.example\/logo\.png" alt=""/);
    // Yellow carries no white text: its button has dark text, in light and in dark.
    assert.match(html, /class="button" style="background-color: #ffd500/);
    assert.match(html, /color: #0e1311; text-decoration: none/);
    assert.match(html, /\.button \{ background-color: #ffd500 !important/);
    assert.match(html, /<a class="link" href="mailto:help@northwind\.example"/);
    assert.match(text, /^Help: help@northwind\.example$/m);
  });

  it("is the server's where no tenant is, or where the tenant has chosen nothing", () => {
    const server = { name: 'School Cloud', accentColor: '#a03060', supportUrl: 'https://help.example.org/' };
    const named = createMessageViews({ ...options, brand: server });
    const own = named.mail('code', { ...models.code, tenantName: undefined }, 'en');
    assert.equal(own.fromName, undefined);
    assert.equal(own.subject, 'Your code for School Cloud');
    assert.match(own.html, /#a03060/);
    const tenants = named.mail('recovery', models.recovery, 'en', { brand: { name: 'Northwind' } });
    assert.equal(tenants.fromName, 'Northwind');
    assert.match(tenants.html, /#a03060/);
    assert.match(tenants.html, /href="https:\/\/help\.example\.org\/"/);
    assert.doesNotMatch(tenants.html, /<img|School Cloud/);
  });

  it('has nothing in it that others could make run or load', () => {
    const evil = {
      name: '</style><script>alert(1)</script>',
      logoUrl: 'https://x.example/"onload="alert(1)',
      accentColor: '#123456;} body{background:url(https://x.example)}',
      supportUrl: 'javascript:alert(1)',
    };
    for (const given of [
      evil,
      { ...evil, logoUrl: 'http://x.example/a.png', supportUrl: 'mailto:a@b.example?bcc=c@d.example' },
    ]) {
      const { html, text } = views.mail('recovery', { ...models.recovery, tenantName: evil.name }, 'en', {
        brand: given,
      });
      assert.doesNotMatch(html, /<script|<img|javascript:|onload|url\(|bcc=/);
      assert.doesNotMatch(text, /javascript:|bcc=/);
    }
  });
});

describe('what others have named', () => {
  const nasty = `<img src=x onerror=alert(1)> "&'\r\nBcc: eve@example.test\r\n\r\n${'long '.repeat(60)}`;

  it('is escaped in HTML, as it is in texts, and never a header', () => {
    for (const template of messageTemplates) {
      const model = {
        ...models[template],
        tenantName: nasty,
        inviterName: nasty,
        role: nasty,
        place: nasty,
        provider: nasty,
      };
      const { subject, text, html } = views.mail(template as MessageTemplate, model as never, 'en');
      assert.doesNotMatch(html, /<img/);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
      assert.doesNotMatch(subject, /[\u0000-\u001f]/);
      assert.ok([...subject].length <= 140);
      assert.ok(text.includes(`<img src=x onerror=alert(1)> "&' Bcc`), text);
      assert.doesNotMatch(text, /^Bcc/m);
    }
  });

  it('is no link', () => {
    const model = {
      ...models.invitation,
      inviterName: 'Win at https://evil.example/x',
      tenantName: 'www.evil.example',
    };
    const { subject, text, html } = views.mail('invitation', model, 'en');
    const short = views.short('invitation', model, 'en');
    for (const words of [text, html, short]) {
      assert.doesNotMatch(words, /evil\.example/);
      assert.doesNotMatch(words.replaceAll(issuer, '').replaceAll('https://www.w3.org', ''), /https?:\/\//);
    }
    assert.match(short, smsAlphabet);
    assert.ok(subject.includes('www.evil.example'), 'a subject holds no links');
    const plain = views.mail('invitation', { ...model, inviterName: 'J. R. Müller', tenantName: 'A/B: Ltd.' }, 'en');
    assert.ok(plain.text.includes('J. R. Müller would like you to join A/B: Ltd.'), plain.text);
  });

  it('cannot turn the direction of a line', () => {
    const { text } = views.mail('recovery', { ...models.recovery, tenantName: 'North\u202ednuow\u2066' }, 'en');
    assert.doesNotMatch(text, /[\u202a-\u202e\u2066-\u2069]/);
  });
});

describe('a link in a message', () => {
  for (const href of [
    'https://evil.example/recovery/x',
    'https://id.example.org.evil.example/x',
    'https://id.example.org@evil.example/x',
    'https://id.example.org',
    'http://id.example.org/x',
    '//id.example.org/x',
    '/recovery/x',
    'javascript:alert(1)',
    `${issuer}/x"><script>`,
    `${issuer}/x\r\ny`,
  ]) {
    it(`is refused where it is ${JSON.stringify(href)}`, () => {
      assert.throws(() => views.mail('recovery', { ...models.recovery, href }, 'en'), /begin with the issuer/);
      assert.throws(() => views.short('recovery', { ...models.recovery, href }, 'en'), /begin with the issuer/);
      assert.throws(
        () => views.mail('account-exists', { tenantName: 'N', signInHref: href }, 'en'),
        /begin with the issuer/,
      );
    });
  }

  it('is refused nothing else for: a code has its form, and a host', () => {
    assert.throws(() => views.short('code', { ...models.code, code: '12 34' }, 'en'), /another form/);
    assert.throws(
      () => views.short('code', { ...models.code, host: 'evil.example #123456\n@id' }, 'en'),
      /another form/,
    );
  });
});

describe('the templates of messages', () => {
  const root = join(directory, 'mail');
  const templates = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ejs'))
    .map((file) => ({ file, source: readFileSync(join(root, file), 'utf8') }));

  it('are four for each message', () => {
    for (const name of messageTemplates)
      assert.deepEqual(readdirSync(join(root, name)).sort(), [
        'body.html.ejs',
        'body.txt.ejs',
        'sms.txt.ejs',
        'subject.txt.ejs',
      ]);
  });

  for (const { file, source } of templates) {
    it(`${file} loads nothing, runs nothing and links nowhere else`, () => {
      // The one picture is the logo, of an address that its tenant or the operator has given.
      const pictures = [...source.matchAll(/<img\b[^>]*?src="([^"]*)"/g)].map(([, address]) => address);
      assert.deepEqual(pictures, file === 'layout.html.ejs' ? ['<%= look.logoUrl %>'] : []);
      assert.doesNotMatch(source, /<script|<link|url\(|@import|\son[a-z]+\s*=/i);
      assert.doesNotMatch(source, /https?:\/\//);
      assert.doesNotMatch(source, /\b(process|require|globalThis|fetch)\b/);
      for (const [tag] of source.matchAll(/<%-.{0,12}/g)) assert.match(tag, /^<%- (include\('|body -%)/, 'raw output');
    });
  }

  it('are compiled at the start when cached, and read again at each rendering when not', () => {
    const copy = mkdtempSync(join(tmpdir(), 'gatehouse-mail-views-'));
    try {
      cpSync(directory, copy, { recursive: true });
      const fresh = createMessageViews({ ...options, directory: copy, cache: false });
      const subject = join(copy, 'mail/code/subject.txt.ejs');
      writeFileSync(subject, 'changed');
      assert.equal(fresh.mail('code', models.code, 'en').subject, 'changed');
      writeFileSync(subject, '<% if ( %>');
      assert.throws(() => createMessageViews({ ...options, directory: copy, cache: true }), /subject/);
    } finally {
      rmSync(copy, { recursive: true });
    }
  });
});
