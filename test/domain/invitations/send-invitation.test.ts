import assert from 'node:assert/strict';
import { deleteRole } from '../../../src/domain/access/roles.ts';
import { type Caller, systemCaller } from '../../../src/domain/audit/audit-events.ts';
import {
  acceptInvitation,
  findInvitation,
  type Invitation,
  revokeInvitation,
} from '../../../src/domain/invitations/invitations.ts';
import { listInvitations } from '../../../src/domain/invitations/listed-invitations.ts';
import { createInvitation, resendInvitation } from '../../../src/domain/invitations/send-invitation.ts';
import { deactivateUser } from '../../../src/domain/lifecycle/end-person.ts';
import { suspendTenant } from '../../../src/domain/lifecycle/end-tenant.ts';
import * as nodes from '../../../src/domain/organisation/org-nodes.ts';
import { setPlatformTenant } from '../../../src/domain/tenants/platform-tenant.ts';
import { updateTenantSettings } from '../../../src/domain/tenants/tenants.ts';
import type { DomainError } from '../../../src/platform/errors.ts';
import { newId } from '../../../src/platform/ids.ts';
import { rateLimitSubjects, spendBudget } from '../../../src/platform/rate-limits.ts';
import { randomToken, sha256 } from '../../../src/platform/secrets.ts';
import { eventsOf, stateOf, withFault } from '../../support/audit.ts';
import { createNode, createRole, createUser } from '../../support/factories.ts';
import { createInvitationBench, type InvitationBench, issuer, someEmail, somePhone } from './invitation-bench.ts';

const day = 86_400_000;

