/**
 * The look of a mail: whose it is, out of the brand that it bears. Owns the colours, which mail programs want written at
 * every place. Refuses a logo that is not by https: it is the one thing that a mail asks of others, and a program that
 * loads nothing shows the name beside it.
 */
import { deriveAccent } from '../../platform/accent.ts';
import { type Brand, isAccentColor, isPictureUrl, isSupportUrl } from '../../platform/brand.ts';

interface MailColors {
  /** The ground of the button, and the text on it. */
  fill: string;
  onFill: string;
  /** Of links on the card and beside it. */
  ink: string;
}

export interface MailLook {
  logoUrl?: string;
  /** As a link. */
  supportUrl?: string;
  /** As a reader of plain text reads it. */
  supportText?: string;
  light: MailColors;
  dark: MailColors;
}

/** Those of the hosted pages (views/assets/gatehouse.css). */
const usual = {
  light: { fill: '#17594c', onFill: '#ffffff', ink: '#17594c' },
  dark: { fill: '#74cdb4', onFill: '#0e1311', ink: '#82d6be' },
} as const;

function colorsOf(picked: string | undefined, scheme: 'light' | 'dark'): MailColors {
  if (picked === undefined || !isAccentColor(picked)) return usual[scheme];
  const { fill, onFill, ink } = deriveAccent(picked.slice(1), scheme);
  return { fill, onFill, ink };
}

export function mailLook({ logoUrl, accentColor, supportUrl: support }: Brand): MailLook {
  const supportUrl = support !== undefined && isSupportUrl(support) ? support : undefined;
  return {
    logoUrl: logoUrl !== undefined && isPictureUrl(logoUrl) ? logoUrl : undefined,
    supportUrl,
    supportText: supportUrl?.replace(/^mailto:/, ''),
    light: colorsOf(accentColor, 'light'),
    dark: colorsOf(accentColor, 'dark'),
  };
}
