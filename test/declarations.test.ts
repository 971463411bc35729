/** What the features declare each for itself, and what has to hold over all of them together. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { auditActions } from '../src/domain/audit/actions.ts';
import { commonMembers, payloadMembers } from '../src/domain/audit/payload-members.ts';
import type { CodeDeclaration } from '../src/platform/errors.ts';
import type { Limit } from '../src/platform/rate-limits.ts';
import { declared, declaredPurposes, sourceTexts } from './support/declared.ts';

describe('the purposes of secrets', () => {
  it('keep their names: what is sealed or signed under one opens under no other', () => {
    assert.deepEqual(declaredPurposes().sort(), [
      'address-challenges',
      'arrived-trails',
      'audit-seal-keys',
      'client-placeholders',
      'client-trials',
      'cookies',
      'dpop-nonces',
      'encrypted-streams',
      'event-stream-authorization',
      'federation',
      'first-setup-link',
      'foreign password hash',
      'identity-providers',
      'import-rows',
      'messages',
      'new-addresses',
      'new-second-factors',
      'one-time-codes',
      'page-tokens',
      'passkey-challenges',
      'payloads',
      'recovery-codes',
      'refresh-successors',
      'repeated-requests',
      'safety-links',
      'second-factors',
      'sign-in-failures',
      'signing-keys',
      'user-codes',
      'webhook-secret',
    ]);
  });
});

describe('the limits', () => {
  it('have each a name of its own: under one name two would share a count', async () => {
    const names = (await declared<Record<string, Limit>>('defineLimits')).flatMap(({ values }) => Object.keys(values));
    assert.ok(names.length > 10);
    assert.deepEqual(names.sort(), [...new Set(names)].sort());
  });

  it('are named where they are declared as they are counted', async () => {
    for (const { file, values } of await declared<Record<string, Limit>>('defineLimits'))
      for (const [name, limit] of Object.entries(values)) {
        assert.equal(limit.name, name, file);
        assert.ok(limit.hits > 0 && limit.windowSeconds > 0, name);
      }
  });
});

describe('the error codes', () => {
  it('are declared once, in words of one clause', async () => {
    const all = (await declared<Record<string, CodeDeclaration>>('defineCodes')).flatMap(({ values }) =>
      Object.entries(values),
    );
    const codes = all.map(([code]) => code);
    assert.deepEqual([...codes].sort(), [...new Set(codes)].sort());
    for (const [code, { means }] of all) assert.match(means, /^[a-z].*[^.\s]$/, code);
  });

  it('take part in the type that DomainError checks', async () => {
    for (const [file, text] of sourceTexts())
      for (const [, name] of text.matchAll(/^export const (\w+) = defineCodes\(/gm))
        assert.ok(text.includes(`interface ErrorCodes extends Codes<typeof ${name}> {}`), `${file}: ${name}`);
  });

  it('are all in use', async () => {
    const unused: string[] = [];
    const texts = [...sourceTexts().values()];
    for (const { values } of await declared<object>('defineCodes'))
      for (const code of Object.keys(values)) if (!texts.some((text) => text.includes(`'${code}'`))) unused.push(code);
    assert.deepEqual(unused, []);
  });
});

describe('the actions of the audit trail', () => {
  /** `'role.assigned'` where an event is made of it; SQL, operations and other dotted names stand elsewhere. */
  const written = () => {
    const found = new Map<string, string>();
    for (const [file, source] of sourceTexts()) {
      if (!/^src\/(?:domain|oidc|web|management)\//.test(file) || file === 'src/domain/audit/actions.ts') continue;
      const ofEvents = [
        /\baction: '([a-z_]+(?:\.[a-z_]+)+)'/g,
        /\baction = (?:[^;]*?\? )?'([a-z_]+(?:\.[a-z_]+)+)'/g,
        /\b(?:payloadEvent|refused)\('([a-z_]+(?:\.[a-z_]+)+)'/g,
      ];
      for (const form of ofEvents) for (const [, action = ''] of source.matchAll(form)) found.set(action, file);
    }
    return found;
  };

  it('are all in one list, and so in docs/audit.md and in the filters of the console', () => {
    const found = written();
    assert.ok(found.size > 90, `${found.size}`);
    const unknown = [...found].filter(([action]) => action !== 'a.action' && !(action in auditActions));
    assert.deepEqual(unknown, [], 'add them to src/domain/audit/actions.ts, with words in console-audit.json');
  });

  it('have words in both languages, and so have the members of their payloads', () => {
    for (const locale of ['en', 'fr']) {
      const file = new URL(`../views/locales/${locale}/console-audit.json`, import.meta.url);
      const { options, members } = JSON.parse(readFileSync(file, 'utf8'));
      const { none: _, ...actions } = options.action as Record<string, Record<string, string>>;
      const named = Object.entries(actions).flatMap(([first, rest]) =>
        Object.keys(rest).map((second) => `${first}.${second}`),
      );
      assert.deepEqual(named.sort(), Object.keys(auditActions).sort(), locale);
      assert.deepEqual(
        Object.keys(members).sort(),
        Object.keys({ ...payloadMembers, ...commonMembers }).sort(),
        locale,
      );
    }
  });

  it('are written somewhere each, and say what their payload holds', () => {
    const text = [...sourceTexts()].filter(([file]) => file !== 'src/domain/audit/actions.ts').map(([, one]) => one);
    const all = text.join('\n');
    for (const action of Object.keys(auditActions)) assert.ok(all.includes(`'${action}'`), action);
    const used = new Set(Object.values(auditActions).flatMap(({ payload }) => [...payload]));
    assert.deepEqual([...used].sort(), Object.keys(payloadMembers).sort());
  });
});
