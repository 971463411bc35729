/**
 * * Owns the accent colour of a brand: out of one picked colour it makes the few that the pages need, in
 * light and in dark, so that text on and in that colour keeps WCAG AA (1.4.3, 1.4.11) whatever was
 * picked. It refuses to pass a colour through unchecked. Pure functions, no state.
 */

type Rgb = readonly [number, number, number];

/** The colours of one scheme, as `#rrggbb`. */
export interface Accent {
  /** The ground of the main button, and the text upon it: 4.5:1 at least. */
  fill: string;
  fillHover: string;
  onFill: string;
  /** Around the main button; stands out from the card 3:1 where the fill does not. */
  edge: string;
  /** Links, focus and marks on the card or the page: 4.5:1 at least. */
  ink: string;
}

/** What the accent stands on. The stylesheet has the same values; a test holds the two together. */
export const surfaces = {
  light: { page: '#f3f3ee', card: '#ffffff' },
  dark: { page: '#0f1211', card: '#181c1a' },
} as const;

const white: Rgb = [255, 255, 255];
const black: Rgb = [0, 0, 0];
const darkText = '#0e1311';

/** `picked` is `rrggbb` in hexadecimal. */
export function deriveAccent(picked: string, scheme: 'light' | 'dark'): Accent {
  const { page, card } = surfaces[scheme];
  const away = scheme === 'light' ? black : white;
  const original = parse(picked);

  // A dark colour on the dark card would be a hole: it is raised until its shape can be seen.
  let fill = scheme === 'dark' ? shift(original, white, (it) => contrast(format(it), card) >= 3) : original;
  // White text is what people expect on a button. A colour that all but carries it is deepened a
  // little; a light one gets dark text instead, or yellow would end as brown.
  const carriesWhite = contrast(format(fill), '#ffffff') >= 3;
  if (carriesWhite) fill = shift(fill, black, (it) => contrast(format(it), '#ffffff') >= 4.5);

  // Away from its text, except at either end, where there is no way to go.
  const hoverTowards = luminance(fill) > (carriesWhite ? 0.05 : 0.85) ? black : white;
  const ink = shift(original, away, (it) => contrast(format(it), card) >= 4.5 && contrast(format(it), page) >= 4.5);
  return {
    fill: format(fill),
    fillHover: format(mix(fill, hoverTowards, 0.14)),
    onFill: carriesWhite ? '#ffffff' : darkText,
    edge: format(contrast(format(fill), card) >= 3 ? fill : ink),
    ink: format(ink),
  };
}

/** The stylesheet that sets the accent of both schemes over the default one. */
export function accentStylesheet(picked: string): string {
  const light = declarations(deriveAccent(picked, 'light'));
  const dark = declarations(deriveAccent(picked, 'dark'));
  return `:root{${light}}
@media (prefers-color-scheme:dark){:root:not([data-theme=light]){${dark}}}
:root[data-theme=dark]{${dark}}
`;
}

function declarations(accent: Accent): string {
  return [
    `--accent:${accent.fill}`,
    `--accent-hover:${accent.fillHover}`,
    `--on-accent:${accent.onFill}`,
    `--accent-edge:${accent.edge}`,
    `--accent-ink:${accent.ink}`,
  ].join(';');
}

/** WCAG 2.2 contrast ratio of two `#rrggbb` colours, 1 to 21. */
export function contrast(a: string, b: string): number {
  const [lighter, darker] = [luminance(parse(a)), luminance(parse(b))].sort((x, y) => y - x) as [number, number];
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((channel) => {
    const part = channel / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** The first colour on the way from `from` to `to` that is good enough; `to` itself if none is. */
function shift(from: Rgb, to: Rgb, isGoodEnough: (colour: Rgb) => boolean): Rgb {
  for (let step = 0; step < 50; step++) {
    const colour = mix(from, to, step / 50);
    if (isGoodEnough(colour)) return colour;
  }
  return to;
}

/** Rounded, so that what is measured is what is written. */
function mix(from: Rgb, to: Rgb, share: number): Rgb {
  const channel = (index: 0 | 1 | 2) => Math.round(from[index] + (to[index] - from[index]) * share);
  return [channel(0), channel(1), channel(2)];
}

function parse(colour: string): Rgb {
  const value = Number.parseInt(colour.replace('#', ''), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

function format(colour: Rgb): string {
  return `#${colour.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
}
