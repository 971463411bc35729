/**
 * A list: what narrows and orders it stands in the page's address, so that it can be sent to somebody. Pages follow each
 * other by cursor. Reads by one operation; shows what that answers and counts nothing that would have to be counted.
 */
import { DomainError } from '../../platform/errors.ts';
import { leadTo } from '../account/account-page.ts';
import { askList } from './ask.ts';
import { bodyOf, type DrawnField, type FieldSpec, type Values } from './fields.ts';
import { hrefTo, queryValue, type Visit, zoneOf } from './visit.ts';

export interface FilterSpec {
  /** Of the page's query, and of the operation's. */
  name: string;
  /** What can be chosen, in order. A value without a label has its words in the locale (`filters.<name>.<value>`). */
  values: readonly (string | { value: string; label: string })[];
  /** Chosen from a menu; else all of it is seen side by side. */
  picked?: boolean;
}

export interface ListSpec {
  /** Below the tenant's address. */
  path: string;
  operation: string;
  /** `console.people`: what the words stand under. */
  words: string;
  filters?: readonly FilterSpec[];
  /** What the operation takes as `sort`; the first is the order of a page that asks for none. */
  sorts?: readonly string[];
  /** What is typed, in a form of its own: optional all, by the names of the page's query and of the operation's. */
  typed?: readonly FieldSpec[];
  /** Those of `filters` and `typed` that the page makes something else of: the operation does not get them. */
  local?: readonly string[];
  /** Whether the operation takes `q`. */
  search?: boolean;
  /** Under which name the operation takes the place that one looks at. */
  placeAs?: string;
  params?: Record<string, string>;
  /** Of the operation's query, whatever the page says. */
  fixed?: Record<string, string | undefined>;
  /** Default 50. */
  limit?: number;
}

export interface FilterModel {
  name: string;
  /** The value that is chosen; empty: any. */
  value: string;
  picked: boolean;
  options: { value: string; label?: string; href: string; current: boolean }[];
}

/** What the partials of lists are drawn from. */
export interface ListModel<T> {
  words: string;
  items: T[];
  /** Where the form of the search leads, without its query. */
  action: string;
  /** Absent where there is no search. */
  q?: string;
  /** What the form of the search takes along. */
  hidden: { name: string; value: string }[];
  filters: FilterModel[];
  /** The form of what is typed; absent where there is none. */
  typed?: {
    fields: DrawnField[];
    hidden: { name: string; value: string }[];
    /** Those that are filled in, and where the list is without each. */
    chosen: { name: string; value: string; href: string }[];
  };
  /** By the name of the order: where the head of its column leads. */
  sorts: Record<string, { href: string; current: boolean }>;
  /** Something narrows it: an empty list then says so, and `clearHref` leads to all. */
  isNarrowed: boolean;
  clearHref: string;
  firstHref?: string;
  nextHref?: string;
}

interface Chosen {
  q: string | undefined;
  sort: string | undefined;
  filters: Record<string, string | undefined>;
  typed: Record<string, string | undefined>;
}

const chosenValue = (value: FilterSpec['values'][number]) => (typeof value === 'string' ? value : value.value);

/** As it stands in the address; what none of the field's options is counts as absent. */
function typedValue(visit: Visit, { name, kind, options, maxLength = 200 }: FieldSpec): string | undefined {
  const value = queryValue(visit, name)?.trim().slice(0, maxLength);
  if (value === undefined || value === '') return undefined;
  return kind === 'select' && !options?.some((option) => option.value === value) ? undefined : value;
}

/** What the address asks for, as far as the list knows it. */
function chosenOf(visit: Visit, { filters = [], sorts = [], search, typed = [] }: ListSpec): Chosen {
  const chosen = filters.map(({ name, values }) => {
    const asked = queryValue(visit, name);
    return [name, values.map(chosenValue).find((value) => value === asked)];
  });
  const sort = queryValue(visit, 'sort');
  return {
    q: search ? queryValue(visit, 'q')?.slice(0, 200) : undefined,
    sort: sorts.find((name) => name === sort),
    filters: Object.fromEntries(chosen),
    typed: Object.fromEntries(typed.map((field) => [field.name, typedValue(visit, field)])),
  };
}