describe('inviting', function () {
  this.timeout(120_000);
  let bench: InvitationBench;
  before(async () => {
    bench = await createInvitationBench();
  });
  after(() => bench?.close());

  const named = ({ tenantId, id }: Invitation) => ({ tenantId, invitationId: id });

  async function resend(invitation: Invitation, wanted: { expiresAt?: Date; locale?: string } = {}) {
    return resendInvitation(bench.db, { ...named(invitation), locale: 'en', ...wanted }, bench.dependencies());
  }

  /** As if the last message had gone long ago. */
  async function waitLong({ id }: Invitation): Promise<void> {
    await bench
      .db('invitations')
      .where({ id })
      .update({ sentAt: new Date(0) });
  }

  it('sends the link to the address, in words of its reader, and shows the token nowhere else', async () => {
    const { db, tenant } = bench;
    const inviter = await createUser(db, { tenantId: tenant.id, fullName: 'Ida Host' });
    const caller: Caller = { type: 'user', id: inviter.id };
    const { result: invitation, events } = await eventsOf(db, () => bench.invite({ locale: 'fr' }, caller));
    const [message, ...others] = await bench.messagesTo(invitation.email as string);
    assert.equal(others.length, 0);
    const token = await bench.tokenOf(invitation);
    assert.match(token, /^[\w-]{43}$/);
    const { name: role } = await db('roles').where({ id: bench.roleId }).first();
    assert.deepEqual(message, {
      channel: 'email',
      to: invitation.email,
      template: 'invitation',
      model: {
        tenantName: tenant.name,
        inviterName: 'Ida Host',
        role,
        place: tenant.name,
        href: `${issuer}/invitations/${token}`,
        expiresAt: invitation.expiresAt,
      },
      locale: 'fr',
      tenantId: tenant.id,
      expiresAt: invitation.expiresAt,
    });
    assert.deepEqual((await db('invitations').where({ id: invitation.id }).first()).tokenHash, sha256(token));
    const stored = JSON.stringify([
      invitation,
      events,
      await db.raw('select payload::text from graphile_worker._private_jobs').then(({ rows }) => rows),
    ]);
    assert.ok(!stored.includes(token));
    assert.deepEqual(
      events.map(({ action, actorId, entityId }) => [action, actorId, entityId]),
      [['invitation.created', inviter.id, invitation.id]],
    );
    assert.ok(!JSON.stringify(events).includes(invitation.email as string), 'the trail holds no address');
    const days = (invitation.expiresAt.getTime() - Date.now()) / day;
    assert.ok(Math.abs(days - 7) < 0.01, `${days}`);
  });

  it('works for 30 days at the most, and never for none', async () => {
    const later = (ms: number) => new Date(Date.now() + ms);
    const longest = later(30 * day);
    assert.deepEqual((await bench.invite({ expiresAt: longest })).expiresAt, longest);
    for (const expiresAt of [later(30 * day + 7_200_000), later(-1000), new Date(0), new Date(Number.NaN)])
      await assert.rejects(bench.invite({ expiresAt }), { kind: 'invalid', code: 'PERIOD_INVALID' });
  });

  it('replaces what waits for the same address and place, and nothing else', async () => {
    const email = someEmail();
    const { id: otherRole } = await createRole(bench.db, { tenantId: bench.tenant.id });
    const first = await bench.invite({ email });
    const firstToken = await bench.tokenOf(first);
    const besides = await bench.invite({ email, roleId: otherRole });
    const besidesToken = await bench.tokenOf(besides);
    // An expired one holds the place too.
    await bench.db('invitations').where({ id: first.id }).update({ expiresAt: new Date() });
    const { result: second, events } = await eventsOf(bench.db, () => bench.invite({ email: email.toUpperCase() }));
    assert.deepEqual(
      events.map(({ action, entityId, payload }) => [action, entityId, payload.replacedBy]),
      [
        ['invitation.revoked', first.id, second.id],
        ['invitation.created', second.id, undefined],
      ],
    );
    await assert.rejects(findInvitation(bench.db, firstToken, bench.server), { code: 'INVITATION_REVOKED' });
    assert.ok(await findInvitation(bench.db, besidesToken, bench.server));
    assert.ok(await findInvitation(bench.db, await bench.tokenOf(second), bench.server));
  });

  it('leaves one open of many at once for the same address and place', async () => {
    const email = someEmail();
    const all = await Promise.allSettled(Array.from({ length: 10 }, () => bench.invite({ email })));
    const codes = all.flatMap((one) => (one.status === 'rejected' ? [(one.reason as DomainError).code] : []));
    assert.deepEqual(codes, Array(5).fill('TOO_MANY_ATTEMPTS'));
    const states = (await bench.db('invitations').where({ email })).map(({ revokedAt }) => revokedAt === null);
    assert.deepEqual(states.filter(Boolean).length, 1);
    assert.equal(states.length, 5);
  });

  it('writes to one address five times an hour, without telling other tenants', async () => {
    const email = someEmail();
    const roles = await Promise.all(
      Array.from({ length: 5 }, () => createRole(bench.db, { tenantId: bench.tenant.id })),
    );
    for (const { id: roleId } of roles) await bench.invite({ email, roleId });
    await assert.rejects(bench.invite({ email }), ({ kind, code, params }: DomainError) => {
      assert.ok(Number(params.seconds) > 3000);
      return kind === 'rate_limited' && code === 'TOO_MANY_ATTEMPTS';
    });
    const other = await bench.newTenant();
    const place = { tenantId: other.id, roleId: other.systemRoleIds.member, orgNodeId: other.rootNodeId };
    assert.equal((await bench.invite({ email, ...place })).state, 'open');
  });

  it('counts nothing against what cannot be sent', async () => {
    const email = someEmail();
    for (let tries = 0; tries < 6; tries++)
      await assert.rejects(bench.invite({ email, roleId: newId() }), { code: 'NOT_FOUND' });
    assert.equal((await bench.invite({ email })).state, 'open');
  });

  it('writes 100 times a minute from one tenant', async () => {
    const tenant = await bench.newTenant();
    const { db } = bench;
    const place = { tenantId: tenant.id, roleId: tenant.systemRoleIds.member, orgNodeId: tenant.rootNodeId };
    await bench.invite(place);
    await db('rate_limits')
      .where({ key: `invitationsPerTenant:${rateLimitSubjects(tenant.id)[0]?.name}` })
      .update({ hits: 100 });
    await assert.rejects(bench.invite(place), { kind: 'rate_limited', code: 'TOO_MANY_ATTEMPTS' });
    assert.equal((await db('invitations').where({ tenantId: tenant.id })).length, 1);
  });

  it('says when the budget of the day is used up', async () => {
    const tenant = await bench.newTenant();
    const place = { tenantId: tenant.id, roleId: tenant.systemRoleIds.member, orgNodeId: tenant.rootNodeId };
    const dependencies = bench.dependencies({ budgets: { email: 5, phone: 1 } });
    assert.ok(await spendBudget(bench.db, `phone:${tenant.id}`, 1));
    await assert.rejects(createInvitation(bench.db, { ...place, phone: somePhone, locale: 'en' }, dependencies), {
      kind: 'unavailable',
      code: 'MESSAGES_EXHAUSTED',
    });
    assert.ok(await createInvitation(bench.db, { ...place, email: someEmail(), locale: 'en' }, dependencies));
  });

  it('leads to a role and a place of the tenant alone', async () => {
    const { db, tenant, roleId } = bench;
    const other = await bench.newTenant();
    const foreignRole = await createRole(db, { tenantId: other.id });
    const doomed = await createRole(db, { tenantId: tenant.id });
    await deleteRole(db, { tenantId: tenant.id, roleId: doomed.id }, systemCaller);
    for (const [wanted, entity] of [
      [{ roleId: foreignRole.id }, 'role'],
      [{ roleId: doomed.id }, 'role'],
      [{ roleId: 'owner' }, 'role'],
      [{ orgNodeId: other.rootNodeId }, 'org_node'],
      [{ orgNodeId: newId() }, 'org_node'],
      [{ tenantId: newId() }, 'tenant'],
      [{ tenantId: 'acme' }, 'tenant'],
      [{ tenantId: other.id }, 'role'],
    ] as const)
      await assert.rejects(bench.invite(wanted), { kind: 'not_found', code: 'NOT_FOUND', params: { entity } });

    // And without the domain, the database refuses the row.
    const row = {
      tenantId: tenant.id,
      email: someEmail(),
      channel: 'email',
      roleId,
      orgNodeId: tenant.rootNodeId,
      expiresAt: new Date(Date.now() + day),
    };
    const stranger = await createUser(db, { tenantId: other.id });
    for (const [wrong, constraint] of [
      [{ roleId: foreignRole.id }, 'invitations_role_fk'],
      [{ orgNodeId: other.rootNodeId }, 'invitations_org_node_fk'],
      [{ invitedBy: stranger.id }, 'invitations_invited_by_fk'],
      [{ acceptedBy: stranger.id, acceptedAt: new Date() }, 'invitations_accepted_by_fk'],
    ] as const)
      await assert.rejects(
        db('invitations').insert({ ...row, ...wrong, tokenHash: sha256(randomToken()) }),
        { constraint },
        constraint,
      );
  });

  it('names an operator of another tenant in the trail alone', async () => {
    const other = await bench.newTenant();
    const stranger = await createUser(bench.db, { tenantId: other.id, fullName: 'Otto Away' });
    await bench.own(stranger.id, other);
    await setPlatformTenant(bench.db, other.id, systemCaller);
    const caller = { type: 'user', id: stranger.id, actorTenantId: other.id } as const;
    const { result, events } = await eventsOf(bench.db, () => bench.invite({}, caller));
    assert.equal(result.invitedBy, null);
    assert.equal(events[0]?.actorId, stranger.id);
    assert.equal((await findInvitation(bench.db, await bench.tokenOf(result), bench.server)).inviterName, null);
  });

  it('is not for a place that is switched off, a suspended tenant or an inviter who may not act', async () => {
    const { db } = bench;
    const tenant = await bench.newTenant();
    const tenantId = tenant.id;
    const above = await createNode(db, { tenantId });
    const below = await createNode(db, { tenantId, parentId: above.id });
    const place = { tenantId, roleId: tenant.systemRoleIds.member };
    const inviter = await createUser(db, { tenantId });
    await deactivateUser(db, { tenantId, userId: inviter.id }, systemCaller);
    await assert.rejects(bench.invite({ ...place, orgNodeId: tenant.rootNodeId }, { type: 'user', id: inviter.id }), {
      kind: 'forbidden',
      code: 'ACCESS_DENIED',
    });
    await nodes.deactivateOrgNode(db, { tenantId, orgNodeId: above.id }, systemCaller);
    for (const orgNodeId of [above.id, below.id])
      await assert.rejects(bench.invite({ ...place, orgNodeId }), {
        code: 'INVALID_INPUT',
        params: { field: 'org_node_id' },
      });
    await suspendTenant(db, tenantId, systemCaller);
    await assert.rejects(bench.invite({ ...place, orgNodeId: tenant.rootNodeId }), {
      kind: 'forbidden',
      code: 'TENANT_SUSPENDED',
    });
    assert.equal((await db('invitations').where({ tenantId })).length, 0);
  });

  it('makes an address canonical or refuses it', async () => {
    const { db, tenant, roleId } = bench;
    const wanted = { tenantId: tenant.id, roleId, orgNodeId: tenant.rootNodeId, locale: 'en' };
    const invite = (address: object) => createInvitation(db, { ...wanted, ...address }, bench.dependencies());
    assert.equal((await invite({ email: ' Zoë.Quill@BÜCHER.example ' })).email, 'zoë.quill@xn--bcher-kva.example');
    const national = await Promise.all(['079 555 12 34', '+41 79 555 12 34'].map((phone) => invite({ phone })));
    assert.deepEqual(
      national.map(({ phone, channel }) => [phone, channel]),
      Array(2).fill(['+41795551234', 'sms']),
    );
    assert.equal((await bench.db('invitations').where({ phone: '+41795551234', revokedAt: null })).length, 1);
    for (const [address, code] of [
      [{}, 'FIELD_REQUIRED'],
      [{ email: '' }, 'EMAIL_INVALID'],
      [{ email: 'ada@example.test\r\nBcc: eve@example.test' }, 'EMAIL_INVALID'],
      [{ email: 'ada\0@example.test' }, 'EMAIL_INVALID'],
      [{ email: '"ada"@example.test' }, 'EMAIL_INVALID'],
      [{ email: `${'a'.repeat(310)}@example.test` }, 'EMAIL_INVALID'],
      [{ email: '+41791234567' }, 'EMAIL_INVALID'],
      [{ phone: 'ada@example.test' }, 'PHONE_INVALID'],
      [{ phone: '12' }, 'PHONE_INVALID'],
      [{ phone: '+491701234567' }, 'PHONE_NOT_SUPPORTED'],
      [{ phone: '+41900123456' }, 'PHONE_NOT_SUPPORTED'],
      [{ phone: '+41443334455' }, 'PHONE_NOT_SUPPORTED'],
      [{ email: 'ada@example.test', phone: somePhone }, 'INVALID_INPUT'],
      [{ email: 'ada@example.test', channel: 'sms' }, 'INVALID_INPUT'],
      [{ phone: somePhone, channel: 'email' }, 'INVALID_INPUT'],
    ] as const)
      await assert.rejects(invite(address), { kind: 'invalid', code }, JSON.stringify(address));
  });

  it('goes by a channel that the server has and, for phones, the tenant allows', async () => {
    const { db } = bench;
    const tenant = await bench.newTenant();
    const wanted = { tenantId: tenant.id, roleId: tenant.systemRoleIds.member, orgNodeId: tenant.rootNodeId };
    const invite = (address: object, overrides: Parameters<typeof bench.dependencies>[0] = {}) =>
      createInvitation(db, { ...wanted, locale: 'en', ...address }, bench.dependencies(overrides));
    const refused = { kind: 'invalid', code: 'CHANNEL_UNAVAILABLE' };
    await assert.rejects(invite({ email: someEmail() }, { channels: ['sms'] }), refused);
    await assert.rejects(invite({ phone: somePhone }, { channels: ['email'] }), refused);
    await assert.rejects(invite({ phone: somePhone }, { phoneCountries: ['DE'] }), refused);
    assert.equal((await invite({ phone: somePhone }, { channels: ['email', 'whatsapp'] })).channel, 'whatsapp');
    assert.equal((await invite({ phone: somePhone, channel: 'whatsapp' })).channel, 'whatsapp');
    await updateTenantSettings(db, tenant.id, { codeChannels: ['sms'] }, systemCaller);
    await assert.rejects(invite({ phone: somePhone, channel: 'whatsapp' }), refused);
    assert.equal((await invite({ phone: somePhone })).channel, 'sms');
    assert.equal((await invite({ email: someEmail() })).channel, 'email', 'codes are one thing, mail another');
  });

  describe('again', () => {
    it('sends a new link, and the one before is dead', async () => {
      const invitation = await bench.invite();
      const before = await bench.tokenOf(invitation);
      await waitLong(invitation);
      const { result, events } = await eventsOf(bench.db, () => resend(invitation, { locale: 'fr' }));
      assert.deepEqual([result.id, result.sentCount, result.state], [invitation.id, 2, 'open']);
      const token = await bench.tokenOf(invitation);
      assert.notEqual(token, before);
      assert.equal((await bench.messagesTo(invitation.email as string)).at(-1)?.locale, 'fr');
      await assert.rejects(findInvitation(bench.db, before, bench.server), {
        kind: 'not_found',
        code: 'INVITATION_INVALID',
      });
      assert.ok(await findInvitation(bench.db, token, bench.server));
      assert.deepEqual(
        events.map(({ action }) => action),
        ['invitation.resent'],
      );
    });

    it('wakes one that has expired, and shortens none', async () => {
      const expired = await bench.invite();
      const old = { sentAt: new Date(0), expiresAt: new Date() };
      await bench.db('invitations').where({ id: expired.id }).update(old);
      const days = ((await resend(expired)).expiresAt.getTime() - Date.now()) / day;
      assert.ok(Math.abs(days - 7) < 0.01, `${days}`);
      const long = await bench.invite({ expiresAt: new Date(Date.now() + 20 * day) });
      await waitLong(long);
      assert.deepEqual((await resend(long)).expiresAt, long.expiresAt);
      await waitLong(long);
      const soon = new Date(Date.now() + day);
      assert.deepEqual((await resend(long, { expiresAt: soon })).expiresAt, soon);
      await waitLong(long);
      await assert.rejects(resend(long, { expiresAt: new Date(Date.now() + 40 * day) }), { code: 'PERIOD_INVALID' });
    });

    it('waits longer each time', async () => {
      const invitation = await bench.invite();
      for (const seconds of [30, 60, 120, 300]) {
        await assert.rejects(resend(invitation), ({ kind, code, params }: DomainError) => {
          assert.ok(Number(params.seconds) <= seconds && Number(params.seconds) > seconds - 10, `${params.seconds}`);
          return kind === 'rate_limited' && code === 'TOO_MANY_ATTEMPTS';
        });
        await bench
          .db('invitations')
          .where({ id: invitation.id })
          .update({ sentAt: new Date(Date.now() - seconds * 1000) });
        await resend(invitation);
      }
      await waitLong(invitation);
      await assert.rejects(resend(invitation), { code: 'TOO_MANY_ATTEMPTS' }, 'five an hour to one address');
    });

    it('goes once of many at once', async () => {
      const invitation = await bench.invite();
      await waitLong(invitation);
      const all = await Promise.allSettled([resend(invitation), resend(invitation), resend(invitation)]);
      assert.equal(all.filter(({ status }) => status === 'fulfilled').length, 1);
      assert.equal((await bench.messagesTo(invitation.email as string)).length, 2);
    });

    it('is refused for what has ended, for a place that is no more, and in another tenant', async () => {
      const { db } = bench;
      const [accepted, revoked, placeless] = await Promise.all([bench.invite(), bench.invite(), bench.invite()]);
      const token = await bench.tokenOf(accepted);
      await acceptInvitation(db, { token, fullName: 'Ada', locale: 'en' }, bench.accepting());
      await revokeInvitation(db, named(revoked), systemCaller);
      const { id: roleId } = await createRole(db, { tenantId: bench.tenant.id });
      await db('invitations').where({ id: placeless.id }).update({ roleId });
      await deleteRole(db, { tenantId: bench.tenant.id, roleId }, systemCaller);
      for (const invitation of [accepted, revoked, placeless]) await waitLong(invitation);
      await assert.rejects(resend(accepted), { kind: 'conflict', code: 'INVITATION_ACCEPTED' });
      await assert.rejects(resend(revoked), { kind: 'conflict', code: 'INVITATION_REVOKED' });
      await assert.rejects(resend(placeless), { kind: 'not_found', code: 'NOT_FOUND' });
      const other = await bench.newTenant();
      for (const wrong of [{ tenantId: other.id }, { id: newId() }, { id: 'x' }, { tenantId: 'x' }])
        await assert.rejects(resend({ ...placeless, ...wrong }), { kind: 'not_found', code: 'NOT_FOUND' });
    });
  });

  it('is withdrawn once, in its own tenant', async () => {
    const { db } = bench;
    const invitation = await bench.invite();
    const token = await bench.tokenOf(invitation);
    const other = await bench.newTenant();
    for (const wrong of [{ tenantId: other.id }, { invitationId: newId() }, { invitationId: 'x' }])
      await assert.rejects(revokeInvitation(db, { ...named(invitation), ...wrong }, systemCaller), {
        kind: 'not_found',
        code: 'NOT_FOUND',
      });
    const { events } = await eventsOf(db, async () => {
      await Promise.all([1, 2, 3].map(() => revokeInvitation(db, named(invitation), systemCaller)));
    });
    assert.deepEqual(
      events.map(({ action, entityId }) => [action, entityId]),
      [['invitation.revoked', invitation.id]],
    );
    await assert.rejects(findInvitation(db, token, bench.server), { kind: 'expired', code: 'INVITATION_REVOKED' });
    const accepted = await bench.invite();
    await acceptInvitation(
      db,
      { token: await bench.tokenOf(accepted), fullName: 'Ada', locale: 'en' },
      bench.accepting(),
    );
    await assert.rejects(revokeInvitation(db, named(accepted), systemCaller), {
      kind: 'conflict',
      code: 'INVITATION_ACCEPTED',
    });
  });

  it('is listed by its state, page by page, within the tenant', async () => {
    const { db } = bench;
    const tenant = await bench.newTenant();
    const place = { tenantId: tenant.id, roleId: tenant.systemRoleIds.member, orgNodeId: tenant.rootNodeId };
    const [open, accepted, revoked, expired] = [
      await bench.invite(place),
      await bench.invite(place),
      await bench.invite(place),
      await bench.invite(place),
    ];
    const token = await bench.tokenOf(accepted);
    await acceptInvitation(db, { token, fullName: 'Ada', locale: 'en' }, bench.accepting());
    await revokeInvitation(db, named(revoked), systemCaller);
    await db('invitations').where({ id: expired.id }).update({ expiresAt: new Date() });
    const list = async (query: Omit<Parameters<typeof listInvitations>[1], 'tenantId'> = {}) =>
      (await listInvitations(db, { tenantId: tenant.id, ...query })).items;
    assert.deepEqual(
      (await list()).map(({ id, state, roleName, nodeName }) => [id, state, roleName, nodeName]),
      [
        [open.id, 'open', 'member', tenant.name],
        [accepted.id, 'accepted', 'member', tenant.name],
        [revoked.id, 'revoked', 'member', tenant.name],
        [expired.id, 'expired', 'member', tenant.name],
      ],
    );
    for (const state of ['open', 'accepted', 'revoked', 'expired'] as const)
      assert.deepEqual(
        (await list({ state })).map((one) => one.state),
        [state],
      );
    assert.deepEqual(
      (await list({ limit: 2, after: open.id })).map(({ id }) => id),
      [accepted.id, revoked.id],
    );
    assert.deepEqual((await listInvitations(db, { tenantId: (await bench.newTenant()).id })).items, []);
    await assert.rejects(list({ after: 'x' }), { code: 'CURSOR_INVALID' });
    assert.ok(!JSON.stringify(await list()).includes('oken'), 'no token, and no hash of one');
  });

  it('is all or nothing, with its event and its message', async () => {
    const { db } = bench;
    const email = someEmail();
    await bench.invite({ email });
    const again = await bench.invite();
    await waitLong(again);
    const withdrawn = await bench.invite();
    const changes: [string[], () => Promise<unknown>][] = [
      [['invitation.revoked', 'invitation.created'], () => bench.invite({ email })],
      [['invitation.resent'], () => resend(again)],
      [['invitation.revoked'], () => revokeInvitation(db, named(withdrawn), systemCaller)],
    ];
    for (const [actions, change] of changes) {
      const before = await stateOf(db);
      const { events } = await eventsOf(db, async () => {
        for (const fault of [...actions, 'change'])
          await withFault(db, fault, () => assert.rejects(change(), /out of order/, fault));
      });
      assert.deepEqual(events, []);
      assert.deepEqual(await stateOf(db), before);
      const done = await eventsOf(db, change);
      assert.deepEqual(
        done.events.map(({ action }) => action),
        actions,
      );
    }
  });
});
