import assert from 'node:assert/strict';
import { faultOfPattern, matchesPattern } from '../../../src/domain/clients/subject-pattern.ts';

describe('the pattern of a subject', () => {
  const main = 'repo:acme/app:ref:refs/heads/main';

  it('is itself, letter by letter, from the first to the last', () => {
    assert.equal(faultOfPattern(main), undefined);
    assert.ok(matchesPattern(main, main));
    for (const other of [
      `${main}2`,
      `x${main}`,
      `${main}/x`,
      `${main}:x`,
      `${main}\n`,
      ` ${main}`,
      main.slice(0, -1),
      main.toUpperCase(),
      'repo:acme/app-evil:ref:refs/heads/main',
      'repo:acme-evil/app:ref:refs/heads/main',
      'repo:acme/app/ref:refs/heads/main',
      'repo:acme/app:ref:refs:heads/main',
      'repo:acme/app:pull_request',
      'repo.acme/app:ref:refs/heads/main',
      '',
    ])
      assert.equal(matchesPattern(main, other), false, other);
  });

  it('has * for one whole segment', () => {
    const branch = 'repo:acme/app:ref:refs/heads/*';
    assert.equal(faultOfPattern(branch), undefined);
    for (const fits of ['main', '*', 'a.b-c', '%3A'])
      assert.ok(matchesPattern(branch, `repo:acme/app:ref:refs/heads/${fits}`), fits);
    for (const wide of ['', 'feature/x', 'a:b', 'main/../other'])
      assert.equal(matchesPattern(branch, `repo:acme/app:ref:refs/heads/${wide}`), false, wide);
    const account = 'system:serviceaccount:*:billing';
    assert.ok(matchesPattern(account, 'system:serviceaccount:prod:billing'));
    assert.equal(matchesPattern(account, 'system:serviceaccount:prod:evil:billing'), false);
    assert.equal(matchesPattern(account, 'system:serviceaccount::billing'), false);
  });

  it('cannot be made wider', () => {
    for (const wide of ['*', '*:acme', 'repo:*/app', 'repo:*', 'repo:acme/app*', 'repo:acme/*app', 'repo:acme/a**'])
      assert.notEqual(faultOfPattern(wide), undefined, wide);
    for (const broken of ['', 'repo::x', 'repo:acme/', ':a', 'a b:c', 'a:b\n', 'ä:b', 'x'.repeat(501)])
      assert.notEqual(faultOfPattern(broken), undefined, broken);
    // No pattern of another language.
    assert.equal(matchesPattern('repo:acme/a.p', 'repo:acme/app'), false);
    assert.equal(matchesPattern('repo:acme/[a]', 'repo:acme/a'), false);
    assert.equal(matchesPattern('repo:acme/a?', 'repo:acme/ab'), false);
  });
});
