/**
 * Whose name, logo and colour a page or a mail bears, and where its readers find help. Owns the forms that these have.
 * Refuses what could run, or lead astray, where a page or a mail shows it: addresses that are neither https nor mail.
 */

export interface Brand {
  name: string;
  /** By https. */
  logoUrl?: string;
  /** `#rrggbb` */
  accentColor?: string;
  /** By https, or `mailto:` and one address. */
  supportUrl?: string;
}

/** What the server is called until its operator has named it. */
export const productName = 'Gatehouse';

const longestUrl = 2000;

export function isAccentColor(value: string): boolean {
  return /^#[0-9a-fA-F]{6}$/.test(value);
}

/** An https address without a password, spaces or what would end an attribute. */
export function isPictureUrl(value: string): boolean {
  const url = URL.parse(value);
  return url?.protocol === 'https:' && url.username === '' && url.password === '' && isPlain(value);
}

/** An https address, or `mailto:` and one address without parameters: a link must not write the letter. */
export function isSupportUrl(value: string): boolean {
  return isPictureUrl(value) || (/^mailto:[^\s@?&#<>"',;:()\\]+@[a-z0-9.-]+$/i.test(value) && isPlain(value));
}

function isPlain(value: string): boolean {
  return value.length <= longestUrl && !/[\s\p{C}"<>\\^`{|}]/u.test(value);
}

/**
 * The look of what is said for `own`, such as an organisation, by `server`. Its name and its logo are its own; a colour
 * and a place of help that it has not chosen are those of the server.
 */
export function lookOf(own: Brand | undefined, server: Brand): Brand {
  if (!own) return server;
  return {
    name: own.name,
    logoUrl: own.logoUrl,
    accentColor: own.accentColor ?? server.accentColor,
    supportUrl: own.supportUrl ?? server.supportUrl,
  };
}
