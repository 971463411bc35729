/** A receiver of security events (OpenID Shared Signals Framework 1.0): pushed (RFC 8935), and polling (RFC 8936). */
import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import { createRemoteJWKSet, type JWTPayload, jwtVerify } from 'jose';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { removeServiceCapability } from '../../src/domain/clients/change-client.ts';
import { securityEventUris } from '../../src/domain/event-streams/security-events.ts';
import { setStreamState } from '../../src/domain/event-streams/streams.ts';
import { disableClient } from '../../src/domain/lifecycle/end-client.ts';
import { activateUser, deactivateUser } from '../../src/domain/lifecycle/end-person.ts';
import { endAssignment } from '../../src/domain/organisation/org-assignments.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { eventually } from '../support/eventually.ts';
import * as make from '../support/factories.ts';
import { listen } from '../support/loopback.ts';
import { untilTaken } from '../support/until-taken.ts';

const caep = 'https://schemas.openid.net/secevent/caep/event-type/';
const risc = 'https://schemas.openid.net/secevent/risc/event-type/';
const verification = 'https://schemas.openid.net/secevent/ssf/event-type/verification';

type Claims = JWTPayload & { sub_id: Record<string, unknown>; events: Record<string, Record<string, unknown>> };

interface Receiver {
  clientId: string;
  token: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests say what they expect
  ask(method: string, path: string, body?: unknown, at?: string): Promise<{ status: number; body: any }>;
}

