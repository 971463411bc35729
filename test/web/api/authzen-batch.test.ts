/**
 * AuthZEN certification, level Batch (Core and Properties): the Access Evaluations API. The cases are those of the scenario,
 * section 3, in its order; at the end the semantics that stop early, and tenants.
 */
import assert from 'node:assert/strict';
import { startTestApp, type TestApp } from '../../support/app.ts';
import {
  type AskAuthzen,
  type AuthzenFixture,
  action,
  askAuthzen,
  createAuthzenFixture,
  record,
  user,
} from '../../support/authzen.ts';

describe('AuthZEN certification: Batch', () => {
  let app: TestApp;
  let fixture: AuthzenFixture;
  let ask: AskAuthzen;
  before(async () => {
    app = await startTestApp();
    fixture = await createAuthzenFixture(app);
    ({ ask } = fixture.ours);
  });
  after(() => app?.stop());

  const [one, two] = [record('record-1'), record('record-2')];
  const [active, archived] = [record('record-1', { status: 'active' }), record('record-2', { status: 'archived' })];
  const [read, write] = [action('read'), action('write')];
  const [alice, bob] = [user('alice'), user('bob')];

  async function decisions(body: object, by = ask): Promise<boolean[]> {
    const { status, body: answer } = await by('evaluations', body);
    assert.equal(status, 200, JSON.stringify(answer));
    assert.equal('decision' in answer, false, '3.3.4: no decision beside the list');
    return answer.evaluations.map(({ decision, context }: { decision: unknown; context?: unknown }) => {
      assert.equal(typeof decision, 'boolean');
      assert.ok(context === undefined || (typeof context === 'object' && context !== null));
      return decision;
    });
  }

  describe('3.2 request acceptance', () => {
    it('3.2.1 a list of evaluations', async () => {
      const found = await decisions({
        subject: alice,
        action: read,
        evaluations: [{ resource: one }, { resource: two }],
      });
      assert.deepEqual(found, [true, false]);
    });

    it('3.2.2 the decisions of the fixture, in their order', async () => {
      const body = { subject: bob, resource: one, evaluations: [{ action: read }, { action: write }] };
      assert.deepEqual(await decisions(body), [true, false]);
    });

    it('3.2.3 properties of the resource', async () => {
      const body = { subject: alice, action: write, evaluations: [{ resource: active }, { resource: archived }] };
      assert.deepEqual(await decisions(body), [true, false]);
    });

    it('3.2.4 properties of the subject', async () => {
      const admin = user('bob', { role: 'admin' });
      const body = { action: write, resource: archived, evaluations: [{ subject: alice }, { subject: admin }] };
      assert.deepEqual(await decisions(body), [false, true]);
    });

    it('3.2.5 without defaults', async () => {
      const evaluations = [
        { subject: alice, action: read, resource: one },
        { subject: bob, action: write, resource: one },
      ];
      assert.deepEqual(await decisions({ evaluations }), [true, false]);
    });

    it('3.2.6 a context that is inherited, and one of its own', async () => {
      const body = {
        subject: alice,
        action: read,
        context: { time: '2025-06-27T18:03-07:00' },
        evaluations: [{ resource: one }, { resource: two, context: { source: 'batch-override' } }],
      };
      assert.equal((await decisions(body)).length, 2);
    });

    it('3.2.7 defaults that are inherited whole, and replaced whole', async () => {
      const body = { subject: alice, action: write, resource: active, evaluations: [{}, { resource: archived }] };
      assert.deepEqual(await decisions(body), [true, false]);
      const soft = action('delete', { soft: true });
      const own = { subject: alice, action: soft, resource: one, evaluations: [{}, { action: action('delete') }] };
      assert.deepEqual(await decisions(own), [true, false], 'no property is taken over');
    });
  });

  it('3.3 answers as many as were asked, in their order', async () => {
    const evaluations = Array.from({ length: 100 }, (_, n) => ({ action: n % 3 === 0 ? write : read }));
    const found = await decisions({ subject: bob, resource: one, evaluations });
    assert.deepEqual(
      found,
      evaluations.map(({ action }) => action === read),
    );
  });

  describe('3.4 error handling', () => {
    it('3.4.1 one that is wrong is not permitted, and spoils no other', async () => {
      const body = {
        subject: alice,
        action: read,
        options: { evaluations_semantic: 'execute_all' },
        evaluations: [{ resource: one }, {}],
      };
      assert.deepEqual(await decisions(body), [true, false]);
      const { body: answer } = await ask('evaluations', body);
      assert.equal(answer.evaluations[1].context.error.status, 400);
    });

    it('whatever is wrong with it, and never by what the defaults would permit', async () => {
      const wrong = [
        { resource: null },
        { resource: 'record-1' },
        { resource: { type: 'record' } },
        { resource: { type: 'record', id: 1 } },
        { subject: { type: 'user', id: '' } },
        { action: { name: 7 } },
        { context: 'x' },
        null,
        'x',
        7,
        [],
      ];
      const body = { subject: alice, action: read, resource: one, evaluations: [...wrong, {}] };
      assert.deepEqual(await decisions(body), [...wrong.map(() => false), true]);
    });

    it('3.4.2 and 3.4.3 without a list, or with an empty one, answers one evaluation', async () => {
      for (const more of [{}, { evaluations: [] }]) {
        const { status, body } = await ask('evaluations', { subject: alice, action: read, resource: one, ...more });
        assert.deepEqual([status, body], [200, { decision: true }]);
        assert.equal((await ask('evaluations', { subject: alice, action: read, ...more })).status, 400);
      }
    });

    it('400 for what is wrong with the whole', async () => {
      const evaluations = [{ subject: alice, action: read, resource: one }];
      for (const body of [
        { subject: 'alice', evaluations },
        { evaluations: {} },
        { evaluations, options: { evaluations_semantic: 'whatever' } },
        { evaluations, options: 'execute_all' },
        { evaluations: Array.from({ length: 101 }, () => evaluations[0]) },
        '{',
        '',
      ])
        assert.equal((await ask('evaluations', body)).status, 400, JSON.stringify(body).slice(0, 80));
      const headers = { 'content-type': 'text/plain' };
      assert.equal((await ask('evaluations', { evaluations }, { headers })).status, 400);
    });
  });

  describe('7.1.2 semantics that stop early', () => {
    const asked = (semantic: string, evaluations: unknown[]) =>
      decisions({ subject: alice, action: read, options: { evaluations_semantic: semantic }, evaluations });
    const [yes, no, broken] = [{ resource: one }, { resource: two }, {}];

    it('execute_all answers all', async () => {
      assert.deepEqual(await asked('execute_all', [yes, no, broken, yes]), [true, false, false, true]);
    });

    it('deny_on_first_deny ends with the first that is not permitted, or is wrong', async () => {
      assert.deepEqual(await asked('deny_on_first_deny', [yes, no, yes]), [true, false]);
      assert.deepEqual(await asked('deny_on_first_deny', [yes, broken, yes]), [true, false]);
      assert.deepEqual(await asked('deny_on_first_deny', [yes, yes]), [true, true]);
    });

    it('permit_on_first_permit ends with the first that is', async () => {
      assert.deepEqual(await asked('permit_on_first_permit', [no, broken, yes, yes]), [false, false, true]);
      assert.deepEqual(await asked('permit_on_first_permit', [no, no]), [false, false]);
    });
  });

  it('gives X-Request-ID back', async () => {
    const body = { subject: alice, action: read, evaluations: [{ resource: one }] };
    const reply = await ask('evaluations', body, { headers: { 'x-request-id': 'batch-1' } });
    assert.equal(reply.headers.get('x-request-id'), 'batch-1');
  });

  it('answers each item of the asker’s own tenant alone', async () => {
    const { ours, theirs, resourceServerId } = fixture;
    const evaluations = [
      { subject: alice },
      { subject: bob },
      { subject: user(ours.ids.alice) },
      { subject: user(theirs.ids.bob) },
      { subject: user(theirs.ids.bob), resource: record(theirs.ids['record-1']) },
      { subject: bob, context: { tenant: theirs.tenantId } },
    ];
    const body = { action: write, resource: one, evaluations };
    assert.deepEqual(await decisions(body), [true, false, true, false, false, false]);
    assert.deepEqual(await decisions(body, theirs.ask), [false, true, false, true, true, true]);
    // An API of all tenants says for each item whose names it means.
    const all = askAuthzen(app, await app.service({ tenantId: null, resourceServerId }));
    const tenants = [ours.tenantId, theirs.tenantId, undefined].map((tenant) => ({ context: { tenant } }));
    assert.deepEqual(
      await decisions({ subject: alice, ...{ action: write, resource: one }, evaluations: tenants }, all),
      [true, false, false],
    );
  });
});
