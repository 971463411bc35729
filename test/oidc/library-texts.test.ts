/** What the library's texts say, by which src/oidc/library-texts.ts tells what it tells no other way. */
import assert from 'node:assert/strict';
import { interactionPolicy } from 'oidc-provider';
import {
  formAction,
  hiddenFields,
  interactionFault,
  isSelfSubmittingForm,
  type UserCodeFault,
} from '../../src/oidc/library-texts.ts';
import { type BareLibrary, basic, callback, granted, signedIn, withLibrary } from './bare-library.ts';
import { type Clause, itKeeps } from './contract.ts';

const html = { accept: 'text/html' };

/** Stores an interaction, of a session where one is named; answers the cookie of it. */
async function interaction({ provider }: BareLibrary, session?: object): Promise<Record<string, string>> {
  // The types know nothing of the constructor's arguments.
  const Interaction = provider.Interaction as unknown as new (
    uid: string,
    payload: object,
  ) => { save(ttl: number): Promise<string> };
  const made = new Interaction('uid-of-it', { params: {}, prompt: {}, session });
  await made.save(60);
  return { cookie: `${provider.cookieName('interaction')}=uid-of-it` };
}

/** The fault that a request for the interaction of a browser ends in; `found` where there is none. */
async function faultOf({ provider, get }: BareLibrary, headers: Record<string, string> = {}): Promise<string> {
  let fault = 'found';
  provider.use(async (ctx) => {
    try {
      await provider.interactionDetails(ctx.req, ctx.res);
    } catch (error) {
      fault = interactionFault(error) ?? `no fault of an interaction: ${error}`;
    }
    ctx.body = '';
  });
  await get('/of-ours', headers);
  return fault;
}

const interactions: Clause[] = [
  {
    says: 'a browser without the cookie of an interaction is told that the cookie was not found',
    holds: () => withLibrary(async (library) => assert.equal(await faultOf(library), 'no-cookie')),
  },
  {
    says: 'an interaction that is gone, or whose session is, is told as a session that was not found',
    holds: async () => {
      await withLibrary(async (library) => {
        const cookie = { cookie: `${library.provider.cookieName('interaction')}=gone` };
        assert.equal(await faultOf(library, cookie), 'ended');
      });
      await withLibrary(async (library) => {
        const cookie = await interaction(library, { uid: 'gone', accountId: 'anna' });
        assert.equal(await faultOf(library, cookie), 'ended');
      });
    },
  },
  {
    says: 'an interaction that is there is told of no fault',
    holds: () =>
      withLibrary(async (library) => assert.equal(await faultOf(library, await interaction(library)), 'found')),
  },
  {
    says: 'the way back to an interaction that is over ends in SessionNotFound, for a session that was not found',
    holds: async () => {
      const faults: unknown[] = [];
      await withLibrary(
        async ({ provider, get }) => {
          await get('/auth/gone', { ...html, cookie: `${provider.cookieName('resume')}=gone` });
          await get('/auth/gone', html);
        },
        {
          renderError: (ctx, _out, error) => {
            faults.push(interactionFault(error));
            ctx.body = '';
          },
        },
      );
      assert.deepEqual(faults, ['ended', 'other']);
    },
  },
];

const awkward = `"<a href='x'>&amp;`;

const forms: Clause[] = [
  {
    says: 'signing out without a session is a form that submits itself',
    holds: () =>
      withLibrary(async ({ provider, get }) => {
        const { text } = await get('/session/end', html);
        assert.ok(isSelfSubmittingForm(text));
        assert.equal(formAction(text), `${provider.issuer}/session/end/confirm`);
        assert.deepEqual(
          hiddenFields(text).map(({ name }) => name),
          ['xsrf', 'logout'],
        );
      }),
  },
  {
    says: 'an answer in response_mode=form_post is such a form, with the values escaped as they are read here',
    holds: () =>
      withLibrary(async ({ get }) => {
        const question = { client_id: 'app', redirect_uri: callback, response_type: 'code', scope: 'openid' };
        const asked = new URLSearchParams({ ...question, state: awkward, prompt: 'none', response_mode: 'form_post' });
        const { text } = await get(`/auth?${asked}`, html);
        assert.ok(isSelfSubmittingForm(text), text);
        assert.equal(formAction(text), callback);
        const fields = new Map(hiddenFields(text).map(({ name, value }) => [name, value]));
        assert.equal(fields.get('state'), awkward);
        assert.equal(fields.get('error'), 'login_required');
      }),
  },
  {
    says: 'a page is no such form',
    holds: async () => {
      for (const body of [undefined, Buffer.from('x'), '<title>Sign in</title>'])
        assert.ok(!isSelfSubmittingForm(body));
    },
  },
  {
    says: 'the form for signing out holds its address and its hidden fields',
    holds: () =>
      withLibrary(async (library) => {
        const { json } = await library.get('/session/end', await signedIn(library));
        assert.equal(formAction(json.form), `${library.provider.issuer}/session/end/confirm`);
        assert.deepEqual(
          hiddenFields(json.form).map(({ name }) => name),
          ['xsrf'],
        );
      }),
  },
];

