/** The date beside each question of access: what it answers, what it refuses, and that it goes along. */
import assert from 'node:assert/strict';
import { updateRole } from '../../../src/domain/access/roles.ts';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { deleteUser } from '../../../src/domain/lifecycle/end-person.ts';
import { endAssignment } from '../../../src/domain/organisation/org-assignments.ts';
import { updateOrgNode } from '../../../src/domain/organisation/org-nodes.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import type { Browserless } from '../../support/browserless.ts';
import { signInToConsole } from '../../support/console.ts';
import * as make from '../../support/factories.ts';
import { give } from '../../support/management.ts';

describe('then, at the console', () => {
  let app: TestApp;
  let browser: Browserless;
  let asDelegate: Browserless;
  let north: string;
  let anna: string;
  let goneId: string;
  let clientId: string;
  /** As the field has it: two hours ago, where history has been for a day; and two days ago. */
  let then: string;
  let earlier: string;

  before(async () => {
    app = await startTestApp({ mailbox: true });
    const { id: tenantId } = await app.tenant({ slug: 'here', name: 'Here' });
    const person = (fullName: string) => app.person({ tenantId, fullName });
    const owner = await person('Olive Owner');
    const delegate = await person('Dag Delegate');
    await give(app, { tenantId, userId: owner.id, role: 'owner' });
    north = (await make.createNode(app.db, { tenantId, name: 'North' })).id;
    const south = await make.createNode(app.db, { tenantId, name: 'South' });
    const teacher = await make.createRole(app.db, { tenantId, name: 'Teacher', capabilities: ['grades.read'] });
    const watcher = await make.createRole(app.db, { tenantId, name: 'Watcher', capabilities: ['users.read'] });
    anna = (await person('Anna Then')).id;
    goneId = (await person('Gustav Gone')).id;
    const startsAt = new Date(Date.now() - 40 * 3_600_000);
    const held = { tenantId, roleId: teacher.id, startsAt };
    const { id: assignmentId } = await make.assign(app.db, { ...held, userId: anna, orgNodeId: north });
    await make.assign(app.db, { ...held, userId: goneId, orgNodeId: north });
    await make.assign(app.db, { tenantId, userId: delegate.id, roleId: watcher.id, orgNodeId: south.id });
    ({ clientId } = await app.relyingParty({ tenantId, name: 'Portal' }));
    // A day passes.
    await app
      .db('tenants')
      .where({ id: tenantId })
      .update({ createdAt: new Date(Date.now() - 25 * 3_600_000) });
    for (const table of [
      'tenants',
      'users',
      'org_nodes',
      'roles',
      'capabilities',
      'role_capabilities',
      'org_assignments',
    ])
      await app.db.raw(
        `update ${table}_history set valid_from = valid_from - interval '1 day', valid_to = valid_to - interval '1 day'`,
      );
    await updateRole(app.db, { tenantId, roleId: teacher.id, name: 'Tutor' }, systemCaller);
    await updateOrgNode(app.db, { tenantId, orgNodeId: north, name: 'Polar' }, systemCaller);
    await endAssignment(app.db, { tenantId, assignmentId }, systemCaller);
    await deleteUser(app.db, { tenantId, userId: goneId }, systemCaller);
    const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString().slice(0, 16);
    [then, earlier] = [hoursAgo(2), hoursAgo(48)];
    browser = await signInToConsole(app, owner);
    asDelegate = await signInToConsole(app, delegate);
  });
  after(() => app?.stop());

  const open = async (path: string, as = browser) => (await as.open(`${app.issuer}/console/here${path}`)).body;

  it('says who could do something, by names as they were, and leads to those who are there still', async () => {
    const question = `/roles/who-can?at=${north}&capability=grades.read`;
    const now = await open(question);
    assert.match(now, /Nobody can</);
    const past = await open(`${question}&then=${then}`);
    assert.match(past, /As it was[\s\S]*Anna Then[\s\S]*Teacher[\s\S]*North/);
    assert.match(past, /Gustav Gone/);
    assert.match(past, new RegExp(`name="then" type="datetime-local" value="${then}"`));
    assert.match(past, new RegExp(`href="/console/here/people/${anna}/access\\?at=${north}&amp;then=`));
    assert.doesNotMatch(past, new RegExp(`href="[^"]*${goneId}`));
    assert.match(past, /Ask about now/);
  });

  it('says what a person held, and what their token would have said', async () => {
    assert.doesNotMatch(await open(`/people/${anna}/access`), /Teacher/);
    const held = await open(`/people/${anna}/access?then=${then}`);
    assert.match(held, /What they held, and where[\s\S]*As it was[\s\S]*Teacher[\s\S]*North/);
    assert.match(held, /grades\.read/);
    const token = `/people/${anna}/token?client_id=${clientId}&scope=openid+roles`;
    assert.doesNotMatch(await open(token), /&#34;Teacher&#34;/);
    const said = await open(`${token}&then=${then}`);
    assert.match(said, /Issued then, it would have said[\s\S]*&#34;Teacher&#34;/);
    assert.match(said, /Teacher at North/);
  });

  it('refuses a time of which nothing is known, in words, and ignores what is none', async () => {
    for (const path of [
      `/roles/who-can?capability=grades.read&then=${earlier}`,
      `/people/${anna}/access?then=${earlier}`,
      `/people/${anna}/token?client_id=${clientId}&then=${earlier}`,
    ]) {
      const page = await open(path);
      assert.match(page, /Nothing is known of that time/, path);
      assert.match(page, /on record from\s+<time/);
    }
    for (const none of ['yesterday', '2026-13-45T99:99', '%3Cscript%3E', '-000001-01-01T00:00', '275760-09-13T00:01'])
      assert.match(await open(`/people/${anna}/access?then=${none}`), /name="then" type="datetime-local" value=""/);
  });

  it('shows a delegate no more of then than of now', async () => {
    const who = await open(`/roles/who-can?capability=grades.read&then=${then}`, asDelegate);
    assert.doesNotMatch(who, /Anna Then|Gustav Gone/);
    const page = await asDelegate.open(`${app.issuer}/console/here/people/${anna}/access?then=${then}`);
    assert.equal(page.status, 404);
  });
});