describe('streams of security events', () => {
  let app: TestApp;
  let tenantId: string;
  let keys: ReturnType<typeof createRemoteJWKSet>;
  let other: string;

  before(async () => {
    app = await startTestApp({ runJobs: true });
    other = await app.startProcess();
    tenantId = (await app.tenant()).id;
    keys = createRemoteJWKSet(new URL(`${app.issuer}/jwks`));
  });
  after(() => app?.stop());

  async function receiver(of = tenantId, capabilities = ['events.receive']): Promise<Receiver> {
    const { clientId, clientSecret } = await app.service({ tenantId: of, capabilities });
    const response = await fetch(`${app.issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', resource: `${app.issuer}/api/v1` }),
    });
    const { access_token: token } = (await response.json()) as { access_token: string };
    return {
      clientId,
      token,
      async ask(method, path, body, at = app.issuer) {
        const answer = await fetch(at + path, {
          method,
          headers: {
            authorization: `Bearer ${token}`,
            ...(body !== undefined && { 'content-type': 'application/json' }),
          },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        });
        const text = await answer.text();
        return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
      },
    };
  }

  async function verified(token: string, audience: string): Promise<Claims> {
    const { payload, protectedHeader } = await jwtVerify(token, keys, { issuer: app.issuer, audience });
    assert.equal(protectedHeader.typ, 'secevent+jwt');
    assert.equal(payload.exp, undefined);
    assert.equal(payload.sub, undefined);
    return payload as Claims;
  }

  async function endpoint() {
    const received: { headers: IncomingHttpHeaders; text: string }[] = [];
    let status = 202;
    const server = await listen(async (req, res) => {
      const chunks: Buffer[] = [];
      for await (const chunk of req) chunks.push(chunk as Buffer);
      received.push({ headers: req.headers, text: Buffer.concat(chunks).toString() });
      res.writeHead(status).end();
    });
    return {
      ...server,
      received,
      answer(with_: number) {
        status = with_;
      },
    };
  }

  it('are found by a document that anybody may read', async () => {
    const response = await fetch(`${app.issuer}/.well-known/ssf-configuration`);
    const document = (await response.json()) as Record<string, unknown>;
    assert.equal(document.issuer, app.issuer);
    assert.equal(document.spec_version, '1_0');
    assert.deepEqual(document.delivery_methods_supported, ['urn:ietf:rfc:8935', 'urn:ietf:rfc:8936']);
    const { keys: published } = (await (await fetch(document.jwks_uri as string)).json()) as { keys: unknown[] };
    assert.ok(published.length > 0);
    assert.equal((await fetch(document.configuration_endpoint as string)).status, 401);
  });

  it('are pushed what happens, signed, in order, with the authorization that was given', async () => {
    const site = await endpoint();
    try {
      const { clientId, ask } = await receiver();
      const delivery = {
        method: 'urn:ietf:rfc:8935',
        endpoint_url: `${site.url}/events`,
        authorization_header: 'Bearer a-word-of-theirs',
      };
      const made = await ask('POST', '/ssf/streams', {
        delivery,
        events_requested: [...securityEventUris, 'urn:other'],
      });
      assert.equal(made.status, 201, JSON.stringify(made.body));
      assert.deepEqual(made.body.events_delivered, securityEventUris);
      assert.equal(made.body.aud, clientId);
      assert.equal(JSON.stringify(made.body).includes('a-word-of-theirs'), false);

      const { id: userId } = await make.createUser(app.db, { tenantId });
      await deactivateUser(app.db, { tenantId, userId }, systemCaller);
      await activateUser(app.db, { tenantId, userId }, systemCaller);
      const about = await eventually(async () => {
        const all = await Promise.all(site.received.map(({ text }) => verified(text, clientId)));
        const theirs = all.filter(({ sub_id }) => sub_id.sub === userId);
        return theirs.length >= 4 && theirs;
      }, 'four are pushed');
      // Whatever a session of before could still do ends when the person may act again, too.
      assert.deepEqual(
        about.map(({ events }) => Object.keys(events)[0]),
        [`${risc}account-disabled`, `${caep}session-revoked`, `${risc}account-enabled`, `${caep}session-revoked`],
      );
      for (const { sub_id } of about) assert.deepEqual(sub_id, { format: 'iss_sub', iss: app.issuer, sub: userId });
      assert.equal(new Set(about.map(({ jti }) => jti)).size, 4);
      for (const { headers } of site.received) {
        assert.equal(headers['content-type'], 'application/secevent+jwt');
        assert.equal(headers.authorization, 'Bearer a-word-of-theirs');
      }
    } finally {
      await site.close();
    }
  });

  it('are pushed again under one jti until they are taken, and told of what ends by time', async () => {
    const site = await endpoint();
    try {
      site.answer(503);
      const { clientId, ask } = await receiver();
      await ask('POST', '/ssf/streams', { delivery: { method: 'urn:ietf:rfc:8935', endpoint_url: site.url } });
      const { id: userId } = await make.createUser(app.db, { tenantId });
      const { id: roleId } = await make.createRole(app.db, { tenantId });
      const { id } = await make.assign(app.db, { tenantId, userId, roleId, endsAt: new Date(Date.now() + 3000) });
      await eventually(() => site.received.length >= 1, 'it is tried');
      site.answer(202);
      const ended = await eventually(async () => {
        const all = await Promise.all(site.received.map(({ text }) => verified(text, clientId)));
        return all.find(({ events }) => {
          const claims = events[`${caep}token-claims-change`]?.claims as Record<string, { assignment_id?: string }>;
          return claims?.['role.ended']?.assignment_id === id;
        });
      }, 'the end is told');
      assert.ok(ended);
      const jtis = await Promise.all(site.received.map(async ({ text }) => (await verified(text, clientId)).jti));
      assert.ok(new Set(jtis).size < jtis.length, 'the first was sent more than once, as itself');
    } finally {
      await site.close();
    }
  });

  it('are polled in order, given again until acknowledged, and then no more', async () => {
    const { clientId, ask } = await receiver();
    const made = await ask('POST', '/ssf/streams', {
      delivery: { method: 'urn:ietf:rfc:8936' },
      events_requested: [`${caep}token-claims-change`],
    });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const path = new URL(made.body.delivery.endpoint_url).pathname;
    const { id, userId } = await make.assign(app.db, { tenantId });
    await endAssignment(app.db, { tenantId, assignmentId: id }, systemCaller);
    const poll = async (request: object) => (await ask('POST', path, request)).body;
    await eventually(async () => Object.keys((await poll({ returnImmediately: true })).sets).length >= 2, 'both wait');
    const first = await poll({ returnImmediately: true, maxEvents: 1 });
    assert.equal(first.moreAvailable, true);
    const [jti = ''] = Object.keys(first.sets);
    const claims = await verified(first.sets[jti], clientId);
    assert.equal(claims.jti, jti);
    assert.equal(claims.sub_id.sub, userId);
    assert.deepEqual(Object.keys((await poll({ returnImmediately: true, maxEvents: 1 })).sets), [jti], 'again');
    const next = await poll({ returnImmediately: true, ack: [jti] });
    const [second = ''] = Object.keys(next.sets);
    assert.notEqual(second, jti);
    const { events } = await verified(next.sets[second], clientId);
    const { claims: changed } = events[`${caep}token-claims-change`] as { claims: Record<string, object> };
    assert.deepEqual(Object.keys(changed), ['role.ended']);
    // What it can do nothing with is not given again either.
    const refused = await poll({ returnImmediately: true, setErrs: { [second]: { err: 'invalid_request' } } });
    assert.deepEqual(refused.sets, {});
    const deliveries = await ask('GET', `/api/v1/event-streams/${made.body.stream_id}/deliveries`);
    assert.deepEqual(
      deliveries.body.items.map(({ state, reason }: Record<string, unknown>) => [state, reason]),
      [
        ['failed', 'invalid_request'],
        ['delivered', null],
      ],
    );
    // A held poll is answered by what happens meanwhile.
    const held = poll({});
    await make.assign(app.db, { tenantId });
    assert.ok(Object.keys((await held).sets).length > 0);
  });

  it('take what fifty acknowledge at once on two processes once, and leave no lane behind', async () => {
    const { ask } = await receiver();
    const { body: stream } = await ask('POST', '/ssf/streams', {
      events_requested: [`${risc}account-disabled`],
    });
    const path = `/ssf/poll/${stream.stream_id}`;
    const people = await Promise.all(Array.from({ length: 5 }, () => make.createUser(app.db, { tenantId })));
    for (const { id: userId } of people) await deactivateUser(app.db, { tenantId, userId }, systemCaller);
    const polled = await eventually(async () => {
      const { body } = await ask('POST', path, { returnImmediately: true });
      return Object.keys(body.sets).length >= 5 && body;
    }, 'they wait');
    const ack = Object.keys(polled.sets);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        untilTaken(() => ask('POST', path, { returnImmediately: true, ack }, n % 2 ? other : undefined)),
      ),
    );
    for (const { status, body } of answers) assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual((await ask('POST', path, { returnImmediately: true })).body.sets, {});
    assert.deepEqual(await app.db('event_lanes').where({ receiverId: stream.stream_id }), []);
    const told = await app.db('event_deliveries').where({ receiverId: stream.stream_id });
    assert.ok(told.every(({ state, attempts }) => state === 'delivered' && attempts === 1));
  });

  it('are verified by an event with the state that was given, not over and over', async () => {
    const { clientId, ask } = await receiver();
    const { body: stream } = await ask('POST', '/ssf/streams', { events_requested: [] });
    const { stream_id } = stream;
    assert.equal((await ask('POST', '/ssf/verify', { stream_id, state: 'VGhpcyBpcyBp' })).status, 204);
    assert.equal((await ask('POST', '/ssf/verify', { stream_id })).status, 429);
    const polled = await eventually(async () => {
      const { body } = await ask('POST', `/ssf/poll/${stream_id}`, { returnImmediately: true });
      return Object.values(body.sets as Record<string, string>)[0];
    }, 'it arrives');
    const { sub_id, events } = await verified(polled, clientId);
    assert.deepEqual(sub_id, { format: 'opaque', id: stream_id });
    assert.deepEqual(events[verification], { state: 'VGhpcyBpcyBp' });
  });

  it('are paused, disabled, changed and removed', async () => {
    const { ask } = await receiver();
    const { body: stream } = await ask('POST', '/ssf/streams', { description: 'Theirs' });
    const { stream_id } = stream;
    const status = (to: string) => ask('POST', '/ssf/status', { stream_id, status: to });
    assert.deepEqual((await status('paused')).body, { stream_id, status: 'paused' });
    const { id: userId } = await make.createUser(app.db, { tenantId });
    await deactivateUser(app.db, { tenantId, userId }, systemCaller);
    const poll = async () => (await ask('POST', `/ssf/poll/${stream_id}`, { returnImmediately: true })).body;
    await eventually(
      async () => (await app.db('event_deliveries').where({ receiverId: stream_id, state: 'waiting' })).length >= 2,
      'what happens waits',
    );
    assert.deepEqual((await poll()).sets, {});
    assert.equal((await status('enabled')).body.status, 'enabled');
    assert.ok(Object.keys((await poll()).sets).length >= 2);
    assert.equal((await status('disabled')).body.status, 'disabled');
    assert.equal((await poll()).err, 'stream_not_listening');
    assert.equal((await status('asleep')).status, 400);
    const changed = await ask('PATCH', '/ssf/streams', { stream_id, events_requested: [`${caep}session-revoked`] });
    assert.deepEqual(changed.body.events_delivered, [`${caep}session-revoked`]);
    assert.equal(changed.body.description, 'Theirs');
    const replaced = await ask('PUT', '/ssf/streams', { stream_id, events_requested: [`${caep}credential-change`] });
    assert.equal(replaced.body.description, '');
    const pushed = { stream_id, delivery: { method: 'urn:ietf:rfc:8935', endpoint_url: 'https://rp.example/events' } };
    assert.equal((await ask('PATCH', '/ssf/streams', pushed)).status, 400, 'another method is another stream');
    assert.equal((await ask('DELETE', `/ssf/streams?stream_id=${stream_id}`)).status, 204);
    assert.equal((await ask('GET', `/ssf/streams?stream_id=${stream_id}`)).status, 404);
  });

  it('tell their receivers that somebody else paused, disabled or enabled them, and nothing else meanwhile', async () => {
    const site = await endpoint();
    const updated = 'https://schemas.openid.net/secevent/ssf/event-type/stream-updated';
    const caller = systemCaller;
    try {
      const { clientId, ask } = await receiver();
      const wish = { events_requested: [`${risc}account-disabled`] };
      const { body: pushed } = await ask('POST', '/ssf/streams', {
        ...wish,
        delivery: { method: 'urn:ietf:rfc:8935', endpoint_url: site.url },
      });
      const { body: polled } = await ask('POST', '/ssf/streams', {
        ...wish,
        delivery: { method: 'urn:ietf:rfc:8936' },
      });
      const poll = async (body = {}) => ask('POST', new URL(polled.delivery.endpoint_url).pathname, body);
      // What the receiver asks for itself it knows.
      await ask('POST', '/ssf/status', { stream_id: pushed.stream_id, status: 'paused' });
      await ask('POST', '/ssf/status', { stream_id: pushed.stream_id, status: 'enabled' });
      const told: [string, unknown][] = [];
      for (const state of ['paused', 'disabled', 'enabled'] as const) {
        for (const { stream_id: streamId } of [pushed, polled])
          await setStreamState(app.db, { tenantId, clientId: null, streamId }, state, caller);
        if (state === 'disabled') {
          await deactivateUser(app.db, { tenantId, userId: (await make.createUser(app.db, { tenantId })).id }, caller);
          // Who is told is decided where events are put in order, a moment after they happened.
          await eventually(async () => (await app.db('outbox_events').whereNull('position')).length === 0);
        }
        const answer = await eventually(async () => {
          const { status, body } = await poll();
          return status === 200 && Object.keys(body.sets).length > 0 && body;
        });
        for (const [jti, token] of Object.entries<string>(answer.sets)) {
          const { events, sub_id } = await verified(token, clientId);
          assert.deepEqual(sub_id, { format: 'opaque', id: polled.stream_id });
          told.push([state, events]);
          assert.equal((await poll({ ack: [jti], maxEvents: 0 })).status, 200);
        }
      }
      const all = ['paused', 'disabled', 'enabled'];
      assert.deepEqual(
        told,
        all.map((status) => [status, { [updated]: { status } }]),
      );
      // What was taken may come again, as itself: a sender that was held up is taken for dead.
      await eventually(async () => {
        const tokens = await Promise.all(site.received.map(({ text }) => verified(text, clientId)));
        const each = new Map(tokens.map(({ jti, events }) => [jti, events]));
        assert.deepEqual(
          [...each.values()],
          all.map((status) => ({ [updated]: { status } })),
        );
        return true;
      });
      assert.equal((await poll()).status, 200);
    } finally {
      await site.close();
    }
  });

  it('are of one service: another, another tenant, and who may not receive see nothing', async () => {
    const { ask } = await receiver();
    const { stream_id } = (await ask('POST', '/ssf/streams', {})).body;
    const strangers = [await receiver(), await receiver((await app.tenant()).id)];
    for (const stranger of strangers) {
      assert.equal((await stranger.ask('GET', `/ssf/streams?stream_id=${stream_id}`)).status, 404);
      assert.deepEqual((await stranger.ask('GET', '/ssf/streams')).body, []);
      assert.equal((await stranger.ask('POST', `/ssf/poll/${stream_id}`, { returnImmediately: true })).status, 404);
      assert.equal((await stranger.ask('POST', '/ssf/status', { stream_id, status: 'disabled' })).status, 404);
      assert.equal((await stranger.ask('PATCH', '/ssf/streams', { stream_id, description: 'mine' })).status, 404);
      assert.equal((await stranger.ask('DELETE', `/ssf/streams?stream_id=${stream_id}`)).status, 404);
    }
    const other = await receiver(tenantId, ['webhooks.manage']);
    assert.ok([403, 404].includes((await other.ask('POST', '/ssf/streams', {})).status));
    assert.equal((await ask('GET', `/ssf/streams?stream_id=${stream_id}`)).body.stream_id, stream_id);
  });

  it('lead to no private address where that is not allowed, and take no header in a header', async () => {
    const { ask } = await receiver();
    for (const [delivery, field] of [
      [{ method: 'urn:ietf:rfc:8935', endpoint_url: 'ftp://rp.example/' }, /endpoint_url/],
      [{ method: 'urn:ietf:rfc:8935', endpoint_url: 'https://u:p@rp.example/' }, /endpoint_url/],
      [{ method: 'urn:ietf:rfc:8935' }, /endpoint_url/],
      [{ method: 'urn:ietf:rfc:9999' }, /delivery/],
      [
        { method: 'urn:ietf:rfc:8935', endpoint_url: 'https://rp.example/', authorization_header: 'a\r\nx: y' },
        /authorization_header/,
      ],
    ] as const) {
      const { status, body } = await ask('POST', '/ssf/streams', { delivery });
      assert.equal(status, 400, JSON.stringify(body));
      assert.match(body.description, field);
    }
    for (const body of ['[]', '{', '"x"', 'null']) {
      const answer = await fetch(`${app.issuer}/ssf/streams`, {
        method: 'POST',
        headers: { authorization: `Bearer ${(await receiver()).token}`, 'content-type': 'application/json' },
        body,
      });
      assert.equal(answer.status, 400, body);
    }
  });

  it('are pushed to no service from which the capability was taken', async () => {
    const site = await endpoint();
    try {
      const { clientId, ask } = await receiver();
      const delivery = { method: 'urn:ietf:rfc:8935', endpoint_url: site.url };
      const { stream_id } = (await ask('POST', '/ssf/streams', { delivery })).body;
      await removeServiceCapability(app.db, { clientId, capability: 'events.receive' }, systemCaller);
      // A process remembers for a moment what a service may do.
      await eventually(async () => {
        const { id: userId } = await make.createUser(app.db, { tenantId });
        await deactivateUser(app.db, { tenantId, userId }, systemCaller);
        return (await app.db('event_receivers').where({ id: stream_id }).first()).state === 'disabled';
      }, 'the stream is disabled');
      const { id: userId } = await make.createUser(app.db, { tenantId });
      await deactivateUser(app.db, { tenantId, userId }, systemCaller);
      const waiting = () => app.db('event_deliveries').where({ receiverId: stream_id, state: 'waiting' });
      await eventually(async () => (await waiting()).length === 0, 'nothing waits');
      // One of before, that was on its way, may come late; not one of after.
      const tokens = await Promise.all(site.received.map(({ text }) => verified(text, clientId)));
      assert.ok(!JSON.stringify(tokens).includes(userId));
    } finally {
      await site.close();
    }
  });

  it('end with the service: one that is disabled is pushed nothing more', async () => {
    const site = await endpoint();
    try {
      const { clientId, ask } = await receiver();
      const delivery = { method: 'urn:ietf:rfc:8935', endpoint_url: site.url };
      const { stream_id } = (await ask('POST', '/ssf/streams', { delivery })).body;
      await disableClient(app.db, clientId, systemCaller);
      const { id: userId } = await make.createUser(app.db, { tenantId });
      await deactivateUser(app.db, { tenantId, userId }, systemCaller);
      await eventually(
        async () => (await app.db('event_receivers').where({ id: stream_id }).first()).state === 'disabled',
        'the stream is disabled',
      );
      // What was on its way when it was disabled may come; nothing of after.
      const tokens = await Promise.all(site.received.map(({ text }) => verified(text, clientId)));
      assert.ok(!JSON.stringify(tokens).includes(userId));
    } finally {
      await site.close();
    }
  });
});
