/**
 * A page with a form, as data: which operation it is for, and which fields it has. The form comes back with what was typed
 * and with every fault at its field; a change that somebody else made in between is told, and nothing of it is lost. What
 * asks for a fresh sign-in leads there before the form is shown.
 */
import type Router from '@koa/router';
import { operationOf } from '../../management/operations.ts';
import { assertFresh } from '../../management/perform.ts';
import { ValidationError } from '../../management/validate.ts';
import { DomainError } from '../../platform/errors.ts';
import { randomToken } from '../../platform/secrets.ts';
import { leadTo } from '../account/account-page.ts';
import { statusOf } from '../middleware/errors.ts';
import type { HiddenField } from '../pages/form-model.ts';
import { type Asker, ask, assertMayEver } from './ask.ts';
import { bodyOf, type DrawnField, type FieldSpec, sentValues, shownValues, type Values } from './fields.ts';
import type { ConsoleFrame } from './frame.ts';
import { hasProvedLately, signInAgainForPage } from './operator.ts';
import { draw, leadOn, page, posted } from './page.ts';
import type { SectionName } from './sections.ts';
import { addressOf, type ConsoleDependencies, hrefTo, type Visit, zoneOf } from './visit.ts';

/** A fault of a field, or of the whole where there is no `field`. */
export interface ConsoleFormError {
  code: string;
  params: Record<string, string | number>;
  field?: string;
}

export interface ConsoleFormModel {
  words: string;
  action: string;
  backHref: string;
  /** What it is about, for the words: a name. Empty where it is about nothing that is there yet. */
  subject: string;
  fields: DrawnField[];
  errors: ConsoleFormError[];
  hidden: HiddenField[];
  /** IANA zone in which moments are typed. */
  timeZone: string;
  /** Somebody else has changed it meanwhile: what is stored now, of the fields that differ. */
  changed?: { field: string; value: string }[];
  /** The sign-in has become too old meanwhile: where it is renewed, in another tab. */
  signInHref?: string;
}

declare module '../pages/view-models.ts' {
  interface ViewModels {
    'console/form': { frame: ConsoleFrame; form: ConsoleFormModel };
  }
}

export interface FormPage {
  /** Below the tenant's address, with its parameters: `/people/:userId/edit`. */
  path: string;
  section: SectionName;
  operation: string;
  /** Under which its words stand: `title`, `lead`, `submit`, `fields.<name>`, `hints.<name>`, `options.<name>.<value>`. */
  words: string;
  fields(visit: Visit): FieldSpec[] | Promise<FieldSpec[]>;
  /** The parameters of the operation's path. Before anything was sent, `values` is empty. */
  params?(visit: Visit, values: Values): Record<string, string>;
  /** Where the operation acts in another tenant than the page is of. */
  asker?(visit: Visit): Promise<Asker & Pick<Visit, 'holdings'>>;
  /** Of what is changed: what is stored, and its version. Only what differs from it is sent. */
  read?(visit: Visit): Promise<{ stored: object; etag?: string; subject: string }>;
  /** Of what is changed: what the fields begin with where that is more than what is stored. */
  suggest?(visit: Visit, stored: Values): Values | Promise<Values>;
  /** Of what is made or done: what it is about, by name. */
  about?(visit: Visit): Promise<string>;
  /** Of what is made: what the fields begin with. */
  initial?(visit: Visit): Values | Promise<Values>;
  /** Adds to the body what no field says. What it throws is told in the form. */
  complete?(body: Record<string, unknown>, visit: Visit): unknown;
  /** Whether it is done at a place: where none is looked at, it is chosen first. */
  isAtPlace?(visit: Visit): boolean | Promise<boolean>;
  /**
   * Draws the form in a page of its own, which may show what would come of it: the button `look` has that drawn of what was
   * typed, and stores nothing. Default: `console/form`.
   */
  drawIn?(visit: Visit, form: ConsoleFormModel, status: number | undefined): void | Promise<void>;
  /** Asks for a sign-in within five minutes, before the form is shown and when it is sent. Default: where the operation always does. */
  fresh?: boolean;
  back(visit: Visit): string;
  /** Where it leads once done; default: back. */
  after?(visit: Visit, answer: Record<string, unknown>): string;
  /** Draws what is shown this once, such as a secret, in place of leading on. */
  drawOnce?(visit: Visit, answer: Record<string, unknown>, values: Values): Promise<void>;
  /** Absent where `drawOnce` says what was done. */
  notice?: string;
}

interface Stored {
  stored?: object;
  etag?: string;
  subject: string;
}

