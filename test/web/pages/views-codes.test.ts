/** The pages of codes, recovery, sign-up, invitations and linked accounts: what is on them in each of their states. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createI18n } from '../../../src/platform/i18n.ts';
import type { PageContext, ViewModels, ViewName } from '../../../src/web/pages/view-models.ts';
import { createViews } from '../../../src/web/pages/views.ts';
import { pageSamples, sampleNow, samplePage } from '../../support/page-samples.ts';

const directory = fileURLToPath(new URL('../../../views', import.meta.url));
const i18n = createI18n(join(directory, 'locales'));
const views = createViews({
  directory,
  i18n,
  assetUrl: (name) => `/assets/0/${name}`,
  now: () => sampleNow,
  cache: true,
});
const samples = pageSamples('https://id.example');

/** The sample's page with some of its model replaced. */
function render<V extends ViewName>(
  view: V,
  name: string,
  model: Partial<ViewModels[V]> = {},
  page: Partial<PageContext> = {},
): string {
  const sample = samples.find((it) => it.name === name && it.view === view);
  assert.ok(sample, name);
  const whole = { ...sample.model, ...model } as ViewModels[V];
  return views.render(view, samplePage('https://id.example', { ...sample.page, ...page }), whole);
}

describe('the page that asks for an address', () => {
  const request = (name: string, model: Partial<ViewModels['interaction/code-request']> = {}, page = {}) =>
    render('interaction/code-request', name, model, page);

  it('says which channel it is for, and asks for a phone as one', () => {
    const html = request('code-request-phone');
    assert.match(html, /<input type="hidden" name="channel" value="sms">/);
    assert.match(html, /name="address" type="tel"[^>]* autocomplete="tel" inputmode="tel"/);
    assert.match(request('code-request'), /name="address" type="text"[^>]* autocomplete="username" inputmode="email"/);
  });

  it("names the country whose numbers need no code in the reader's language", () => {
    assert.match(request('code-request-phone'), /Outside Sweden, begin/);
    assert.match(request('code-request-phone', {}, { locale: 'fr' }), /ce pays\u00a0: Suède\./);
    assert.match(request('code-request-phone', { defaultCountryCode: undefined }), /With its country code/);
    assert.match(request('code-request-phone', { defaultCountryCode: 'sweden' }), /Outside sweden, begin/);
  });

  it('leads from a refused number to its field, whatever the field was called where it was refused', () => {
    const html = request('code-request-error', { error: { code: 'PHONE_NOT_SUPPORTED', field: 'phone' } });
    assert.match(html, /<a href="#address">We can’t send messages to this number/);
    assert.match(html, /id="address"[^>]* aria-invalid="true"/);
  });

  it('links an error that the address is not at fault for to nothing', () => {
    const html = request('code-request', { error: { code: 'TOO_MANY_CODES', params: { seconds: 30 } } });
    assert.match(html, /<p id="error-message">A code was sent a moment ago/);
    assert.doesNotMatch(html, /aria-invalid/);
  });

  it('keeps an address that is known as it is', () => {
    assert.match(request('recovery', { purpose: 'link', addressFixed: true }), /id="address"[^>]* readonly>/);
  });

  it('offers the accounts that can be used instead at sign-up', () => {
    assert.match(request('sign-up'), /Continue with Google/);
    assert.match(request('sign-up'), /Already have an account\?/);
  });
});

