import assert from 'node:assert/strict';
import { operations } from '../../../src/management/operations.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { type ApiAnswer, type Ask, asking, managementCapabilities, serviceToken } from '../../support/management.ts';

const requests = Number(process.env.FUZZ_REQUESTS ?? 1_000);
const seed = Number(process.env.FUZZ_SEED ?? 20_261_128);

/** Mulberry32: the same seed, the same requests. */
function randomOf(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

// biome-ignore lint/suspicious/noExplicitAny: a JSON document
type Json = any;

/** What is wrong with an answer by a schema of the document; the part of JSON Schema that it uses. */
function faultsOf(schema: Json, value: Json, document: Json, at = ''): string[] {
  if (schema.$ref) return faultsOf(document.components.schemas[schema.$ref.split('/').at(-1)], value, document, at);
  if (schema.anyOf) {
    const tried = schema.anyOf.map((one: Json) => faultsOf(one, value, document, at));
    return tried.some((faults: string[]) => faults.length === 0) ? [] : tried[0];
  }
  const type = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  const types: string[] = schema.type === undefined ? [type] : [schema.type].flat();
  const matches = types.some((one) => one === type || (one === 'integer' && Number.isInteger(value)));
  if (!matches) return [`${at}: ${type} and not ${types}`];
  if (schema.enum && !schema.enum.includes(value)) return [`${at}: ${value} is none of ${schema.enum}`];
  if (type === 'string' && schema.pattern && !new RegExp(schema.pattern).test(value))
    return [`${at}: ${value} is not ${schema.pattern}`];
  if (type === 'array')
    return value.flatMap((item: Json, index: number) =>
      faultsOf(schema.items ?? {}, item, document, `${at}[${index}]`),
    );
  if (type !== 'object') return [];
  const missing = (schema.required ?? []).filter((name: string) => !(name in value));
  const unknown = Object.keys(value).filter(
    (name) => schema.additionalProperties === false && !schema.properties[name],
  );
  return [
    ...missing.map((name: string) => `${at}.${name} is missing`),
    ...unknown.map((name) => `${at}.${name} is not described`),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, member]) =>
      name in value ? faultsOf(member, value[name], document, `${at}.${name}`) : [],
    ),
  ];
}

