/**
 * The fields of a form: what a page declares of them, what they are drawn from, and how what was sent becomes the body of an
 * operation. Checks nothing: the operation's schema does.
 */
export interface FieldSpec {
  /** Of the form, and of the body; `sign_up.enabled` is a member of an object. */
  name: string;
  kind:
    | 'text'
    | 'email'
    | 'tel'
    | 'url'
    | 'number'
    | 'password'
    | 'textarea'
    | 'lines'
    | 'select'
    | 'check'
    | 'checks'
    | 'moment';
  /** May stay empty. */
  optional?: boolean;
  /** What an empty one means to the operation: to leave it alone (`absent`), or that there is none (`null`). Default: absent. */
  empty?: 'absent' | 'null';
  /**
   * Of `select` and `checks`; without a label the words are `options.<name>.<value>`. Those of `checks` that follow each other
   * and have the same `under` stand below that name; below the words `options.<name>.under_none` where it is empty. Those of a
   * `select` that follow each other and have the same `group` stand below the words `groups.<group>`.
   */
  options?: readonly { value: string; label?: string; under?: string; group?: string }[];
  maxLength?: number;
  autocomplete?: string;
  /** The first of several that belong together under `groups.<group>`. */
  group?: string;
}

export interface DrawnField extends FieldSpec {
  /** Text; of `checks`, those that are chosen, one a line; of `check`, `yes` or nothing. */
  value: string;
}

/** The values of a form, as text, by field. */
export type Values = Record<string, string>;

function offsetMs(moment: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(moment);
  const at = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  return Date.UTC(at('year'), at('month') - 1, at('day'), at('hour'), at('minute'), at('second')) - moment;
}

/** The moment that a clock on the wall of a zone shows, such as `2027-01-31T08:00`; what is none stays as it is. */
export function momentIn(text: string, timeZone: string): string {
  const wall = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/.test(text) ? Date.parse(`${text}Z`) : Number.NaN;
  if (Number.isNaN(wall)) return text;
  const guess = wall - offsetMs(wall, timeZone);
  return new Date(wall - offsetMs(guess, timeZone)).toISOString();
}

/** What a clock on the wall of a zone shows at a moment, for a field of a form. */
export function wallTime(moment: string | null, timeZone: string): string {
  const at = moment === null ? Number.NaN : Date.parse(moment);
  return Number.isNaN(at) ? '' : new Date(at + offsetMs(at, timeZone)).toISOString().slice(0, 16);
}

/** What was sent, by field: everything that the page declared and nothing else. Line ends as on Unix. */
export function sentValues(fields: readonly FieldSpec[], form: Record<string, string>): Values {
  return Object.fromEntries(
    fields.map(({ name, kind, options = [] }) => {
      if (kind !== 'checks') return [name, (form[name] ?? '').replaceAll('\r\n', '\n')];
      const chosen = options.filter(({ value }) => form[`${name}:${value}`] !== undefined);
      return [name, chosen.map(({ value }) => value).join('\n')];
    }),
  );
}

function lines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** The value as the operation takes it; undefined: it is left out. */
function taken({ kind, empty }: FieldSpec, text: string, timeZone: string): unknown {
  if (kind === 'check') return text !== '';
  if (kind === 'lines' || kind === 'checks') return lines(text);
  const trimmed = kind === 'password' ? text : text.trim();
  if (trimmed === '') return empty === 'null' ? null : undefined;
  // What is no number goes on as text, so that the schema refuses it by its field.
  if (kind === 'number') return Number.isFinite(Number(trimmed)) ? Number(trimmed) : trimmed;
  return kind === 'moment' ? momentIn(trimmed, timeZone) : trimmed;
}

/** The body that the fields make, by their names. */
export function bodyOf(fields: readonly FieldSpec[], values: Values, timeZone: string): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const field of fields) {
    const value = taken(field, values[field.name] ?? '', timeZone);
    if (value === undefined) continue;
    const path = field.name.split('.');
    const last = path.pop() as string;
    let within = body;
    for (const part of path) {
      within[part] ??= {};
      within = within[part] as Record<string, unknown>;
    }
    within[last] = value;
  }
  return body;
}

/** What is stored, as the fields show it. */
export function shownValues(fields: readonly FieldSpec[], stored: object, timeZone: string): Values {
  return Object.fromEntries(
    fields.map(({ name, kind }) => {
      const found = name
        .split('.')
        .reduce<unknown>((within, part) => (within as Record<string, unknown> | undefined)?.[part], stored);
      if (kind === 'check') return [name, found === true ? 'yes' : ''];
      if (Array.isArray(found)) return [name, found.join('\n')];
      if (kind === 'moment') return [name, wallTime(typeof found === 'string' ? found : null, timeZone)];
      return [name, found === undefined || found === null ? '' : String(found)];
    }),
  );
}
