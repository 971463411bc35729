/** Token exchange (RFC 8693): a service trades a person's token that is meant for it for one for another API. */
import assert from 'node:assert/strict';
import { decodeJwt } from 'jose';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { addExchangeCapability, removeExchangeCapability } from '../../src/domain/clients/exchange-capabilities.ts';
import { disableClient, enableClient } from '../../src/domain/lifecycle/end-client.ts';
import { updateResourceServer } from '../../src/domain/resource-servers/change-resource-server.ts';
import { managementAudience } from '../../src/oidc/tokens/management-audience.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type EndpointAnswer, introspect, postAs } from '../support/endpoints.ts';
import { eventually } from '../support/eventually.ts';
import { assign, createNode, createRole } from '../support/factories.ts';
import { ExchangeStage, type Step } from '../support/token-exchange.ts';

describe('token exchange (RFC 8693)', () => {
  let app: TestApp;
  let stage: ExchangeStage;
  /** Two APIs and a third, and the services that they are. */
  let stock: Step;
  let ledger: Step;
  let mail: Step;
  before(async () => {
    app = await startTestApp();
    stage = await ExchangeStage.create(app);
    [stock, ledger, mail] = [await stage.step(), await stage.step(), await stage.step({ tokenFormat: 'opaque' })];
    for (const [from, to] of [
      [stock, ledger],
      [ledger, mail],
      [ledger, stock],
      [mail, stock],
    ] as const)
      await stage.allow(from, to);
    await stage.holds(stage.person, [stock, ledger, mail]);
  });
  after(() => app?.stop());

  const all = () => [stock, ledger, mail];
  const firstToken = (options?: Partial<Parameters<ExchangeStage['tokenFor']>[1]>) =>
    stage.tokenFor(stock, { apis: all(), ...options });

  function refusedAs(answer: EndpointAnswer, error: string, why?: RegExp): void {
    assert.equal(answer.body.error, error, JSON.stringify(answer.body));
    assert.equal(answer.status, error === 'invalid_client' ? 401 : 400);
    if (why) assert.match(answer.body.error_description, why);
  }

  it('gives the service a token for the other API that says for whom and who acts', async () => {
    const subject = await firstToken();
    const answer = await stage.exchange(stock, subject, ledger);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.equal(answer.body.issued_token_type, 'urn:ietf:params:oauth:token-type:access_token');
    assert.equal(answer.body.token_type, 'Bearer');
    assert.equal(answer.body.refresh_token, undefined);
    const claims = decodeJwt(answer.body.access_token);
    assert.equal(claims.sub, stage.person.id);
    assert.equal(claims.aud, ledger.api.identifier);
    assert.equal(claims.client_id, stock.service.clientId);
    assert.deepEqual(claims.act, { sub: stock.service.clientId });
    assert.equal(claims.scope, ledger.api.capabilities.join(' '));
    const first = decodeJwt(subject);
    assert.ok((claims.exp as number) <= (first.exp as number));
    assert.deepEqual([claims.auth_time, claims.acr], [first.auth_time, first.acr]);
  });

  it('is told by introspection, to the API and to the service', async () => {
    const { body } = await stage.exchange(stock, await firstToken(), ledger);
    for (const asking of [ledger.service, stock.service]) {
      const { body: said } = await introspect(app.issuer, asking, body.access_token);
      assert.equal(said.active, true);
      assert.equal(said.sub, stage.person.id);
      assert.deepEqual(said.act, { sub: stock.service.clientId });
      assert.equal(said.scope, ledger.api.capabilities.join(' '));
    }
    const stranger = await introspect(app.issuer, mail.service, body.access_token);
    assert.deepEqual(stranger.body, { active: false });
  });

  it('leaves an event by the service, in the tenant of the person', async () => {
    await stage.exchange(stock, await firstToken(), ledger);
    const event = await app
      .db('audit_events')
      .where({ action: 'token.exchanged', actorId: stock.service.clientId })
      .orderBy('id', 'desc')
      .first();
    assert.equal(event.actorType, 'client');
    assert.equal(event.tenantId, stage.person.tenantId);
    assert.equal(event.payload.accountId, stage.person.id);
    assert.equal(event.payload.aud, ledger.api.identifier);
    assert.equal(event.payload.application, stage.party.clientId);
    assert.deepEqual(event.payload.act, { sub: stock.service.clientId });
  });

  it('names the API as resource or as audience, and may ask for less', async () => {
    const subject = await firstToken();
    const [less = ''] = ledger.api.capabilities;
    const { resource: _, ...form } = stage.form(subject, ledger, { scope: less });
    const answer = await postAs(`${app.issuer}/token`, stock.service, { ...form, audience: ledger.api.identifier });
    assert.equal(answer.body.scope, less);
  });

  it('goes through an opaque token, and at most through three services', async () => {
    const one = await stage.exchange(stock, await firstToken(), ledger);
    const two = await stage.exchange(ledger, one.body.access_token, mail);
    assert.equal(two.status, 200, JSON.stringify(two.body));
    const { body: said } = await introspect(app.issuer, mail.service, two.body.access_token);
    assert.deepEqual(said.act, { sub: ledger.service.clientId, act: { sub: stock.service.clientId } });
    const three = await stage.exchange(mail, two.body.access_token, stock);
    assert.equal(three.status, 200, JSON.stringify(three.body));
    const { act } = decodeJwt(three.body.access_token);
    const before = { sub: ledger.service.clientId, act: { sub: stock.service.clientId } };
    assert.deepEqual(act, { sub: mail.service.clientId, act: before });
    // Another service that is the first API, and has not acted yet.
    const fourth = { api: stock.api, service: await app.service({ resourceServerId: stock.api.id }) };
    await stage.allow(fourth, ledger);
    refusedAs(await stage.exchange(fourth, three.body.access_token, ledger), 'invalid_request', /through 3 services/);
  });

  it('goes in no circle', async () => {
    const one = await stage.exchange(stock, await firstToken(), ledger);
    const back = await stage.exchange(ledger, one.body.access_token, stock);
    assert.equal(back.status, 200, JSON.stringify(back.body));
    refusedAs(await stage.exchange(stock, back.body.access_token, ledger), 'invalid_request', /given in an exchange/);
  });

  it('says no more by two exchanges than the first token said', async () => {
    const [read = '', write = ''] = stock.api.capabilities;
    const subject = await firstToken({ scope: read });
    assert.equal(decodeJwt(subject).scope, read);
    const one = await stage.exchange(stock, subject, ledger);
    const back = await stage.exchange(ledger, one.body.access_token, stock);
    assert.equal(back.body.scope, read);
    refusedAs(await stage.exchange(ledger, one.body.access_token, stock, { scope: write }), 'invalid_scope');
    const narrow = await stage.exchange(stock, await firstToken(), ledger, {
      scope: ledger.api.capabilities[0],
    });
    const through = await stage.exchange(ledger, narrow.body.access_token, stock);
    assert.equal(through.body.scope, stock.api.capabilities.join(' '));
  });

  it('says no more than the application asked for', async () => {
    const subject = await stage.tokenFor(stock, { apis: [stock] });
    refusedAs(await stage.exchange(stock, subject, ledger), 'invalid_scope');
    const part = await stage.tokenFor(stock, {
      apis: [stock, ledger],
      asked: [...stock.api.capabilities, ledger.api.capabilities[0] as string],
    });
    const { body } = await stage.exchange(stock, part, ledger);
    assert.equal(body.scope, ledger.api.capabilities[0]);
  });

  it('says no more than the service may get', async () => {
    const [read = '', write = ''] = ledger.api.capabilities;
    const narrow = await stage.step();
    await addExchangeCapability(app.db, { clientId: narrow.service.clientId, capability: read }, systemCaller);
    await stage.holds(stage.person, [narrow]);
    const subject = await stage.tokenFor(narrow, { apis: [narrow, ledger] });
    assert.equal((await stage.exchange(narrow, subject, ledger)).body.scope, read);
    refusedAs(await stage.exchange(narrow, subject, ledger, { scope: write }), 'invalid_scope');
    await removeExchangeCapability(app.db, { clientId: narrow.service.clientId, capability: read }, systemCaller);
    refusedAs(await stage.exchange(narrow, subject, ledger), 'invalid_target');
  });

  it('says no more than the person may, now and at that place', async () => {
    const person = await app.person({ tenantId: stage.tenantId });
    const [read = '', write = ''] = ledger.api.capabilities;
    const node = await createNode(app.db, { tenantId: stage.tenantId });
    const elsewhere = await createNode(app.db, { tenantId: stage.tenantId });
    const reader = await createRole(app.db, { tenantId: stage.tenantId, capabilities: [read] });
    const writer = await createRole(app.db, { tenantId: stage.tenantId, capabilities: [write] });
    await assign(app.db, { tenantId: stage.tenantId, userId: person.id, roleId: reader.id, orgNodeId: node.id });
    const subject = await stage.tokenFor(stock, { apis: all(), person });
    assert.equal((await stage.exchange(stock, subject, ledger)).body.scope, read);
    await assign(app.db, { tenantId: stage.tenantId, userId: person.id, roleId: writer.id, orgNodeId: elsewhere.id });
    assert.equal((await stage.exchange(stock, subject, ledger)).body.scope, `${read} ${write}`);
    const there = await stage.exchange(stock, subject, ledger, { org_node_id: node.id });
    assert.equal(there.body.scope, read);
    assert.equal(decodeJwt(there.body.access_token).org_node_id, node.id);
    refusedAs(await stage.exchange(stock, subject, ledger, { org_node_id: node.id, scope: write }), 'invalid_scope');
    const narrowed = await stage.tokenFor(stock, { apis: all(), person, orgNodeId: node.id });
    assert.equal((await stage.exchange(stock, narrowed, ledger)).body.scope, read);
    refusedAs(await stage.exchange(stock, narrowed, ledger, { org_node_id: elsewhere.id }), 'invalid_request');
  });

  it('lives no longer than the first token, nor than what the person holds', async () => {
    const long = await stage.step({ accessTokenTtl: 3600 });
    await stage.allow(stock, long);
    const person = await app.person({ tenantId: stage.tenantId });
    await stage.holds(person, [stock]);
    const role = await createRole(app.db, { tenantId: stage.tenantId, capabilities: long.api.capabilities });
    const endsAt = new Date(Date.now() + 200_000);
    await assign(app.db, { tenantId: stage.tenantId, userId: stage.person.id, roleId: role.id });
    const subject = await stage.tokenFor(stock, { apis: [stock, long] });
    const { body } = await stage.exchange(stock, subject, long);
    assert.equal(decodeJwt(body.access_token).exp, decodeJwt(subject).exp);
    await assign(app.db, { tenantId: stage.tenantId, userId: person.id, roleId: role.id, endsAt });
    const theirs = await stage.exchange(stock, await stage.tokenFor(stock, { apis: [stock, long], person }), long);
    assert.ok((decodeJwt(theirs.body.access_token).exp as number) * 1000 <= endsAt.getTime());
  });

  it('takes no other token: whatever is not a live access token of a person for this very service', async () => {
    const tokens = await stage.tokensFor(stock, { apis: all() });
    const of = (form: Record<string, string>) => postAs(`${app.issuer}/token`, stock.service, form);
    const subject = (value: string) => of(stage.form(value, ledger));
    refusedAs(await subject(tokens.id_token as string), 'invalid_request');
    refusedAs(await subject(tokens.refresh_token as string), 'invalid_request');
    refusedAs(await subject('nonsense'), 'invalid_request');
    refusedAs(await subject(`at+jwt:${decodeJwt(tokens.access_token).jti}`), 'invalid_request');
    refusedAs(await subject(`${tokens.access_token.slice(0, -4)}AAAA`), 'invalid_request');
    // For another service, for userinfo, for the management API.
    refusedAs(await subject(await stage.tokenFor(ledger, { apis: all() })), 'invalid_request', /not meant/);
    refusedAs(await subject(await stage.tokenFor(mail, { apis: all() })), 'invalid_request', /not meant/);
    refusedAs(await subject(await stage.userinfoToken()), 'invalid_request', /not meant/);
    refusedAs(await subject(await stage.managementToken()), 'invalid_request', /not meant/);
    // A service's own.
    const own = await app.service({ capabilities: stock.api.capabilities });
    const machine = await postAs(`${app.issuer}/token`, own, { grant_type: 'client_credentials' });
    refusedAs(await subject(machine.body.access_token), 'invalid_request');
    const type = 'urn:ietf:params:oauth:token-type:access_token';
    // The wrong types.
    const form = stage.form(tokens.access_token, ledger);
    for (const other of ['id_token', 'refresh_token', 'jwt', 'saml2'])
      refusedAs(
        await of({ ...form, subject_token_type: `urn:ietf:params:oauth:token-type:${other}` }),
        'invalid_request',
        /subject_token_type/,
      );
    refusedAs(await of({ ...form, subject_token: '' }), 'invalid_request');
    refusedAs(
      await of({ ...form, requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }),
      'invalid_request',
    );
    refusedAs(
      await of({ ...form, actor_token: tokens.access_token, actor_token_type: type }),
      'invalid_request',
      /actor_token/,
    );
  });

  it('takes no token that was revoked, or has expired, opaque or not', async () => {
    for (const from of [stock, mail]) {
      const to = from === stock ? ledger : stock;
      const revoked = await stage.tokenFor(from, { apis: all() });
      await postAs(`${app.issuer}/revoke`, stage.party, { token: revoked });
      refusedAs(await stage.exchange(from, revoked, to), 'invalid_request', /no live access token/);
      const expired = await stage.tokenFor(from, { apis: all() });
      await app
        .db('oidc_payloads')
        .where({ model: 'AccessToken' })
        .update({ expiresAt: new Date(Date.now() - 1000) });
      refusedAs(await stage.exchange(from, expired, to), 'invalid_request', /no live access token/);
    }
  });

  it('is for one API that is there, takes part, and is of this tenant: invalid_target', async () => {
    const subject = await firstToken();
    const ask = (more: [string, string][]) => {
      const form = new URLSearchParams({ ...stage.form(subject, ledger), resource: '' });
      form.delete('resource');
      for (const [name, value] of more) form.append(name, value);
      return stage.postForm(stock, form.toString());
    };
    const foreign = await stage.step({ tenantId: (await app.tenant()).id });
    const silent = await stage.step();
    await stage.allow(stock, silent);
    await updateResourceServer(app.db, { id: silent.api.id, tokenExchange: false }, systemCaller);
    for (const named of [
      [],
      [['resource', 'https://nobody.example/']],
      [['resource', foreign.api.identifier]],
      [['resource', silent.api.identifier]],
      [['resource', managementAudience(app.issuer)]],
      [['resource', mail.api.identifier]],
      [
        ['resource', ledger.api.identifier],
        ['resource', mail.api.identifier],
      ],
      [
        ['resource', ledger.api.identifier],
        ['audience', mail.api.identifier],
      ],
      [['resource', 'a\0b']],
    ] as [string, string][][])
      refusedAs(await ask(named), 'invalid_target');
  });

  it('is off until both sides say so', async () => {
    const quiet = await stage.step();
    await stage.holds(stage.person, [quiet]);
    const subject = await stage.tokenFor(quiet, { apis: [quiet, ledger] });
    refusedAs(await stage.exchange(quiet, subject, ledger), 'invalid_target');
    const noApi = await app.service({ capabilities: ledger.api.capabilities });
    refusedAs(await stage.exchange({ ...quiet, service: noApi }, subject, ledger), 'unauthorized_client');
    const app1 = await app.relyingParty();
    const answer = await postAs(`${app.issuer}/token`, app1, stage.form(subject, ledger));
    assert.equal(answer.status, 400);
  });

  it('is refused to a service of another tenant, and to one that is stopped', async () => {
    const other = await app.tenant();
    const foreign = await app.service({ tenantId: other.id, resourceServerId: stock.api.id });
    for (const capability of ledger.api.capabilities)
      await addExchangeCapability(app.db, { clientId: foreign.clientId, capability }, systemCaller);
    const subject = await firstToken();
    refusedAs(await stage.exchange({ ...stock, service: foreign }, subject, ledger), 'invalid_request', /not meant/);
    const given = (await stage.exchange(stock, subject, ledger)).body.access_token;
    await disableClient(app.db, stock.service.clientId, systemCaller);
    refusedAs(await stage.exchange(stock, subject, ledger), 'invalid_client');
    assert.deepEqual((await introspect(app.issuer, ledger.service, given)).body, { active: false });
    await enableClient(app.db, stock.service.clientId, systemCaller);
    assert.deepEqual((await introspect(app.issuer, ledger.service, given)).body, { active: false });
    assert.equal((await stage.exchange(stock, subject, ledger)).status, 200);
  });

  it('serves fifty at once, each with a token of its own', async () => {
    const subject = await firstToken();
    const answers = await Promise.all(Array.from({ length: 50 }, () => stage.exchange(stock, subject, ledger)));
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
    assert.equal(new Set(answers.map(({ body }) => body.access_token)).size, 50);
  });

  it('tells of refusals in the audit trail', async () => {
    await stage.exchange(stock, 'nonsense', ledger);
    const found = () =>
      app
        .db('audit_events')
        .where({ action: 'token.refused', actorId: stock.service.clientId })
        .whereRaw(`payload ->> 'error' = 'invalid_request'`)
        .first();
    await eventually(async () => (await found()) !== undefined, 'the refusal is written');
  });
});
