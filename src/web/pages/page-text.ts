/**
 * Owns the small pieces of text that a page makes of values: errors in words, sentences with a name
 * set apart, addresses. It returns plain text and refuses to make markup: the template escapes it.
 */
import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import type { TextParams, Translate } from '../../platform/i18n.ts';

/** A piece of a sentence; `param` names the placeholder that it came from, if it is not our own words. */
export type Segment = { text: string; param?: string };

/**
 * A form error in words. Waiting times need `seconds`, an empty field its label; without them the
 * more general text is used. A code that has no text of its own reads as a plain failure where
 * missing texts are only logged.
 */
export function errorText(t: Translate, error: { code: string; params?: TextParams }, label?: string): string {
  const params: TextParams = { ...error.params };
  if (error.code === 'TOO_MANY_ATTEMPTS' && typeof params.seconds !== 'number') {
    params.context = 'untimed';
  }
  if (error.code === 'FIELD_REQUIRED' && label) Object.assign(params, { label, context: 'named' });
  const key = `errors.${error.code}`;
  const text = t(key, params);
  return text === key ? t('errors.INTERNAL') : text;
}

/**
 * Cuts a text at its placeholders, so that a template can set a name in bold while it still escapes
 * every piece. The marks are private-use characters, taken out of the values beforehand.
 */
export function sentenceSegments(t: Translate, key: string, params: TextParams): Segment[] {
  const marked = Object.fromEntries(
    Object.entries(params).map(([name, value]) => [
      name,
      `\uE000${name}\uE001${String(value).replace(/[\uE000-\uE002]/g, '')}\uE002`,
    ]),
  );
  return t(key, marked)
    .split(/(\uE000[^\uE002]*\uE002)/)
    .filter((piece) => piece !== '')
    .map((piece) => {
      const [, param, text] = /^\uE000(.*?)\uE001([\s\S]*)\uE002$/.exec(piece) ?? [];
      return param === undefined ? { text: piece } : { text: text ?? '', param };
    });
}

/** A phone number in E.164 as people write it, "+46 70 123 45 67"; an email address as it is. */
export function addressText(address: string): string {
  if (!/^\+\d{7,15}$/.test(address)) return address;
  return (parsePhoneNumberFromString(address)?.formatInternational() ?? address).replace(/ /g, '\u00a0');
}
