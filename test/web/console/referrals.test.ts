import assert from 'node:assert/strict';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { deactivateUser, deleteUser } from '../../../src/domain/lifecycle/end-person.ts';
import { completeReferral, ensureReferralCode, recordReferral } from '../../../src/domain/referrals/referrals.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { signInToConsole } from '../../support/console.ts';
import * as make from '../../support/factories.ts';
import { give } from '../../support/management.ts';

describe('the console: referrals', () => {
  let app: TestApp;
  let tenantId: string;
  let owner: Awaited<ReturnType<TestApp['person']>>;

  before(async () => {
    app = await startTestApp();
    tenantId = (await app.tenant({ slug: 'here', name: 'Here' })).id;
    owner = await app.person({ tenantId, fullName: 'Olive Owner' });
    await give(app, { tenantId, userId: owner.id, role: 'owner' });
  });
  after(() => app?.stop());

  const at = (path: string) => `${app.issuer}/console/here/referrals${path}`;
  const someone = async (fullName: string, ofTenant = tenantId) =>
    (await make.createUser(app.db, { tenantId: ofTenant, fullName })).id;

  async function comes(referrer: string, fullName: string, signsIn: boolean): Promise<string> {
    const { code } = await ensureReferralCode(app.db, { tenantId, userId: referrer }, systemCaller);
    const userId = await someone(fullName);
    const made = await recordReferral(app.db, { tenantId, userId, code }, systemCaller);
    if (signsIn) await completeReferral(app.db, { tenantId, userId }, systemCaller);
    return made?.id ?? '';
  }

  const row = (body: string, name: string) =>
    /<tr>(?:(?!<\/tr>)[\s\S])*<\/tr>/g[Symbol.match](body)?.find((text) => text.includes(name)) ?? '';
  const numbers = (text: string) =>
    [...text.matchAll(/<td class="number">(\d+)</g)].map(([, number]) => Number(number));

  it('say first that there are none, and make one for somebody', async () => {
    const browser = await signInToConsole(app, owner);
    const empty = await browser.open(at(''));
    assert.match(empty.body, /No codes yet[\s\S]*href="[^"]*\/referrals\/new"/);
    const ada = await someone('Ada First');
    const choice = await browser.open(at('/new?q=Ada'));
    assert.match(choice.body, new RegExp(`/referrals/${ada}/make"[^>]*>Ada First`));
    const deed = await browser.open(at(`/${ada}/make`));
    assert.match(deed.body, /A code for Ada First[\s\S]*It gives access to nothing/);
    assert.equal((await app.db('referral_codes').where({ userId: ada })).length, 0, 'looking makes none');
    const made = await browser.submit(deed, {}, { form: 1 });
    const { code } = await app.db('referral_codes').where({ userId: ada }).first('code');
    assert.match(made.body, new RegExp(`This is their code[\\s\\S]*${code}[\\s\\S]*Nobody yet`));
    const again = await browser.submit(await browser.open(at(`/${ada}/make`)), {}, { form: 1 });
    assert.match(again.body, new RegExp(code));
    const { length } = await app.db('audit_events').where({ tenantId, action: 'referral_code.created' });
    assert.equal(length, 1);
  });

  it('say what came of each code, and who came by it', async () => {
    const browser = await signInToConsole(app, owner);
    const bea = await someone('Bea Busy');
    const joined = await comes(bea, 'Jo Joined', true);
    await comes(bea, 'Pat Pending', false);
    await comes(await someone('Cy Other'), 'Not Hers', true);
    const before = await browser.open(at(''));
    assert.deepEqual(numbers(row(before.body, 'Bea Busy')), [1, 1, 0]);
    assert.deepEqual(numbers(row(before.body, 'Ada First')), [0, 0, 0]);
    const page = await browser.open(at(`/${bea}`));
    assert.match(row(page.body, 'Jo Joined'), /Joined[\s\S]*settle/);
    assert.match(row(page.body, 'Pat Pending'), /Not signed in yet/);
    assert.doesNotMatch(row(page.body, 'Pat Pending'), /settle/, 'who never signed in has not subscribed');
    assert.doesNotMatch(page.body, /Not Hers/);
    const narrowed = await browser.open(at(`/${bea}?status=pending`));
    assert.match(narrowed.body, /Pat Pending/);
    assert.doesNotMatch(narrowed.body, /Jo Joined/);

    const deed = await browser.open(at(`/${bea}/settle/${joined}`));
    assert.match(deed.body, /Jo Joined has subscribed[\s\S]*It cannot be taken back/);
    const settled = await browser.submit(deed, {}, { form: 1 });
    assert.match(row(settled.body, 'Jo Joined'), /Subscribed/);
    assert.deepEqual(numbers(row((await browser.open(at(''))).body, 'Bea Busy')), [1, 0, 1]);
  });

  it('are stopped, started again and ended at a time, which leaves those who came', async () => {
    const browser = await signInToConsole(app, owner);
    const dee = await someone('Dee Ended');
    await comes(dee, 'Ed Early', true);
    const deed = await browser.open(at(`/${dee}/stop`));
    assert.match(deed.body, /Who came by it before stays referred/);
    const stopped = await browser.submit(deed, {}, { form: 1 });
    assert.match(stopped.body, /counts for nothing any more[\s\S]*Stopped[\s\S]*Ed Early[\s\S]*\/start"/);
    assert.doesNotMatch(stopped.body, /\/stop"/);
    assert.equal(await comes(dee, 'Lou Late', true), '', 'a stopped code counts for nobody');
    assert.match(row((await browser.open(at('?state=stopped'))).body, 'Dee Ended'), /Stopped/);
    assert.equal(row((await browser.open(at('?state=working'))).body, 'Dee Ended'), '');

    const started = await browser.submit(await browser.open(at(`/${dee}/start`)), {}, { form: 1 });
    assert.match(started.body, /counts again/);
    const form = await browser.open(at(`/${dee}/until`));
    const ended = await browser.submit(form, { expires_at: '2020-01-01T00:00' }, { form: 1 });
    assert.match(ended.body, /The change is saved[\s\S]*Expired/);
    const open = await browser.submit(await browser.open(at(`/${dee}/until`)), { expires_at: '' }, { form: 1 });
    assert.match(open.body, /Until further notice/);
    assert.match(row((await browser.open(at(''))).body, 'Dee Ended'), /Counts/);
  });

  it('of somebody who may not act, or is gone, say so and name nobody who is gone', async () => {
    const browser = await signInToConsole(app, owner);
    const away = await someone('Ann Away');
    await comes(away, 'Abe', true);
    await deactivateUser(app.db, { tenantId, userId: away }, systemCaller);
    assert.match(row((await browser.open(at('?state=owner_inactive'))).body, 'Ann Away'), /Person deactivated/);
    const gone = await someone('Gil Gone');
    await comes(gone, 'Guy', true);
    await deleteUser(app.db, { tenantId, userId: gone }, systemCaller);
    const list = await browser.open(at('?state=owner_deleted'));
    assert.match(list.body, /Somebody who is gone/);
    const page = await browser.open(at(`/${gone}`));
    assert.match(page.body, /Somebody who is gone[\s\S]*Guy/);
    for (const { body } of [list, page]) assert.doesNotMatch(body, /Gil Gone/);
    assert.doesNotMatch(page.body, /\/(stop|start|until)"/);
    assert.equal((await browser.open(at(`/${gone}/stop`))).status, 404);
  });

  it('are neither shown to a delegate nor open to one by their addresses', async () => {
    const north = await make.createNode(app.db, { tenantId, name: 'North' });
    const wide = ['users.read', 'referrals.manage'];
    const role = await make.createRole(app.db, { tenantId, name: 'Regional', capabilities: wide });
    const delegate = await app.person({ tenantId });
    await make.assign(app.db, { tenantId, userId: delegate.id, roleId: role.id, orgNodeId: north.id });
    const fay = await someone('Fay Far');
    const referral = await comes(fay, 'Kit Far', true);
    const browser = await signInToConsole(app, delegate);
    assert.doesNotMatch((await browser.open(`${app.issuer}/console/here/people`)).body, /\/referrals"/);
    const paths = ['', '/new', `/${fay}`, `/${fay}/make`, `/${fay}/stop`, `/${fay}/start`, `/${fay}/until`];
    for (const path of [...paths, `/${fay}/settle/${referral}`]) {
      const { status, body } = await browser.open(at(path));
      assert.ok(status === 403 || status === 404, `${path}: ${status}`);
      assert.doesNotMatch(body, /Fay Far|Kit Far/, path);
    }
  });

  it('of another tenant are not found', async () => {
    const elsewhere = (await app.tenant({ slug: 'elsewhere', name: 'Elsewhere' })).id;
    const theirs = await someone('Ty Theirs', elsewhere);
    const { code } = await ensureReferralCode(app.db, { tenantId: elsewhere, userId: theirs }, systemCaller);
    const came = await someone('Tess Theirs', elsewhere);
    const referral = await recordReferral(app.db, { tenantId: elsewhere, userId: came, code }, systemCaller);
    await completeReferral(app.db, { tenantId: elsewhere, userId: came }, systemCaller);
    const browser = await signInToConsole(app, owner);
    assert.doesNotMatch((await browser.open(at(''))).body, /Ty Theirs/);
    for (const path of ['', '/make', '/stop', '/start', '/until', `/settle/${referral?.id}`]) {
      const { status, body } = await browser.open(at(`/${theirs}${path}`));
      assert.equal(status, 404, path);
      assert.doesNotMatch(body, /Theirs/, path);
    }
    const { isActive } = await app.db('referral_codes').where({ userId: theirs }).first('isActive');
    assert.equal(isActive, true);
  });
});
