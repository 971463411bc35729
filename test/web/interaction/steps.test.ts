/** The dispatcher's table, and that nobody else says where a step is. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { signInMethods } from '../../../src/domain/methods/methods.ts';
import { secondFactors } from '../../../src/web/factors/web-second-factors.ts';
import type { WebDependencies } from '../../../src/web/interaction/context.ts';
import { interactionRoutes } from '../../../src/web/interaction/dispatcher.ts';
import {
  belongsTo,
  hrefOf,
  linksOf,
  nextStep,
  type Outcome,
  type Standing,
  type StepName,
  stepNames,
  stepPath,
  steps,
} from '../../../src/web/interaction/steps.ts';
import { pageNames } from '../../../src/web/pages/views.ts';
import { methods } from '../../../src/web/sign-in/methods.ts';

const begun: Standing = {
  prompt: 'login',
  hasSession: false,
  provedAccounts: 0,
  factor: 'none',
  question: 'none',
  maySignUp: false,
};

type Row = { path: string; when?: unknown; after?: readonly Outcome[]; links?: Readonly<Record<string, StepName>> };
const rows = Object.entries(steps) as [StepName, Row][];

describe('the table of steps', () => {
  it('leads an interaction to the one step that it waits for', () => {
    const cases: [Partial<Standing>, StepName][] = [
      [{}, 'sign-in'],
      [{ hasSession: true }, 'sign-in'],
      [{ provedAccounts: 1 }, 'sign-in'],
      [{ provedAccounts: 2 }, 'tenant'],
      [{ prompt: 'select_account', hasSession: true }, 'select-account'],
      [{ prompt: 'select_account' }, 'sign-in'],
      [{ prompt: 'select_account', hasSession: true, provedAccounts: 2 }, 'tenant'],
      [{ prompt: 'create', maySignUp: true }, 'sign-up'],
      [{ prompt: 'create' }, 'sign-in'],
      [{ maySignUp: true }, 'sign-in'],
      [{ prompt: 'consent', hasSession: true, provedAccounts: 2 }, 'consent'],
      [{ question: 'keep', factor: 'prove' }, 'keep-account'],
      [{ question: 'keep', prompt: 'consent' }, 'consent'],
      [{ question: 'passkey', factor: 'codes' }, 'passkey-offer'],
      [{ factor: 'prove' }, 'factor'],
      [{ factor: 'enrol', prompt: 'create', maySignUp: true }, 'factor-enrol'],
      [{ factor: 'codes', prompt: 'select_account', hasSession: true }, 'factor-codes'],
      [{ factor: 'prove', prompt: 'consent', hasSession: true }, 'consent'],
    ];
    for (const [standing, expected] of cases)
      assert.equal(nextStep({ ...begun, ...standing }), expected, JSON.stringify(standing));
  });

  it('leads on from each outcome to one step', () => {
    const outcomes = rows.flatMap(([name, { after = [] }]) => after.map((outcome) => ({ outcome, name })));
    assert.ok(outcomes.length > 8, `${outcomes.length} outcomes`);
    assert.equal(new Set(outcomes.map(({ outcome }) => outcome)).size, outcomes.length);
    for (const { outcome, name } of outcomes) assert.equal(nextStep(outcome), name);
    assert.throws(() => nextStep('somewhere-else' as Outcome), /no step follows/);
  });

  it('has a way to every step, and links to its own steps alone', () => {
    const linked = rows.flatMap(([, { links = {} }]) => Object.values(links));
    for (const name of linked) assert.ok(stepNames.includes(name), name);
    const entries = [...methods, ...secondFactors].map(({ entry }) => entry);
    const lost = rows.filter(([name, { when, after }]) => !when && !after && ![...linked, ...entries].includes(name));
    assert.deepEqual(
      lost.map(([name]) => name),
      [],
    );
  });

  it('asks for consent after the sign-in, never before or meanwhile', () => {
    const atConsent = stepNames.filter((name) => belongsTo(name, 'consent'));
    assert.deepEqual(atConsent.sort(), ['cancel', 'consent']);
    assert.equal(belongsTo('consent', 'login'), false);
    assert.deepEqual(
      stepNames.filter((name) => !belongsTo(name, 'login')),
      ['consent'],
    );
  });

  it('has a home on the web for each method of the domain, in the same order', () => {
    assert.deepEqual(
      methods.map(({ method }) => method.id),
      signInMethods.map(({ id }) => id),
    );
  });

  it('gives addresses below the interaction', () => {
    assert.equal(hrefOf('the-uid', 'code-entry'), '/interaction/the-uid/code/enter');
    assert.deepEqual(linksOf('the-uid', 'select-account'), {
      continue: '/interaction/the-uid/select-account/continue',
      switch: '/interaction/the-uid/select-account/switch',
    });
    assert.deepEqual(linksOf('the-uid', 'tenant'), {});
  });

  it('has each step answered by one part, under its own address', () => {
    const router = interactionRoutes({} as WebDependencies);
    const answered = new Set(router.stack.map(({ path }) => path));
    const expected = ['/interaction/:uid', ...stepNames.map((name) => `/interaction/:uid/${stepPath(name)}`)];
    assert.deepEqual([...answered].map((path) => String(path).replace(/\/$/, '')).sort(), expected.sort());
  });
});

/** What a file says of steps: string literals beside imports, views and the kinds of other unions. */
function literalsOf(text: string): string[] {
  const code = text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '')
    .replace(/^(?:import|export)\b[^;]*?from '[^']+';/gms, '')
    // How a federation request names its purpose.
    .replace(/kind(?::| ===) 'sign-in'/g, '')
    // What a file declares itself; that no other does is asserted below.
    .replace(/'[a-z-]+':(?= )|\bentry: '[a-z-]+'/g, '');
  const literals = [...code.matchAll(/'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g)];
  return literals.map(([, single, double, template]) => single ?? double ?? template ?? '');
}

const views = pageNames(fileURLToPath(new URL('../../../views', import.meta.url)));

/** Whether it can be meant as the address of a step. */
function namesAddress(literal: string): boolean {
  if (views.includes(literal)) return false;
  if (/(?:^|\/)interaction\//.test(literal)) return true;
  const address = literal.replace(/[?#].*$/, '').replace(/\/+$/, '');
  return stepNames.some((name) => {
    const path = stepPath(name).replace(':key', '');
    // A word such as `code` is also a field and a method; after a slash it is an address.
    return /[/-]/.test(path) && address === path ? true : address.endsWith(`/${path}`);
  });
}

describe('the steps of an interaction, read', () => {
  const source = fileURLToPath(new URL('../../../src/web/', import.meta.url));
  const table = new Set(['interaction/steps.ts', 'interaction/dispatcher.ts']);
  const files = ['interaction', 'sign-in', 'factors'].flatMap((folder) =>
    readdirSync(`${source}${folder}`).map((name) => `${folder}/${name}`),
  );
  const others = files
    .filter((file) => !table.has(file))
    .map((file) => ({ file, text: readFileSync(source + file, 'utf8') }));

  it('are told by the rule from other words', () => {
    const uid = 'the-uid';
    const base = '..';
    for (const address of [
      `/interaction/${uid}/recovery`,
      `${base}/code`,
      `${base}/sign-in?x=1`,
      'code/enter',
      'sign-up/profile',
      './recovery',
      'link-account/',
    ])
      assert.ok(namesAddress(address), address);
    for (const word of ['code', 'recovery', 'federation', 'interaction/code-entry', 'address-proved', 'sign_up'])
      assert.ok(!namesAddress(word), word);
  });

  it('say nowhere but in the table where a step is', () => {
    assert.ok(others.length > 15, `${others.length} files`);
    const named = others.flatMap(({ file, text }) => {
      const strangers = literalsOf(text).filter(namesAddress);
      return strangers.map((literal) => `${file}: ${literal}`);
    });
    assert.deepEqual(named, []);
  });

  it('are addressed by the dispatcher alone', () => {
    const addressing = others.filter(({ text }) => /\b(?:hrefOf|linksOf|stepPath|nextStep)\b/.test(text));
    assert.deepEqual(
      addressing.map(({ file }) => file),
      ['interaction/context.ts'],
      'toDispatcher alone',
    );
    // A page may go on at its own address, with another query.
    const spelled = others.filter(({ text }) => /\bredirect\(\s*(?!`\$\{ctx\.path\}\?)['"`]/.test(text));
    assert.deepEqual(
      spelled.map(({ file }) => file),
      [],
    );
    for (const { method, entry, steps: own } of methods)
      assert.ok(entry in own, `${method.id} begins with a step of another`);
  });
});
