/**
 * The floors of src/README.md, held by reading the imports. Features of the domain are in import order here: one may
 * import those above it.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { declared } from './support/declared.ts';
import { functionLengths } from './support/function-lengths.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const floors = ['platform', 'domain', 'oidc', 'management', 'web'];
/** What stands on the floors, the lower first. */
const above = [
  'start-error',
  'message-variables',
  'config',
  'database-issuer',
  'database-source',
  'schedule',
  'checks',
  'management-dependencies',
  'dependencies',
  'telling',
  'telemetry',
  'routes',
  'unreadable-requests',
  'http-server',
  'server',
  'prepare-schema',
  'main',
  'commands',
];

const features = [
  'events',
  'audit',
  'seals',
  'tenants',
  'users',
  'sessions',
  'messages',
  'organisation',
  'access',
  'clients',
  'resource-servers',
  'claims',
  'sign-in',
  'codes',
  'approvals',
  'webauthn',
  'factors',
  // Side by side: that none imports another is asserted below.
  'methods/*',
  'methods',
  'recovery',
  'safety',
  'invitations',
  'referrals',
  'sign-up',
  'setup',
  'api-keys',
  'registration',
  'provisioning',
  'webhooks',
  'imports',
  'event-streams',
  'lifecycle',
  'moves',
];

/** The wings of oidc/: one may import those above it. */
const wings = ['storage', 'tokens', 'authorization', 'cross-app', 'token-exchange', 'overrides'];

/** Features that import a later one, and why. */
const featureExceptions: Record<string, string> = {};

/** Imports that leave src/. */
const outsideExceptions: Record<string, string> = {
  'src/platform/migrations.ts -> migrations': 'the list of migrations is explicit, so that both builds agree on names',
  'src/main.ts -> seeds': 'loaded on the first start of development alone',
};

/** Words of identity. The platform serves any program; whatever has one of these in its name belongs to a feature. */
const identityWords = new Set(
  `account assignment claim client company consent credential federation grant identity interaction invitation invite
  issuer login member membership organisation org otp owner passkey password permission person people recovery referral role
  session signin signup tenant user userinfo viewmodel formmodel`.split(/\s+/),
);

/** Where the platform may use such a word, because it means something else there; the first path that fits counts. */
const otherMeanings: [path: string, words: string, why: string][] = [
  [
    'embedded-postgres/',
    'account client login membership owner password role session user',
    'of PostgreSQL and the operating system',
  ],
  ['jobs/', 'client', "the driver's connection"],
  ['apply-migrations.ts', 'session', 'a setting of PostgreSQL'],
  ['migration-plan/', 'grant identity owner role', 'words of SQL'],
  ['brand.ts', 'password', 'part of a URL'],
  ['encrypted-stream.ts', 'identity', 'what age calls a private key'],
  ['travelling.ts', 'tenant', 'whose rows they are'],
  ['tracing', 'client', 'a kind of span'],
  ['mailer.ts', 'client', 'a kind of span'],
  ['describe-browser.ts', 'user', '`user-agent` of HTTP'],
  ['borrowed-connections.ts', 'client', "the driver's connection"],
  ['database.ts', 'client', "the driver's connection"],
  ['database-hosts.ts', 'session', 'a parameter of a URL'],
  ['database-refusals.ts', 'client role user', 'words of PostgreSQL'],
  ['find-pooler.ts', 'client session', "the driver's connection, and PostgreSQL's"],
  ['known-statements.ts', 'client', "the driver's connection"],
  ['lent-connections.ts', 'client session', "the driver's connection, and PostgreSQL's"],
  ['metrics.ts', 'client', "the driver's connection"],
  ['useless-connections.ts', 'client', "the driver's connection, and a kind of span"],
  ['metrics-export.ts', 'client', 'prom-client'],
  ['replica-metrics.ts', 'client', 'prom-client'],
  ['replicas.ts', 'recovery', 'a function of PostgreSQL'],
  ['primary.ts', 'client recovery', "the driver's connection; a function of PostgreSQL"],
  ['server-probe.ts', 'client', "the driver's connection"],
  [
    'network/',
    'client credential identity password user',
    'HTTP: peers, `user-agent`, `identity` as an encoding, parts of a URL',
  ],
  [
    'environment/',
    'client credential issuer org owner password user',
    'parts of a URL; names of settings, and of headers',
  ],
  ['logger.ts', 'client credential login otp password', 'names whose values are kept out of the log'],
  ['server-role.ts', 'grant owner role user', 'of PostgreSQL'],
  ['paging.ts', 'member', 'of a JSON object'],
  ['phone-messages.ts', 'account client password', "Twilio's own terms"],
  [
    'migrations.ts',
    'client grant identity invitation organisation passkey recovery tenant user',
    'names of files; the list has to be explicit',
  ],
];

