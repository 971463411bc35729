import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { createI18n, formatDuration, readLocale } from '../../src/platform/i18n.ts';
import { declared } from '../support/declared.ts';

const directory = fileURLToPath(new URL('../../views/locales', import.meta.url));

type Texts = { [key: string]: string | Texts };

function flatten(texts: Texts, prefix = ''): [string, string][] {
  return Object.entries(texts).flatMap(([key, value]) =>
    typeof value === 'string' ? [[prefix + key, value]] : flatten(value, `${prefix}${key}.`),
  ) as [string, string][];
}

const locales = new Map(
  readdirSync(directory)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.replace('.json', ''))
    .map((code) => [code, new Map(flatten(readLocale(directory, code)))]),
);
const english = locales.get('en') ?? new Map<string, string>();
const placeholders = (text: string) => (text.match(/{{\s*\w+/g) ?? []).sort();

describe('the locales', () => {
  it('exist in English and French', () => {
    assert.deepEqual([...locales.keys()].sort(), ['en', 'fr']);
  });

  for (const [code, texts] of locales) {
    // French has a plural of its own for millions (CLDR), where English says what it says of all others.
    const inEnglish = (key: string) => key.replace(/_many$/, '_other');

    it(`${code} has exactly the keys of English, none empty`, () => {
      assert.deepEqual([...new Set([...texts.keys()].map(inEnglish))].sort(), [...english.keys()].sort());
      for (const [key, text] of texts) assert.notEqual(text.trim(), '', key);
    });

    it(`${code} has its keys in the order of English, and the same files`, () => {
      const inOrder = [...new Set([...texts.keys()].map(inEnglish))];
      assert.deepEqual(inOrder, [...english.keys()]);
      assert.deepEqual(readdirSync(join(directory, code)).sort(), readdirSync(join(directory, 'en')).sort());
    });

    it(`${code} has the placeholders of English`, () => {
      for (const [key, text] of texts)
        assert.deepEqual(placeholders(text), placeholders(english.get(inEnglish(key)) ?? ''), key);
    });

    it(`${code} is set with typographic apostrophes and without markup`, () => {
      for (const [key, text] of texts) assert.doesNotMatch(text, /['"<>]/, `${key}: ${text}`);
    });
  }

  it('keep French punctuation with its word', () => {
    for (const [key, text] of locales.get('fr') ?? [])
      assert.doesNotMatch(text, / [:;?!»]|« |[^\u00a0\u202f\s][;?!]/, key);
  });

  it('have a text for every error code of the program, and for no other', async () => {
    const codes = (await declared<object>('defineCodes')).flatMap(({ values }) => Object.keys(values)).sort();
    assert.ok(codes.length > 30);
    const texts = [...english.keys()].map((key) => /^errors\.([A-Z_]+)$/.exec(key)?.[1]).filter((code) => code);
    assert.deepEqual(texts.sort(), codes);
  });
});

describe('translating', () => {
  const i18n = createI18n(directory);

  it('fills placeholders without escaping: the template does that', () => {
    const text = i18n.translator('en')('interaction.consent.title', { client: 'A & <b>B</b>' });
    assert.equal(text, 'Allow A & <b>B</b>?');
  });

  it('takes names for what they are, whatever they look like', () => {
    const t = i18n.translator('en');
    for (const client of ['$t(welcome.title)', '{{client}}', '$t(errors.INTERNAL, {"lng":"fr"})', '__proto__', '$&']) {
      assert.equal(t('interaction.consent.title', { client }), `Allow ${client}?`);
    }
  });

  it('lets no parameter become an option of the lookup', () => {
    const t = i18n.translator('en');
    assert.equal(t('welcome.title', { lng: 'fr', ns: 'other', defaultValue: 'x', fallbackLng: 'fr' }), 'Welcome');
  });

  it('tells a waiting time in whole units, in the plural of the language', () => {
    const wait = (locale: string, seconds: number) => i18n.translator(locale)('errors.TOO_MANY_ATTEMPTS', { seconds });
    assert.match(wait('en', 1), /in 1 second\.$/);
    assert.match(wait('en', 45), /in 45 seconds\.$/);
    assert.match(wait('en', 61), /in 2 minutes\.$/);
    assert.match(wait('fr', 60), /dans 1\s?minute\.$/);
    assert.match(wait('fr', 7200), /dans 2\s?heures\.$/);
    assert.equal(formatDuration(Number.NaN, 'en'), '1 second');
  });

  it('throws for an unknown key', () => {
    assert.throws(() => i18n.translator('en')('welcome.nothing'), /welcome\.nothing/);
    assert.throws(() => i18n.translator('en')('welcome'), /welcome/);
    assert.equal(i18n.translator('en').has('welcome.nothing'), false);
    assert.equal(i18n.translator('fr').has('welcome.title'), true);
  });

  it('throws for a placeholder without a value', () => {
    assert.throws(() => i18n.translator('en')('interaction.consent.title'), /client/);
  });

  it('reports and reads English where missing texts must not stop a reader', () => {
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-locales-'));
    try {
      writeFileSync(join(folder, 'en.json'), '{"locale":{"name":"English"},"a":"Hello","b":"{{who}}!"}');
      writeFileSync(join(folder, 'sv.json'), '{"locale":{"name":"Svenska"},"b":"{{who}}!"}');
      const missing: string[] = [];
      const lenient = createI18n(folder, { onMissing: (locale, key) => missing.push(`${locale} ${key}`) });
      const t = lenient.translator('sv');
      assert.equal(t('a'), 'Hello');
      assert.equal(t('b'), '…!');
      assert.equal(t('c'), 'c');
      assert.equal(missing.length, 3);
      assert.deepEqual(missing[0], 'sv a');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('the files of a language', () => {
  const reading = (files: Record<string, string>) => {
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-locales-'));
    mkdirSync(join(folder, 'en'));
    for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), content);
    try {
      return readLocale(folder, 'en');
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

  it('stand under the keys that their names say', () => {
    const texts = reading({
      'en.json': '{"locale":{"name":"English"},"console":{"here":"x"}}',
      'en/console-people.json': '{"title":"People"}',
      'en/console-api-keys.json': '{"title":"API keys"}',
    });
    assert.deepEqual(texts.console, { here: 'x', api_keys: { title: 'API keys' }, people: { title: 'People' } });
  });

  it('do not have a key twice, nor a name that says none', () => {
    assert.throws(
      () => reading({ 'en.json': '{"console":{"people":{}}}', 'en/console-people.json': '{}' }),
      /console\.people is there already/,
    );
    assert.throws(() => reading({ 'en.json': '{}', 'en/people.json': '{}' }), /people\.json is not named/);
  });
});

describe('negotiating a language', () => {
  const i18n = createI18n(directory);
  const cases: [wanted: string[], got: string][] = [
    [[], 'en'],
    [['fr'], 'fr'],
    [['FR-ca'], 'fr'],
    [['fr-Latn-FR-x-private'], 'fr'],
    [['de', 'fr-CH', 'en'], 'fr'],
    [['en-AU', 'fr'], 'en'],
    [['fra'], 'en'],
    [['*'], 'en'],
    [['', '-', 'fr_FR', ' fr '], 'fr'],
    [['x'.repeat(5000), '__proto__', 'constructor'], 'en'],
  ];
  for (const [wanted, got] of cases) {
    it(`gives ${got} for ${JSON.stringify(wanted).slice(0, 50)}`, () => assert.equal(i18n.negotiate(wanted), got));
  }

  it('offers the default first, each by its own name', () => {
    assert.deepEqual(i18n.locales, [
      { code: 'en', name: 'English' },
      { code: 'fr', name: 'Français' },
    ]);
  });

  it('never throws and always gives a supported language', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.string({ unit: 'binary' }))), (wanted) =>
        locales.has(i18n.negotiate(wanted)),
      ),
    );
  });
});
