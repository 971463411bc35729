/**
 * Owns the program's words: the locale files, their lookup, and which language a reader gets.
 * It escapes nothing (the template that prints a text does) and it refuses to guess: an unknown
 * key is an error, unless the caller says what else to do about it.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInstance } from 'i18next';

export type Locale = { code: string; name: string };

/** Values for the `{{placeholders}}` of a text. `count` also chooses the plural form, `context` a variant. */
export type TextParams = Record<string, string | number>;

export interface Translate {
  (key: string, params?: TextParams): string;
  /** Says whether this key has a text, for words that come from outside (scopes, error codes). */
  has(key: string): boolean;
}

export interface I18n {
  /** In the order in which readers are offered them: the default first, then by code. */
  locales: readonly Locale[];
  translator(locale: string): Translate;
  /** The best supported locale for BCP 47 ranges in order of preference (RFC 4647, 3.4). Never throws. */
  negotiate(wanted: readonly string[]): string;
}

export interface I18nOptions {
  /**
   * Called for a text or a placeholder that is missing. Throws by default, so that development and
   * tests stop at it; production passes a function that logs, and readers get English.
   */
  onMissing?: (locale: string, key: string) => void;
}

export const defaultLocale = 'en';

const refuseMissing = (locale: string, key: string): void => {
  throw new Error(`No text for ${key} in locale ${locale}`);
};

type Texts = { [key: string]: string | Texts };

const readTexts = (file: string): Texts => JSON.parse(readFileSync(file, 'utf8'));

/**
 * The texts of one language: those of `<code>.json`, and of each file in the folder `<code>` beside it, under a key by the
 * file's name: `console-api-keys.json` is `console.api_keys`. Throws for a key that two files have.
 */
export function readLocale(directory: string, code: string): Texts {
  const texts = readTexts(join(directory, `${code}.json`));
  const folder = join(directory, code);
  if (!existsSync(folder)) return texts;
  for (const file of readdirSync(folder).sort()) {
    const [, group = '', section] = /^([a-z]+)(?:-([a-z-]+))?\.json$/.exec(file) ?? [];
    if (!section) throw new Error(`${code}/${file} is not named <group>-<section>.json`);
    const key = section.replaceAll('-', '_');
    texts[group] ??= {};
    const within = texts[group];
    if (typeof within === 'string' || key in within)
      throw new Error(`${code}/${file}: ${group}.${key} is there already`);
    within[key] = readTexts(join(folder, file));
  }
  return texts;
}

/**
 * Reads every language of a directory. A file names its own language under `locale.name`.
 * Throws when the default locale is not among them.
 */
export function createI18n(directory: string, options: I18nOptions = {}): I18n {
  const onMissing = options.onMissing ?? refuseMissing;
  const resources: Record<string, { translation: Record<string, unknown> }> = {};
  for (const file of readdirSync(directory).sort()) {
    if (!file.endsWith('.json')) continue;
    const code = file.slice(0, -'.json'.length);
    resources[code] = { translation: readLocale(directory, code) };
  }
  if (!resources[defaultLocale]) throw new Error(`No ${defaultLocale}.json among the locales`);

  const instance = createInstance();
  instance.init({
    resources,
    fallbackLng: defaultLocale,
    supportedLngs: Object.keys(resources),
    initAsync: false,
    returnNull: false,
    interpolation: { escapeValue: false },
    missingInterpolationHandler: (text: string, match: RegExpExecArray) => {
      onMissing('any', `${match[0]} in "${text}"`);
      return '…';
    },
    // A key that names a group of texts is as good as none.
    returnedObjectHandler: (key: string) => {
      onMissing('any', key);
      return key;
    },
  });
  instance.services.formatter?.add('duration', (seconds: number, locale) =>
    formatDuration(seconds, locale ?? defaultLocale),
  );
  instance.services.formatter?.add('country', (code: string, locale) => countryName(code, locale ?? defaultLocale));

  const codes = Object.keys(resources).sort((a, b) =>
    a === defaultLocale ? -1 : b === defaultLocale ? 1 : a.localeCompare(b),
  );

  const translators = new Map(codes.map((code) => [code, makeTranslator(code)]));
  const english = makeTranslator(defaultLocale);

  function makeTranslator(code: string): Translate {
    const fixed = instance.getFixedT(code);
    const translate = (key: string, params: TextParams = {}): string => {
      if (!instance.exists(key, { lng: code, fallbackLng: [], ...selectors(params) })) onMissing(code, key);
      // `replace` keeps the placeholders apart from i18next's own options, so that no value can
      // become one; nesting is off because a person's name may well contain "$t(".
      return fixed(key, { replace: params, nest: false, ...selectors(params) });
    };
    return Object.assign(translate, {
      has: (key: string) => typeof instance.getResource(code, 'translation', key) === 'string',
    });
  }

  return Object.freeze({
    locales: Object.freeze(codes.map((code) => Object.freeze({ code, name: makeTranslator(code)('locale.name') }))),
    translator: (locale: string) => translators.get(locale) ?? english,
    negotiate: (wanted: readonly string[]) => negotiate(codes, wanted),
  });
}

function selectors(params: TextParams): { count?: number; context?: string } {
  return {
    ...(typeof params.count === 'number' ? { count: params.count } : {}),
    ...(typeof params.context === 'string' ? { context: params.context } : {}),
  };
}

/**
 * A waiting time in whole units, rounded up so that nobody comes back too early: "45 seconds",
 * "2 minutes", "3 heures". `seconds` below 1 counts as 1.
 */
export function formatDuration(seconds: number, locale: string): string {
  const whole = Math.max(1, Math.ceil(Number(seconds) || 0));
  const [value, unit] =
    whole < 60
      ? [whole, 'second']
      : whole < 3600
        ? [Math.ceil(whole / 60), 'minute']
        : [Math.ceil(whole / 3600), 'hour'];
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(value);
}

/** The name of an ISO 3166-1 alpha-2 country, "Sweden"; what is not such a code stays as it is. */
function countryName(code: string, locale: string): string {
  if (!/^[A-Z]{2}$/.test(code)) return code;
  return new Intl.DisplayNames(locale, { type: 'region' }).of(code) ?? code;
}

/** RFC 4647 lookup: each range is shortened from its end until it names a locale; then the next range. */
function negotiate(codes: readonly string[], wanted: readonly string[]): string {
  const byLowerCase = new Map(codes.map((code) => [code.toLowerCase(), code]));
  for (const range of wanted) {
    if (typeof range !== 'string' || range.length > 64) continue;
    const subtags = range.trim().toLowerCase().split('-');
    while (subtags.length > 0) {
      const found = byLowerCase.get(subtags.join('-'));
      if (found) return found;
      subtags.pop();
      // A single letter opens an extension; without what followed it means nothing (RFC 4647, 3.4).
      if (subtags.at(-1)?.length === 1) subtags.pop();
    }
  }
  return defaultLocale;
}
