/**
 * What a tenant decides, in groups: each is a form of its own, and is shown beside the others with what holds now. Every
 * setting of a tenant is in one of them, but for what it asks of a provider, which is on the provider's page, and for its
 * look (branding.ts).
 */
import type Router from '@koa/router';
import { ask } from '../ask.ts';
import type { FieldSpec, Values } from '../fields.ts';
import { shownValues } from '../fields.ts';
import { type FormPage, mountForm } from '../form.ts';
import type { SectionName } from '../sections.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';

export interface SettingsGroup {
  /** Below the section's words and its address. */
  group: string;
  fields: readonly FieldSpec[];
  /** What of a field depends on the server or the tenant, such as its options; by its name. */
  adapt?(visit: Visit): Promise<Record<string, Partial<FieldSpec>>>;
}

/** One setting, as it is shown. */
export interface ShownSetting {
  /** `fields.<name>` of the group's words. */
  name: string;
  /** What it is, in words. None: `none.<name>`, if there is such a text. */
  texts: string[];
}

export interface ShownGroup {
  group: string;
  words: string;
  editHref: string;
  fields: ShownSetting[];
}

type Settings = Record<string, unknown>;

/** What is stored of the tenant, and its version. */
export async function readSettings(visit: Visit): Promise<{ body: Settings; etag?: string }> {
  return ask<Settings>(visit, 'tenants.settings.get');
}

export function translatorOf({ ctx, web }: Pick<Visit, 'ctx' | 'web'>) {
  return web.pages.i18n.translator(ctx.state.locale ?? 'en');
}

/** What the values of a field mean, in words of the page's language. */
function textsOf(visit: Visit, words: string, field: FieldSpec, value: string): string[] {
  const t = translatorOf(visit);
  const { name, kind, options = [] } = field;
  if (kind === 'check') return [t(`console.settings.${value === '' ? 'off' : 'on'}`)];
  if (value === '') return [];
  const own = `${words}.options.${name.replaceAll('.', '_')}`;
  const label = (one: string) =>
    options.find((option) => option.value === one)?.label ?? (t.has(`${own}.${one}`) ? t(`${own}.${one}`) : one);
  if (kind === 'checks' || kind === 'select' || kind === 'lines') return value.split('\n').map(label);
  const unit = `${words}.units.${name.replaceAll('.', '_')}`;
  const count = Number(value);
  if (kind !== 'number') return [value];
  return [t.has(`${unit}_other`) ? t(unit, { count }) : count.toLocaleString(t('locale.formats'))];
}

async function fieldsOf(visit: Visit, { fields, adapt }: SettingsGroup): Promise<FieldSpec[]> {
  const adapted = (await adapt?.(visit)) ?? {};
  return fields.map((field) => ({ ...field, ...adapted[field.name] }));
}

/** A group with what holds now. */
export async function shownGroup(
  visit: Visit,
  { section, words }: { section: SectionName; words: string },
  settings: SettingsGroup,
  stored: object,
): Promise<ShownGroup> {
  const { group } = settings;
  const specs = await fieldsOf(visit, settings);
  const values: Values = shownValues(specs, stored, 'UTC');
  const own = `${words}.${group}`;
  return {
    group,
    words: own,
    editHref: hrefTo(visit, `/${section}/${group.replaceAll('_', '-')}`),
    fields: specs.map((field) => ({
      name: field.name.replaceAll('.', '_'),
      texts: textsOf(visit, own, field, values[field.name] ?? ''),
    })),
  };
}

/** What the forms of all groups have in common. */
export function settingsForm(section: SectionName, words: string, settings: SettingsGroup): FormPage {
  const { group } = settings;
  return {
    path: `/${section}/${group.replaceAll('_', '-')}`,
    section,
    operation: 'tenants.settings.update',
    words: `${words}.${group}`,
    fields: (visit) => fieldsOf(visit, settings),
    read: async (visit) => {
      const { body, etag } = await readSettings(visit);
      return { stored: body, etag, subject: translatorOf(visit)(`${words}.title`) };
    },
    back: () => `/${section}`,
    notice: 'saved',
  };
}

/** Mounts the form of each group. */
export function mountGroups(
  router: Router,
  deps: ConsoleDependencies,
  { section, words, groups }: { section: SectionName; words: string; groups: readonly SettingsGroup[] },
): void {
  for (const group of groups) mountForm(router, deps, settingsForm(section, words, group));
}