describe('bad input at the management API', () => {
  let app: TestApp;
  let tenantId: string;
  let ask: Ask;
  let document: Json;
  let token: string;

  before(async () => {
    app = await startTestApp();
    tenantId = (await app.tenant()).id;
    token = await serviceToken(app, { tenantId, capabilities: managementCapabilities });
    ask = asking(app, token);
    document = (await ask('GET', '/openapi.json')).body;
  });
  after(() => app?.stop());

  /** Sends a text as it is. */
  async function raw(path: string, body: string): Promise<ApiAnswer> {
    const response = await fetch(`${app.issuer}/api/v1${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body,
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  }

  const refused = ({ status, body }: ApiAnswer, expected: number, field?: string) => {
    assert.equal(status, expected, JSON.stringify(body));
    if (field) assert.equal(body.fields?.[0]?.field, field);
  };

  it('is refused by name: unknown, of the wrong type, NUL, lone surrogates', async () => {
    refused(await ask('POST', '/roles', { name: 'A', color: 1 }), 422, 'body.color');
    refused(await ask('POST', '/roles', { name: 7 }), 422, 'body.name');
    refused(await ask('POST', '/roles', { name: 'a\ud800b' }), 422, 'body.name');
    refused(await ask('POST', '/roles', { name: 'a\u0007b' }), 422, 'body.name');
    assert.ok([400, 422].includes((await ask('POST', '/roles', { name: 'a\u0000b' })).status));
    refused(await ask('GET', '/org-nodes?q=%00'), 422, 'query.q');
    refused(await ask('GET', '/org-nodes?limit=1e9'), 422, 'query.limit');
    refused(await ask('GET', '/org-nodes?sort=password'), 422, 'query.sort');
    refused(await ask('GET', '/org-nodes?type=a&type=b'), 422, 'query.type');
    refused(await ask('GET', '/roles?tenant=%00'), 404);
    refused(await ask('GET', `/roles?tenant=${'a'.repeat(5_000)}`), 404);
  });

  it('may be 10,000 deep', async () => {
    const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
    refused(await raw('/roles', deep), 422);
    refused(await raw('/roles', `{"name":${deep}}`), 422, 'body.name');
    // Where anything may stand, it is read by who calls itself at each level.
    refused(await raw('/users', `{"email":"a@b.example","metadata":{"a":${deep}}}`), 422, 'body.metadata');
    refused(await raw('/bulk/users', `{"items":[{"body":${deep}}]}`), 422, 'body.items');
    refused(await raw('/roles', `${'{"name":'.repeat(7_000)}1${'}'.repeat(7_000)}`), 422, 'body.name');
    const strange = await raw('/roles', '{"__proto__":{"name":"x"},"constructor":1}');
    assert.equal(strange.status, 422);
  });

  it('takes an id in capitals for what it is: also what is held against If-Match', async () => {
    const { body } = await ask('POST', '/roles', { name: 'Cased' });
    const etag = (await ask('GET', `/roles/${body.id}`)).headers.get('etag') as string;
    const spellings = [body.id, body.id.toUpperCase(), body.id, body.id.toUpperCase()];
    const answers = await Promise.all(
      spellings.map((id, n) => ask('PATCH', `/roles/${id}`, { name: `Cased ${n}` }, { 'if-match': etag })),
    );
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 412, 412, 412]);
    const root = (await ask('GET', '/org-nodes')).body.items[0].id;
    assert.equal((await ask('GET', `/org-nodes/${root.toUpperCase()}`)).status, 200);
  });

  it('may be any time that has a name: the first, the last, and those that no calendar has', async () => {
    const root = (await ask('GET', '/org-nodes')).body.items[0].id;
    const { id: userId } = await app.person({ tenantId });
    const { body: role } = await ask('POST', '/roles', { name: 'Timed' });
    for (const starts of ['0000-01-01T00:00:00Z', '9999-12-31T23:59:59-23:59', '2026-02-30T00:00:00Z', '2027-01-01'])
      for (const ends of ['0000-01-01T00:00:01Z', '9999-12-31T23:59:59.999999999-23:59', null]) {
        const wanted = { user_id: userId, role_id: role.id, org_node_id: root, starts_at: starts, ends_at: ends };
        const { status, body } = await ask('POST', '/assignments?dry_run=true', wanted);
        assert.ok(status < 500, `${starts} ${ends}: ${JSON.stringify(body)}`);
      }
  });

  it(`is answered truly, whatever it is: ${requests} requests by the document, seed ${seed}`, async function () {
    this.timeout(120_000 + requests * 50);
    const random = randomOf(seed);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
    const known: string[] = [tenantId];
    const strange = [
      '',
      '\u0000',
      '\ud800',
      "'",
      '%',
      '../..',
      '\u202e',
      'x'.repeat(6_000),
      -1,
      1e308,
      null,
      [],
      {},
      true,
    ];

    function inventedOf(schema: Json, depth = 0): Json {
      if (schema.$ref) return inventedOf(document.components.schemas[schema.$ref.split('/').at(-1)], depth);
      if (random() < 0.07) return pick(strange);
      if (schema.anyOf) return inventedOf(pick(schema.anyOf), depth);
      if (schema.enum) return pick(schema.enum);
      const type = pick([schema.type ?? 'string'].flat()) as string;
      if (type === 'object') {
        const members = Object.entries(schema.properties ?? {}).flatMap(([name, member]) =>
          schema.required?.includes(name)
            ? random() < 0.03
              ? []
              : [[name, inventedOf(member, depth + 1)]]
            : random() < 0.5
              ? [[name, inventedOf(member, depth + 1)]]
              : [],
        );
        return { ...Object.fromEntries(members), ...(random() < 0.03 && { unknown: pick(strange) }) };
      }
      if (type === 'array')
        return Array.from({ length: Math.floor(random() * 3) }, () => inventedOf(schema.items ?? {}, depth + 1));
      if (type === 'integer' || type === 'number') return pick([0, 1, 2, 50, 200, 201, -1, 2 ** 53, 1.5]);
      if (type === 'boolean') return random() < 0.5;
      if (type === 'null') return null;
      if (schema.format === 'uuid') return random() < 0.8 ? pick(known) : '01890a5d-ac96-774b-bcce-b302099a8057';
      if (schema.format === 'date-time')
        return pick([
          '2027-01-01T00:00:00Z',
          '1970-01-01T00:00:00Z',
          '0000-01-01T00:00:00Z',
          '9999-12-31T23:59:59-23:59',
        ]);
      if (schema.pattern) return pick(['roles.read', 'org.read', 'a-slug', 'no.such']);
      return pick(['Name', 'Éric', '李', 'name '.repeat(10), String(Math.floor(random() * 50))]);
    }

    const faults: string[] = [];
    const seen = new Map<number, number>();
    for (let n = 0; n < requests; n++) {
      const operation = pick(operations);
      const described = document.paths[operation.path][operation.method.toLowerCase()];
      let path = operation.path;
      const search = new URLSearchParams();
      const headers: Record<string, string> = {};
      for (const parameter of described.parameters) {
        if (parameter.name === 'tenant' && random() < 0.9) continue;
        const value = String(inventedOf(parameter.schema)).toWellFormed();
        if (parameter.in === 'path') path = path.replace(`{${parameter.name}}`, encodeURIComponent(value) || 'none');
        else if (parameter.in === 'query' && random() < 0.3) search.append(parameter.name, value);
        else if (parameter.in === 'header' && random() < 0.6)
          headers[parameter.name] = pick(['*', '"x"', 'key-1', 'W/"y"']);
      }
      // What is followed goes on for an hour.
      if (described.parameters.some(({ name }: Json) => name === 'seconds')) search.set('seconds', '1');
      const [type, { schema }] = Object.entries<Json>(described.requestBody?.content ?? {})[0] ?? ['', {}];
      if (type !== '') headers['content-type'] = type;
      const answer = await ask(operation.method, `${path}?${search}`, schema && inventedOf(schema), headers);
      seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1);
      for (const id of [answer.body?.id, ...(answer.body?.items ?? []).map((item: Json) => item?.id)])
        if (typeof id === 'string' && known.length < 500) known.push(id);
      // The most requests of a minute are used up by a long run.
      if (answer.status === 429) await app.db('rate_limits').delete();
      const ref: string | undefined = described.responses[answer.status]?.$ref;
      const told = ref
        ? document.components.responses[ref.split('/').at(-1) as string]
        : described.responses[answer.status];
      const what = `${operation.id} ${operation.method} ${path}?${search} -> ${answer.status} ${JSON.stringify(answer.body)}`;
      if (answer.status >= 500 || !told) {
        // A name that is no address is answered before any operation.
        if (!(answer.status === 404 || answer.status === 405)) faults.push(what);
        continue;
      }
      const form = told.content?.['application/json']?.schema;
      if (form) faults.push(...faultsOf(form, answer.body, document).map((fault) => `${fault} in ${what}`));
      else if (!told.content) assert.equal(answer.body, undefined, what);
    }
    assert.deepEqual(faults.slice(0, 10), []);
    // It comes further than to the first check.
    for (const status of [200, 201, 404, 422]) assert.ok((seen.get(status) ?? 0) > 0, `no ${status}`);
  });
});
