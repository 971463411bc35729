import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { roleText, translatedRoles } from '../../../src/domain/messages/role-text.ts';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import { createI18n } from '../../../src/platform/i18n.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { createTenant } from '../../support/factories.ts';

const i18n = createI18n(fileURLToPath(new URL('../../../views/locales', import.meta.url)));

describe('what a role is called to a person', () => {
  let database: TestDatabase;
  let db: Database;
  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url });
  });
  after(async () => {
    await db?.destroy();
    await database?.drop();
  });

  it('is a word of their language for exactly the roles that every tenant has', async () => {
    const { id } = await createTenant(db);
    const rows = await db('roles').where({ tenantId: id, isSystem: true }).orderBy('name').select('name');
    assert.deepEqual(
      rows.map(({ name }) => name),
      [...translatedRoles].sort(),
    );
    const [en, fr] = [i18n.translator('en'), i18n.translator('fr')];
    for (const role of translatedRoles) assert.notEqual(roleText(fr, role), roleText(en, role));
  });

  it('is what the tenant calls it for any other, also where the name is one of our keys', () => {
    const fr = i18n.translator('fr');
    for (const role of ['Teacher', 'Owner ', 'system', 'constructor', 'system.owner', '$t(roles.at)', ''])
      assert.equal(roleText(fr, role), role);
  });
});