describe('the page that takes a code', () => {
  const entry = (name: string, model: Partial<ViewModels['interaction/code-entry']> = {}, page = {}) =>
    render('interaction/code-entry', name, model, page);

  it('has one field that phones fill in, with room for what is pasted', () => {
    const html = entry('code-entry');
    assert.match(
      html,
      /name="code" type="text"\s+value=""\s+autocomplete="one-time-code"\s+inputmode="numeric"[^>]*maxlength="32"[^>]* required autofocus>/,
    );
    assert.equal(html.match(/<input(?! type="hidden")/g)?.length, 1);
  });

  it('asks for another code with a form of its own, at once where nothing has to be waited for', () => {
    const html = entry('code-entry');
    const resend = /<form class="resend" method="post" action="\/interaction\/x\/code\/resend">([\s\S]*?)<\/form>/;
    assert.match(resend.exec(html)?.[1] ?? '', /<button/);
    assert.doesNotMatch(html, /data-countdown|disabled/);
  });

  it('says how long to wait in words, and leaves the button to be pressed where no script counts', () => {
    const html = entry('code-entry-waiting');
    assert.match(html, /data-countdown="30"/);
    assert.match(html, /data-countdown-label="Send again in %">Send again</);
    assert.match(html, /You can ask for another code in 30 seconds\./);
    assert.doesNotMatch(html, /disabled/);
  });

  it('does not count down from more than an hour', () => {
    const html = entry('code-entry-waiting', { resendInSeconds: 7200 });
    assert.match(html, /in 2 hours\./);
    assert.doesNotMatch(html, /data-countdown="|data-countdown-label|data-countdown-over/);
  });

  it('offers the other channels beside', () => {
    assert.match(entry('code-entry-waiting'), /name="channel" value="sms">Send by SMS instead</);
  });

  it('shows a number as people write it, and an address as it is', () => {
    assert.match(entry('code-entry-waiting'), /<strong>\+46\u00a070\u00a0174\u00a006\u00a005<\/strong>/);
    assert.match(entry('code-entry', { destination: '+999' }), /<strong>\+999<\/strong>/);
  });

  it('never says whether there is an account', () => {
    assert.match(entry('code-entry'), /If <strong>.*<\/strong> belongs to an account here/);
  });

  it('links to the field what is wrong with the code, and nothing else', () => {
    assert.match(entry('code-entry-error'), /<a href="#code">That code isn’t right/);
    const limited = entry('code-entry', { error: { code: 'TOO_MANY_CODES', params: { seconds: 60 } } });
    assert.match(limited, /<p id="error-message">A code was sent/);
  });
});

describe('the sign-in page of a tenant', () => {
  it('without passwords has buttons alone', () => {
    const html = render('interaction/sign-in', 'sign-in-without-password');
    assert.doesNotMatch(html, /<form|<input/);
    assert.match(html, /class="button provider" href="\/interaction\/x\/code\?channel=email"/);
    assert.match(html, /Create an account/);
  });

  it('names an unknown provider by its letter, and Google by its mark', () => {
    const html = render('interaction/sign-in', 'sign-in-everything');
    assert.equal(html.match(/<svg class="provider-mark"/g)?.length, 1);
    assert.match(html, /provider-letter" aria-hidden="true">C</);
    assert.match(html, /Continue with Contoso/);
  });

  it('asks for a phone number only where one is of use', () => {
    assert.match(render('interaction/sign-in', 'sign-in-everything'), />Email address or phone number</);
    assert.doesNotMatch(render('interaction/sign-in', 'sign-in'), /phone number/);
  });
});

describe('the page behind a recovery link', () => {
  it('asks which account only where there are several, and chooses none', () => {
    assert.match(render('interaction/new-password', 'new-password'), /type="hidden" name="account" value="a1"/);
    const html = render('interaction/new-password', 'new-password-several', { account: undefined });
    assert.equal(html.match(/type="radio" name="account" value="a\d"[^>]* required/g)?.length, 2);
    assert.doesNotMatch(html, / checked/);
  });

  it('tells password managers whose password it is, without sending it', () => {
    const html = render('interaction/new-password', 'new-password');
    assert.match(
      html,
      /<input type="text" value="anna\.larsson@northwind\.example" autocomplete="username" readonly hidden>/,
    );
    assert.match(html, /name="password" type="password"[^>]* autocomplete="new-password"/);
  });
});

describe('the invitation page', () => {
  it('asks a person who has an account for nothing', () => {
    assert.doesNotMatch(render('interaction/invitation', 'invitation-existing'), /<input(?! type="hidden")/);
  });

  it('says who invited, to what and where, and lets a password be left out where it may be', () => {
    const html = render('interaction/invitation', 'invitation');
    assert.match(html, /<strong>Magnus Ek<\/strong> has invited you/);
    assert.match(html, /Northwind Logistics › Nordics › Gothenburg terminal/);
    assert.match(html, /Password <span class="label-note">\(optional\)/);
    assert.doesNotMatch(html, /id="password"[^>]* required/);
    const required = render('interaction/invitation', 'invitation', { passwordRequired: true });
    assert.match(required, /id="password"[^>]* required/);
    const none = render('interaction/invitation', 'invitation', { passwordOffered: false });
    assert.doesNotMatch(none, /type="password"/);
  });
});

describe('the page that links an account', () => {
  it('asks for the password of this place, not of the provider', () => {
    const html = render('interaction/link-account', 'link-account');
    assert.match(html, />Your Northwind Logistics password</);
    assert.match(html, /autocomplete="current-password"/);
  });

  it('sends a code where there is no password', () => {
    const html = render('interaction/link-account', 'link-account-code');
    assert.doesNotMatch(html, /<form|<input/);
    assert.match(html, /Send me a code/);
  });
});

describe("an account's ways to sign in", () => {
  it('can be linked and unlinked, but for the last', () => {
    const html = render('account/security', 'account-security');
    assert.match(html, /name="provider" value="google" aria-label="Unlink Google"/);
    assert.match(html, /name="provider" value="contoso" aria-label="Link Contoso"/);
    const last = render('account/security', 'account-security-last-way');
    assert.doesNotMatch(last, /Unlink/);
    assert.match(last, /Your only way to sign in/);
  });

  it('lead to the proof of an address that lacks it', () => {
    assert.match(
      render('account/home', 'account-new'),
      /href="\/account\/verify\/email" aria-label="Confirm your email address"/,
    );
    assert.match(render('account/home', 'account'), /href="\/account\/verify\/phone"/);
  });
});

describe('the page that proves an address of one’s own', () => {
  it('sends nothing before it is asked to, by the way that is chosen', () => {
    const html = render('account/verify', 'verify');
    assert.match(html, /name="channel" value="sms">Send by SMS/);
    assert.match(html, /name="channel" value="whatsapp">Send by WhatsApp/);
    assert.doesNotMatch(html, /one-time-code/);
    assert.match(render('account/verify', 'verify', { channels: undefined }), /name="channel" value="sms">Send code</);
  });

  it('takes the code once it is sent', () => {
    const html = render('account/verify', 'verify-sent');
    assert.match(html, /autocomplete="one-time-code"/);
    assert.match(html, /action="\/account\/verify\/email\/send" data-countdown="30"/);
  });
});