/** Leads through another sign-in where the last is too old for what comes; undefined where it is not. */
export function leadToFresh(visit: Visit, isAsked: boolean): boolean {
  if (!isAsked || hasProvedLately(visit.operator)) return false;
  leadTo(visit.ctx, signInAgainForPage(visit.web, visit.operator, addressOf(visit.ctx)));
  return true;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The faults of a refusal, each at the field that it is about. */
export function faultsOf(error: DomainError, fields: readonly FieldSpec[], values: Values): ConsoleFormError[] {
  const fieldOf = (path: string) => {
    // The rules name what they hold: `settings.signUpEmailDomains.0`.
    const forms = [path, snakeCase(path).replace(/^settings\./, '')];
    return fields.find(({ name }) => forms.some((form) => form === name || form.startsWith(`${name}.`)))?.name;
  };
  if (!(error instanceof ValidationError)) {
    const field = typeof error.params.field === 'string' ? fieldOf(error.params.field) : undefined;
    return [{ code: error.code, params: error.params, field }];
  }
  const named = error.fields.map((fault) => {
    const field = fieldOf(fault.field.replace(/^(body|params)\./, ''));
    const isEmpty = field !== undefined && (values[field] ?? '') === '';
    return { code: isEmpty ? 'FIELD_REQUIRED' : 'INVALID_INPUT', params: {}, field };
  });
  return named.filter(({ field }, index) => named.findIndex((other) => other.field === field) === index);
}

function changedSince(fields: readonly FieldSpec[], values: Values, now: Values): ConsoleFormModel['changed'] {
  return fields.flatMap(({ name, kind }) =>
    kind !== 'password' && now[name] !== values[name] ? [{ field: name, value: now[name] ?? '' }] : [],
  );
}

async function drawForm(
  visit: Visit,
  form: FormPage,
  fields: readonly FieldSpec[],
  { values, stored, refused, once }: { values: Values; stored: Stored; refused?: DomainError; once: string },
): Promise<void> {
  const isLost = refused?.code === 'PRECONDITION_FAILED';
  const isStale = refused?.code === 'FRESH_AUTHENTICATION_REQUIRED';
  const zone = zoneOf(visit);
  const model: ConsoleFormModel = {
    words: form.words,
    action: addressOf(visit.ctx),
    backHref: hrefTo(visit, form.back(visit)),
    subject: stored.subject,
    fields: fields.map((field) => ({ ...field, value: field.kind === 'password' ? '' : (values[field.name] ?? '') })),
    errors: refused && !isLost && !isStale ? faultsOf(refused, fields, values) : [],
    hidden: [
      { name: 'once', value: once },
      ...(stored.etag === undefined ? [] : [{ name: 'if_match', value: stored.etag }]),
    ],
    timeZone: zone,
    changed:
      isLost && stored.stored ? changedSince(fields, values, shownValues(fields, stored.stored, zone)) : undefined,
    signInHref: isStale ? signInAgainForPage(visit.web, visit.operator, addressOf(visit.ctx)) : undefined,
  };
  const status = refused && statusOf(refused);
  if (form.drawIn) return form.drawIn(visit, model, status);
  draw(visit, 'console/form', { form: model }, { status });
}

async function storedOf(visit: Visit, form: FormPage): Promise<Stored> {
  return (await form.read?.(visit)) ?? { subject: (await form.about?.(visit)) ?? '' };
}

function asksFresh({ operation, fresh = operationOf(operation).fresh === true }: FormPage): boolean {
  return fresh;
}

async function show(visit: Visit, form: FormPage): Promise<void> {
  await assertMayEver((await form.asker?.(visit)) ?? visit, form.operation, form.params?.(visit, {}));
  if (!visit.at && (await form.isAtPlace?.(visit)))
    return leadTo(visit.ctx, hrefTo(visit, '/place', { back: addressOf(visit.ctx) }));
  if (leadToFresh(visit, asksFresh(form))) return;
  const stored = await storedOf(visit, form);
  const fields = await form.fields(visit);
  const before = stored.stored && shownValues(fields, stored.stored, zoneOf(visit));
  const values = before ? ((await form.suggest?.(visit, before)) ?? before) : ((await form.initial?.(visit)) ?? {});
  await drawForm(visit, form, fields, { values, stored, once: randomToken(16) });
}

async function send(visit: Visit, form: FormPage, sent: Record<string, string>): Promise<void> {
  const fields = await form.fields(visit);
  const values = sentValues(fields, sent);
  const stored = await storedOf(visit, form);
  const once = sent.once ?? '';
  if (form.drawIn && sent.look !== undefined) {
    const seen = { ...stored, etag: sent.if_match ?? stored.etag };
    return drawForm(visit, form, fields, { values, stored: seen, once });
  }
  const before = stored.stored && shownValues(fields, stored.stored, zoneOf(visit));
  const wanted = before ? fields.filter(({ name }) => before[name] !== values[name]) : fields;
  const after = (answer: Record<string, unknown>) => form.after?.(visit, answer) ?? hrefTo(visit, form.back(visit));
  if (before && wanted.length === 0) return leadOn(visit, after(stored.stored as Record<string, unknown>));
  const body = bodyOf(wanted, values, zoneOf(visit));
  const asked = {
    params: form.params?.(visit, values),
    ifMatch: stored.etag === undefined ? undefined : (sent.if_match ?? stored.etag),
    idempotencyKey: operationOf(form.operation).idempotent && once !== '' ? once : undefined,
  };
  let answer: Record<string, unknown>;
  try {
    if (asksFresh(form)) assertFresh(visit.operator.actor);
    const whole = form.complete ? await form.complete(body, visit) : body;
    const asker = (await form.asker?.(visit)) ?? visit;
    answer = (await ask<Record<string, unknown>>(asker, form.operation, { ...asked, body: whole })).body ?? {};
  } catch (error) {
    if (!(error instanceof DomainError) || error.kind === 'not_found') throw error;
    return drawForm(visit, form, fields, { values, stored, refused: error, once });
  }
  if (form.drawOnce) await form.drawOnce(visit, answer, values);
  else leadOn(visit, after(answer), form.notice);
}

/** Mounts the page, and what its form is sent to: the same address. */
export function mountForm(router: Router, deps: ConsoleDependencies, form: FormPage): void {
  router.get(
    form.path,
    page(deps, form.section, (visit) => show(visit, form)),
  );
  router.post(
    form.path,
    posted(deps, form.section, (visit, sent) => send(visit, form, sent)),
  );
}