function filtersOf(visit: Visit, spec: ListSpec, chosen: Chosen): FilterModel[] {
  return (spec.filters ?? []).map(({ name, values, picked = false }) => {
    const href = (value: string | undefined) => hrefTo(visit, spec.path, { ...asQuery(chosen), [name]: value });
    const value = chosen.filters[name] ?? '';
    const options = values.map((one) => ({
      value: chosenValue(one),
      label: typeof one === 'string' ? undefined : one.label,
      href: href(chosenValue(one)),
      current: chosenValue(one) === value,
    }));
    return {
      name,
      value,
      picked,
      options: [{ value: '', href: href(undefined), current: value === '', label: undefined }, ...options],
    };
  });
}

const asQuery = ({ q, sort, filters, typed }: Chosen) => ({ q, sort, ...filters, ...typed });

function typedOf(visit: Visit, { typed = [], path }: ListSpec, chosen: Chosen): ListModel<unknown>['typed'] {
  if (typed.length === 0) return undefined;
  const fields = typed.map((field) => ({ ...field, optional: true, value: chosen.typed[field.name] ?? '' }));
  const hidden = Object.entries({ at: visit.at?.id, ...asQuery({ ...chosen, typed: {} }) });
  return {
    fields,
    hidden: hidden.flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }])),
    chosen: fields
      .filter(({ value }) => value !== '')
      .map(({ name, value, options }) => ({
        name,
        value: options?.find((option) => option.value === value)?.label ?? value,
        href: hrefTo(visit, path, { ...asQuery(chosen), [name]: undefined }),
      })),
  };
}

function modelOf<T>(
  visit: Visit,
  spec: ListSpec,
  chosen: Chosen,
  { items, next }: { items: T[]; next: string | null },
): ListModel<T> {
  const { q, sort, filters, typed } = chosen;
  const asked = asQuery(chosen);
  const sorts = (spec.sorts ?? []).map((name, index) => {
    const wanted = index === 0 ? undefined : name;
    return [name, { href: hrefTo(visit, spec.path, { ...asked, sort: wanted }), current: sort === wanted }];
  });
  const hidden = Object.entries({ at: visit.at?.id, sort, ...filters, ...typed }).filter(
    ([, value]) => value !== undefined,
  );
  return {
    words: spec.words,
    items,
    action: hrefTo({ ...visit, at: undefined }, spec.path),
    q: spec.search ? (q ?? '') : undefined,
    hidden: hidden.map(([name, value]) => ({ name, value: value as string })),
    filters: filtersOf(visit, spec, chosen),
    typed: typedOf(visit, spec, chosen),
    sorts: Object.fromEntries(sorts),
    isNarrowed:
      q !== undefined ||
      visit.at !== undefined ||
      Object.values({ ...filters, ...typed }).some((value) => value !== undefined),
    clearHref: hrefTo(visit, spec.path, { at: undefined }),
    firstHref: queryValue(visit, 'after') ? hrefTo(visit, spec.path, asked) : undefined,
    nextHref: next === null ? undefined : hrefTo(visit, spec.path, { ...asked, after: next }),
  };
}

/** What narrows the list, as its operation takes it: what was chosen and typed, and what the page says itself. */
export function narrowedBy(visit: Visit, spec: ListSpec): Record<string, string | undefined> {
  const { filters, typed } = chosenOf(visit, spec);
  const taken = bodyOf(spec.typed ?? [], typed as Values, zoneOf(visit)) as Record<string, string>;
  const own: Record<string, string | undefined> = { ...filters, ...taken };
  for (const name of spec.local ?? []) delete own[name];
  return { ...own, ...spec.fixed };
}

/**
 * One page of a list, as the page's address asks for it. Undefined where the answer is given already: a position that has
 * ended leads to the first page.
 */
export async function readList<T>(visit: Visit, spec: ListSpec): Promise<ListModel<T> | undefined> {
  const chosen = chosenOf(visit, spec);
  const { q, sort } = chosen;
  const place = spec.placeAs && visit.at ? { [spec.placeAs]: visit.at.id } : {};
  const after = queryValue(visit, 'after');
  const query = {
    ...narrowedBy(visit, spec),
    ...place,
    q,
    sort: sort ?? spec.sorts?.[0],
    limit: spec.limit ?? 50,
    after,
  };
  try {
    return modelOf(visit, spec, chosen, await askList<T>(visit, spec.operation, { params: spec.params, query }));
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'CURSOR_INVALID' || after === undefined) throw error;
    leadTo(visit.ctx, hrefTo(visit, spec.path, asQuery(chosen)));
    return undefined;
  }
}
