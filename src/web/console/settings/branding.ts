/**
 * The look of the tenant's pages and mails: a form, and beside it the sign-in page as it would be, in light, in dark and on a
 * phone. The colour is held against what it stands on. What is typed is looked at before it is stored: by a button, and with
 * scripts as one types.
 */
import type Router from '@koa/router';
import { contrast, deriveAccent, surfaces } from '../../../platform/accent.ts';
import { isAccentColor } from '../../../platform/brand.ts';
import { allowOwnFrames } from '../../pages/security-headers.ts';
import type { ConsoleFormModel } from '../form.ts';
import { mountForm } from '../form.ts';
import type { ConsoleFrame } from '../frame.ts';
import { draw } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import { type SettingsGroup, settingsForm } from './groups.ts';
import { mountLook } from './look.ts';

/** A colour on what it stands on, as a ratio such as `4.5` (WCAG 2.2, 1.4.3). */
interface Pair {
  text: string;
  ground: string;
  ratio: string;
}

export interface AccentCheck {
  scheme: 'light' | 'dark';
  button: Pair;
  link: Pair;
  /** The picked colour could not be read as it is there. */
  isAdjusted: boolean;
}

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/settings/branding': {
      frame: ConsoleFrame;
      form: ConsoleFormModel;
      looks: { look: 'light' | 'dark' | 'phone'; href: string }[];
      /** Empty where no colour is picked, or it is none. */
      accents: AccentCheck[];
    };
  }
}

export const brandingGroup: SettingsGroup = {
  group: 'branding',
  fields: [
    { name: 'branding.accent_color', kind: 'text', optional: true, empty: 'null', maxLength: 7 },
    { name: 'branding.logo_url', kind: 'url', optional: true, empty: 'null', maxLength: 2000 },
    { name: 'branding.support_url', kind: 'text', optional: true, empty: 'null', maxLength: 2000 },
  ],
};

function pair(text: string, ground: string): Pair {
  // Not rounded up: what is just below a threshold does not look as if it held it.
  return { text, ground, ratio: (Math.floor(contrast(text, ground) * 10) / 10).toFixed(1) };
}

function accentChecks(picked: string): AccentCheck[] {
  if (!isAccentColor(picked)) return [];
  const colour = picked.slice(1).toLowerCase();
  return (['light', 'dark'] as const).map((scheme) => {
    const { fill, onFill, ink } = deriveAccent(colour, scheme);
    return {
      scheme,
      button: pair(onFill, fill),
      link: pair(ink, surfaces[scheme].card),
      isAdjusted: fill !== `#${colour}` || ink !== `#${colour}`,
    };
  });
}

/** The form, with the page as what is typed would make it. */
function drawBranding(visit: Visit, form: ConsoleFormModel, status: number | undefined): void {
  const typed = (name: string) => form.fields.find((field) => field.name === `branding.${name}`)?.value.trim() ?? '';
  const values = { accent: typed('accent_color'), logo: typed('logo_url'), help: typed('support_url') };
  const looks = (['light', 'dark', 'phone'] as const).map((look) => ({
    look,
    href: hrefTo(visit, '/settings/branding/look', { scheme: look === 'dark' ? 'dark' : 'light', ...values }),
  }));
  allowOwnFrames(visit.ctx);
  draw(visit, 'console/settings/branding', { form, looks, accents: accentChecks(values.accent) }, { status });
}

/** Mounts `/settings/branding` and what its frames show. */
export function mountBranding(router: Router, deps: ConsoleDependencies): void {
  const form = settingsForm('settings', 'console.settings', brandingGroup);
  mountForm(router, deps, { ...form, back: () => '/settings', drawIn: drawBranding });
  mountLook(router, deps);
}
