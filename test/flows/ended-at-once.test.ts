/**
 * What a person ends at one process is refused by another within a second: sign-ins, refresh and access tokens, by "End all
 * others" and by the links of the messages. The relying parties are told.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import type { Browserless } from '../support/browserless.ts';
import { introspect, refresh, userinfoStatus } from '../support/endpoints.ts';
import { eventually } from '../support/eventually.ts';
import { type MessagingApp, startMessagingApp } from '../support/messaging-app.ts';
import { discover, type RelyingParty, redirectUri, signIn, startSignIn } from '../support/relying-party.ts';

type Person = Awaited<ReturnType<MessagingApp['app']['person']>>;
type SignedIn = Awaited<ReturnType<typeof signIn>>;

/** A browser of a person and what an application was given there. */
interface Held {
  browser: Browserless;
  tokens: SignedIn['tokens'];
}

describe('what is ended at one process, at another', function () {
  this.timeout(180_000);
  let stage: MessagingApp;
  let party: RelyingParty;
  /** Where the deed is done, and where it has to be known. */
  let deedAt: string;
  let elsewhere: string;
  /** A relying party's logout address, and the logout tokens that came. */
  let listener: Server;
  const told: { token: string; at: Date }[] = [];

  before(async () => {
    stage = await startMessagingApp();
    listener = createServer(async (req, res) => {
      let body = '';
      for await (const chunk of req) body += chunk;
      told.push({ token: new URLSearchParams(body).get('logout_token') ?? '', at: new Date() });
      res.writeHead(200).end();
    }).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const uri = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/logout`;
    const metadata = { backchannel_logout_uri: uri, backchannel_logout_session_required: true };
    party = await discover(stage.app, await stage.app.relyingParty({ metadata }));
    [deedAt, elsewhere] = await Promise.all([stage.app.startProcess(), stage.app.startProcess()]);
  });
  after(async () => {
    listener?.closeAllConnections();
    listener?.close();
    await stage?.stop();
  });

  /** The same page as another process shows it. */
  const on = (origin: string, address: string) => address.replace(stage.app.issuer, origin);

  async function held(person: Person): Promise<Held> {
    const { browser, tokens } = await signIn(party, person, { browser: stage.visitor() });
    assert.ok(tokens.refresh_token);
    return { browser, tokens };
  }

  /** What still serves this browser there; nothing where all of it is refused. */
  const doors: Record<string, (origin: string, held: Held) => Promise<boolean>> = {
    'the account page': async (origin, { browser }) =>
      (await browser.send(`${origin}/account`, undefined, { 'sec-fetch-mode': 'cors' })).status === 200,
    'the session': async (origin, { browser }) => {
      const { address } = await startSignIn(party, { prompt: 'none' });
      const { location = '' } = await browser.send(on(origin, address.href), undefined, { 'sec-fetch-mode': 'cors' });
      assert.ok(location.startsWith(redirectUri), location);
      return new URL(location).searchParams.has('code');
    },
    userinfo: async (origin, { tokens }) => (await userinfoStatus(origin, tokens.access_token)) === 200,
    'introspection of the access token': async (origin, { tokens }) =>
      (await introspect(origin, party, tokens.access_token)).body.active,
    'introspection of the refresh token': async (origin, { tokens }) =>
      (await introspect(origin, party, tokens.refresh_token as string)).body.active,
  };

  /** All of it is served there, so that whatever a process may remember is remembered. */
  async function assertServed(origins: string[], ...all: Held[]): Promise<void> {
    for (const origin of origins)
      for (const held of all)
        for (const [door, isServed] of Object.entries(doors))
          assert.equal(await isServed(origin, held), true, `${door} at ${origin}`);
  }

  /** @param answeredAt of the deed, by `performance.now()` */
  async function assertEnded(answeredAt: number, origins: string[], ...all: Held[]): Promise<void> {
    for (const origin of origins)
      for (const held of all) {
        for (const [door, isServed] of Object.entries(doors))
          await eventually(async () => {
            const askedAt = performance.now();
            if (!(await isServed(origin, held))) return true;
            assertEarly(answeredAt, askedAt, door);
            return false;
          }, `${door} is refused`);
        // Last: what a refresh gave would be another token.
        const askedAt = performance.now();
        const line = await refresh(origin, party, held.tokens.refresh_token as string);
        if (line.status === 200) assertEarly(answeredAt, askedAt, 'a refresh');
        else assert.equal(line.body.error, 'invalid_grant');
      }
  }

  /** A request that began a second after the answer is never served by what was before it. */
  function assertEarly(answeredAt: number, askedAt: number, door: string): void {
    assert.ok(askedAt - answeredAt < 1_000, `${door}: served ${Math.round(askedAt - answeredAt)} ms after the answer`);
  }

  /** The relying party hears of the end of these, by their `sid`, and of no other sign-in of the person. */
  async function assertTold(person: Person, ...all: Held[]): Promise<void> {
    const keys = createRemoteJWKSet(new URL(`${stage.app.issuer}/jwks`));
    const wanted = all.map(({ tokens }) => String(tokens.claims()?.sid)).sort();
    const expected = { issuer: stage.app.issuer, audience: party.clientId, typ: 'logout+jwt' };
    const sidsTold = async () => {
      const verified = await Promise.all(
        told.map(({ token, at }) => jwtVerify(token, keys, { ...expected, currentDate: at })),
      );
      return verified.filter(({ payload }) => payload.sub === person.id).map(({ payload }) => String(payload.sid));
    };
    await eventually(async () => (await sidsTold()).length >= wanted.length, 'the relying party is told');
    assert.deepEqual((await sidsTold()).sort(), wanted);
  }

  async function linkTo(read: () => string[]): Promise<string> {
    await stage.settled();
    const link = read()
      .flatMap((text) => text.match(/http\S+\/safety\/[\w-]+/g) ?? [])
      .at(-1);
    assert.ok(link, 'a link was sent');
    return link;
  }

  const mailsTo = (address: string) => stage.mailbox.to(address).map(({ text }) => text);

  it('“End all others” ends the other browser everywhere, and leaves this one', async () => {
    const person = await stage.app.person();
    const [own, other] = [await held(person), await held(person)];
    await assertServed([elsewhere, stage.app.issuer], own, other);
    const done = await own.browser.send(`${deedAt}/account/sessions/revoke-others`, {});
    const answeredAt = performance.now();
    assert.equal(done.status, 303, done.body);
    assert.match(done.location ?? '', /notice=others_ended$/);
    await assertEnded(answeredAt, [elsewhere, stage.app.issuer, deedAt], other);
    await assertServed([elsewhere, stage.app.issuer], own);
    const line = await refresh(elsewhere, party, own.tokens.refresh_token as string);
    assert.equal(line.status, 200, JSON.stringify(line.body));
    await assertTold(person, other);
  });

  it('“This was not me” ends both browsers everywhere', async () => {
    const person = await stage.app.person();
    const [own, thief] = [await held(person), await held(person)];
    const link = await linkTo(() => mailsTo(person.email));
    await assertServed([elsewhere, stage.app.issuer], own, thief);
    const done = await stage.visitor().send(on(deedAt, link), {});
    const answeredAt = performance.now();
    assert.equal(done.status, 200, done.body);
    await assertEnded(answeredAt, [elsewhere, stage.app.issuer, deedAt], thief, own);
    await assertTold(person, own, thief);
  });

  it('the undoing of a changed address ends both browsers everywhere', async () => {
    const person = await stage.app.person();
    const [own, thief] = [await held(person), await held(person)];
    const at = `${stage.app.issuer}/account`;
    const address = `new-${person.email}`;
    const page = await thief.browser.submit(await thief.browser.open(`${at}/change-email`), { address });
    const { code = '' } = await stage.mailbox.waitFor(address);
    const changed = await thief.browser.submit(page, { code });
    assert.equal(changed.url, `${at}?notice=address_changed`, changed.body);
    const link = await linkTo(() => mailsTo(person.email));
    await assertServed([elsewhere, stage.app.issuer], own, thief);
    const done = await stage.visitor().send(on(deedAt, link), {});
    const answeredAt = performance.now();
    assert.equal(done.status, 200, done.body);
    await assertEnded(answeredAt, [elsewhere, stage.app.issuer, deedAt], thief, own);
    await assertTold(person, own, thief);
    const { email } = await stage.app.db('users').where({ id: person.id }).first();
    assert.equal(email, person.email);
  });
});