/** A device's code, as the form of the device flow takes it: with what of it is stored changed. */
async function deviceCode(library: BareLibrary, change: object = {}): Promise<string> {
  const answer = await library.post('/device/auth', { client_id: 'app', scope: 'openid' }, basic());
  for (const [key, payload] of library.stored) if (key.startsWith('DeviceCode:')) Object.assign(payload, change);
  return answer.json.user_code;
}

/** Sends the form for a code in the session that its page began. */
async function sendUserCode(library: BareLibrary, form: Record<string, string>) {
  const page = await library.get('/device', html);
  const cookie = (page.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const fields = Object.fromEntries(hiddenFields(page.json.form).map(({ name, value }) => [name, value]));
  return library.post(new URL(formAction(page.json.form)).pathname, { ...fields, ...form }, { ...html, cookie });
}

const past = { exp: Math.floor(Date.now() / 1000) - 60 };

const devices: Clause[] = [
  {
    says: 'the form for a device’s code comes again with an error of a known name',
    holds: async () => {
      const expected: [UserCodeFault, (library: BareLibrary) => Promise<Record<string, string>>][] = [
        ['NoCodeError', async () => ({})],
        ['NotFoundError', async () => ({ user_code: 'BBBB-BBBB' })],
        ['ExpiredError', async (library) => ({ user_code: await deviceCode(library, past) })],
        ['AlreadyUsedError', async (library) => ({ user_code: await deviceCode(library, { accountId: 'anna' }) })],
        ['AbortedError', async (library) => ({ user_code: await deviceCode(library), abort: 'yes' })],
      ];
      for (const [fault, form] of expected)
        await withLibrary(async (library) => {
          const { json, text } = await sendUserCode(library, await form(library));
          assert.equal(json?.error, fault, text);
        });
    },
  },
  {
    says: 'the way back to a device’s code whose interaction is over ends in SessionNotFound at that form',
    holds: () =>
      withLibrary(async (library) => {
        const fault: UserCodeFault = 'SessionNotFound';
        assert.equal((await library.get('/device/gone', await signedIn(library))).json.error, fault);
      }),
  },
  {
    says: 'the form that asks whether it is this device holds its address and its hidden fields',
    holds: () =>
      withLibrary(async (library) => {
        const { json } = await sendUserCode(library, { user_code: await deviceCode(library) });
        assert.equal(formAction(json.form), `${library.provider.issuer}/device`);
        assert.deepEqual(
          hiddenFields(json.form).map(({ name }) => name),
          ['xsrf', 'user_code', 'confirm'],
        );
      }),
  },
];

const reasons: Clause[] = [
  {
    says: 'the login prompt has the reason login_prompt where the application asked for it',
    holds: async () => {
      const checks = interactionPolicy.base().get('login')?.checks ?? [];
      assert.ok(checks.some(({ reason }) => reason === 'login_prompt'));
    },
  },
  {
    says: 'the consent prompt tells what is missing as missingOIDCScope, missingOIDCClaims and missingResourceScopes',
    holds: async () => {
      const checks = interactionPolicy.base().get('consent')?.checks ?? [];
      const told: string[] = [];
      for (const check of checks.filter(({ reason }) => /^(op|rs)_/.test(reason)))
        told.push(...Object.keys((await check.details({ oidc: {} } as never)) ?? {}));
      assert.deepEqual(told.sort(), ['missingOIDCClaims', 'missingOIDCScope', 'missingResourceScopes']);
    },
  },
  {
    says: 'an interaction that asks for consent names the grant that the session has',
    holds: () =>
      withLibrary(async (library) => {
        const headers = await signedIn(library);
        const grantId = await granted(library, 'app');
        for (const [key, payload] of library.stored)
          if (key.startsWith('Session:')) Object.assign(payload, { authorizations: { app: { sid: 'sid', grantId } } });
        const question = { client_id: 'app', redirect_uri: callback, response_type: 'code', scope: 'openid' };
        await library.get(`/auth?${new URLSearchParams({ ...question, prompt: 'consent' })}`, headers);
        const [, stored] = [...library.stored].find(([key]) => key.startsWith('Interaction:')) ?? [];
        assert.equal(stored?.grantId, grantId);
        assert.equal((stored?.prompt as { name: string } | undefined)?.name, 'consent');
      }),
  },
];

describe('the contract with oidc-provider: its texts', () => {
  describe('of interactions', () => itKeeps('library-texts.ts', interactions));
  describe('of forms', () => itKeeps('library-texts.ts', forms));
  describe('of the device flow', () => itKeeps('library-texts.ts', devices));
  describe('of prompts', () => itKeeps('authorization/', reasons));
});