/** The words of identifiers and string literals, singular, in lower case. Comments may speak of whom they like. */
function wordsIn(text: string): Set<string> {
  const code = text.replace(/^\s*\/\*[\s\S]*?\*\//gm, '').replace(/(?:^|\s)\/\/ .*$/gm, '');
  const words = code
    .replace(/([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])/g, '$1$3 $2$4')
    .replace(/\b(sign|view|form)[ _-]?(in|up|model)s?\b/gi, '$1$2')
    .toLowerCase()
    .match(/[a-z]+/g);
  return new Set((words ?? []).flatMap((word) => [word, word.replace(/ies$/, 'y'), word.replace(/s$/, '')]));
}
const mostFunctionLines = 60;

/** Functions that are longer, and why. A name that is not needed any more has to go. */
const longFunctions: Record<string, string> = {
  'src/platform/jobs/jobs.ts startJobs': 'the life of one runner: all that begins in it has to end in its stop',
};

interface Import {
  from: string;
  to: string;
  isType: boolean;
}

/** Source files as paths from the repository's root, with forward slashes. */
function sourceFiles(): string[] {
  return readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `src/${name.split(sep).join('/')}`)
    .sort();
}

function textOf(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

/** Relative imports of a file: statements, re-exports, `import()` as an expression and as a type. */
function importsOf(file: string): Import[] {
  const text = textOf(file);
  const statements = [...text.matchAll(/^(?:import|export)\s+(type\s+)?(?:[\w*{}\s,$]+?\sfrom\s+)?'(\.[^']+)'/gm)];
  const expressions = [...text.matchAll(/\bimport\(\s*'(\.[^']+)'\s*\)/g)];
  const found = [
    ...statements.map(([, type, path]) => ({ path: path as string, isType: type !== undefined })),
    ...expressions.map(([, path]) => ({ path: path as string, isType: false })),
  ];
  return found.map(({ path, isType }) => ({
    from: file,
    to: relative(root, resolve(root, dirname(file), path))
      .split(sep)
      .join('/'),
    isType,
  }));
}

function rankOf(file: string): number {
  const [, part = ''] = file.split('/');
  const name = part.replace(/\.ts$/, '');
  const floor = floors.indexOf(name);
  if (floor >= 0) return floor;
  const higher = above.indexOf(name);
  assert.ok(higher >= 0, `${file} stands on no floor: name one in test/architecture.test.ts`);
  return floors.length + higher;
}

/** A feature's place in the order; negative where it has none. */
function placeOf(feature: string): number {
  return features.indexOf(feature.replace(/^methods\/.+/, 'methods/*'));
}

function featureOf(file: string): string | undefined {
  return /^src\/domain\/(methods\/[^/]+|[^/]+)\//.exec(file)?.[1];
}

describe('the architecture', () => {
  const files = sourceFiles();
  const imports = files.flatMap(importsOf);
  const inside = imports.filter(({ to }) => to.startsWith('src/'));

  it('is read completely', () => {
    assert.ok(files.length > 50, `${files.length} files`);
    const quoted = files.flatMap((file) => [...textOf(file).matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)]);
    assert.equal(imports.length, quoted.length);
    for (const { from, to } of imports) assert.match(to, /\.(?:ts|json)$/, `${from} imports ${to}`);
    for (const { from, to } of inside) assert.ok(files.includes(to), `${from} imports ${to}, which is not there`);
  });

  it('imports downwards only', () => {
    const upward = inside.filter(({ from, to, isType }) => {
      // What is wired is told its configuration as an object; only the shape of it is known below.
      if (to === 'src/config.ts' && isType && from.startsWith('src/oidc/')) return false;
      return rankOf(to) > rankOf(from);
    });
    assert.deepEqual(
      upward.map(({ from, to }) => `${from} -> ${to}`),
      [],
    );
  });

  it('has the wings of oidc/ in one order, and no two of its files that lead to each other', () => {
    const wingOf = (file: string) => wings.indexOf(/^src\/oidc\/([^/]+)\//.exec(file)?.[1] ?? '');
    const ofOidc = inside.filter(
      ({ from, to, isType }) => !isType && [from, to].every((file) => /^src\/oidc\//.test(file)),
    );
    for (const file of files.filter((name) => /^src\/oidc\/.*\//.test(name)))
      assert.ok(wingOf(file) >= 0, `${file} is in no wing: name one in test/architecture.test.ts`);
    const backward = ofOidc.filter(({ from, to }) => wingOf(from) >= 0 && wingOf(to) > wingOf(from));
    assert.deepEqual(
      backward.map(({ from, to }) => `${from} -> ${to}`),
      [],
    );
    const circles = new Set<string>();
    const walk = (file: string, path: string[]): void => {
      if (path.includes(file)) circles.add([...path.slice(path.indexOf(file)), file].join(' -> '));
      else for (const { to } of ofOidc.filter(({ from }) => from === file)) walk(to, [...path, file]);
    };
    for (const file of files.filter((name) => name.startsWith('src/oidc/'))) walk(file, []);
    assert.deepEqual([...circles], []);
  });

  it('leaves src/ in the known places alone', () => {
    const outside = imports
      .filter(({ to }) => !to.startsWith('src/'))
      .map(({ from, to }) => `${from} -> ${to.split('/')[0]}`);
    assert.deepEqual([...new Set(outside)].sort(), Object.keys(outsideExceptions).sort());
  });

  it('has each feature of the domain import earlier ones only', () => {
    const later = new Set<string>();
    for (const { from, to } of inside) {
      const importer = featureOf(from);
      const imported = featureOf(to);
      if (importer === undefined || imported === undefined || importer === imported) continue;
      for (const feature of [importer, imported])
        assert.ok(placeOf(feature) >= 0, `src/domain/${feature} has no place in the order`);
      if (placeOf(imported) > placeOf(importer)) later.add(`${importer} -> ${imported}`);
    }
    assert.deepEqual([...later].sort(), Object.keys(featureExceptions).sort());
  });

  it('has methods of signing in that know neither each other nor their list', () => {
    /** A method's folder, or a file beside them. */
    const homeOf = (file: string) => /^src\/domain\/methods\/([^/]+)/.exec(file)?.[1];
    const known = inside.filter(({ from, to }) => {
      const [importer, imported] = [homeOf(from), homeOf(to)];
      return importer !== undefined && !importer.endsWith('.ts') && imported !== undefined && imported !== importer;
    });
    assert.deepEqual(
      known.map(({ from, to }) => `${from} -> ${to}`),
      [],
    );
    const listed = inside.filter(({ from, to }) => homeOf(from) === 'methods.ts' && homeOf(to) !== undefined);
    assert.ok(listed.length > 2, `${listed.length} methods`);
  });

  it('has no two features that lead to each other', () => {
    const edges = new Map<string, Set<string>>();
    for (const { from, to } of inside) {
      const [importer, imported] = [featureOf(from), featureOf(to)];
      if (importer && imported && importer !== imported)
        edges.set(importer, (edges.get(importer) ?? new Set()).add(imported));
    }
    const cycles: string[] = [];
    const walk = (feature: string, path: string[]): void => {
      if (path.includes(feature)) cycles.push([...path, feature].join(' -> '));
      else for (const next of edges.get(feature) ?? []) walk(next, [...path, feature]);
    };
    for (const feature of edges.keys()) walk(feature, []);
    assert.deepEqual(cycles, []);
  });

  it('keeps the SQL of a feature to the feature', () => {
    const foreign = inside.filter(({ from, to }) => {
      const importer = featureOf(from);
      return importer !== undefined && to.endsWith('-store.ts') && featureOf(to) !== importer;
    });
    assert.deepEqual(
      foreign.map(({ from, to }) => `${from} -> ${to}`),
      [],
    );
  });

  it('stops a person, a tenant or a client in lifecycle alone, which ends what they hold', () => {
    const stops =
      /import \{[^}]*\b(?:storeUserState|storeUserDeleted|storeTenantState|storeClientState|storeClientDeleted)\b[^}]*\} from/;
    const callers = files.filter((file) => stops.test(textOf(file)));
    const lifecycle = ['end-client', 'end-person', 'end-tenant'].map((name) => `src/domain/lifecycle/${name}.ts`);
    assert.deepEqual(callers, lifecycle);
  });

  // An API has to reach each rule, and none of them should need a terminal.
  it('has no SQL in the command line', () => {
    const sql =
      /\b(?:rows|firstRow|runPrepared|prepared|selectPage|inTransaction)\s*[<(]|\.raw\(|\b(?:db|trx)\(|[`'"]\s*(?:select|insert into|update \w+ set|update \w+\s*$|delete from|with \w+ as)\s/m;
    const commands = files.filter((file) => file.startsWith('src/commands/'));
    assert.ok(commands.length > 15);
    assert.deepEqual(
      commands.flatMap((file) => {
        const [found] = sql.exec(textOf(file)) ?? [];
        return found === undefined ? [] : [`${file}: ${found}`];
      }),
      [],
    );
  });

  it('keeps HTTP out of the domain, and the library out of both lower floors', () => {
    for (const file of files.filter((name) => /^src\/(?:platform|domain)\//.test(name)))
      assert.doesNotMatch(textOf(file), /from 'oidc-provider'/, file);
    for (const file of files.filter((name) => name.startsWith('src/domain/')))
      assert.doesNotMatch(textOf(file), /from '(?:koa|@koa\/router|node:http)'/, file);
  });

  it('has a platform that knows nothing of identity', () => {
    const found: string[] = [];
    const unused = new Set(otherMeanings.flatMap(([path, words]) => words.split(' ').map((word) => `${path} ${word}`)));
    for (const file of files.filter((name) => name.startsWith('src/platform/'))) {
      const name = file.replace('src/platform/', '');
      const [path = '', allowed = ''] = otherMeanings.find(([begin]) => name.startsWith(begin)) ?? [];
      for (const word of wordsIn(textOf(file))) {
        if (!identityWords.has(word)) continue;
        unused.delete(`${path} ${word}`);
        if (!allowed.split(' ').includes(word)) found.push(`${name}: ${word}`);
      }
    }
    assert.deepEqual(found, []);
    assert.deepEqual([...unused], [], 'nobody needs these exceptions');
  });

  it('has no file name an error code of a floor or a feature above it', async () => {
    const homes = new Map(
      (await declared<object>('defineCodes')).flatMap(({ file, values }) =>
        Object.keys(values).map((code) => [code, file] as const),
      ),
    );
    assert.ok(homes.size > 30, `${homes.size} codes`);
    const isAbove = (home: string, file: string): boolean => {
      if (rankOf(home) !== rankOf(file)) return rankOf(home) > rankOf(file);
      const [there, here] = [featureOf(home), featureOf(file)];
      return there !== undefined && here !== undefined && placeOf(there) > placeOf(here);
    };
    const above = files.flatMap((file) =>
      [...textOf(file).matchAll(/'([A-Z][A-Z_]+)'/g)]
        .map(([, code = '']) => ({ code, home: homes.get(code) }))
        .filter(({ home }) => home !== undefined && isAbove(home, file))
        .map(({ code, home }) => `${file}: ${code} of ${home}`),
    );
    assert.deepEqual(above, []);
  });

  it('reads the environment in config.ts alone', () => {
    const readers = files.filter((file) => file !== 'src/config.ts' && /\bprocess\.env\b/.test(textOf(file)));
    assert.deepEqual(readers, []);
  });

  it('writes to the console in the command line alone', () => {
    // Our own console is a folder, and a key of the locales: a path or the beginning of a text.
    const isCalled = /(?<!['"`/])\bconsole\s*\.\s*[a-z]/;
    const writers = files.filter((file) => !file.startsWith('src/commands/') && isCalled.test(textOf(file)));
    assert.deepEqual(writers, []);
  });

  it('has no file over 350 lines', () => {
    const long = files.filter((file) => textOf(file).split('\n').length > 351);
    assert.deepEqual(long, []);
  });

  it('has no function that nobody can take in at once', () => {
    const measured = files.flatMap((file) => functionLengths(textOf(file)).map((found) => ({ file, ...found })));
    assert.ok(measured.length > 1000, `${measured.length} functions`);
    const long = measured.filter(({ lines }) => lines > mostFunctionLines);
    assert.deepEqual(
      long.map(({ file, name }) => `${file} ${name}`).sort(),
      Object.keys(longFunctions).sort(),
      `over ${mostFunctionLines} lines: ${long.map(({ file, line, lines }) => `${file}:${line} has ${lines}`).join(', ')}`,
    );
  });
});
